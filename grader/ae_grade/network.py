"""A network as its layers and weights make it, computed outside of the box with NumPy.

What a notebook says of a model is a claim: kinds of layers, settings, arrays of weights. Here the
claim is taken at its word. Sizes, counts and answers all follow from the same arrays, so that no
model can have the layers that a question asks for and the answers of something else.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import erf, expit

from ae_grade.protocol import ProtocolError
from ae_grade.text import clean

__all__ = ["Layer", "Network"]

MAX_LAYERS = 1000
MAX_SIZE = 2**22  # numbers that a layer may answer for one input
BATCH = 64

Array = np.ndarray
Shape = tuple[int, ...]


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": expit,
    "tanh": np.tanh,
    "softmax": softmax,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.05070098 * np.where(x > 0, x, 1.67326324 * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x * expit(x),
    "swish": lambda x: x * expit(x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "exponential": np.exp,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softsign": lambda x: x / (1 + np.abs(x)),
}
# Layers that another layer may have for its activation, and what that is called; one of them says
# it itself.
ACTIVATION_LAYERS = {
    "Activation": "", "ELU": "elu", "LeakyReLU": "leaky_relu", "ReLU": "relu", "Softmax": "softmax",
}  # fmt: skip
ACTIVATED = ("Activation", "Conv2D", "Dense")  # of other layers it would be a mere word
# At rest these answer what they are asked.
PASSES = ("InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout")


class Part:
    """One layer: its kind and settings, checked, and its weights.

    Parameters
    ----------
    fields : object
        ``class_name``, ``activation`` and ``config``, as the box sends them; nothing is trusted.
    weights : list of ndarray
    shape : tuple of int
        Of one input.

    Raises
    ------
    ProtocolError
        The layer is none that can be computed here, or its weights do not fit.
    """

    def __init__(self, fields: Any, weights: Any, shape: Shape) -> None:
        if type(fields) is not dict or type(fields.get("config")) is not dict:
            raise ProtocolError("a layer without a description")
        if type(weights) is not list or not all(
            isinstance(w, np.ndarray) and w.dtype.kind == "f" for w in weights
        ):
            raise ProtocolError("weights that are no arrays")
        self.kind = clean(fields.get("class_name"), 100)
        self.config = fields["config"]
        activation = fields.get("activation") if self.kind in ACTIVATED else None
        self.activation = None if activation is None else clean(activation, 100)
        self.weights = [w.astype("float32") for w in weights]
        self.input = shape
        build = BUILDERS.get(self.kind)
        if build is None:
            raise ProtocolError(
                f"a layer of the kind {self.kind!r}, which the grader cannot compute; it knows "
                f"{', '.join(sorted(BUILDERS.keys() - {'InputLayer'}))}"
            )
        self.wanted: list[Shape] = []  # the shapes of its weights
        self.compute = build(self)
        sizes = [w.shape for w in self.weights]
        if sizes != self.wanted:
            raise ProtocolError(f"weights of the shapes {sizes} in a {self.kind} of {self.wanted}")
        self.output: Shape = self.compute(np.zeros((1, *shape), "float32")).shape[1:]
        if math.prod(self.output) > MAX_SIZE:
            raise ProtocolError("a layer that answers too many numbers")

    def function(self) -> Callable[[Array], Array]:
        """Return the activation."""
        name = self.activation or "linear"
        if name not in ACTIVATIONS:
            raise ProtocolError(f"the activation {name!r}, which the grader cannot compute")
        return ACTIVATIONS[name]

    def whole(self, name: str, default: int | None = None) -> int:
        value = self.config.get(name, default)
        if type(value) is not int or not 1 <= value <= 10**6:
            raise ProtocolError(f"a {self.kind} with {name} {clean(value, 40)}")
        return value

    def pair(self, name: str, default: Any = None) -> tuple[int, int]:
        value = self.config.get(name, default)
        value = [value, value] if type(value) is int else value
        if (
            type(value) not in (list, tuple)
            or len(value) != 2
            or any(type(n) is not int or not 1 <= n <= 64 for n in value)
        ):
            raise ProtocolError(f"a {self.kind} with {name} {clean(value, 40)}")
        return value[0], value[1]

    def only(self, name: str, *allowed: Any) -> None:
        value = self.config.get(name, allowed[0])
        value = tuple(value) if type(value) is list else value
        if value not in allowed:
            raise ProtocolError(f"a {self.kind} with {name} {clean(value, 40)}")

    def image(self) -> tuple[int, int, int]:
        self.only("data_format", "channels_last", None)
        if len(self.input) != 3 or 0 in self.input:
            raise ProtocolError(f"a {self.kind} on an input of the shape {self.input}")
        return self.input[0], self.input[1], self.input[2]


def passing(part: Part) -> Callable[[Array], Array]:
    return lambda x: x


def activation(part: Part) -> Callable[[Array], Array]:
    return part.function()


def dense(part: Part) -> Callable[[Array], Array]:
    units, bias = part.whole("units"), part.config.get("use_bias", True) is True
    act = part.function()
    part.wanted = [(part.input[-1] if part.input else 0, units), *[(units,)] * bias]

    def compute(x: Array) -> Array:
        y = x @ part.weights[0]
        return act(y + part.weights[1] if bias else y)

    return compute


def padded(x: Array, size: Shape, strides: Shape, padding: str, value: float = 0) -> Array:
    """Return images with the margin that TensorFlow gives them for ``padding="same"``."""
    if padding == "valid":
        return x
    margins = []
    for axis in (0, 1):
        length = x.shape[axis + 1]
        missing = (math.ceil(length / strides[axis]) - 1) * strides[axis] + size[axis] - length
        margins.append((max(missing, 0) // 2, max(missing, 0) - max(missing, 0) // 2))
    return np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=value)


def windows(
    x: Array, size: Shape, strides: Shape, gaps: Shape = (1, 1)
) -> tuple[list[tuple[int, int, Array]], Shape]:
    """Return what stands at each place of a window, for all windows at once, and their number."""
    rows = (x.shape[1] - (size[0] - 1) * gaps[0] - 1) // strides[0] + 1
    columns = (x.shape[2] - (size[1] - 1) * gaps[1] - 1) // strides[1] + 1
    if rows < 1 or columns < 1:
        raise ProtocolError("a window larger than its image")
    parts = [
        (i, j, x[:, i * gaps[0] :: strides[0], j * gaps[1] :: strides[1]][:, :rows, :columns])
        for i in range(size[0])
        for j in range(size[1])
    ]
    return parts, (rows, columns)


def convolution(part: Part) -> Callable[[Array], Array]:
    channels, filters = part.image()[2], part.whole("filters")
    size, strides = part.pair("kernel_size"), part.pair("strides", 1)
    bias, act = part.config.get("use_bias", True) is True, part.function()
    gaps = part.pair("dilation_rate", 1)
    part.only("padding", "valid", "same")
    part.only("groups", 1)
    padding = part.config.get("padding", "valid")
    part.wanted = [(*size, channels, filters), *[(filters,)] * bias]
    reach = ((size[0] - 1) * gaps[0] + 1, (size[1] - 1) * gaps[1] + 1)

    def compute(x: Array) -> Array:
        x = padded(x, reach, strides, padding)
        places, (rows, columns) = windows(x, size, strides, gaps)
        y = np.zeros((len(x), rows, columns, filters), "float32")
        for i, j, values in places:
            y += values @ part.weights[0][i, j]
        return act(y + part.weights[1] if bias else y)

    return compute


def pooling(part: Part) -> tuple[Shape, Shape, str]:
    """Return a pooling layer's window, its strides and its padding."""
    part.image()
    size = part.pair("pool_size", 2)
    strides = part.pair("strides", size) if part.config.get("strides") else size
    part.only("padding", "valid", "same")
    return size, strides, part.config.get("padding", "valid")


