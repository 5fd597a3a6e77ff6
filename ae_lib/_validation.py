"""Checks of arguments that several modules share: what was wrong, which value, what to do."""

import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

# What reading a broken archive raises: NumPy, zipfile and zlib each have their own word for it,
# and np.load returns a bare array for an .npy file, which is no context manager.
BROKEN_ARCHIVE = (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


def check_images(images: Any, name: str) -> np.ndarray:
    """Return `images` if it is a float array of grey images in [0, 1], and raise otherwise.

    Parameters
    ----------
    images : array of shape (n, height, width) or (n, height, width, 1)
        Grey values, floating point.
    name : str
        What the caller calls the argument; the message speaks of it.

    Raises
    ------
    TypeError
        Not a floating-point array.
    ValueError
        Wrong number of axes, no image, NaN or infinite values, or values outside [0, 1].
    """
    array = check_float(images, name)
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 1):
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, height, width) or (n, height, width, 1)."
        )
    if array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: it holds no image.")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise ValueError(
            f"{name} has values from {low:g} to {high:g}; expected grey values in [0, 1] "
            "(divide 8-bit images by 255)."
        )
    return array


def check_float(array: Any, name: str) -> np.ndarray:
    """Return `array` if it is a NumPy array of finite floats, and raise otherwise.

    Raises
    ------
    TypeError
        Not a NumPy array, or not of a floating-point type.
    ValueError
        NaN or infinite values.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}; expected a NumPy array.")
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"{name} has dtype {array.dtype}; expected floats. For 8-bit images: "
            f'{name}.astype("float32") / 255.'
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values; expected finite numbers.")
    return array


def check_matrix(x: Any, name: str, columns: int | None = None) -> np.ndarray:
    """Return `x` if it is a matrix of finite floats, one vector a row, and raise otherwise.

    Raises
    ------
    TypeError
        Not a NumPy array, or not of a floating-point type.
    ValueError
        NaN or infinite values, not two axes, empty, or not so many `columns`.
    """
    x = check_float(x, name)
    if x.ndim != 2 or 0 in x.shape or columns not in (None, x.shape[1]):
        expected = f"(n, {'d' if columns is None else columns})"
        raise ValueError(f"{name} has shape {x.shape}; expected {expected}, one vector a row.")
    return x


def check_same_length(a: Any, a_name: str, b: Any, b_name: str) -> None:
    """Raise ValueError unless `a` and `b` have the same number of rows."""
    if len(a) != len(b):
        raise ValueError(f"{a_name} has {len(a)} rows, {b_name} {len(b)}; expected as many.")


def check_name(name: Any, allowed: Iterable[str]) -> None:
    """Raise ValueError unless `name` is one of the allowed names."""
    allowed = list(allowed)
    if name not in allowed:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(allowed)}.")
