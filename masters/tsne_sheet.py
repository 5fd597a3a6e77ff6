# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   ae_grade:
#     title: Seeing the code
#     backend: keras
#     libraries: [numpy, sklearn.manifold, sklearn.neighbors, keras, ae_lib.sheets.expect, ae_lib.training]
#     timeout: 300
#     question_timeout: 30
# ---

# %% tags=["constants"]
def constants(rng):
    return {
        "perplexity": int(rng.integers(8, 40)),
        "point": int(rng.integers(500)),
        "seed": int(rng.integers(1000)),
    }


# %% [markdown]
# # Sheet 3: Seeing the code
#
# *You write the first half of t-SNE and two judges of maps, train a code of two numbers that tells ten digits apart, and read a report with suspicion.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs one minute.
#
# You need [chapter 3](../chapters/tsne.ipynb), and question 5 needs [chapter 2](../chapters/dense_autoencoder.ipynb).
# Do not call a ready-made perplexity, trustworthiness or nearest-neighbour classifier: the point is to write them.
# Work in float64, NumPy's default; numbers are compared with a relative tolerance of $10^{-5}$ where a question names no other.
#
# Each answer goes where you see `...`, or replaces what stands there.
# `check("q1")` runs the public tests of question 1 as often as you like and tells you what to look at.
# When the sheet is marked, hidden tests follow with other data: an answer that was fitted to the examples fails there.

# %% tags=["install", "remove-cell"]

# %%
import numpy as np

from ae_lib import check, load_mnist

SHEET = "tsne_sheet"  # tells `check` which sheet this is
PERPLEXITY = __perplexity__
POINT = __point__
SEED = __seed__

data = load_mnist()
x_train_vec, y_train = data.x_train[:20000].reshape(20000, 784), data.y_train[:20000]
x_val_vec, y_val = (
    data.x_train[50000:51000].reshape(1000, 784),
    data.y_train[50000:51000],
)
print(data)

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. How many neighbours does a point have? (3 points)
#
# t-SNE asks of each point how likely it is to pick each other point as its neighbour,
#
# $$
# p_{j|i} = \frac{\exp(-\| \mathbf{a}_i - \mathbf{a}_j \|^2 / 2 s_i^2)}{\sum_{l \ne i} \exp(-\| \mathbf{a}_i - \mathbf{a}_l \|^2 / 2 s_i^2)} .
# $$
#
# $s_i$ is the width of point $i$; other texts write $\sigma_i$.
#
# Write `affinities(d2, width)` for one point $i$: `d2` holds the *squared* distances to all other points (the point itself is not among them), shape `(m,)`; the result has the same shape and sums to 1.
# Write `perplexity(p)` $= 2^H$ with the entropy $H = -\sum_j p_j \log_2 p_j$ in bits: it is the number of neighbours that the point effectively has.
#
# Example: for `d2 = np.array([0, 2 * np.log(3)])` and `width = 1` the affinities are 0.75 and 0.25; the perplexity of four equal probabilities is 4.
#
# Two traps of computing with finite numbers: if all distances are large, all exponentials round to 0, and 0/0 is not a number (subtract the smallest distance first: it cancels); and $0 \log 0$ counts as 0.
#
# Marks: 1 point for the examples, 1 (hidden) for other data, 1 (hidden) for the two traps.

# %% [raw]
# # BEGIN SOLUTION


# %%
def affinities(d2, width):
    # BEGIN SOLUTION
    weights = np.exp(-(d2 - d2.min()) / (2 * width**2))
    return weights / weights.sum()
    # END SOLUTION