def max_pooling(part: Part) -> Callable[[Array], Array]:
    size, strides, padding = pooling(part)

    def compute(x: Array) -> Array:
        places, _ = windows(padded(x, size, strides, padding, -np.inf), size, strides)
        y = places[0][2].copy()
        for _, _, values in places[1:]:
            np.maximum(y, values, out=y)
        return y

    return compute


def average_pooling(part: Part) -> Callable[[Array], Array]:
    size, strides, padding = pooling(part)

    def total(x: Array) -> Array:
        places, _ = windows(padded(x, size, strides, padding), size, strides)
        return sum((values for _, _, values in places[1:]), places[0][2])

    # What lies beyond the edge counts for nothing.
    return lambda x: total(x) / total(np.ones_like(x[:1]))


def up_sampling(part: Part) -> Callable[[Array], Array]:
    height, width, channels = part.image()
    rows, columns = part.pair("size", 2)
    part.only("interpolation", "nearest")
    if height * rows * width * columns * channels > MAX_SIZE:
        raise ProtocolError("a layer that answers too many numbers")
    return lambda x: x.repeat(rows, axis=1).repeat(columns, axis=2)


def flatten(part: Part) -> Callable[[Array], Array]:
    return lambda x: x.reshape(len(x), -1)


def reshape(part: Part) -> Callable[[Array], Array]:
    target = part.config.get("target_shape")
    if (
        type(target) not in (list, tuple)
        or any(type(n) is not int for n in target)
        or abs(math.prod(target)) not in (math.prod(part.input), *divisors_with_gap(part, target))
    ):
        raise ProtocolError(f"a Reshape of {part.input} to {clean(target, 60)}")
    return lambda x: x.reshape(len(x), *target)


