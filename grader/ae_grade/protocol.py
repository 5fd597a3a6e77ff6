"""What passes between the grader and the box: frames of JSON and raw arrays, never pickle.

Both sides import this module, so it needs nothing but the standard library and NumPy. The grader
believes nothing that it reads: every length, type and shape is checked before it is used.

A frame is a fixed prefix (magic, length of the header, length of the body), a JSON header and
the bytes of the arrays. In the header's value, everything that JSON has no word for is an object
with one key: ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}``, ``{"float": "nan"}``,
``{"array": 0}``, ``{"scalar": 0}`` and what `pack` was told to name by a handle.
"""

import json
import math
import os
import select
import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["MAX_BODY", "Deadline", "ProtocolError", "pack", "receive", "send", "unpack"]

MAGIC = b"AEGR"
PREFIX = struct.Struct(">4sIQ")
MAX_HEADER = 4 * 2**20
MAX_BODY = 64 * 2**20
MAX_ARRAYS = 10_000
MAX_NUMBERS = (
    2**23
)  # in all arrays together: a byte each, they are eight when one computes with them
MAX_KEYS = 2000  # of all dictionaries together: keys may be made to collide, which takes a square
MAX_DEPTH = 40
MAX_NODES = 500_000
MAX_INT_BITS = 4096
# Neither objects nor strings.
KINDS = ("b1", "i1", "u1", "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
DTYPES = frozenset(np.dtype(kind).newbyteorder("<").str for kind in KINDS)


class ProtocolError(ValueError):
    """A message is not one that may pass, and says why."""


def pack(
    value: Any, name: Callable[[Any], dict | np.ndarray] | None = None
) -> tuple[Any, list[np.ndarray]]:
    """Turn a value into JSON and arrays.

    Parameters
    ----------
    value : object
        Numbers, strings, lists, tuples, dictionaries, NumPy arrays and scalars, nested at will.
    name : callable, optional
        Says what stands for any other object: an array, or an object with one key for `unpack`'s
        `handle`. Without it such an object is an error.

    Returns
    -------
    tree : object
        What `json.dumps` takes.
    arrays : list of ndarray
        The arrays that the tree refers to by position.

    Raises
    ------
    ProtocolError
        The value is too deep, too large, or of a type that does not pass.
    """
    arrays: list[np.ndarray] = []
    numbers = size = 0

    def add(array: np.ndarray) -> int:
        if array.dtype.newbyteorder("<").str not in DTYPES:
            raise ProtocolError(f"arrays of dtype {array.dtype} do not pass")
        # not np.ascontiguousarray, which turns a scalar into an array of one dimension
        arrays.append(np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C"))
        nonlocal numbers, size
        numbers, size = numbers + array.size, size + array.nbytes
        if len(arrays) > MAX_ARRAYS or size > MAX_BODY or numbers > MAX_NUMBERS:
            raise ProtocolError(
                f"more than {MAX_BODY // 2**20} MB, {MAX_NUMBERS:,} numbers or {MAX_ARRAYS:,} "
                "arrays at once"
            )
        return len(arrays) - 1

    def tree(item: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ProtocolError(f"nested more than {MAX_DEPTH} deep")
        if item is None or isinstance(item, bool):
            return item
        if item is ...:  # what stands where an answer is still missing
            return {"ellipsis": 0}
        if isinstance(item, np.generic) and not isinstance(item, str):
            return {"scalar": add(np.asarray(item))}
        if isinstance(item, int):
            if item.bit_length() > MAX_INT_BITS:
                raise ProtocolError("an integer of more than a thousand digits")
            return int(item)
        if isinstance(item, float):
            return float(item) if math.isfinite(item) else {"float": repr(float(item))}
        if isinstance(item, str):
            return str(item)
        if isinstance(item, np.ndarray):
            return {"array": add(np.asarray(item))}
        if isinstance(item, tuple):
            return {"tuple": [tree(part, depth + 1) for part in item]}
        if isinstance(item, list):
            return [tree(part, depth + 1) for part in item]
        if isinstance(item, dict):
            pairs = [[tree(k, depth + 1), tree(v, depth + 1)] for k, v in item.items()]
            return {"dict": pairs}
        if name is None:
            raise ProtocolError(f"a {type(item).__name__} does not pass")
        stands_for = name(item)
        return {"array": add(stands_for)} if isinstance(stands_for, np.ndarray) else stands_for

    return tree(value, 0), arrays


def unpack(
    tree: Any, arrays: list[np.ndarray], handle: Callable[[str, Any], Any] | None = None
) -> Any:
    """Turn JSON and arrays back into the value; the inverse of `pack`.

    Parameters
    ----------
    tree, arrays
        What `receive` returned. Nothing about them is trusted.
    handle : callable, optional
        Called with the key and the content of an object that `pack`'s `name` made.

    Raises
    ------
    ProtocolError
        The tree is none that `pack` makes.
    """
    nodes = keys = 0
    left = dict(enumerate(arrays))

    def index(number: Any) -> np.ndarray:
        # Each is mentioned once: else one array could become a thousand.
        if type(number) is not int or number not in left:
            raise ProtocolError("a reference to an array that is not there")
        return left.pop(number)

    def parts(items: Any, depth: int) -> list:
        if type(items) is not list:
            raise ProtocolError("a sequence that is no list")
        return [value(item, depth + 1) for item in items]

    def value(item: Any, depth: int) -> Any:
        nonlocal nodes
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise ProtocolError(
                f"nested more than {MAX_DEPTH} deep, or more than {MAX_NODES} parts"
            )
        if item is None or type(item) in (bool, int, float, str):
            return item
        if type(item) is list:
            return parts(item, depth)
        if type(item) is not dict or len(item) != 1:
            raise ProtocolError("an object that is not one key")
        ((key, content),) = item.items()
        if key == "tuple":
            return tuple(parts(content, depth))
        if key == "dict":
            result = {}
            nonlocal keys
            keys += len(content) if type(content) is list else 0
            if keys > MAX_KEYS:
                raise ProtocolError(f"dictionaries with more than {MAX_KEYS} keys")
            for pair in parts(content, depth):
                if type(pair) is not list or len(pair) != 2:
                    raise ProtocolError("a dictionary that is not pairs")
                try:
                    result[pair[0]] = pair[1]
                except TypeError:
                    raise ProtocolError("a dictionary with a key that cannot be one") from None
            return result
        if key == "ellipsis":
            return ...
        if key == "float" and content in ("nan", "inf", "-inf"):
            return float(content)
        if key == "array":
            return index(content)
        if key == "scalar":
            array = index(content)
            if array.shape != ():
                raise ProtocolError("a scalar with a shape")
            return array[()]
        if handle is None:
            raise ProtocolError(f"an object of an unknown kind, {key[:40]!r}")
        return handle(key, content)

    return value(tree, 0)


class Deadline:
    """So many seconds from now, by the clock."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, at least until one asks again."""
        return self.end - time.monotonic()


def _wait(fd: int, event: int, deadline: Deadline | None) -> None:
    """Wait until `fd` is ready; raise TimeoutError at the deadline."""
    poll = select.poll()
    poll.register(fd, event)
    while True:
        left = None if deadline is None else max(0, deadline.left())
        if poll.poll(None if left is None else math.ceil(left * 1000)):
            return
        if left == 0:
            raise TimeoutError


def send(fd: int, header: dict, arrays: list[np.ndarray], deadline: Deadline | None = None) -> None:
    """Write one frame; with a deadline, `fd` must not block and a reader that stalls is noticed.

    Raises
    ------
    TimeoutError
        The frame could not be written in time.
    OSError
        The other side is gone.
    """
    header = {**header, "arrays": [[a.dtype.str, list(a.shape)] for a in arrays]}
    text = json.dumps(header, allow_nan=False).encode("ascii")
    if len(text) > MAX_HEADER:
        raise ProtocolError(f"more than {MAX_HEADER // 2**20} MB beside the arrays")
    # One frame, one write: each would wake the other side.
    frame = bytearray(PREFIX.pack(MAGIC, len(text), sum(a.nbytes for a in arrays)) + text)
    for array in arrays:
        frame += array.tobytes()
    rest = memoryview(frame)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            _wait(fd, select.POLLOUT, deadline)


def receive(fd: int, deadline: Deadline | None = None) -> tuple[dict, list[np.ndarray]]:
    """Read one frame and check it.

    Returns
    -------
    header : dict
        The JSON object, without its list of arrays.
    arrays : list of ndarray

    Raises
    ------
    ProtocolError
        What was read is no frame, or one that is too large.
    EOFError
        The other side is gone.
    TimeoutError
        The frame was not complete in time.
    """
    magic, header_size, body_size = PREFIX.unpack(_read(fd, PREFIX.size, deadline))
    if magic != MAGIC:
        raise ProtocolError("bytes that are no message")
    if header_size > MAX_HEADER or body_size > MAX_BODY:
        raise ProtocolError(
            f"a message of {(header_size + body_size) / 2**20:.0f} MB; the limits are "
            f"{MAX_BODY // 2**20} MB for arrays and {MAX_HEADER // 2**20} MB for all else"
        )
    text = _read(fd, header_size, deadline)
    try:
        header = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a header that is not JSON ({type(error).__name__})") from None
    if type(header) is not dict:
        raise ProtocolError("a header that is no object")
    return header, _arrays(header.pop("arrays", None), _read(fd, body_size, deadline))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read(fd: int, size: int, deadline: Deadline | None) -> bytearray:
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    while done < size:
        try:
            count = os.readv(fd, [view[done : done + 2**20]])
        except BlockingIOError:
            _wait(fd, select.POLLIN, deadline)
            continue
        if count == 0:
            raise EOFError("the other side closed the connection")
        done += count
    return buffer


def _arrays(described: Any, body: bytearray) -> list[np.ndarray]:
    """Cut the body into the arrays that the header describes."""
    if type(described) is not list or len(described) > MAX_ARRAYS:
        raise ProtocolError("a list of arrays that is none, or too long")
    arrays, start, numbers = [], 0, 0
    for entry in described:
        if type(entry) is not list or len(entry) != 2:
            raise ProtocolError("an array without dtype and shape")
        dtype, shape = entry
        if type(dtype) is not str or dtype not in DTYPES:
            raise ProtocolError("an array of a dtype that does not pass")
        if (
            type(shape) is not list
            or len(shape) > 16
            or any(type(n) is not int or not 0 <= n <= MAX_BODY for n in shape)
        ):
            raise ProtocolError("an array with an impossible shape")
        size = math.prod(shape) * np.dtype(dtype).itemsize
        numbers += math.prod(shape)
        if numbers > MAX_NUMBERS:
            raise ProtocolError(f"arrays of more than {MAX_NUMBERS:,} numbers")
        if start + size > len(body):
            raise ProtocolError("arrays longer than the message")
        array = np.frombuffer(body, "u1", size, start)
        if start % 16:
            array = array.copy()  # numbers of several bytes must lie at even places
        # Bytes other than 0 and 1 in a Boolean array make NumPy contradict itself.
        array = array.astype(bool) if dtype == "|b1" else array.view(dtype)
        try:
            arrays.append(array.reshape(shape))
        except ValueError:  # no elements, and yet too large: (0, 2**27, 2**27, 2**27)
            raise ProtocolError("an array with an impossible shape") from None
        start += size
    if start != len(body):
        raise ProtocolError("bytes that belong to no array")
    return arrays
