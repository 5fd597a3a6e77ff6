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
# *You write the first half of t-SNE and both of its judges, and train a code of two numbers that tells ten digits apart.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs one minute.
#
# You need [chapter 3](../chapters/tsne.ipynb), and question 5 needs [chapter 2](../chapters/dense_autoencoder.ipynb).
# Do not call a ready-made perplexity, trustworthiness or nearest-neighbour classifier: the point is to write them.
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
# ## 1. How many neighbours has a point? (3 points)
#
# t-SNE asks of each point how likely it is to pick each other point as its neighbour,
#
# $$
# p_{j|i} = \frac{\exp(-\| \mathbf{a}_i - \mathbf{a}_j \|^2 / 2 \sigma_i^2)}{\sum_{l \ne i} \exp(-\| \mathbf{a}_i - \mathbf{a}_l \|^2 / 2 \sigma_i^2)} .
# $$
#
# Write `affinities(d2, sigma)` for one point $i$: `d2` holds the *squared* distances to all other points (the point itself is not among them), shape `(m,)`; the result has the same shape and sums to 1.
# Write `perplexity(p)` $= 2^H$ with the entropy $H = -\sum_j p_j \log_2 p_j$ in bits: it is the number of neighbours that the point effectively has.
#
# Example: for `d2 = np.array([0, 2 * np.log(3)])` and `sigma = 1` the affinities are 0.75 and 0.25; the perplexity of four equal probabilities is 4.
#
# Two traps of computing with finite numbers: if all distances are large, all exponentials round to 0, and 0/0 is not a number (subtract the smallest distance first: it cancels); and $0 \log 0$ counts as 0.
#
# Marks: 1 point for the examples, 1 (hidden) for other data, 1 (hidden) for the two traps.

# %% [raw]
# # BEGIN SOLUTION