def perplexity(p):
    # BEGIN SOLUTION
    p = p[p > 0]
    return 2 ** -np.sum(p * np.log2(p))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_examples(affinities, perplexity):
    """The two examples."""
    import numpy as np

    from ae_lib.sheets import expect

    d2 = np.array([0.0, 2 * np.log(3)])
    p = expect.array(
        expect.call(affinities, "affinities", d2, 1.0), "affinities(...)", (2,)
    )
    assert np.allclose(p, [0.75, 0.25]), (
        f"The affinities are {np.round(p, 4)}; expected 0.75 and 0.25. d2 is squared already, and "
        "the formula divides by twice the squared width."
    )
    answer = expect.call(perplexity, "perplexity", np.full(4, 0.25))
    found = expect.number(answer, "perplexity(...)")
    assert np.isclose(found, 4), (
        f"The perplexity of four equal probabilities is {found:.4g}; expected 4. If the power "
        "has base 2, so must the logarithm; mind the sign of the entropy."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_data(affinities, perplexity):
    """Other distances and widths."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__)
    for m in (3, 40):
        d2, width = rng.uniform(0, 9, size=m), float(rng.uniform(0.5, 3))
        expected = softmax(-d2 / (2 * width**2))
        p = expect.array(
            expect.call(affinities, "affinities", d2, width), "affinities", (m,)
        )
        assert np.allclose(p, expected)
        found = expect.number(
            expect.call(perplexity, "perplexity", expected), "perplexity"
        )
        assert np.isclose(found, np.exp(entropy(expected)))


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_traps(affinities, perplexity):
    """Large distances, and probabilities that are zero."""
    import numpy as np
    from scipy.special import softmax

    from ae_lib.sheets import expect

    d2 = np.random.default_rng(__hidden_seed__ + 1).uniform(0, 9, size=12) + 5000
    p = expect.array(
        expect.call(affinities, "affinities", d2, 1.0), "affinities(...)", (12,)
    )
    assert np.allclose(p, softmax(-d2 / 2))
    answer = expect.call(perplexity, "perplexity", np.array([0.5, 0.0, 0.5, 0.0]))
    assert np.isclose(expect.number(answer, "perplexity(...)"), 2)


# %% [raw]
# # END TESTS

# %%
check("q1")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q2

# %% [markdown]
# ## 2. The width that fits (3 points)
#
# The user of t-SNE chooses a perplexity; t-SNE then finds for each point the $s_i$ that gives it.
# There is no formula, but the perplexity grows with the width, so one can halve an interval until it is short enough.
#
# Write `find_width(d2, target)`: the `width` for which `affinities(d2, width)` has the perplexity `target`, to within 1 %.
# It must cope with distances of any size: start with an interval, and widen it until the answer lies inside.
# The target is at least 2 and less than the number of distances.
#
# Then set `width_point` to the width for this course's `PERPLEXITY` = __perplexity__ and the image number `POINT` = __point__ among the first 1,000 rows of `x_train_vec`, with its squared distances to the other 999.
#
# Example: the distances `d2 = np.linspace(1, 9, 50)` with the target 10 give a width of about 0.547. Any width will do whose perplexity is within 1 % of the target, so print the perplexity of your result.
#
# Marks: 1 point for the example, 1 (hidden) for other distances, very large and very small ones included, 1 (hidden) for `width_point`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def find_width(d2, target):
    # BEGIN SOLUTION
    low, high = 0.0, 1.0
    while perplexity(affinities(d2, high)) < target:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if perplexity(affinities(d2, middle)) < target:
            low = middle
        else:
            high = middle
        if high - low < 1e-6 * high:
            break
    return high
    # END SOLUTION


width_point = ...
# BEGIN SOLUTION NO PROMPT
others = np.delete(x_train_vec[:1000], POINT, axis=0)
width_point = find_width(((others - x_train_vec[POINT]) ** 2).sum(axis=1), PERPLEXITY)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(find_width):
    """The example has the perplexity that was asked for."""
    import numpy as np

    from ae_lib.sheets import expect

    d2 = np.linspace(1, 9, 50)
    width = expect.number(
        expect.call(find_width, "find_width", d2, 10), "find_width(d2, 10)"
    )
    assert width > 0, f"find_width(d2, 10) is {width:g}; a width is positive."
    p = np.exp(-(d2 - 1) / (2 * width**2))
    p = np.maximum(p / p.sum(), 1e-300)
    found = 2 ** -np.sum(p * np.log2(p))
    assert abs(found - 10) < 0.1, (
        f"With width = {width:.4g} the perplexity is {found:.3f}; expected 10. A larger width "
        "gives a larger perplexity: which end of the interval must move?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_distances(find_width):
    """Other distances and targets; very large and very small distances."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    cases = (
        (30, 5.0, 1),
        (200, float(__perplexity__), 1),
        (60, 12.0, 1e-6),
        (60, 12.0, 1e7),
    )
    for m, target, scale in cases:
        d2 = scale * rng.chisquare(5, size=m)
        width = expect.number(
            expect.call(find_width, "find_width", d2, target), "find_width"
        )
        assert width > 0
        found = np.exp(entropy(softmax(-d2 / (2 * width**2))))
        assert abs(found - target) < 0.01 * target


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_the_course_point(width_point):
    """The width of this course's image."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    x = expect.digits().x_train[:1000].reshape(1000, 784).astype("float64")
    d2 = np.delete(np.sum((x - x[__point__]) ** 2, axis=1), __point__)
    width = expect.number(width_point, "width_point")
    assert width > 0
    found = np.exp(entropy(softmax(-d2 / (2 * width**2))))
    assert abs(found - __perplexity__) < 0.01 * __perplexity__


# %% [raw]
# # END TESTS

# %%
check("q2")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3

# %% [markdown]
# ## 3. A judge that is bribed (3 points)
#
# A colleague reports that a vote of the nearest neighbour reads the digit off *every* code: for 1,000 points and `k = 1` the function below answers 1000.0, "all of them", even if the codes are random numbers.
# The function is to blame.
#
# It should return the leave-one-out accuracy: the share of points whose label the majority of their `k` nearest *other* points (Euclidean distance) gets right.
# `codes` has the shape `(n, d)` and holds floats, `labels` has the shape `(n,)`.
# Where two labels have equally many votes, either may win.
# Three things in it are wrong; repair `loo_accuracy`.
#
# Example: for the codes 0.0, 1.0, 10.0, 11.0 on a line, the labels 0, 1, 0, 1 and `k = 1`, each point's nearest neighbour has the other label: the accuracy is 0.
#
# Marks: 1 point for the example, 1 (hidden) for other data on a line, 1 (hidden) for data in more dimensions.

# %% [raw]
# # BEGIN SOLUTION


# %%
def loo_accuracy(codes, labels, k):
    # BEGIN SOLUTION NO PROMPT
    right = 0
    for i in range(len(codes)):
        distances = ((codes - codes[i]) ** 2).sum(axis=1)
        distances[i] = np.inf
        nearest = np.argsort(distances)[:k]
        votes = np.bincount(labels[nearest])
        right += np.argmax(votes) == labels[i]
    return right / len(codes)
    # END SOLUTION
    """ # BEGIN PROMPT
    right = 0
    for i in range(len(codes)):
        distances = np.abs(codes - codes[i]).sum(axis=1)
        nearest = np.argsort(distances)[:k]
        votes = np.bincount(labels[nearest])
        right += np.argmax(votes) == labels[i]
    return float(right)
    """  # END PROMPT


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(loo_accuracy):
    """The example: four points on a line."""
    import numpy as np

    from ae_lib.sheets import expect

    codes = np.array([[0.0], [1], [10], [11]])
    for labels, expected in (([0, 1, 0, 1], 0), ([0, 0, 0, 1], 0.5)):
        answer = expect.call(loo_accuracy, "loo_accuracy", codes, np.array(labels), 1)
        found = expect.number(answer, "loo_accuracy(...)")
        assert found == expected, (
            f"loo_accuracy is {found:g} for the labels {labels}; expected {expected}. Which point "
            "is nearest to a point, if nobody forbids it? And a share is never larger than 1."
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_on_a_line(loo_accuracy):
    """Other data on a line."""
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 4)
    for k in (3, 7):
        labels = rng.integers(2, size=80)
        codes = rng.normal(size=(80, 1)) + labels[:, None]
        near = (
            NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
        )
        expected = np.mean((labels[near].mean(axis=1) > 0.5) == labels)
        answer = expect.call(loo_accuracy, "loo_accuracy", codes, labels, k)
        assert np.isclose(expect.number(answer, "loo_accuracy(...)"), expected)


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_more_dimensions(loo_accuracy):
    """Data in more dimensions."""
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 5)
    for k in (1, 5):
        labels = rng.integers(2, size=300)
        codes = rng.standard_t(2, size=(300, 8)) + 0.4 * labels[:, None]
        near = (
            NearestNeighbors(n_neighbors=k).fit(codes).kneighbors(return_distance=False)
        )
        expected = np.mean((labels[near].mean(axis=1) > 0.5) == labels)
        answer = expect.call(loo_accuracy, "loo_accuracy", codes, labels, k)
        assert np.isclose(expect.number(answer, "loo_accuracy(...)"), expected)


# %% [raw]
# # END TESTS

# %%
check("q3")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q4

# %% [markdown]
# ## 4. Trustworthiness (3 points)
#
# A map can be judged without labels.
# The trustworthiness looks at the $k$ nearest neighbours of each point *in the code* and subtracts a penalty for each that is not among the $k$ nearest *in the data*:
#
# $$
# T = 1 - \frac{2}{n k (2n - 3k - 1)} \sum_{i=1}^n \; \sum_{j \in N_k(i)} \max(0, \; r(i, j) - k) .
# $$
#
# $N_k(i)$ holds the $k$ nearest neighbours of $i$ in the code, without $i$.
# $r(i, j)$ is the rank of $j$ among the neighbours of $i$ in the data: 1 for the nearest, 2 for the next, up to $n - 1$.
#
# Write `trust(x, codes, k)` for data `x` of shape `(n, d)` and codes of shape `(n, c)`, with Euclidean distances, for every `k` with $3k + 1 < 2n$.
#
# Example: the points 0, 1, 3, 7, 12 on a line have the codes 0, 12, 1, 7, 3, and `k = 1`.
# No two neighbours are equally far from a point here; with real data that hardly ever happens, and then any order is right.
# `trust(x, x, 1)` is 1; `trust(x, codes, 1)` is 0.6.
#
# Marks: 1 point for the example, 1 (hidden) for other data, 1 (hidden) for telling the data from the code.

# %% [raw]
# # BEGIN SOLUTION


# %%
def trust(x, codes, k):
    # BEGIN SOLUTION
    def ranks(points):
        d2 = ((points[:, None] - points[None]) ** 2).sum(axis=2)
        np.fill_diagonal(d2, -1)  # a point has rank 0 for itself
        return d2.argsort(axis=1).argsort(axis=1)

    n = len(x)
    in_data, in_code = ranks(x), ranks(codes)
    near = (in_code >= 1) & (in_code <= k)
    penalty = np.maximum(0, in_data - k)[near].sum()
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(trust):
    """The example: five points on a line."""
    import numpy as np

    from ae_lib.sheets import expect

    x = np.array([[0.0], [1], [3], [7], [12]])
    codes = np.array([[0.0], [12], [1], [7], [3]])
    for c, expected in ((x, 1.0), (codes, 0.6)):
        found = expect.number(expect.call(trust, "trust", x, c, 1), "trust(...)")
        assert np.isclose(found, expected, atol=1e-3), (
            f"trust is {found:.4f}; expected {expected:.4f}. The neighbours are taken in the code "
            "and their ranks in the data; a point is not its own neighbour; the nearest other "
            "point has rank 1."
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_data(trust):
    """Random data and codes."""
    import numpy as np
    from sklearn.manifold import trustworthiness

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 6)
    for n, k in ((40, 3), (70, 10)):
        x, codes = rng.normal(size=(n, 6)), rng.normal(size=(n, 2))
        found = expect.number(expect.call(trust, "trust", x, codes, k), "trust(...)")
        assert np.isclose(found, trustworthiness(x, codes, n_neighbors=k))
    # More neighbours than scikit-learn's looks at: of a code in the data's order the penalty is 0.
    x = rng.normal(size=(20, 3))
    found = expect.number(expect.call(trust, "trust", x, 2 * x, 11), "trust(...)")
    assert np.isclose(found, 1)


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_not_symmetric(trust):
    """A code that folds the data over is not trustworthy, one that tears them apart is."""
    import numpy as np
    from sklearn.manifold import trustworthiness

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 7)
    line = np.sort(rng.uniform(-1, 1, size=50))[:, None]
    folded = np.abs(line) + 0.001 * rng.normal(size=(50, 1))
    for x, codes in ((line, folded), (folded, line)):
        found = expect.number(expect.call(trust, "trust", x, codes, 5), "trust(...)")
        assert np.isclose(found, trustworthiness(x, codes, n_neighbors=5))


# %% [raw]
# # END TESTS

# %%
check("q4")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q5

# %% [markdown]
# ## 5. Two numbers that tell ten digits apart (4 points)
#
# Two principal components leave most digits in one heap, and scikit-learn's t-SNE cannot place a new image.
# A **supervised autoencoder** can do better on both counts: a classifier reads the digit off the code while the decoder rebuilds the image from it, and both losses are added,
#
# $$
# \text{loss} = \text{mean squared error of the image} + \lambda \cdot \text{cross-entropy of the digit} .
# $$
#
# Build and train one whose code has just two units, with Keras, on `x_train_vec` and `y_train`.
# Then define three models on their own, which share the trained layers:
#
# - `encoder`: vectors of 784 to codes of 2;
# - `classifier`: codes of 2 to ten probabilities;
# - `decoder`: codes of 2 to vectors of 784.
#
# The grader computes each of the three, whose layers follow one another: `Dense`, `Conv2D`, `MaxPooling2D`, `AveragePooling2D`, `UpSampling2D` (nearest), `Flatten`, `Reshape`, `BatchNormalization`, activations, dropout and noise.
# One with other layers, or with layers side by side, gets no points.
#
# In Keras a model can be called like a layer, and wherever it is called it has the same weights.
# So the three can be put together to one model with two outputs, and what `fit` learns stays in all three.
# This one has no hidden layers, and is too simple:
#
# ```python
# encoder = keras.Sequential([Input((784,)), Dense(2)])
# classifier = keras.Sequential([Input((2,)), Dense(10, activation="softmax")])
# decoder = keras.Sequential([Input((2,)), Dense(784, activation="sigmoid")])
#
# image = Input((784,))
# code = encoder(image)
# both = keras.Model(image, [decoder(code), classifier(code)])
# both.compile(
#     optimizer=keras.optimizers.Adam(0.002),
#     loss=["mean_squared_error", "sparse_categorical_crossentropy"],  # one per output
#     loss_weights=[1.0, 0.2],  # the second is lambda
# )
# both.fit(x_train_vec, [x_train_vec, y_train], batch_size=128, epochs=10, verbose=0)
# ```
#
# The classifier after the encoder must reach an accuracy of at least 0.88 on `x_val_vec`, `y_val`, and at least 0.86 on 3,000 other images.
# Train on the 20,000 images of `x_train_vec` only: whoever trains on the images of the test has measured nothing.
# With the hints, trained networks reach 0.91 to 0.93 on `x_val_vec`; 1,000 images tell an accuracy to within 0.01 or so.
#
# Hints: hidden layers of 256 and 64 units (ReLU) on the way in, 64 and 256 on the way out, and 64 between code and digits; no activation function on the code; the settings above.
#
# Example: `classifier.predict(encoder.predict(x_val_vec))` has the shape `(1000, 10)`.
#
# Marks: 1 point for the three models, 1 for the accuracy on the validation images, 1 (hidden) for the accuracy on other images, 1 (hidden) if the decoder's images are closer to the originals than the mean image is: the error is less than 0.9 times the mean image's.

# %% tags=["nbval-ignore-output"]
import keras
from keras.layers import Dense, Input

from ae_lib import set_seed

# %% [raw]
# # BEGIN SOLUTION

# %%
set_seed(SEED)
encoder = ...
classifier = ...
decoder = ...
# BEGIN SOLUTION NO PROMPT
encoder = keras.Sequential(
    [
        Input((784,)),
        Dense(256, activation="relu"),
        Dense(64, activation="relu"),
        Dense(2),
    ]
)
classifier = keras.Sequential(
    [Input((2,)), Dense(64, activation="relu"), Dense(10, activation="softmax")]
)
decoder = keras.Sequential(
    [
        Input((2,)),
        Dense(64, activation="relu"),
        Dense(256, activation="relu"),
        Dense(784, activation="sigmoid"),
    ]
)
image = Input((784,))
both = keras.Model(image, [decoder(encoder(image)), classifier(encoder(image))])
both.compile(
    optimizer=keras.optimizers.Adam(0.002),
    loss=["mean_squared_error", "sparse_categorical_crossentropy"],
    loss_weights=[1.0, 0.2],
)
both.fit(x_train_vec, [x_train_vec, y_train], batch_size=128, epochs=10, verbose=0)
p_val = classifier.predict(encoder.predict(x_val_vec, verbose=0), verbose=0)
print(f"accuracy on the validation images {np.mean(p_val.argmax(axis=1) == y_val):.3f}")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_three_models(encoder, classifier, decoder):
    """An encoder to two numbers, a classifier and a decoder from them."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(3)
    x = rng.uniform(size=(5, 784)).astype("float32")
    a = expect.predict(expect.model(encoder, "encoder"), x, "encoder", (5, 2))
    a = a.astype("float32")
    p = expect.predict(expect.model(classifier, "classifier"), a, "classifier", (5, 10))
    assert np.allclose(p.sum(axis=1), 1, atol=1e-3), (
        "The ten outputs of classifier do not add up to 1; end it with a softmax."
    )
    expect.predict(expect.model(decoder, "decoder"), a, "decoder", (5, 784))


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_validation_accuracy(encoder, classifier):
    """An accuracy of at least 0.88 on the validation images."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    x, y = data.x_train[50000:51000].reshape(1000, 784), data.y_train[50000:51000]
    a = expect.predict(expect.model(encoder, "encoder"), x, "encoder", (1000, 2))
    a = a.astype("float32")
    p = expect.predict(
        expect.model(classifier, "classifier"), a, "classifier", (1000, 10)
    )
    accuracy = np.mean(p.argmax(axis=1) == y)
    assert accuracy >= 0.88, (
        f"The accuracy is {accuracy:.3f}; expected at least 0.88. Do the three models share the "
        "trained layers? More weight for the digits (lambda), more epochs or wider layers help."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_images(encoder, classifier):
    """An accuracy of at least 0.86 on other images."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    chosen = (
        np.random.default_rng(__hidden_seed__ + 8).choice(8000, 3000, replace=False)
        + 51000
    )
    x, y = data.x_train[chosen].reshape(3000, 784), data.y_train[chosen]
    a = expect.predict(expect.model(encoder, "encoder"), x, "encoder", (3000, 2))
    a = a.astype("float32")
    p = expect.predict(
        expect.model(classifier, "classifier"), a, "classifier", (3000, 10)
    )
    assert np.mean(p.argmax(axis=1) == y) >= 0.86


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_decoder(encoder, decoder):
    """The decoder's images are closer to the originals than the mean image is."""
    import numpy as np

    from ae_lib.sheets import expect

    data = expect.digits()
    x = data.x_train[51000:52000].reshape(1000, 784)
    mean = data.x_train[:20000].reshape(20000, 784).mean(axis=0)
    a = expect.predict(expect.model(encoder, "encoder"), x, "encoder", (1000, 2))
    a = a.astype("float32")
    found = expect.predict(expect.model(decoder, "decoder"), a, "decoder", (1000, 784))
    assert np.mean((found - x) ** 2) < 0.9 * np.mean((mean - x) ** 2)


