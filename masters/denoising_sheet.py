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
# *You make noise and do the mathematics of it, keep the score in decibels, and repair a network until it beats a classical filter.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs one minute.
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
from keras.layers import Conv2D, Dense, Input, MaxPooling2D, UpSampling2D

from ae_lib import rmsprop, set_seed

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. Noise that can be repeated (4 points)
#
# An experiment with random numbers is worth as much as one can repeat it.
#
# Write `add_noise(images, factor, seed)`: to each pixel of each image add a Gaussian random number with mean 0 and standard deviation `factor`, and clip the *sum* to the range from 0 to 1.
# `images` has grey values in [0, 1] and any shape; the result has the same shape.
# The same seed gives the same result every time, whatever was drawn before; another seed gives another result: start a generator of your own, `np.random.default_rng(seed)`.
#
# Example: on black pixels a factor of 0.5 leaves about half of the pixels at exactly 0, because the noise is negative there, and lifts the mean to about 0.195.
#
# Marks: 1 point for shape, range and seed, 1 (hidden) for the strength of the noise, 1 (hidden) for its distribution, 1 (hidden) if each image has noise of its own.

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


def test_strength(add_noise):
    """The standard deviation is the factor, where nothing is clipped."""
    import numpy as np

    from ae_lib.sheets import expect

    images = np.full((40, 80, 80), 0.5)
    for number, factor in enumerate((0.02, 0.08)):
        answer = expect.call(
            add_noise, "add_noise", images, factor, __hidden_seed__ % 10000 + number
        )
        found = expect.array(answer, "add_noise(...)", images.shape) - 0.5
        assert abs(np.std(found) / factor - 1) < 0.03
        assert abs(np.mean(found)) < 0.05 * factor


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_distribution(add_noise):
    """Gaussian noise, clipped after it was added."""
    import numpy as np
    from scipy.stats import norm

    from ae_lib.sheets import expect

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
    for axis in range(3):
        assert np.all(np.std(found, axis=axis) > 0.02)


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
# Example: `expected_black(0.5)` is 0.1952; without the clipping at 1 it would be $0.5 / \sqrt{2 \pi} \approx 0.1995$.
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
    import numpy as np
    from scipy.integrate import quad
    from scipy.stats import norm

    from ae_lib.sheets import expect

    for s in (0.1, __noise__ + 0.07, 1.3, 8.0):
        part = quad(lambda y, s=s: y * norm.pdf(y / s) / s, 0, 1)[0]
        found = expect.number(
            expect.call(expected_black, "expected_black", s), "expected_black"
        )
        assert np.isclose(found, part + norm.sf(1 / s), atol=1e-6)


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
# Then measure the opponent.
# Make noisy test images with `add_gaussian_noise(x_test, NOISE, SEED)`, filter them with `scipy.ndimage.median_filter` and a window of `WINDOW` × `WINDOW` = __window__ × __window__ pixels, and set `median_db` to the PSNR of the result.
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
# ## 4. The dead (3 points)
#
# An output layer can lose pixels for good: they answer black for every image, and no gradient reaches them any more.
#
# Write `dead_pixels(outputs, images)`: both of shape `(n, d)`, reconstructions and originals.
# It returns how many of the `d` pixels are dead, that is: exactly 0 in *every* output, although *more than 1 %* of the originals are brighter than 0.5 there.
#
# Then find out which output layer leaves dead pixels.
# `outputs_with(activation)` below trains a small dense autoencoder for 3 epochs and returns its outputs for `vectors`.
# Try `"relu"`, `"sigmoid"` and `"linear"`, and set `deadly` to the name of the one that leaves dead pixels.
#
# Example: for the outputs `[[0, 0.2, 0], [0, 0, 0]]` and the originals `[[0.9, 0.9, 0], [0.9, 0, 0.1]]` there is one dead pixel, the first: the second is not black in every output, the third is black rightly.
#
# Marks: 1 point for the example, 1 (hidden) for other outputs, 1 (hidden) for `deadly`.

# %%
vectors = x_train.reshape(6000, 784)[:3000]


def outputs_with(activation):
    set_seed(SEED)
    net = models.Sequential(
        [
            Input(shape=(784,)),
            Dense(100, activation="relu"),
            Dense(20, activation="relu"),
            Dense(100, activation="relu"),
            Dense(784, activation=activation),
        ]
    )
    net.compile(optimizer=rmsprop(), loss="mean_squared_error")
    net.fit(vectors, vectors, batch_size=128, epochs=3, verbose=0)
    return net.predict(vectors, verbose=0)


# %% [raw]
# # BEGIN SOLUTION


# %%
def dead_pixels(outputs, images):
    # BEGIN SOLUTION
    silent = (outputs == 0).all(axis=0)
    needed = (images > 0.5).mean(axis=0) > 0.01
    return int(np.sum(silent & needed))
    # END SOLUTION


deadly = ...
# BEGIN SOLUTION NO PROMPT
for activation in ("relu", "sigmoid", "linear"):
    print(activation, dead_pixels(outputs_with(activation), vectors))
