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
#     title: The denoising autoencoder
#     backend: keras
#     libraries: [numpy, scipy.ndimage, scipy.stats, keras, ae_lib.sheets.expect, ae_lib.training]
#     timeout: 300
#     question_timeout: 30
# ---

# %% tags=["constants"]
def constants(rng):
    return {
        "noise": round(float(rng.choice([0.4, 0.45, 0.5, 0.55, 0.6])), 2),
        "seed": int(rng.integers(1, 1000)),
        "window": int(rng.choice([3, 5])),
    }


# %% [markdown]
# # Sheet 5: The denoising autoencoder
#
# *You make noise and do the mathematics of it, keep the score in decibels, watch networks die, and choose the opponents that yours has to beat.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs two minutes.
#
# You need [chapter 5](../chapters/denoising.ipynb).
# Do not call `ae_lib.add_gaussian_noise` in question 1: the point is to write it.
#
# Each answer goes where you see `...`, or replaces what stands there.
# `check("q1")` runs the public tests of question 1 as often as you like and tells you what to look at.
# When the sheet is marked, hidden tests follow with other data: an answer that was fitted to the examples fails there.

# %% tags=["install", "remove-cell"]

# %%
import numpy as np

from ae_lib import add_gaussian_noise, check, load_mnist

SHEET = "denoising_sheet"  # tells `check` which sheet this is
NOISE = __noise__
SEED = __seed__
WINDOW = __window__

data = load_mnist()
x_train = data.x_train[:6000].reshape(6000, 28, 28, 1)
x_test = data.x_test[:500].reshape(500, 28, 28, 1)
print(data)

# %% tags=["nbval-ignore-output"]
import keras
from keras import models
from keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D

from ae_lib import rmsprop, set_seed

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. Noise that can be repeated (3 points)
#
# An experiment with random numbers is worth something only if it can be repeated.
#
# Write `add_noise(images, factor, seed)`: to each pixel of each image add a Gaussian random number with mean 0 and standard deviation `factor`, and clip the *sum* to the range from 0 to 1.
# `images` has grey values in [0, 1] and any shape; the result has the same shape.
# The same seed gives the same result every time, whatever was drawn before; another seed gives another result: start a generator of your own, `np.random.default_rng(seed)`.
#
# Example: on black pixels a factor of 0.5 leaves about half of the pixels at exactly 0, because the noise is negative there, and lifts the mean to about 0.195.
#
# Marks: 1 point for shape, range and seed, 1 (hidden) for the strength of the noise and its distribution, 1 (hidden) if each image has noise of its own.

# %% [raw]
# # BEGIN SOLUTION


