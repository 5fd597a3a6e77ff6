"""Sheet 4: mistakes that its tests are meant to catch, and what each is worth."""

import pytest
from helpers.sheets import answer, check_in, marks

CHAIN = """
{name} = models.Sequential([
    Input(shape=(28, 28, 1)),
    Conv2D({f}, (3, 3), activation="relu", padding="same"),
    MaxPooling2D((2, 2), padding="same"),
    Conv2D(CODE, (3, 3), activation="relu", padding="same"),
    MaxPooling2D((2, 2), padding="same"),
    Conv2D(CODE, (3, 3), activation="relu", padding="same"),
    UpSampling2D((2, 2)),
    Conv2D({f}, (3, 3), activation="relu", padding="same"),
    UpSampling2D((2, 2)),
    Conv2D(1, (3, 3), activation="{last}", padding="same"),
])
"""
CHAPTER = """
repaired = models.Sequential([
    Input(shape=(28, 28, 1)),
    Conv2D(8, (3, 3), activation="relu", padding="same"),
    MaxPooling2D((2, 2), padding="same"),
    Conv2D(4, (3, 3), activation="relu", padding="same"),
    MaxPooling2D((2, 2), padding="same"),
    Conv2D(4, (3, 3), activation="relu", padding="same"),
    MaxPooling2D((2, 2), padding="{pool}"),
    Conv2D(4, (3, 3), activation="relu", padding="same"),
    UpSampling2D((2, 2)),
    Conv2D(4, (3, 3), activation="relu", padding="same"),
    UpSampling2D((2, 2)),
    Conv2D(8, (3, 3), activation="relu", padding="{late}"),
    UpSampling2D((2, 2)),
    Conv2D(1, (3, 3), activation="{last}", padding="same"),
])
"""
GOOD = {"pool": "same", "late": "valid", "last": "relu"}

MISTAKES = [
    (
        "q1",
        "sizes are rounded down",
        """
def trace(size, steps):
    sizes = []
    for step in steps:
        padding, resize = step.split(", ")
        size -= 2 * (padding == "valid")
        size = size // 2 if resize == "pool" else 2 * size
        sizes.append(size)
    return sizes
""",
        1,
    ),
    (
        "q1",
        "valid is taken for same",
        """
def trace(size, steps):
    sizes = []
    for step in steps:
        size = (size + 1) // 2 if step.endswith("pool") else 2 * size
        sizes.append(size)
    return sizes
""",
        1,
    ),
    (
        "q1",
        "no biases",
        "def conv_params(channels): return sum(9 * c * f for c, f in zip(channels, channels[1:]))",
        1,
    ),
    (
        "q1",
        "a kernel for all channels together",
        "def conv_params(channels): return sum((9 + 1) * f for f in channels[1:])",
        1,
    ),
    (
        "q2",
        "the kernel is turned round",
        """
def conv2d(image, kernel, bias):
    from scipy.signal import convolve2d
    return convolve2d(image, kernel, mode="valid") + bias
""",
        2,
    ),
    (
        "q2",
        "padded",
        """
def conv2d(image, kernel, bias):
    from scipy.signal import correlate2d
    return correlate2d(image, kernel, mode="same") + bias
""",
        2,
    ),
    (
        "q2",
        "the last odd row is dropped",
        """
def max_pool(image):
    h, w = image.shape[0] // 2, image.shape[1] // 2
    return image[: 2 * h, : 2 * w].reshape(h, 2, w, 2).max(axis=(1, 3))
""",
        2,
    ),
    (
        "q2",
        "the rim is padded with zeros",
        """
def max_pool(image):
    h, w = -(-image.shape[0] // 2), -(-image.shape[1] // 2)
    even = np.pad(image, ((0, 2 * h - image.shape[0]), (0, 2 * w - image.shape[1])))
    return even.reshape(h, 2, w, 2).max(axis=(1, 3))
""",
        3,
    ),
    (
        "q2",
        "mean in place of maximum",
        """
def max_pool(image):
    h, w = image.shape[0] // 2, image.shape[1] // 2
    return image[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean(axis=(1, 3))
""",
        1,
    ),
    ("q3", "another number of filters", CHAIN.format(name="ordered", f="F + 1", last="sigmoid"), 1),
    ("q3", "a ReLU at the end", CHAIN.format(name="ordered", f="F", last="relu"), 2),
    ("q3", "a number in place of the model", "ordered = PARAMS", 0),
    ("q4", "the pooling still rounds down", CHAPTER.format(**{**GOOD, "pool": "valid"}), 1),
    ("q4", "the late convolution is still padded", CHAPTER.format(**{**GOOD, "late": "same"}), 1),
    ("q4", "the softmax is left in", CHAPTER.format(**{**GOOD, "last": "softmax"}), 2),
    (
        "q4",
        "the right size by the wrong way",
        """
repaired = models.Sequential([Input(shape=(28, 28, 1)),
    Conv2D(4, (3, 3), activation="relu", padding="same"),
    Conv2D(1, (3, 3), activation="relu", padding="same")])
""",
        1,
    ),
    (
        "q5",
        "in a circle",
        "def shift_right(images, s): return np.roll(images, s, axis=2)",
        1,
    ),
    (
        "q5",
        "downwards",
        """
def shift_right(images, s):
    shifted = np.zeros_like(images)
    shifted[:, s:] = images[:, : 28 - s]
    return shifted
""",
        1,
    ),
    (
        "q5",
        "nothing is left at a shift of 0",
        """
def shift_right(images, s):
    shifted = np.zeros_like(images)
    if s:
        shifted[:, :, s:] = images[:, :, :-s]
    return shifted
""",
        2,
    ),
    ("q5", "last year's numbers", "penalty_dense, penalty_conv = 1.0, 1.0", 2),
]


@pytest.mark.parametrize(
    ("question", "mistake", "code", "points"), MISTAKES, ids=[f"{m[0]}: {m[1]}" for m in MISTAKES]
)
def test_mistake(question, mistake, code, points, built, solved):
    namespace = answer(solved("conv_autoencoder_sheet"), code)
    assert marks(built("conv_autoencoder_sheet"), namespace, question) == {question: points}
    result = check_in(namespace, question)
    assert "Traceback" not in str(result)
