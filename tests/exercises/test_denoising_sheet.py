"""Sheet 5: mistakes that its tests are meant to catch, and what each is worth."""

import pytest
from helpers.sheets import answer, check_in, marks

NOISY = "def add_noise(images, factor, seed):\n    rng = np.random.default_rng(seed)\n    return {}"
TRAIN = """
def train_denoiser(x):
    set_seed(SEED)
    noisy = add_gaussian_noise(x, NOISE, SEED)
    net = models.Sequential([
        Input(shape=(28, 28, 1)),
        Conv2D(16, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2)),
        Conv2D(16, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(1, (3, 3), activation={last}, padding="same"),
    ])
    net.compile(optimizer={optimizer}, loss="mean_squared_error")
    net.fit({pair}, batch_size=64, epochs=2, verbose=0)
    return net
denoiser = train_denoiser(x_train[:3000])
"""
LINEAR = """
noisy = add_gaussian_noise(x_train, NOISE, SEED)
A = np.c_[noisy.reshape(-1, 784), np.ones(len(noisy))]
M = np.linalg.solve(A.T @ A + 100 * np.eye(785), A.T @ x_train.reshape(-1, 784))
layers = [keras.layers.Flatten(), keras.layers.Dense(784), keras.layers.Reshape((28, 28, 1))]
denoiser = models.Sequential([Input((28, 28, 1)), *layers])
denoiser.set_weights([M[:784], M[784]])
"""
GOOD = {"last": "None", "optimizer": "keras.optimizers.Adam(0.003)", "pair": "noisy, x"}

MISTAKES = [
    ("q1", "no clipping", NOISY.format("images + factor * rng.normal(size=images.shape)"), 1),
    (
        "q1",
        "clips the noise, not the sum",
        NOISY.format("images + np.clip(factor * rng.normal(size=images.shape), 0, 1)"),
        0,
    ),
    (
        "q1",
        "uniform noise",
        NOISY.format("np.clip(images + factor * rng.uniform(-1, 1, images.shape), 0, 1)"),
        2,
    ),
    (
        "q1",
        "the factor is taken for the variance",
        NOISY.format("np.clip(images + factor ** 0.5 * rng.normal(size=images.shape), 0, 1)"),
        2,
    ),
    (
        "q1",
        "the same noise on every image",
        NOISY.format("np.clip(images + factor * rng.normal(size=images.shape[1:]), 0, 1)"),
        2,
    ),
    (
        "q1",
        "the seed is ignored",
        "def add_noise(images, factor, seed):\n"
        "    return np.clip(images + factor * np.random.normal(size=images.shape), 0, 1)",
        2,
    ),
    ("q1", "the ready-made noise", "add_noise = add_gaussian_noise", 2),
    (
        "q2",
        "values above 1 are not clipped",
        "def expected_black(s): return s / np.sqrt(2 * np.pi)",
        0,
    ),
    (
        "q2",
        "values above 1 are dropped",
        """
def expected_black(s):
    from scipy.stats import norm
    return s * (norm.pdf(0) - norm.pdf(1 / s))
""",
        0,
    ),
    ("q2", "learnt by heart", "def expected_black(s): return 0.1952", 1),
    (
        "q2",
        "integrated by numbers",
        """
def expected_black(s):
    z = np.linspace(-10, 10, 100_001)
    return np.sum(np.clip(s * z, 0, 1) * np.exp(-(z**2) / 2)) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
""",
        1,
    ),
    (
        "q3",
        "natural logarithm",
        "def psnr(clean, image): return 10 * np.log(1 / np.mean((clean - image) ** 2))",
        1,
    ),
    (
        "q3",
        "the root of the error",
        "def psnr(clean, image): return 10 * np.log10(1 / np.sqrt(np.mean((clean - image) ** 2)))",
        1,
    ),
    (
        "q3",
        "the peak of this image in place of 1",
        """
def psnr(clean, image):
    return 10 * np.log10(max(clean.max(), 1e-9) ** 2 / np.mean((clean - image) ** 2))
""",
        1,
    ),
    (
        "q3",
        "the window reaches into the next image",
        "median_db = psnr(x_test, median_filter(x_test_noisy, size=(WINDOW, WINDOW, WINDOW, 1)))",
        2,
    ),
    ("q4", "zero counts", "def positive_share(outputs): return np.mean(outputs >= 0)", 1),
    ("q4", "a number in place of a share", "def positive_share(o): return np.sum(o > 0)", 1),
    ("q4", "the share below zero", "def positive_share(o): return 1 - np.mean(o < 0)", 1),
    ("q4", "measured after the training only", "before = after", 2),
    ("q4", "one network ten times", "before = [before[0]] * 10", 2),
    ("q4", "the living are called dead", "dead = [share > 0.01 for share in after]", 2),
    ("q4", "percentages", "before = [100 * share for share in before]", 2),
    ("q4", "invented lists", "before, after = list(np.linspace(0.1, 0.6, 10)), [0.2] * 10", 2),
    ("q4", "untrained networks kept", "networks = [untrained(seed) for seed in range(10)]", 2),
    ("q4", "one of the networks kept", "networks = networks[:1] * 10", 2),
    ("q4", "no networks kept", "networks = ...", 2),
    (
        "q4",
        "nothing is trained",
        """
networks = [untrained(seed) for seed in range(10)]
after = [share + 0.001 for share in before]
dead = [share < 0.01 for share in after]
""",
        2,
    ),
    (
        "q4",
        "trained, of other seeds",
        """
after, networks = after[::-1], networks[::-1]
dead = dead[::-1]
""",
        2,
    ),
    ("q5", "the linear map", LINEAR, 0),
    ("q5", "inputs and targets swapped", TRAIN.format(**{**GOOD, "pair": "x, noisy"}), 0),
    ("q5", "softmax over one channel", TRAIN.format(**{**GOOD, "last": '"softmax"'}), 0),
    ("q5", "plain gradient steps", TRAIN.format(**{**GOOD, "optimizer": '"sgd"'}), 0),
    ("q5", "the median filter in the network's place", "denoiser = median_filter", 0),
]


@pytest.mark.parametrize(
    ("question", "mistake", "code", "points"), MISTAKES, ids=[f"{m[0]}: {m[1]}" for m in MISTAKES]
)
def test_mistake(question, mistake, code, points, built, solved):
    namespace = answer(solved("denoising_sheet"), code)
    assert marks(built("denoising_sheet"), namespace, question) == {question: points}
    result = check_in(namespace, question)
    assert "Traceback" not in str(result)