# %%
def add_noise(images, factor, seed):
    # BEGIN SOLUTION
    noise = np.random.default_rng(seed).normal(size=images.shape)
    return np.clip(images + factor * noise, 0, 1)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_shape_range_seed(add_noise):
    """Shape, range, and what the seed does."""
    import numpy as np

    from ae_lib.sheets import expect

    images = np.full((20, 8, 8), 0.4)
    runs = []
    for seed in (1, 1, 2):
        answer = expect.call(add_noise, "add_noise", images, 0.5, seed)
        runs.append(expect.array(answer, "add_noise(...)", (20, 8, 8)))
    low, high = runs[0].min(), runs[0].max()
    assert low >= 0, (
        f"The smallest value is {low:.3f}; clip the sum of image and noise at 0."
    )
    assert high <= 1, (
        f"The largest value is {high:.3f}; clip the sum of image and noise at 1."
    )
    assert not np.allclose(runs[0], images), "There is no noise in the result."
    assert np.array_equal(runs[0], runs[1]), (
        "The same seed gave two different results; make a new generator in each call."
    )
    assert not np.allclose(runs[0], runs[2]), "Seeds 1 and 2 gave the same result."


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_strength_and_distribution(add_noise):
    """The standard deviation is the factor; the noise is Gaussian, clipped after it was added."""
    import numpy as np
    from scipy.stats import norm

    from ae_lib.sheets import expect

    images = np.full((10, 16, 20, 20, 4), 0.5)  # any shape
    for number, factor in enumerate((0.02, 0.08)):
        answer = expect.call(
            add_noise, "add_noise", images, factor, __hidden_seed__ % 10000 + number
        )
        found = expect.array(answer, "add_noise(...)", images.shape) - 0.5
        assert abs(np.std(found) / factor - 1) < 0.03
        assert abs(np.mean(found)) < 0.05 * factor
    seed = __hidden_seed__ % 10000 + 7
    for grey in (0.0, 0.3, 0.9):
        images = np.full((40, 80, 80), grey)
        answer = expect.call(add_noise, "add_noise", images, __noise__, seed)
        found = expect.array(answer, "add_noise(...)", images.shape)
        assert found.min() >= 0
        assert found.max() <= 1
        for level in (0.0, 0.2, 0.6, 0.999):
            expected = norm.cdf((level - grey) / __noise__)
            assert abs(np.mean(found <= level) - expected) < 0.03


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_own_noise(add_noise):
    """Each image, row and column has noise of its own."""
    import numpy as np

    from ae_lib.sheets import expect

    images = np.full((30, 9, 11), 0.5)
    answer = expect.call(
        add_noise, "add_noise", images, 0.1, __hidden_seed__ % 10000 + 9
    )
    found = expect.array(answer, "add_noise(...)", images.shape)
    assert abs(np.mean(found) - 0.5) < 0.02  # nothing is clipped here, on either side
    for axis in range(3):
        # Of nine draws even an honest deviation may be small, but never nearly 0.
        assert np.all(np.std(found, axis=axis) > 0.003)


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
# ## 2. How grey does black become? (3 points)
#
# Clipping makes the noise one-sided on black pixels, so that they become grey on average.
# How grey can be computed.
#
# With the noise $s z$, $z$ standard normal, the value of a black pixel is $\min(1, \max(0, s z))$.
# Split its mean into the part where $0 < s z < 1$ and the part where $s z \ge 1$, and integrate.
# The first part needs $\int u \, \varphi(u) \, du = -\varphi(u)$, where $\varphi$ is the normal density.
#
# Write `expected_black(s)`: the mean value of a black pixel, as a formula, not by drawing random numbers.
# `scipy.stats.norm` has the density `pdf` and the distribution function `cdf`.
#
# Work in float64; the answer is compared to within $10^{-12}$, which a sum over a grid does not reach.
#
# Example: `expected_black(0.5)` is 0.1952 (four digits); without the clipping at 1 it would be $0.5 / \sqrt{2 \pi} \approx 0.1995$.
#
# Marks: 1 point for the example, 2 (hidden) for other strengths, weak and very strong.

# %% [raw]
# # BEGIN SOLUTION


# %%
def expected_black(s):
    # BEGIN SOLUTION
    from scipy.stats import norm

    return s * (norm.pdf(0) - norm.pdf(1 / s)) + 1 - norm.cdf(1 / s)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(expected_black):
    """The example: a factor of 0.5."""
    from ae_lib.sheets import expect

    answer = expect.call(expected_black, "expected_black", 0.5)
    found = expect.number(answer, "expected_black(0.5)")
    assert abs(found - 0.1952) < 1e-4, (
        f"expected_black(0.5) is {found:.5f}; expected 0.1952. Values above 1 become 1: their "
        "probability times 1 is the second part."
    )


# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
"""  # END TEST CONFIG


def test_other_strengths(expected_black):
    """Weak and strong noise."""
    from scipy.stats import norm

    from ae_lib.sheets import expect

    for s in (0.1, __noise__ + 0.07, 1.3, 8.0):
        expected = s * (norm.pdf(0) - norm.pdf(1 / s)) + norm.sf(1 / s)
        answer = expect.call(expected_black, "expected_black", s)
        assert abs(expect.number(answer, "expected_black") - expected) < 1e-12


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
# ## 3. Keeping the score (3 points)
#
# Write `psnr(clean, image)`: the peak signal-to-noise ratio $10 \log_{10}(1 / \text{MSE})$ in decibels of two arrays of the same shape with grey values in [0, 1].
#
# Then measure an opponent.
# Make noisy test images with `add_gaussian_noise(x_test, NOISE, SEED)`, filter them with `scipy.ndimage.median_filter`, its default `mode`, and a window of `WINDOW` × `WINDOW` = __window__ × __window__ pixels, and set `median_db` to the PSNR of the result.
# A window must not reach from one image into the next.
#
# Example: an error of 0.1 in every pixel is an MSE of 0.01, that is 20 decibels.
#
# Marks: 1 point for the example, 1 (hidden) for other images, 1 (hidden) for `median_db`, to within 0.05 decibels.

# %% [raw]
# # BEGIN SOLUTION


# %%
def psnr(clean, image):
    # BEGIN SOLUTION
    return 10 * np.log10(1 / np.mean((clean - image) ** 2))
    # END SOLUTION


median_db = ...
# BEGIN SOLUTION NO PROMPT
from scipy.ndimage import median_filter

x_test_noisy = add_gaussian_noise(x_test, NOISE, SEED)
median_db = psnr(x_test, median_filter(x_test_noisy, size=(1, WINDOW, WINDOW, 1)))
print(f"median filter {WINDOW} x {WINDOW}: {median_db:.2f} dB")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(psnr):
    """The example: an error of 0.1 everywhere."""
    import numpy as np

    from ae_lib.sheets import expect

    answer = expect.call(psnr, "psnr", np.full((2, 3, 3), 0.3), np.full((2, 3, 3), 0.4))
    found = expect.number(answer, "psnr(...)")
    assert np.isclose(found, 20), (
        f"psnr is {found:.4g} for the example; expected 20. The logarithm has base 10, and it is "
        "the mean of the *squared* differences that it is taken of."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_images(psnr):
    """Other images, not all of which reach white."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 1)
    for top in (1.0, 0.4):
        clean, image = top * rng.uniform(size=(2, 6, 9, 9))
        expected = -10 * np.log10(np.mean(np.square(clean - image)))
        found = expect.number(expect.call(psnr, "psnr", clean, image), "psnr(...)")
        assert np.isclose(found, expected)


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_median(median_db):
    """The median filter's score."""
    import numpy as np
    from scipy.ndimage import median_filter

    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect

    x = expect.digits().x_test[:500].reshape(500, 28, 28, 1)
    noisy = add_gaussian_noise(x, __noise__, __seed__)
    filtered = median_filter(noisy, size=(1, __window__, __window__, 1))
    expected = -10 * np.log10(np.mean((filtered - x) ** 2))
    assert abs(expect.number(median_db, "median_db") - expected) < 0.05


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
# ## 4. Who dies? (3 points)
#
# From some seeds the network of chapter 5, started as the lecture starts it, answers black for everything, and stays black.
# Can you see that before the training begins?
#
# `untrained(seed)` below builds a small denoiser with a ReLU at the end and Keras's own random start; `train(net)` trains it for 40 steps.
#
# Write `positive_share(outputs)`: the share of all outputs that are above 0, a number from 0 to 1, for an array of any shape.
#
# Then build and train the networks of the seeds 0 to 9, keep them in the list `networks`, and set three lists, each with one entry for each network, in this order:
#
# - `before`: the positive share of the untrained network's outputs for `look`, the first 128 noisy images;
# - `after`: the same for the same network after `train`;
# - `dead`: `True` where `after` is less than 0.01, else `False`.
#
# Print them side by side; question 6 asks what you see.
#
# Example: for the outputs `[[0.0, 0.2], [0.0, -0.1]]` the positive share is 0.25.
#
# Marks: 1 point for the example, 1 (hidden) for other outputs, 1 (hidden) for three lists that belong to the ten networks: the grader measures `after` again on those in `networks`, `before` on what `untrained` returns, and looks whether one became the other by `train`.

# %%
some = x_train[:1280]
some_noisy = add_gaussian_noise(some, NOISE, SEED)
look = some_noisy[:128]


