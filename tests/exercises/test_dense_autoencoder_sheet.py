"""Sheet 2: mistakes that its tests are meant to catch, and what each is worth."""

import pytest
from helpers.sheets import answer, check_in, marks

NET = """
ordered = models.Sequential([Input(shape=(784,)), Dense({h}, activation="relu"{extra}),
    Dense({code}, activation="relu"{extra}), Dense({h}, activation="relu"{extra}),
    Dense(784, activation="{last}"{extra})])
"""
TRAIN = """
def train_autoencoder(x):
    set_seed(SEED)
    net = models.Sequential([Input(shape=(784,)), Dense(64, activation="relu"),
        Dense(16, activation="relu"), Dense(64, activation="relu"),
        Dense(784, activation="{last}")])
    net.compile(optimizer={optimizer}, loss="mean_squared_error")
    net.fit(x, {labels}, batch_size=128, epochs=4, verbose=0)
    return net
repaired = train_autoencoder(x_train_vec)
"""
GOOD = {"last": "sigmoid", "optimizer": "rmsprop()", "labels": "x"}

MISTAKES = [
    (
        "q1",
        "no biases",
        "def dense_params(widths): return sum(p * q for p, q in zip(widths, widths[1:]))",
        0,
    ),
    (
        "q1",
        "one bias per layer",
        "def dense_params(widths): return sum(p * q + 1 for p, q in zip(widths, widths[1:]))",
        0,
    ),
    (
        "q1",
        "a bias for each input",
        "def dense_params(widths): return sum(p * (q + 1) for p, q in zip(widths, widths[1:]))",
        1,  # in a network that is its own mirror image the sum is the same
    ),
    ("q1", "the code twice", "def mirrored(widths): return widths + widths[::-1]", 0),
    (
        "q1",
        "learnt by heart",
        "def dense_params(widths): return 161804\n"
        "def mirrored(widths): return [784, 100, 20, 100, 784]",
        1,
    ),
    ("q2", "another width", NET.format(h=50, code="CODE", last="sigmoid", extra=""), 2),
    ("q2", "a ReLU at the end", NET.format(h="h", code="CODE", last="relu", extra=""), 3),
    (
        "q2",
        "no biases",
        NET.format(h="h", code="CODE", last="sigmoid", extra=", use_bias=False"),
        2,
    ),
    ("q2", "another code", NET.format(h="h", code="CODE + 1", last="sigmoid", extra=""), 2),
    (
        "q2",
        "the same answer to everything",
        NET.format(h="h", code="CODE", last="sigmoid", extra="")
        + "ordered.set_weights([0 * w for w in ordered.get_weights()])",
        3,
    ),
    ("q2", "a number in place of the model", "ordered = PARAMS", 0),
    ("q3", "softmax is left in", TRAIN.format(**{**GOOD, "last": "softmax"}), 0),
    ("q3", "the plain gradient is left in", TRAIN.format(**{**GOOD, "optimizer": '"sgd"'}), 0),
    (
        "q3",
        "PCA, copied",
        """
mean = x_train_vec.mean(axis=0)
V = np.linalg.eigh((x_train_vec - mean).T @ (x_train_vec - mean))[1][:, -16:]
P = np.pad(V, ((0, 0), (0, 48)))
repaired = models.Sequential([Input((784,)), Dense(64), Dense(16), Dense(64), Dense(784)])
weights = [P, -mean @ P, np.eye(64, 16), np.zeros(16), np.eye(16, 64), np.zeros(64), P.T, mean]
repaired.set_weights(weights)
""",
        1,
    ),
    ("q3", "the labels are left in reverse", TRAIN.format(**{**GOOD, "labels": "x[::-1]"}), 0),
    (
        "q4",
        "a ReLU in the code",
        """
linear = models.Sequential([Input(shape=(64,)), Dense(K, activation="relu"), Dense(64)])
linear.compile(optimizer="adam", loss="mean_squared_error")
linear.fit(x_small, x_small, batch_size=600, epochs=2, verbose=0)
""",
        0,
    ),
    (
        "q4",
        "hardly trained",
        """
linear = models.Sequential([Input(shape=(64,)), Dense(K), Dense(64)])
linear.compile(optimizer="adam", loss="mean_squared_error")
linear.fit(x_small, x_small, batch_size=600, epochs=2, verbose=0)
""",
        1,
    ),
    (
        "q4",
        "PCA's weights in place of training",
        """
linear = models.Sequential([Input(shape=(64,)), Dense(K), Dense(64)])
V = np.linalg.svd(x_small, full_matrices=False)[2][:K].T
linear.set_weights([V, np.zeros(K), V.T, np.zeros(64)])
error_ratio, angle = 1.0, 0.0
""",
        1,
    ),
    (
        "q4",
        "PCA's weights, mixed",
        """
linear = models.Sequential([Input(shape=(64,)), Dense(K), Dense(64)])
V = np.linalg.svd(x_small, full_matrices=False)[2][:K].T
A = np.random.default_rng(0).normal(size=(K, K))
linear.set_weights([V @ A, np.zeros(K), np.linalg.inv(A) @ V.T, np.zeros(64)])
error_ratio, angle = 1.0, 0.0
""",
        1,
    ),
    ("q4", "the numbers of another network", "error_ratio, angle = 1.3, 0.9", 3),
    (
        "q5",
        "the second W is taken for a constant",
        """
def tied_gradient(X, W):
    R = X @ W @ W.T - X
    return 2 / X.size * X.T @ R @ W
""",
        0,
    ),
    (
        "q5",
        "twice the first term",
        """
def tied_gradient(X, W):
    R = X @ W @ W.T - X
    return 4 / X.size * X.T @ R @ W
""",
        1,  # right where R'X is symmetric, as in the example with one number
    ),
    (
        "q5",
        "a quotient of differences",
        """
def tied_gradient(X, W):
    def loss(W):
        return np.mean((X - X @ W @ W.T) ** 2)
    G = np.empty(W.shape)
    for index in np.ndindex(W.shape):
        step = np.zeros(W.shape)
        step[index] = 6e-6 * max(1, abs(W[index]))
        G[index] = (loss(W + step) - loss(W - step)) / (2 * step[index])
    return G
""",
        1,
    ),
    (
        "q5",
        "sum in place of mean",
        """
def tied_gradient(X, W):
    R = X @ W @ W.T - X
    return 2 * (X.T @ R @ W + R.T @ X @ W)
""",
        1,
    ),
]

# The stand-in's mean image is much brighter than MNIST's, so one test lets it pass.
ON_THE_STANDIN = {"the labels are left in reverse": 1}


@pytest.mark.parametrize(
    ("question", "mistake", "code", "points"), MISTAKES, ids=[f"{m[0]}: {m[1]}" for m in MISTAKES]
)
def test_mistake(question, mistake, code, points, built, solved):
    namespace = answer(solved("dense_autoencoder_sheet"), code)
    if namespace["data"].name == "standin":
        points = ON_THE_STANDIN.get(mistake, points)
    assert marks(built("dense_autoencoder_sheet"), namespace, question) == {question: points}
    result = check_in(namespace, question)
    assert "Traceback" not in str(result)
