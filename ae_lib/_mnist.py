"""Where MNIST's file lies or comes from, and whether what it holds is MNIST."""

import contextlib
import hashlib
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np

from ae_lib._settings import keras_home, settings
from ae_lib._validation import BROKEN_ARCHIVE

ARRAYS = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}

# SHA-256 of the bytes of the four uint8 arrays, in the order above. With the IDX headers put
# back, the same arrays have the MD5 sums of the files that LeCun, Cortes and Burges published.
MNIST_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"

# The same of each array, to say which of them is another one.
ARRAY_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

# The file that `keras.datasets.mnist.load_data` downloads, with the hash that Keras gives for it.
MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_FILE_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"

DOWNLOAD_TIMEOUT = 15  # seconds without an answer


def local_mnist(reasons: list[str]) -> Path | None:
    """Return the file on this machine that should hold MNIST; else add to `reasons` why not."""
    path = settings().mnist_file
    if path is None:
        reasons.append("AE_DATA_DIR is not set")
    elif path.is_file():
        return path
    else:
        reasons.append(f"AE_DATA_DIR: there is no {path}")
    if _keras_cache().is_file():
        return _keras_cache()
    reasons.append("Keras's cache does not hold it")
    return None


def _keras_cache() -> Path:
    return keras_home() / "datasets" / "mnist.npz"


def download_mnist(reasons: list[str]) -> dict[str, np.ndarray] | None:
    """Fetch the arrays of MNIST, or add to `reasons` why that failed."""
    try:
        return _download_and_read()
    except (OSError, ValueError) as error:  # no network, no space; or a file that is not MNIST
        reasons.append(f"the download failed ({type(error).__name__}: {str(error)[:200]})")
        return None


def _download_and_read() -> dict[str, np.ndarray]:
    """Download to Keras's cache; where that cannot be written, only into memory."""
    import filelock

    path, problem = _keras_cache(), None
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Two notebooks started together must not both download.
            stack.enter_context(filelock.FileLock(path.with_suffix(".lock")))
        except OSError as error:
            problem = f"MNIST cannot be kept in {path.parent} ({error.strerror or error})"
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / path.name
        _download(path)
        arrays = read_mnist(path)
    if problem:
        warnings.warn(
            f"{problem}, so each notebook downloads it. Make that folder writable.", stacklevel=4
        )
    return arrays


def _download(path: Path) -> None:
    """Fetch the file to `path`: under a temporary name first, renamed once its hash is right."""
    import pooch

    pooch.retrieve(
        MNIST_URL,
        known_hash=f"sha256:{MNIST_FILE_SHA256}",
        fname=path.name,
        path=path.parent,
        downloader=pooch.HTTPDownloader(progressbar=True, timeout=DOWNLOAD_TIMEOUT),
    )


def read_mnist(path: Path) -> dict[str, np.ndarray]:
    """Return the four 8-bit arrays in a file, after a look whether they are MNIST's.

    Raises
    ------
    ValueError
        The file is broken, or holds something else; the message says what.
    OSError
        It cannot be read.
    """
    advice = f"Delete or replace {path}: the file is not usable."
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip()
        if start.startswith(b"<"):
            raise ValueError(
                f"{path} is a web page: what was saved is a login or error page, not the data. "
                f"{advice}"
            )
        if not zipfile.is_zipfile(path):  # np.load would take it for a pickle
            raise ValueError(f"{path} is truncated or not an .npz archive. {advice}")
    except OSError as error:
        raise type(error)(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
    except KeyError as error:
        raise ValueError(f"{path}: {error.args[0]}. {advice}") from error
    except BROKEN_ARCHIVE as error:
        raise ValueError(
            f"{path} is truncated or not an .npz archive ({error}). {advice}"
        ) from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError(f"{path} is not an .npz archive: a member is no array. {advice}")
    kinds = {name: (array.shape, array.dtype.name) for name, array in arrays.items()}
    expected = {name: (shape, "uint8") for name, shape in ARRAYS.items()}
    if kinds != expected or content_hash(arrays) != MNIST_SHA256:
        raise ValueError(f"{path} does not hold MNIST: {_what_differs(arrays)}. {advice}")
    return arrays


def _what_differs(arrays: dict[str, np.ndarray]) -> str:
    """Say in words how arrays that are not MNIST's differ from MNIST's."""
    for name, array in arrays.items():
        if array.shape != ARRAYS[name]:
            return f"{name} has shape {array.shape}, expected {ARRAYS[name]}"
    for name, array in arrays.items():
        if array.dtype != np.uint8:
            return (
                f"{name} has dtype {array.dtype}, expected uint8 (images as whole numbers from 0 "
                "to 255, labels from 0 to 9, as Keras stores them)"
            )
    sums = {name: hashlib.sha256(np.ascontiguousarray(a).data) for name, a in arrays.items()}
    others = [name for name, found in sums.items() if found.hexdigest() != ARRAY_SHA256[name]]
    if not any(name.startswith("x") for name in others):
        return f"the images are MNIST's, the labels in {' and '.join(others)} are not"
    return (
        f"{', '.join(others)} have another content (sha256 of all arrays {content_hash(arrays)}, "
        f"expected {MNIST_SHA256})"
    )


def content_hash(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()