def divisors_with_gap(part: Part, target: Sequence[int]) -> list[int]:
    """Return what the sizes of a target with one -1 may multiply to."""
    given, size = abs(math.prod(target)), math.prod(part.input)
    return [given] if list(target).count(-1) == 1 and given and size % given == 0 else []


def batch_normalization(part: Part) -> Callable[[Array], Array]:
    part.only("axis", -1, (-1,), len(part.input), (len(part.input),))
    epsilon = part.config.get("epsilon", 1e-3)
    if type(epsilon) is not float or not 0 <= epsilon <= 1:
        raise ProtocolError("a BatchNormalization without a usable epsilon")
    scale, center = (part.config.get(name, True) is True for name in ("scale", "center"))
    part.wanted = [(part.input[-1],)] * (scale + center + 2)

    def compute(x: Array) -> Array:
        *affine, mean, variance = part.weights
        y = (x - mean) / np.sqrt(variance + np.float32(epsilon))
        if scale:
            y = y * affine[0]
        return y + affine[-1] if center else y

    return compute


def leaky_relu(part: Part) -> Callable[[Array], Array]:
    slope = part.config.get("negative_slope", part.config.get("alpha", 0.3))
    if type(slope) not in (int, float) or not 0 <= slope <= 10:
        raise ProtocolError("a LeakyReLU without a usable slope")
    return lambda x: np.where(x > 0, x, np.float32(slope) * x)


def relu(part: Part) -> Callable[[Array], Array]:
    part.only("negative_slope", 0, 0.0)
    part.only("threshold", 0, 0.0)
    most = part.config.get("max_value")
    if most is not None and (type(most) not in (int, float) or not 0 <= most <= 1e6):
        raise ProtocolError(f"a ReLU with max_value {clean(most, 40)}")
    return lambda x: np.clip(x, 0, most)


def elu(part: Part) -> Callable[[Array], Array]:
    part.only("alpha", 1.0, 1)
    return ACTIVATIONS["elu"]


def softmax_layer(part: Part) -> Callable[[Array], Array]:
    part.only("axis", -1, (-1,))
    return softmax


BUILDERS: dict[str, Callable[[Part], Callable[[Array], Array]]] = {
    **dict.fromkeys(PASSES, passing),
    "Activation": activation,
    "AveragePooling2D": average_pooling,
    "BatchNormalization": batch_normalization,
    "Conv2D": convolution,
    "Dense": dense,
    "ELU": elu,
    "Flatten": flatten,
    "LeakyReLU": leaky_relu,
    "MaxPooling2D": max_pooling,
    "ReLU": relu,
    "Reshape": reshape,
    "Softmax": softmax_layer,
    "UpSampling2D": up_sampling,
}