deadly = "relu"
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(dead_pixels):
    """The example: three pixels, one of them dead."""
    import numpy as np

    from ae_lib.sheets import expect

    outputs = np.array([[0, 0.2, 0], [0, 0, 0]])
    images = np.array([[0.9, 0.9, 0], [0.9, 0, 0.1]])
    answer = expect.call(dead_pixels, "dead_pixels", outputs, images)
    found = expect.whole(answer, "dead_pixels(...)")
    assert found == 1, (
        f"dead_pixels is {found} for the example; expected 1. A dead pixel is 0 in *all* outputs "
        "and bright in some originals."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_outputs(dead_pixels):
    """Other outputs, with pixels that are bright in few images."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    images = np.where(rng.uniform(size=(400, 50)) < np.linspace(0, 0.05, 50), 0.8, 0.3)
    outputs = np.where(rng.uniform(size=50) < 0.5, 0.0, 0.1) * np.ones((400, 50))
    outputs[0, ::7] = -0.2  # below zero is not dead: a gradient flows
    expected = 0
    for pixel in range(50):
        often = np.count_nonzero(images[:, pixel] > 0.5) > 4
        expected += bool(often and not np.any(outputs[:, pixel]))
    answer = expect.call(dead_pixels, "dead_pixels", outputs, images)
    assert expect.whole(answer, "dead_pixels(...)") == expected


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_deadly(deadly):
    """The output layer that leaves dead pixels."""
    from ae_lib.sheets import expect

    assert expect.choice(deadly, "deadly", ["relu", "sigmoid", "linear"]) == "relu"


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
# ## 5. Beat the median filter (5 points)
#
# A colleague's denoising autoencoder is worse than the noise.
# The layers and their number are right; three things are wrong: what it is trained on, its output layer, and how it is compiled.
#
# Repair `train_denoiser(x)` and leave the trained network in `denoiser`.
# It takes noisy images of shape `(n, 28, 28, 1)` and returns clean ones.
# Its PSNR on unseen images with a noise of `NOISE` = __noise__ should be at least 2 decibels above that of the better of the two median filters, 3 × 3 and 5 × 5.
#
# For the output layer remember how chapter 5's network died: most pixels are black, and an activation that is flat down there can keep the whole network black.
# No activation at all is the safe choice here; outputs are clipped to [0, 1] before they are marked.
#
# Example: `psnr(x_test, np.clip(denoiser.predict(add_gaussian_noise(x_test, NOISE, 1)), 0, 1))` is the score on this sheet's test images.
#
# Marks: 1 point for beating the noisy image by 5 decibels, 2 (hidden) for beating the better filter, 2 (hidden) for beating it by 2 decibels.

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
    net = models.Sequential(
        [
            Input(shape=(28, 28, 1)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            MaxPooling2D((2, 2)),
            Conv2D(16, (3, 3), activation="relu", padding="same"),
            UpSampling2D((2, 2)),
            Conv2D(1, (3, 3), activation="softmax", padding="same"),
        ]
    )
    net.compile(optimizer="sgd", loss="mean_squared_error")
    net.fit(x, noisy, batch_size=64, epochs=3, verbose=0)
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
    found = expect.predict(
        expect.model(denoiser, "denoiser"), noisy, "denoiser", x.shape
    )
    before = -10 * np.log10(np.mean((noisy - x) ** 2))
    after = -10 * np.log10(np.mean((np.clip(found, 0, 1) - x) ** 2))
    assert after > before + 5, (
        f"The noisy images have {before:.1f} dB, the network's {after:.1f}. What are the "
        "features, what are the labels? What does a softmax over one channel answer? And does "
        "the loss fall from epoch to epoch?"
    )


# %%
""" # BEGIN TEST CONFIG
points: 2
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
    found = expect.predict(
        expect.model(denoiser, "denoiser"), noisy, "denoiser", x.shape
    )
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
    found = expect.predict(
        expect.model(denoiser, "denoiser"), noisy, "denoiser", x.shape
    )
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
# points: 2

# %% [markdown]
# ## 6. Beyond what it has seen (2 points)
#
# Your network was trained with one strength of noise.
# Measure it and the better median filter with the factors 0.1, 0.3, `NOISE` and 1.0 on `x_test`.
# Then look at ten of its images for the factor 1.0 beside the clean ones.
#
# Answer in at most six sentences.
# Where is the network ahead, where not, and why?
# Find an image that looks convincing and shows another digit, or a part that was never there.
# In which use of such a network would that be dangerous?
#
# Marks, by hand: 1 point for the table and the reason, 1 for the example and the danger.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# The network is far ahead near the noise of its training; with weak noise it smooths strokes that need no smoothing, and its lead shrinks or is lost.
# At a factor of 1.0 it fills gaps with strokes that were never there: it draws what is likely, not what is seen.
# That is dangerous wherever an image is evidence, such as a medical scan or a number plate.

# %%
# BEGIN SOLUTION
for factor in (0.1, 0.3, NOISE, 1.0):
    noisy = add_gaussian_noise(x_test, factor, SEED)
    windows = [median_filter(noisy, size=(1, k, k, 1)) for k in (3, 5)]
    best = max(psnr(x_test, image) for image in windows)
    own = psnr(x_test, np.clip(denoiser.predict(noisy, verbose=0), 0, 1))
    print(f"factor {factor}: network {own:.1f} dB, median filter {best:.1f} dB")
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