# %% [raw]
# # END TESTS

# %%
check("q5")

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q6
# manual: true
# points: 4

# %% [markdown]
# ## 6. Three maps, and a report (4 points)
#
# *The maps.* Draw three maps of `x_val_vec` with `ae_lib.plot_embedding`: two principal components (`ae_lib.fit_pca`), t-SNE of the pixels (scikit-learn's `TSNE`), and the codes of your `encoder`.
# Measure each with your `loo_accuracy` and, on the first 300 images, your `trust`, both with `k = 10`.
# In at most five sentences: which map would you print in a report about how the *images* resemble one another, and which would you use to sort a new image?
# One of the maps is ahead by one judge and behind another map by the other: which, and why?
#
# *The report.* Somebody writes about t-SNE maps of the codes of chapter 3's autoencoder, which has learned without labels:
#
# > (a) "Two images that lie side by side on our map usually have similar codes. (b) The island of the ones is the smallest, so the ones vary less than all other digits. (c) A trustworthiness of 0.98 means that 98 % of each image's nearest neighbours are still its nearest neighbours on the map. (d) Neither the codes nor the map were made with the labels, but the kNN accuracy was. (e) With perplexity 50 the Kullback-Leibler divergence is lower than with perplexity 10, so the map with 50 is the better one."
#
# Three of the five statements are wrong.
# Say which, and for each in one sentence why, or what experiment would show it.
#
# Marks, by hand: 1 point for the maps with their numbers, 1 for the choices with their reasons, 2 for the report (1 if two of the three are found with a right reason).

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# For resemblance: t-SNE of the pixels, the most trustworthy of the three.
# For sorting a new image: the encoder, the only one of the two good maps that can place it.
# The supervised code has the best accuracy of the neighbours and a lower trustworthiness than t-SNE: the labels pulled images of one digit together that are not neighbours in the pixels.
# Two principal components are poor on both.
#
# Wrong are (b), (c) and (e).
# (b) Each width adapts to the local density, so the size of an island says little about how much its points vary; compare distances in the code or in the pixels.
# (c) Trustworthiness subtracts a penalty by rank, which is small among many points, and does not count lost neighbours; the share of kept neighbours is a number of its own, and far lower.
# (e) Another perplexity means other probabilities, so the two divergences measure different things; compare kept neighbours, or look at both maps.

# %%
# BEGIN SOLUTION
from sklearn.manifold import TSNE

from ae_lib import fit_pca, plot_embedding

maps = {
    "PCA": fit_pca(x_train_vec, 2).encode(x_val_vec),
    "t-SNE": TSNE(max_iter=500, random_state=0).fit_transform(x_val_vec),
    "supervised": encoder.predict(x_val_vec, verbose=0),
}
for name, points in maps.items():
    plot_embedding(points, y_val).set_title(name)
    vote = loo_accuracy(points, y_val, 10)
    score = trust(x_val_vec[:300], points[:300], 10)
    print(f"{name:<12} accuracy {vote:.3f}, trustworthiness {score:.3f}")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