def untrained(seed):
    set_seed(seed)
    return models.Sequential(
        [
            Input(shape=(28, 28, 1)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            MaxPooling2D((2, 2)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            UpSampling2D((2, 2)),
            Conv2D(1, (3, 3), activation="relu", padding="same"),
        ]
    )


def train(net):
    net.compile(optimizer=rmsprop(), loss="mean_squared_error")
    net.fit(some_noisy, some, batch_size=32, epochs=1, verbose=0)


# %% [raw]
# # BEGIN SOLUTION


# %%
def positive_share(outputs):
    # BEGIN SOLUTION
    return float(np.mean(np.asarray(outputs) > 0))
    # END SOLUTION


networks = ...
before = ...
after = ...
dead = ...
# BEGIN SOLUTION NO PROMPT
networks, before, after = [], [], []
for seed in range(10):
    net = untrained(seed)
    before.append(positive_share(net.predict(look, verbose=0)))
    train(net)
    after.append(positive_share(net.predict(look, verbose=0)))
    networks.append(net)
dead = [share < 0.01 for share in after]
for seed in range(10):
    print(f"seed {seed}: {before[seed]:6.1%} -> {after[seed]:6.1%}  dead: {dead[seed]}")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(positive_share):
    """The example: one of four outputs is above zero."""
    import numpy as np

    from ae_lib.sheets import expect

    outputs = np.array([[0.0, 0.2], [0.0, -0.1]])
    found = expect.number(
        expect.call(positive_share, "positive_share", outputs), "positive_share(...)"
    )
    assert np.isclose(found, 0.25), (
        f"positive_share is {found:g} for the example; expected 0.25. One of the four outputs "
        "is above 0; an output that is exactly 0 is not."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_outputs(positive_share):
    """Other outputs, of other shapes."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    for shape in ((7,), (6, 5), (4, 6, 6, 1)):
        outputs = np.maximum(0, rng.normal(size=shape)) - 0.3 * (
            rng.uniform(size=shape) < 0.2
        )
        expected = np.count_nonzero(outputs > 0) / outputs.size
        answer = expect.call(positive_share, "positive_share", outputs)
        assert np.isclose(expect.number(answer, "positive_share(...)"), expected)


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_lists(before, after, dead, networks, untrained, NOISE, SEED):
    """The lists of ten networks, before and after, and which of them are dead."""
    import numpy as np

    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect

    some = expect.digits().x_train[:1280].reshape(1280, 28, 28, 1)
    look = add_gaussian_noise(some, expect.number(NOISE, "NOISE"), SEED)[:128]

    def share(net, name):
        net = expect.model(net, name)
        return np.mean(expect.predict(net, look, name, look.shape) > 0)

    start = expect.array(before, "before", (10,))
    end = expect.array(after, "after", (10,))
    gone = expect.array(dead, "dead", (10,))
    assert isinstance(expect.given(networks, "networks"), list | tuple)
    assert len(networks) == 10
    # Outputs just above zero may be zero to another machine: hardly one in a thousand.
    found = [share(net, f"networks[{i}]") for i, net in enumerate(networks)]
    assert np.allclose(found, end, rtol=0, atol=2e-3)
    assert np.array_equal(gone, end < 0.01)
    for seed, net in enumerate(networks):
        fresh = expect.model(
            expect.call(untrained, "untrained", seed), f"untrained({seed})"
        )
        assert abs(share(fresh, f"untrained({seed})") - start[seed]) < 2e-3
        pairs = zip(net.get_weights(), fresh.get_weights(), strict=True)
        moved = max(np.abs(a - b).max() for a, b in pairs)
        # A step of RMSprop is at most 0.001 / sqrt(0.1) long, and 40 of them 0.1265: the weights of
        # another seed are further away. Only a network that is dead at the start stays where it is.
        assert moved < 0.13
        assert moved > 1e-3 or start[seed] < 1e-3


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
# ## 5. Beat the median filter (4 points)
#
# Build and train a denoising autoencoder of your own: write `train_denoiser(x)`, and leave the trained network in `denoiser`.
# It takes noisy images of shape `(n, 28, 28, 1)` and returns clean ones.
# The grader computes layers that follow one another: `Dense`, `Conv2D`, `MaxPooling2D`, `AveragePooling2D`, `UpSampling2D` (nearest), `Flatten`, `Reshape`, `BatchNormalization`, activations, dropout and noise.
# A network with other layers, or with layers side by side, gets no points here.
# Its PSNR on unseen images with a noise of `NOISE` = __noise__ should be at least 2 decibels above that of the better of the two median filters, 3 × 3 and 5 × 5.
#
# Three decisions are yours: what is the input and what the target, how the network ends, and with which optimizer it learns.
# They matter more than the size: a convolution with 16 filters, a pooling, another convolution with 16 filters, an upsampling and a last convolution, trained for 3 epochs, lead by 2.7 to 3.9 decibels if the three decisions are right.
# For the end of the network remember question 4.
# Outputs are clipped to [0, 1] before they are marked.
# A network that is no more than a linear map gets no points: question 6 compares with the best of them.
#
# Example: `psnr(x_test, np.clip(denoiser.predict(add_gaussian_noise(x_test, NOISE, 1)), 0, 1))` is the score on this sheet's test images.
#
# Marks: 1 point for beating the noisy image by 5 decibels, 1 (hidden) for beating the better filter, 2 (hidden) for beating it by 2 decibels.

# %% [raw]
# # BEGIN SOLUTION


# %%
def train_denoiser(x):
    set_seed(SEED)
    noisy = add_gaussian_noise(x, NOISE, SEED)
    # BEGIN SOLUTION NO PROMPT
    net = models.Sequential(
        [
            Input(shape=(28, 28, 1)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            MaxPooling2D((2, 2)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            UpSampling2D((2, 2)),
            Conv2D(1, (3, 3), padding="same"),
        ]
    )
    net.compile(optimizer=keras.optimizers.Adam(0.003), loss="mean_squared_error")
    net.fit(noisy, x, batch_size=64, epochs=3, verbose=0)
    return net
    # END SOLUTION
    """ # BEGIN PROMPT
    net = ...
    return net
    """  # END PROMPT


denoiser = train_denoiser(x_train)

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_beats_the_noise(denoiser, NOISE):
    """Closer to the clean image than the noisy one is, by 5 decibels."""
    import numpy as np

    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect

    x = expect.digits().x_test[:300].reshape(300, 28, 28, 1)
    noisy = add_gaussian_noise(x, expect.number(NOISE, "NOISE"), 5)
    net = expect.model(denoiser, "denoiser")
    found = expect.predict(net, noisy, "denoiser", x.shape)
    before = -10 * np.log10(np.mean((noisy - x) ** 2))
    after = -10 * np.log10(np.mean((np.clip(found, 0, 1) - x) ** 2))
    assert after > before + 5, (
        f"The noisy images have {before:.1f} dB, the network's {after:.1f}. What are the "
        "inputs, what are the targets? Can the last layer answer black, grey and white, and does "
        "the loss fall from epoch to epoch?"
    )
    assert not expect.is_linear(net, noisy), (
        "The network is a linear map: between its layers with weights there is no activation."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_beats_the_filter(denoiser):
    """Better than the better of the two median filters on other images."""
    import numpy as np
    from scipy.ndimage import median_filter

    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect

    def decibels(image):
        return -10 * np.log10(np.mean((np.clip(image, 0, 1) - x) ** 2))

    x = expect.digits().x_test[1000:1500].reshape(500, 28, 28, 1)
    noisy = add_gaussian_noise(x, __noise__, __hidden_seed__)
    filters = max(decibels(median_filter(noisy, size=(1, k, k, 1))) for k in (3, 5))
    net = expect.model(denoiser, "denoiser")
    assert not expect.is_linear(net, noisy)
    found = expect.predict(net, noisy, "denoiser", x.shape)
    assert decibels(found) > filters


# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
"""  # END TEST CONFIG


def test_by_two_decibels(denoiser):
    """Better than the better filter by 2 decibels."""
    import numpy as np
    from scipy.ndimage import median_filter

    from ae_lib import add_gaussian_noise
    from ae_lib.sheets import expect

    def decibels(image):
        return -10 * np.log10(np.mean((np.clip(image, 0, 1) - x) ** 2))

    x = expect.digits().x_test[1500:2000].reshape(500, 28, 28, 1)
    noisy = add_gaussian_noise(x, __noise__, __hidden_seed__ + 1)
    filters = max(decibels(median_filter(noisy, size=(1, k, k, 1))) for k in (3, 5))
    net = expect.model(denoiser, "denoiser")
    assert not expect.is_linear(net, noisy)
    found = expect.predict(net, noisy, "denoiser", x.shape)
    assert decibels(found) > filters + 2


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
# ## 6. What would you report? (4 points)
#
# *The opponents.* Your network was trained with one strength of noise.
# Measure on `x_test`, with the factors 0.1, 0.3, `NOISE` and 1.0: the noisy image as it is, the better of the two median filters (chosen for each factor), your network, and the best *linear* denoiser,
# that is, the linear map from 784 noisy pixels to 784 clean ones with the least squared error on the training images:
#
# ```python
# A = np.c_[noisy.reshape(-1, 784), np.ones(len(noisy))]  # noisy training images, and a constant
# M = np.linalg.solve(A.T @ A + 100 * np.eye(785), A.T @ x_train.reshape(-1, 784))
# ```
#
# The 100 (ridge) keeps the solution stable; `np.c_[v, np.ones(len(v))] @ M` are the images that it returns for other noisy vectors `v`.
#
# *The pictures.* Look at ten of your network's images for the factor 1.0 beside the clean ones.
# Find one that looks convincing and shows another digit, or a part that was never there.
#
# *The dead.* Look at your lists of question 4.
#
# Answer in at most ten sentences.
# Where is the network ahead, where not, and why?
# You may print only one opponent beside your network in a report: which do you choose, and what would a reader wrongly believe if you chose the weakest?
# In which use would the picture that you found be dangerous?
# What do ten seeds say about the share of positive outputs at the start and about death, and what do they not say?
#
# Marks, by hand: 1 point for the table with all four and the reason, 1 for a choice of opponent that fits the table, 1 for the picture and the danger, 1 for a conclusion about the dead that fits the lists.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# The network is far ahead near the noise of its training; with weak noise it smooths strokes that need no smoothing, and its lead shrinks or is lost, also to the noisy image itself.
# The fair opponent is the strongest simple one at the noise in question, near the training noise usually the linear map: it learns from the same images, and only what the network gains over it is owed to being nonlinear.
# Beside the weakest, a reader would take the whole gain for the network's merit.
# At a factor of 1.0 the network fills gaps with strokes that were never there: it draws what is likely, not what is seen.
# That is dangerous wherever an image is evidence, such as a medical scan or a number plate.
#
# A network most of whose outputs are zero at the start gets little gradient in its last layer and is in greater danger; one with many positive outputs is safer.
# Ten seeds show whether those that died began low, and hardly more: neither a rate (0 of 10 leaves up to 26 %, with 95 % confidence) nor a threshold.
# Full marks for a conclusion that fits the lists, also if nobody died.

# %%
# BEGIN SOLUTION
noisy = add_gaussian_noise(x_train, NOISE, SEED)
A = np.c_[noisy.reshape(-1, 784), np.ones(len(noisy))]
M = np.linalg.solve(A.T @ A + 100 * np.eye(785), A.T @ x_train.reshape(-1, 784))
for factor in (0.1, 0.3, NOISE, 1.0):
    noisy = add_gaussian_noise(x_test, factor, SEED)
    vectors = noisy.reshape(-1, 784)
    rivals = {
        "as it is": noisy,
        "median 3 x 3": median_filter(noisy, size=(1, 3, 3, 1)),
        "median 5 x 5": median_filter(noisy, size=(1, 5, 5, 1)),
        "linear": (np.c_[vectors, np.ones(len(vectors))] @ M).reshape(noisy.shape),
        "network": denoiser.predict(noisy, verbose=0),
    }
    scores = {name: psnr(x_test, np.clip(x, 0, 1)) for name, x in rivals.items()}
    print(f"factor {factor}:", {name: round(float(s), 1) for name, s in scores.items()})
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
