"""What the tests of the sheets expect of an answer: its kind, its shape, finite values.

Each function returns the answer as plain Python or NumPy, or raises an AssertionError that tells
the student what to look at. Tests use answers only through these, so that a test means the same
in the student's notebook, in otter-grader, and in a grader that talks to a sandbox.
"""

import linecache
import math
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ae_lib.data import Dataset, load_mnist

__all__ = [
    "array",
    "call",
    "choice",
    "given",
    "is_linear",
    "layers",
    "model",
    "number",
    "pair",
    "predict",
    "whole",
]


def given(value: Any, name: str) -> Any:
    """Return `value` unless the question has not been answered yet."""
    if value is None or value is Ellipsis:
        raise AssertionError(
            f"{name} has no value yet. Replace the dots in the answer's cell, and run it."
        )
    return value


def call(function: Any, name: str, *arguments: Any) -> Any:
    """Return what the student's function answers to some arguments."""
    given(function, name)
    if not callable(function):
        raise AssertionError(f"{name} is a {_kind(function)}; expected a function.")
    try:
        answer = function(*arguments)
    except (Exception, SystemExit) as error:
        where = line_of(error, function)
        raise AssertionError(
            f"{name} stopped with {type(error).__name__}: {error}{where}"
        ) from None
    if answer is None or answer is Ellipsis:
        raise AssertionError(f"{name} returned nothing: is the body still dots, or return missing?")
    return answer


def line_of(error: BaseException, function: Any) -> str:
    """Return which line of the student's code an error came from, in words, if that is known.

    That is the innermost line in the notebook itself, even where a library below it raised.
    """
    notebook = getattr(function, "__globals__", None)
    found = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is notebook:
            text = linecache.getline(frame.f_code.co_filename, number).strip()
            found = f" (line {number} of its cell{f': {text}' if text else ''})"
    return found


def number(value: Any, name: str) -> float:
    """Return a finite number."""
    given(value, name)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise AssertionError(f"{name} is a {_kind(value)}; expected a number.")
    try:
        value = float(value)
    except (OverflowError, TypeError):
        value = math.inf
    if not math.isfinite(value):
        raise AssertionError(f"{name} is {value}; expected a finite number.")
    return value


def whole(value: Any, name: str) -> int:
    """Return a whole number."""
    found = number(value, name)
    if found != int(found):
        raise AssertionError(f"{name} is {found:g}; expected a whole number.")
    return int(found)


def choice(value: Any, name: str, among: Sequence[str]) -> str:
    """Return one of several words."""
    given(value, name)
    if not isinstance(value, str) or value not in among:
        words = ", ".join(repr(word) for word in among)
        raise AssertionError(f"{name} is {str(value)[:40]!r}; expected one of {words}.")
    return value


def array(value: Any, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Return an array of finite floats (float64), of the given shape if there is one."""
    given(value, name)
    if not isinstance(value, np.ndarray | list | tuple | np.number | int | float):
        raise AssertionError(
            f"{name} is a {_kind(value)}; expected a NumPy array (np.asarray makes one)."
        )
    try:
        found = np.asarray(value, dtype="float64")
    except (TypeError, ValueError, OverflowError):
        raise AssertionError(f"{name} is not an array of numbers.") from None
    if shape is not None and found.shape != shape:
        raise AssertionError(f"{name} has shape {found.shape}; expected {shape}.")
    if not np.isfinite(found).all():
        raise AssertionError(f"{name} holds NaN or infinite values; expected finite numbers.")
    return found


def pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return the two parts of a tuple or list."""
    given(value, name)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise AssertionError(f"{name} must return two things, as in `return first, second`.")
    return value[0], value[1]


def model(value: Any, name: str) -> Any:
    """Return a Keras model, or the handle of one."""
    given(value, name)
    if isinstance(value, type) or not (
        hasattr(value, "count_params") and hasattr(value, "predict")
    ):
        raise AssertionError(f"{name} is a {_kind(value)}; expected a Keras model.")
    return value


@dataclass(frozen=True)
class Layer:
    """A layer of a Keras model, in words and numbers."""

    kind: str
    shape: tuple[int, ...]
    params: int
    activation: str


ACTIVATION_LAYERS = {
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "ReLU": "relu",
    "Softmax": "softmax",
}


def layers(net: Any) -> list[Layer]:
    """Return the layers of a model that compute something: no input layers, no dropout."""
    found = []
    for layer in net.layers:
        kind = getattr(layer, "class_name", type(layer).__name__)
        if kind in ("InputLayer", "Dropout"):
            continue
        shape = getattr(layer, "output_shape", None)
        if shape is None:
            shape = layer.output.shape
        activation = getattr(layer, "activation", None)
        # It may be a layer of its own, named here as the function is.
        known = ACTIVATION_LAYERS.get(type(activation).__name__, activation)
        activation = getattr(known, "__name__", known)
        sizes = tuple(int(size) for size in list(shape)[1:])  # without the batch
        found.append(Layer(str(kind), sizes, int(layer.count_params()), str(activation)))
    return found


def predict(net: Any, x: np.ndarray, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return a model's finite outputs for `x`."""
    try:
        outputs = net.predict(x, verbose=0)
    except (Exception, SystemExit) as error:
        raise AssertionError(
            f"{name}.predict stopped with {type(error).__name__} on an array of shape {x.shape}: "
            f"{str(error)[:300]}"
        ) from None
    return array(outputs, f"the output of {name}", shape)


def is_linear(net: Any, x: np.ndarray) -> bool:
    """Say whether a model is a linear map and a constant, as far as it is not cut off at 0 or 1.

    Of such a map the answer halfway between two inputs lies halfway between its answers.
    """
    first, second = x[:32], x[32:64]
    a, b, middle = (net.predict(v, verbose=0) for v in (first, second, (first + second) / 2))
    inside = np.min([a, b, middle], axis=0) > 0.02
    inside &= np.max([a, b, middle], axis=0) < 0.98
    return not np.any(np.abs(middle - (a + b) / 2)[inside] > 0.01)


@cache
def digits() -> Dataset:
    """Return MNIST, or the stand-in, as `load_mnist` does; loaded once for all tests."""
    return load_mnist()


def _kind(value: Any) -> str:
    return type(value).__name__