# %%
def affinities(d2, sigma):
    # BEGIN SOLUTION
    weights = np.exp(-(d2 - d2.min()) / (2 * sigma**2))
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
        "the formula divides by 2 sigma squared."
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
        d2, sigma = rng.uniform(0, 9, size=m), float(rng.uniform(0.5, 3))
        expected = softmax(-d2 / (2 * sigma**2))
        p = expect.array(
            expect.call(affinities, "affinities", d2, sigma), "affinities", (m,)
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
# ## 2. The width that fits (4 points)
#
# The user of t-SNE chooses a perplexity; t-SNE then finds for each point the $\sigma_i$ that gives it.
# There is no formula, but the perplexity grows with $\sigma$, so one can halve an interval until it is short enough.
#
# Write `find_sigma(d2, target)`: the `sigma` for which `affinities(d2, sigma)` has the perplexity `target`, to within 1 %.
# It must cope with distances of any size: start with an interval, and widen it until the answer lies inside.
# The target is at least 2 and less than the number of distances.
#
# Then set `sigma_point` to the width for this course's `PERPLEXITY` = __perplexity__ and the image number `POINT` = __point__ among the first 1,000 rows of `x_train_vec`, with its squared distances to the other 999.
#
# Example: the distances `d2 = np.linspace(1, 9, 50)` with the target 10 give a `sigma` near 1; print the perplexity of your result.
#
# Marks: 1 point for the example, 1 (hidden) for other distances, 1 (hidden) for very large and very small ones, 1 (hidden) for `sigma_point`.

# %% [raw]
# # BEGIN SOLUTION


# %%
def find_sigma(d2, target):
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


sigma_point = ...
# BEGIN SOLUTION NO PROMPT
others = np.delete(x_train_vec[:1000], POINT, axis=0)
sigma_point = find_sigma(((others - x_train_vec[POINT]) ** 2).sum(axis=1), PERPLEXITY)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(find_sigma):
    """The example has the perplexity that was asked for."""
    import numpy as np

    from ae_lib.sheets import expect

    d2 = np.linspace(1, 9, 50)
    sigma = expect.number(
        expect.call(find_sigma, "find_sigma", d2, 10), "find_sigma(d2, 10)"
    )
    assert sigma > 0, f"find_sigma(d2, 10) is {sigma:g}; a width is positive."
    p = np.exp(-(d2 - 1) / (2 * sigma**2))
    p = np.maximum(p / p.sum(), 1e-300)
    found = 2 ** -np.sum(p * np.log2(p))
    assert abs(found - 10) < 0.1, (
        f"With sigma = {sigma:.4g} the perplexity is {found:.3f}; expected 10. A larger sigma "
        "gives a larger perplexity: which end of the interval must move?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_distances(find_sigma):
    """Other distances and targets."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    for m, target in ((30, 5.0), (200, float(__perplexity__))):
        d2 = rng.chisquare(5, size=m)
        sigma = expect.number(
            expect.call(find_sigma, "find_sigma", d2, target), "find_sigma"
        )
        assert sigma > 0
        assert (
            abs(np.exp(entropy(softmax(-d2 / (2 * sigma**2)))) - target) < 0.01 * target
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_any_size(find_sigma):
    """Very large and very small distances."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 3)
    for scale in (1e-6, 1e7):
        d2 = scale * rng.chisquare(5, size=60)
        sigma = expect.number(
            expect.call(find_sigma, "find_sigma", d2, 12.0), "find_sigma"
        )
        assert sigma > 0
        assert abs(np.exp(entropy(softmax(-d2 / (2 * sigma**2)))) - 12) < 0.12


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_the_course_point(sigma_point):
    """The width of this course's image."""
    import numpy as np
    from scipy.special import softmax
    from scipy.stats import entropy

    from ae_lib.sheets import expect

    x = expect.digits().x_train[:1000].reshape(1000, 784).astype("float64")
    d2 = np.delete(np.sum((x - x[__point__]) ** 2, axis=1), __point__)
    sigma = expect.number(sigma_point, "sigma_point")
    assert sigma > 0
    found = np.exp(entropy(softmax(-d2 / (2 * sigma**2))))
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
# A colleague reports that a vote of the nearest neighbours reads the digit off *every* code with an accuracy of 1.0, even off random numbers.
# The function below is to blame.
#
# It should return the leave-one-out accuracy: the share of points whose label the majority of their `k` nearest *other* points (Euclidean distance) gets right.
# `codes` has the shape `(n, d)`, `labels` the shape `(n,)`.
# Three things in it are wrong; repair `loo_accuracy`.
#
# Example: for the codes 0, 1, 10, 11 on a line, the labels 0, 1, 0, 1 and `k = 1`, each point's nearest neighbour has the other label: the accuracy is 0.
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

    codes, labels = np.array([[0.0], [1], [10], [11]]), np.array([0, 1, 0, 1])
    answer = expect.call(loo_accuracy, "loo_accuracy", codes, labels, 1)
    found = expect.number(answer, "loo_accuracy(...)")
    assert found == 0, (
        f"loo_accuracy is {found:g} for the example; expected 0. Which point is nearest to a "
        "point, if nobody forbids it? And a share is never larger than 1."
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
# The trustworthiness looks at the $k$ nearest neighbours of each point *in the code* and takes off a penalty for each that is not among the $k$ nearest *in the data*:
#
# $$
# T = 1 - \frac{2}{n k (2n - 3k - 1)} \sum_{i=1}^n \; \sum_{j \in N_k(i)} \max(0, \; r(i, j) - k) .
# $$
#
# $N_k(i)$ holds the $k$ nearest neighbours of $i$ in the code, without $i$.
# $r(i, j)$ is the rank of $j$ among the neighbours of $i$ in the data: 1 for the nearest, 2 for the next, up to $n - 1$.
#
# Write `trust(x, codes, k)` for data `x` of shape `(n, d)` and codes of shape `(n, c)`, with Euclidean distances.
#
# Example: the points 0, 1, 3, 6, 10 on a line have the codes 0, 10, 1, 6, 3, and `k = 1`.
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

    x = np.array([[0.0], [1], [3], [6], [10]])
    codes = np.array([[0.0], [10], [1], [6], [3]])
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
# ## 5. Two numbers that tell ten digits apart (5 points)
#
# Two principal components leave most digits in one heap, and t-SNE has no encoder for new images.
# A **supervised autoencoder** has one: a classifier reads the digit off the code while the decoder rebuilds the image from it, and both losses are added,
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
# The classifier after the encoder must reach an accuracy of at least 0.90 on `x_val_vec`, `y_val`, which are not for training, and at least 0.88 on other images that you do not have.
#
# Hints: hidden layers of 256 and 64 units on the way in, the same on the way out, and 64 between code and digits; no activation function on the code; Adam with a step size of 0.002, 10 epochs, $\lambda = 0.2$.
# `compile` takes a list of losses and `loss_weights`.
#
# Example: `classifier.predict(encoder.predict(x_val_vec))` has the shape `(1000, 10)`.
#
# Marks: 1 point for the three models, 1 for the accuracy on the validation images, 2 (hidden) for the accuracy on other images, 1 (hidden) if the decoder's images are closer to the originals than the mean image is.

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
    """An accuracy of at least 0.90 on the validation images."""
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
    assert accuracy >= 0.9, (
        f"The accuracy is {accuracy:.3f}; expected at least 0.90. Do the three models share the "
        "trained layers? More weight for the digits (lambda), more epochs or wider layers help."
    )


# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
"""  # END TEST CONFIG


def test_other_images(encoder, classifier):
    """An accuracy of at least 0.88 on other images."""
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
    assert np.mean(p.argmax(axis=1) == y) >= 0.88


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
# points: 2

# %% [markdown]
# ## 6. Three maps of the same thousand images (2 points)
#
# Draw three maps of `x_val_vec` with `ae_lib.plot_embedding`: two principal components (`ae_lib.fit_pca`), t-SNE of the pixels (scikit-learn's `TSNE`), and the codes of your `encoder`.
# Measure each with your `loo_accuracy` and, on the first 300 images, your `trust`, both with `k = 10`.
#
# Then answer in at most six sentences.
# Which map would you print in a report about how the *images* resemble one another, and which would you use to sort a new image?
# One of the maps scores well on one judge and badly on the other: which, and why?
#
# Marks, by hand: 1 point for the maps with their numbers, 1 for the answers.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# For resemblance: t-SNE of the pixels, the most trustworthy of the three.
# For sorting a new image: the encoder, the only one of the two good maps that can place it.
# The supervised code has the best accuracy of the neighbours and a lower trustworthiness than t-SNE: the labels pulled images of one digit together that are not neighbours in the pixels.
# Two principal components are poor on both.

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