class Layer:
    """A layer of a model, or a model within it; all that it says follows from its parts."""

    def __init__(self, fields: Any, weights: Any, shape: Shape) -> None:
        if type(fields) is not dict or type(fields.get("parts")) is not list:
            raise ProtocolError("a layer without a description")
        self.name = clean(fields.get("name"), 100)
        self.class_name = clean(fields.get("class_name"), 100)
        if len(fields["parts"]) > MAX_LAYERS or type(weights) is not list:
            raise ProtocolError("a layer with impossible parts")
        if len(fields["parts"]) != len(weights):
            raise ProtocolError("a layer whose weights are not those of its parts")
        self.parts: list[Part] = []
        for part, arrays in zip(fields["parts"], weights, strict=True):
            self.parts.append(Part(part, arrays, shape))
            shape = self.parts[-1].output
        self.shape = shape
        self.output_shape: tuple[int | None, ...] = (None, *shape)
        kinds = [part.kind for part in self.parts]
        follows = len(kinds) == 2 and kinds[0] in ACTIVATED and kinds[1] in ACTIVATION_LAYERS
        if self.class_name in BUILDERS and (
            kinds[:1] != [self.class_name] or not (follows or len(kinds) == 1)
        ):
            raise ProtocolError("a layer of two kinds")
        self.activation = self.parts[-1].activation if self.parts else None
        if follows:
            self.activation = ACTIVATION_LAYERS[kinds[1]] or self.activation

    def count_params(self) -> int:
        return sum(w.size for part in self.parts for w in part.weights)


class Network:
    """A chain of layers with weights, which answers as Keras would, up to rounding.

    Parameters
    ----------
    fields : object
        ``input_shape`` and ``layers``, as the box sends them; nothing is trusted.
    weights : object
        For each layer, for each of its parts, a list of arrays.

    Raises
    ------
    ProtocolError
        It is no network that can be computed here, and why.
    """

    def __init__(self, fields: dict, weights: Any) -> None:
        shape, layers = fields.get("input_shape"), fields.get("layers")
        if type(layers) is not list or not layers or len(layers) > MAX_LAYERS:
            raise ProtocolError("a model without layers")
        if (
            type(shape) is not list
            or not 2 <= len(shape) <= 6
            or any(type(n) is not int or not 1 <= n <= MAX_SIZE for n in shape[1:])
            or math.prod(shape[1:]) > MAX_SIZE
        ):
            raise ProtocolError("a model without a usable input shape")
        if type(weights) is not list or len(weights) != len(layers):
            raise ProtocolError("a model whose weights are not those of its layers")
        self.input_shape: tuple[int | None, ...] = (None, *shape[1:])
        self.layers: list[Layer] = []
        inside: Shape = tuple(shape[1:])
        for layer, arrays in zip(layers, weights, strict=True):
            self.layers.append(Layer(layer, arrays, inside))
            inside = self.layers[-1].shape
        self.output_shape: tuple[int | None, ...] = (None, *inside)

    @property
    def weights(self) -> list[Array]:
        return [w for layer in self.layers for part in layer.parts for w in part.weights]

    def predict(self, x: Any) -> Array:
        """Return the outputs for a batch.

        Raises
        ------
        ValueError
            The batch has not the shape of the network's input.
        """
        x = np.asarray(x, "float32")
        if x.shape[1:] != self.input_shape[1:]:
            raise ValueError(f"the model takes {self.input_shape}; it was asked {x.shape}")
        outputs = []
        with np.errstate(all="ignore"):
            for start in range(0, len(x), BATCH):
                y = x[start : start + BATCH]
                for layer in self.layers:
                    for part in layer.parts:
                        y = part.compute(y)
                outputs.append(y.astype("float32"))
        return np.concatenate(outputs) if outputs else np.zeros((0, *self.layers[-1].shape), "f4")
