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
#     title: The convolutional autoencoder
#     backend: keras
#     libraries: [numpy, scipy.signal, keras, ae_lib.sheets.expect, ae_lib.training]
#     timeout: 300
#     question_timeout: 30
# ---

# %% tags=["constants"]
def constants(rng):
    filters, code = int(rng.integers(6, 20)), int(rng.integers(3, 8))
    return {
        "code": code,
        "params": filters * (20 + 18 * code) + 9 * code**2 + 2 * code + 1,
        "shift": int(rng.integers(2, 6)),
    }


# %% [markdown]
# # Sheet 4: The convolutional autoencoder
#
# *You follow the shapes, write the two layers by hand, build a network made to order, and test what convolutions are praised for.*
#
# Questions: 6. Points: 20. Time: about three hours; the computer needs half a minute.
#
# You need [chapter 4](../chapters/conv_autoencoder.ipynb).
#
# Each answer goes where you see `...`, or replaces what stands there.
# `check("q1")` runs the public tests of question 1 as often as you like and tells you what to look at.
# When the sheet is marked, hidden tests follow with other data: an answer that was fitted to the examples fails there.

# %% tags=["install", "remove-cell"]

# %%
import numpy as np

from ae_lib import check, load_mnist

SHEET = "conv_autoencoder_sheet"  # tells `check` which sheet this is
CODE = __code__
PARAMS = __params__
SHIFT = __shift__

data = load_mnist()
images = data.x_test[:300]
print(data)

# %% tags=["nbval-ignore-output"]
from keras import models
from keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D

# %% [raw]
# # BEGIN QUESTION
# name: q1

# %% [markdown]
# ## 1. Sizes and parameters (3 points)
#
# Most convolutional networks that do not run fail because a size does not match.
#
# Write `trace(size, steps)`: the side length of a square image after each step.
# A step is a text of the chapter's kind, `"same, pool"`: a 3 × 3 convolution with padding `same` or `valid`, then `pool` (max pooling by 2 with `padding="same"`, which rounds up) or `up` (upsampling by 2).
# The result is a list with one whole number per step.
#
# Write `conv_params(channels)`: the number of parameters of a stack of 3 × 3 convolutions, where `channels` lists the channels from the input to the output.
#
# Example: for the chapter's network, `trace(28, ["same, pool", "same, pool", "same, pool", "same, up", "same, up", "valid, up"])` is `[14, 7, 4, 8, 16, 28]`, and `conv_params([1, 8, 4, 4, 4, 4, 8, 1])` is 1,185.
#
# Marks: 1 point for the examples, 1 (hidden) for other sizes, 1 (hidden) for other channels.

# %% [raw]
# # BEGIN SOLUTION


# %%
def trace(size, steps):
    # BEGIN SOLUTION
    sizes = []
    for step in steps:
        padding, resize = step.split(", ")
        if padding == "valid":
            size -= 2
        size = (size + 1) // 2 if resize == "pool" else 2 * size
        sizes.append(size)
    return sizes
    # END SOLUTION


def conv_params(channels):
    # BEGIN SOLUTION
    return sum((9 * c + 1) * f for c, f in zip(channels, channels[1:]))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_chapter_4(trace, conv_params):
    """The examples: the network of chapter 4."""
    from ae_lib.sheets import expect

    steps = ["same, pool"] * 3 + ["same, up"] * 2 + ["valid, up"]
    found = expect.array(expect.call(trace, "trace", 28, steps), "trace(...)").tolist()
    assert found == [14, 7, 4, 8, 16, 28], (
        f"trace gives {found}; expected [14, 7, 4, 8, 16, 28]. 7 pooled with padding 'same' is 4, "
        "and a 3 x 3 window fits into 16 x 16 at 14 x 14 places."
    )
    answer = expect.call(conv_params, "conv_params", [1, 8, 4, 4, 4, 4, 8, 1])
    count = expect.whole(answer, "conv_params(...)")
    assert count == 1185, (
        f"conv_params gives {count:,}; expected 1,185. A filter sees 3 * 3 pixels of each "
        "channel that comes in, and has one bias."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_sizes(trace):
    """Other sizes and steps."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__)
    for _ in range(10):
        start = int(rng.integers(40, 100))
        steps = [
            f"{rng.choice(['same', 'valid'])}, {rng.choice(['pool', 'up'])}"
            for _ in range(4)
        ]
        expected, size = [], start
        for step in steps:
            size -= 2 * step.startswith("valid")
            size = int(np.ceil(size / 2)) if step.endswith("pool") else 2 * size
            expected.append(size)
        answer = expect.call(trace, "trace", start, steps)
        assert expect.array(answer, "trace(...)").tolist() == expected


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_channels(conv_params):
    """Other stacks of convolutions."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 1)
    drawn = [int(c) for c in rng.integers(1, 70, size=5)]
    cases = {
        (1, 32, 32, 32, 32, 1): 28_353,
        (3, 5): 140,
        tuple(drawn): int(np.dot(9 * np.array(drawn[:-1]) + 1, drawn[1:])),
    }
    for channels, expected in cases.items():
        answer = expect.call(conv_params, "conv_params", list(channels))
        assert expect.whole(answer, "conv_params(...)") == expected


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
# ## 2. The two layers by hand (4 points)
#
# What Keras calls a convolution slides a window over the image, multiplies it with the kernel *as it stands*, and adds up: mathematicians call that a correlation, and turn the kernel round before they speak of a convolution.
#
# Write `conv2d(image, kernel, bias)` for one grey image of shape `(h, w)`, one kernel of shape `(3, 3)` and a number `bias`: the result without padding, of shape `(h - 2, w - 2)`, and without an activation function.
#
# Write `max_pool(image)`: the largest value of each 2 × 2 block, with rows and columns counted from the upper left.
# If a side is odd, the last block is cut off by the rim of the image, and the sizes are rounded up: `(h, w)` becomes `(ceil(h / 2), ceil(w / 2))`.
#
# Both with NumPy alone.
#
# Example: with `image = np.arange(9.0).reshape(3, 3)`, a kernel of zeros except for a 1 in its upper left corner, and the bias 10, `conv2d` returns `[[10]]`.
# For `[[1, 3, 0, 2], [5, 2, 1, 1], [0, 0, 7, 4], [2, 6, 3, 8]]`, as an array, `max_pool` returns `[[5, 2], [6, 8]]`.
#
# Marks: 1 point for the examples, 1 (hidden) for other convolutions, 1 (hidden) for pooling other images, 1 (hidden) for pooling negative numbers at an odd rim.

# %% [raw]
# # BEGIN SOLUTION


# %%
def conv2d(image, kernel, bias):
    # BEGIN SOLUTION
    h, w = image.shape
    result = np.full((h - 2, w - 2), float(bias))
    for i in range(3):
        for j in range(3):
            result += kernel[i, j] * image[i : h - 2 + i, j : w - 2 + j]
    return result
    # END SOLUTION


def max_pool(image):
    # BEGIN SOLUTION
    h, w = image.shape
    result = np.empty((-(-h // 2), -(-w // 2)))
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            result[i, j] = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return result
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_examples(conv2d, max_pool):
    """The two examples."""
    import numpy as np

    from ae_lib.sheets import expect

    kernel = np.zeros((3, 3))
    kernel[0, 0] = 1
    answer = expect.call(conv2d, "conv2d", np.arange(9.0).reshape(3, 3), kernel, 10.0)
    found = expect.array(answer, "conv2d(...)", (1, 1))
    assert found[0, 0] == 10, (
        f"conv2d returns {found[0, 0]:g} for the example; expected 0 + 10. 18 means that the "
        "kernel was turned round, 0 that the bias is missing."
    )
    block = np.array([[1.0, 3, 0, 2], [5, 2, 1, 1], [0, 0, 7, 4], [2, 6, 3, 8]])
    found = expect.array(
        expect.call(max_pool, "max_pool", block), "max_pool(...)", (2, 2)
    )
    assert found.tolist() == [[5, 2], [6, 8]], (
        f"max_pool returns {found.tolist()} for the chapter's block; expected [[5, 2], [6, 8]]."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_convolutions(conv2d):
    """Other images and kernels."""
    import numpy as np
    from scipy.signal import correlate2d

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 2)
    for h, w in ((6, 9), (28, 28), (3, 5)):
        image, kernel, bias = (
            rng.normal(size=(h, w)),
            rng.normal(size=(3, 3)),
            float(rng.normal()),
        )
        expected = correlate2d(image, kernel, mode="valid") + bias
        answer = expect.call(conv2d, "conv2d", image, kernel, bias)
        assert np.allclose(
            expect.array(answer, "conv2d(...)", (h - 2, w - 2)), expected
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_pooling(max_pool):
    """Pooling other images."""
    import numpy as np

    from ae_lib.sheets import expect

    rng = np.random.default_rng(__hidden_seed__ + 3)
    for h, w in ((6, 10), (28, 28), (7, 7)):
        image = rng.uniform(size=(h, w))
        even = np.pad(image, ((0, h % 2), (0, w % 2)))  # all values are above 0
        expected = even.reshape(-(-h // 2), 2, -(-w // 2), 2).max(axis=(1, 3))
        answer = expect.call(max_pool, "max_pool", image)
        assert np.allclose(
            expect.array(answer, "max_pool(...)", expected.shape), expected
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_negative_rim(max_pool):
    """A rim of negative numbers is not raised to zero."""
    import numpy as np

    from ae_lib.sheets import expect

    image = -np.random.default_rng(__hidden_seed__ + 4).uniform(1, 2, size=(7, 5))
    even = np.pad(image, ((0, 1), (0, 1)), constant_values=-9)
    expected = even.reshape(4, 2, 3, 2).max(axis=(1, 3))
    answer = expect.call(max_pool, "max_pool", image)
    assert np.allclose(expect.array(answer, "max_pool(...)", (4, 3)), expected)


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
# ## 3. A network made to order (3 points)
#
# The order: a convolutional autoencoder for images of 28 × 28 × 1 with exactly `PARAMS` = __params__ parameters, and a code of 7 × 7 × `CODE` with `CODE` = __code__.
#
# Build `ordered`, an untrained Keras model: one stack of exactly these layers, with activations given by `activation=`; all windows are 3 × 3, all paddings `same`, all activations ReLU but the last, a sigmoid:
#
# | layer | output |
# |---|---|
# | convolution with $F$ filters | 28 × 28 × $F$ |
# | max pooling | 14 × 14 × $F$ |
# | convolution with `CODE` filters | 14 × 14 × `CODE` |
# | max pooling: the code | 7 × 7 × `CODE` |
# | convolution with `CODE` filters | 7 × 7 × `CODE` |
# | upsampling | 14 × 14 × `CODE` |
# | convolution with $F$ filters | 14 × 14 × $F$ |
# | upsampling | 28 × 28 × $F$ |
# | convolution with 1 filter | 28 × 28 × 1 |
#
# Work out $F$ from the budget: write down the count for an unknown $F$, and solve for it.
#
# Example: with $F = 8$ and a code of 4 channels the network has 889 parameters.
#
# Marks: 1 point for a model that takes and returns images of 28 × 28 × 1, 1 for the number of parameters, 1 (hidden) for the sizes and activations of all layers.

# %% [raw]
# # BEGIN SOLUTION

# %%
ordered = ...
# BEGIN SOLUTION NO PROMPT
F = (PARAMS - 9 * CODE**2 - 2 * CODE - 1) // (20 + 18 * CODE)
ordered = models.Sequential(
    [
        Input(shape=(28, 28, 1)),
        Conv2D(F, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(CODE, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(CODE, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(F, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(1, (3, 3), activation="sigmoid", padding="same"),
    ]
)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_shapes(ordered):
    """A model that takes and returns images of 28 x 28 x 1."""
    import numpy as np

    from ae_lib.sheets import expect

    net = expect.model(ordered, "ordered")
    x = np.random.default_rng(2).uniform(size=(3, 28, 28, 1)).astype("float32")
    expect.predict(net, x, "ordered", (3, 28, 28, 1))


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_count(ordered, PARAMS):
    """As many parameters as ordered."""
    from ae_lib.sheets import expect

    found = expect.whole(expect.model(ordered, "ordered").count_params(), "the count")
    wanted = expect.whole(PARAMS, "PARAMS")
    assert found == wanted, (
        f"ordered has {found:,} parameters; the order is for {wanted:,}. The five convolutions "
        "have 10 F, (9 F + 1) CODE, (9 CODE + 1) CODE, (9 CODE + 1) F and 9 F + 1 of them."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_layers(ordered):
    """The layers of the order, with their sizes and activations."""
    from ae_lib.sheets import expect

    layers = expect.layers(expect.model(ordered, "ordered"))
    c, f = __code__, layers[0].shape[-1]
    expected = [
        (28, f),
        (14, f),
        (14, c),
        (7, c),
        (7, c),
        (14, c),
        (14, f),
        (28, f),
        (28, 1),
    ]
    assert [layer.shape for layer in layers] == [(s, s, k) for s, k in expected]
    kinds = ["Conv2D", "MaxPooling2D"] * 2 + ["Conv2D", "UpSampling2D"] * 2 + ["Conv2D"]
    assert [layer.kind for layer in layers] == kinds
    assert sum(layer.params for layer in layers) == __params__
    found = [layer.activation for layer in layers if layer.kind == "Conv2D"]
    assert found == ["relu"] * 4 + ["sigmoid"]


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
# ## 4. White everywhere, and too small (3 points)
#
# A colleague copied the chapter's network of 1,185 parameters from memory.
# It has as many parameters as it should, answers images of the wrong size, and whatever it is shown, every pixel of the answer is white.
# Three things are wrong.
#
# Repair the code so that `repaired` is the chapter's network, untrained.
#
# Example: the chapter's sizes are 28, 14, 7, 4 on the way down and 4, 8, 16, 14, 28 on the way up.
# Hint: look at what the last layer can answer at all.
#
# Marks: 1 point for the size of the output, 1 (hidden) for the code of 4 × 4 × 4 and the sizes of all layers, 1 (hidden) for the chapter's last layer.

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
repaired = models.Sequential(
    [
        Input(shape=(28, 28, 1)),
        Conv2D(8, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(8, (3, 3), activation="relu"),
        UpSampling2D((2, 2)),
        Conv2D(1, (3, 3), activation="relu", padding="same"),
    ]
)
# END SOLUTION
""" # BEGIN PROMPT
repaired = models.Sequential(
    [
        Input(shape=(28, 28, 1)),
        Conv2D(8, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2), padding="same"),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2)),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(4, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(8, (3, 3), activation="relu", padding="same"),
        UpSampling2D((2, 2)),
        Conv2D(1, (3, 3), activation="softmax", padding="same"),
    ]
)
"""  # END PROMPT

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_output_size(repaired):
    """The output has the size of the input, and the count is the chapter's."""
    from ae_lib.sheets import expect

    net = expect.model(repaired, "repaired")
    layers = expect.layers(net)
    assert layers[-1].shape == (28, 28, 1), (
        f"The output has the shape {layers[-1].shape}; expected (28, 28, 1). Print "
        "repaired.summary() beside the chapter's, and look for the first size that differs."
    )
    assert net.count_params() == 1185, (
        f"repaired has {net.count_params():,} parameters; the chapter's network has 1,185. "
        "None of the three faults changes that number."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_code(repaired):
    """The code has the shape 4 x 4 x 4, and all layers have the chapter's sizes."""
    from ae_lib.sheets import expect

    layers = expect.layers(expect.model(repaired, "repaired"))
    smallest = min(
        (layer.shape for layer in layers), key=lambda s: (s[0] * s[1] * s[2], s)
    )
    assert smallest == (4, 4, 4)
    found = [(layer.shape[0], layer.shape[-1]) for layer in layers]
    down = [(28, 8), (14, 8), (14, 4), (7, 4), (7, 4), (4, 4)]
    assert found == [*down, (4, 4), (8, 4), (8, 4), (16, 4), (14, 8), (28, 8), (28, 1)]


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_outputs(repaired):
    """The last layer is the chapter's, and its answer is not white everywhere."""
    import numpy as np

    from ae_lib.sheets import expect

    net = expect.model(repaired, "repaired")
    assert expect.layers(net)[-1].activation == "relu"
    rng = np.random.default_rng(__hidden_seed__ + 5)
    x = rng.uniform(size=(6, 28, 28, 1)).astype("float32")
    outputs = expect.array(net.predict(x, verbose=0), "the output")
    assert not np.allclose(outputs, 1)


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
# ## 5. A little to the right (3 points)
#
# Convolutions use the same filter at every place, so a digit that has moved should be no problem.
# The dense network has learned where digits stand.
# Is that so?
#
# Write `shift_right(images, s)`: images of shape `(n, 28, 28)`, moved by `s` pixels to the right, $0 \le s < 28$.
# What comes in from the left is black; what goes out on the right is lost.
#
# Then measure on the 300 `images`, with `SHIFT` = __shift__: the mean squared error of a network on the shifted images divided by its error on the images as they are.
# Set `penalty_dense` for `ae_lib.load_pretrained("dense")`, which takes vectors, and `penalty_conv` for `ae_lib.load_pretrained("conv")`, which takes images of 28 × 28 × 1.
# The shifted image is input and target at once, as always.
#
# Example: a row `[1, 2, 3, 0]` shifted by 1 is `[0, 1, 2, 3]`.
#
# Marks: 1 point for shifting, 1 (hidden) for shifting other images, 1 (hidden) for both penalties, to within 2 %.

# %% [raw]
# # BEGIN SOLUTION


# %%
def shift_right(images, s):
    # BEGIN SOLUTION
    shifted = np.zeros_like(images)
    shifted[:, :, s:] = images[:, :, : images.shape[2] - s]
    return shifted
    # END SOLUTION


penalty_dense = ...
penalty_conv = ...
# BEGIN SOLUTION NO PROMPT
from ae_lib import load_pretrained


def penalty(name, shape):
    net = load_pretrained(name)
    both = [x.reshape(shape) for x in (shift_right(images, SHIFT), images)]
    shifted, still = (np.mean((net.predict(x, verbose=0) - x) ** 2) for x in both)
    return shifted / still


penalty_dense = penalty("dense", (300, 784))
penalty_conv = penalty("conv", (300, 28, 28, 1))
print(
    f"shifted by {SHIFT}: dense x {penalty_dense:.2f}, convolutional x {penalty_conv:.2f}"
)
# END SOLUTION

# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_example(shift_right):
    """Ink moves to the right, and nothing comes back on the left."""
    import numpy as np

    from ae_lib.sheets import expect

    image = np.zeros((1, 28, 28))
    image[0, 5, [0, 10, 27]] = 0.2, 0.5, 1.0
    answer = expect.call(shift_right, "shift_right", image, 3)
    found = expect.array(answer, "shift_right(...)", (1, 28, 28))
    assert found[0, 5, 2] == 0, (
        "Ink that went out on the right came back on the left: np.roll moves in a circle."
    )
    assert found[0, 5, 13] == 0.5, (
        f"The pixel in row 5, column 10 should be in column 13; there is {found[0, 5, 13]:g}."
    )
    assert np.isclose(found.sum(), 0.7), (
        "Only two of the three bright pixels should be left."
    )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_other_shifts(shift_right):
    """Other images and shifts, the shift by nothing included."""
    import numpy as np

    from ae_lib.sheets import expect

    images = np.random.default_rng(__hidden_seed__ + 6).uniform(size=(4, 28, 28))
    for s in (0, 1, 9, 27):
        expected = np.pad(images, ((0, 0), (0, 0), (s, 0)))[:, :, :28]
        answer = expect.call(shift_right, "shift_right", images, s)
        assert np.allclose(
            expect.array(answer, "shift_right(...)", (4, 28, 28)), expected
        )


# %%
""" # BEGIN TEST CONFIG
points: 1
hidden: true
"""  # END TEST CONFIG


def test_penalties(penalty_dense, penalty_conv):
    """The two penalties, computed again without Keras."""
    from importlib import resources

    import numpy as np

    from ae_lib.sheets import expect

    def weights(name):
        with resources.as_file(
            resources.files("ae_lib") / "weights" / f"{name}.npz"
        ) as path:
            archive = np.load(path)
            # All but the record of the training.
            arrays = [archive[str(i)] for i in range(len(archive.files) - 1)]
        return list(zip(arrays[::2], arrays[1::2], strict=True))

    def dense(x):
        found = x.reshape(len(x), 784)
        for kernel, bias in weights("dense"):
            found = np.maximum(0, found @ kernel + bias)
        return found.reshape(x.shape)

    def convolve(x, kernel, bias, rim):
        x = np.pad(x, ((0, 0), (rim, rim), (rim, rim), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        found = np.tensordot(
            windows, kernel.transpose(2, 0, 1, 3), axes=([3, 4, 5], [0, 1, 2])
        )
        return np.maximum(0, found + bias)

    def pool(x):
        odd = x.shape[1] % 2
        x = np.pad(
            x, ((0, 0), (0, odd), (0, odd), (0, 0))
        )  # after a ReLU nothing is below 0
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))

    def conv(x):
        found = x[..., None]
        for number, (kernel, bias) in enumerate(weights("conv")):
            found = convolve(found, kernel, bias, rim=0 if number == 5 else 1)
            if number < 3:
                found = pool(found)
            elif number < 6:
                found = found.repeat(2, axis=1).repeat(2, axis=2)
        return found[..., 0]

    x = expect.digits().x_test[:300]
    shifted = np.pad(x, ((0, 0), (0, 0), (__shift__, 0)))[:, :, :28]
    for net, value, name in (
        (dense, penalty_dense, "penalty_dense"),
        (conv, penalty_conv, "penalty_conv"),
    ):
        expected = np.mean((net(shifted) - shifted) ** 2) / np.mean((net(x) - x) ** 2)
        assert np.isclose(expect.number(value, name), expected, rtol=0.02)


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
# ## 6. Is the race fair? (4 points)
#
# Somebody writes:
#
# > (a) "The convolutional autoencoder needs 137 times fewer parameters than the dense one. (b) So it is the better method of dimensionality reduction. (c) Its convolutions use the same filter at every place, so a shifted digit costs it nothing."
#
# Use the two numbers of question 5, the sizes of the codes and the errors in chapter 4, and answer in at most ten sentences.
#
# - Which of the three statements are right? Where one is not, say which number contradicts it.
# - The penalty of the convolutional network is not exactly 1. Name two properties of the network, or of what a shift does to an image, that can make it differ. (By how many pixels must an image move for each max pooling to see the same blocks again?)
# - Which experiment would make the comparison of the two networks fair? It should change one thing only.
# - Which opponent from chapter 1 belongs in the table, and with how many numbers?
#
# Marks, by hand: 1 point for the three statements, 1 for two reasons for the penalty, 1 for the experiment, 1 for the opponent with the length of its code.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# (a) is right: 161,804 / 1,185 is about 137.
# (b) does not follow: dimensionality reduction is measured by the error for a given length of the code, and the convolutional code has 64 numbers, the dense one 20.
# (c) is too strong: the penalty in question 5 is smaller than the dense network's, but not 1.
#
# Three poolings by 2 halve the image three times, so only a shift by 8 pixels moves everything by whole blocks; at the rim the padding with zeros, the odd size 7 and ink that leaves the image change the answer as well.
# A fair experiment gives both networks a code of the same length, for example a dense layer of 20 units at the convolutional bottleneck, with the same data, epochs and seeds, and compares the test errors.
# PCA belongs in the table, with 64 numbers beside the convolutional network and with 20 beside the dense one: with 64 it errs less than both.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
