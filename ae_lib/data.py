"""MNIST, or an offline stand-in of the same shape that says it is one."""

import hashlib
import importlib.util
import os
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ae_lib._checks import check_images

__all__ = ["Dataset", "as_vectors", "load_mnist", "load_small_digits"]

ARRAYS = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}

# SHA-256 of the bytes of the four uint8 arrays, in the order above. With the IDX headers put
# back, the same arrays have the MD5 sums of the files that LeCun, Cortes and Burges published.
MNIST_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"

# The file that `keras.datasets.mnist.load_data` downloads, with the hash that Keras gives for it.
MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_FILE_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"

DOWNLOAD_TIMEOUT = 15  # seconds without an answer

# What reading a broken archive raises: NumPy, zipfile and zlib each have their own word for it,
# and np.load returns a bare array for an .npy file, which is no context manager.
BROKEN = (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Dataset:
    """Grey images of digits, with labels, and where they come from.

    Attributes
    ----------
    x_train, x_test : ndarray of shape (60000, 28, 28) and (10000, 28, 28), float32
        Grey values in [0, 1]; 0 is the background.
    y_train, y_test : ndarray of shape (60000,) and (10000,), uint8
        The digit, 0 to 9.
    name : str
        ``"mnist"`` or ``"standin"``.
    sha256 : str
        Hash of the 8-bit arrays, so that a result can name its data.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    sha256: str

    def __str__(self) -> str:
        title = {
            "mnist": "MNIST",
            "standin": "OFFLINE STAND-IN, not MNIST (warped copies of scikit-learn's small digits)",
        }[self.name]
        return (
            f"{title}: {len(self.x_train):,} training and {len(self.x_test):,} test images, "
            f"sha256 {self.sha256[:12]}"
        )

    def __repr__(self) -> str:
        return f"<Dataset {self}>"


def load_mnist() -> Dataset:
    """Load MNIST, or where it cannot be had, an offline stand-in of the same shape.

    The sources, in this order:

    1. ``mnist.npz`` in the directory that the environment variable ``AE_DATA_DIR`` names;
    2. Keras's cache, ``~/.keras/datasets/mnist.npz``;
    3. the download that Keras uses, stored in that cache once its hash has been checked;
    4. the stand-in, with a warning that says why the first three failed.

    Whatever the file, its arrays must have the content of MNIST: their hash is checked.
    ``AE_DATASET=mnist`` rules out the stand-in, ``AE_DATASET=standin`` asks for it.

    Returns
    -------
    Dataset
        Images as float32 in [0, 1], labels as uint8; ``name`` tells which data set it is.

    Raises
    ------
    ValueError
        A file that was found is truncated, is not an ``.npz`` archive or does not hold MNIST; or
        ``AE_DATASET`` has an unknown value.
    FileNotFoundError
        ``AE_DATASET=mnist``, and no source has it.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11).
    """
    wanted = os.environ.get("AE_DATASET", "")
    if wanted not in ("", "mnist", "standin"):
        raise ValueError(f"AE_DATASET={wanted!r}; expected 'mnist', 'standin' or nothing.")
    if wanted == "standin":
        return _load_standin()
    reasons: list[str] = []
    path = _find_mnist(reasons)
    if path is not None:
        return _dataset(_read_mnist(path), "mnist", MNIST_SHA256)
    why = (
        "MNIST cannot be had: "
        + "; ".join(reasons)
        + ". Put mnist.npz into a directory and name it in AE_DATA_DIR"
    )
    if wanted == "mnist":
        raise FileNotFoundError(f"{why} (AE_DATASET=mnist rules out the stand-in).")
    warnings.warn(f"{why}. Going on with the offline stand-in.", stacklevel=2)
    return _load_standin()


def as_vectors(images: np.ndarray) -> np.ndarray:
    """Flatten images of shape (n, height, width[, 1]) to vectors of shape (n, height * width).

    Raises
    ------
    TypeError, ValueError
        `images` is not an array of grey values in [0, 1] of that shape.
    """
    return check_images(images, "images").reshape(len(images), -1)


def load_small_digits() -> tuple[np.ndarray, np.ndarray]:
    """Load the 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn.

    Only their file is read: importing scikit-learn's data sets takes longer than all else that a
    short notebook does.

    Returns
    -------
    x : ndarray of shape (1797, 64), float64
        Grey values in [0, 1], one image a row.
    y : ndarray of shape (1797,), uint8
        The digit, 0 to 9.

    References
    ----------
    Alpaydin and Kaynak (1998), "Optical recognition of handwritten digits", UCI Machine Learning
    Repository.
    """
    spec = importlib.util.find_spec("sklearn")  # finds it, and does not import it
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("scikit-learn is not installed: `pip install scikit-learn`.")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if path.is_file():
        table = np.loadtxt(path, delimiter=",", dtype="uint8")
    else:  # another version keeps it elsewhere, and knows where
        from sklearn.datasets import load_digits

        table = np.column_stack(load_digits(return_X_y=True)).astype("uint8")
    return table[:, :-1] / 16, table[:, -1]


def _find_mnist(reasons: list[str]) -> Path | None:
    """Return the file that holds MNIST, or note in `reasons` why there is none."""
    path = local_mnist(reasons)
    if path is not None:
        return path
    try:
        return _download(_keras_cache())
    except (OSError, ValueError) as error:  # no network, no space; or a file that is not MNIST
        reasons.append(f"the download failed ({type(error).__name__}: {str(error)[:200]})")
        return None


def local_mnist(reasons: list[str]) -> Path | None:
    """Return the file on this machine that should hold MNIST; else add to `reasons` why not."""
    directory = os.environ.get("AE_DATA_DIR")
    if directory:
        path = Path(directory) / "mnist.npz"
        if path.is_file():
            return path
        reasons.append(f"AE_DATA_DIR={directory} holds no mnist.npz")
    else:
        reasons.append("AE_DATA_DIR is not set")
    if _keras_cache().is_file():
        return _keras_cache()
    reasons.append("Keras's cache does not hold it")
    return None


def _keras_cache() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


def _download(path: Path) -> Path:
    """Fetch the file to `path`: under a temporary name first, renamed once its hash is right."""
    import filelock
    import pooch

    path.parent.mkdir(parents=True, exist_ok=True)
    # Two notebooks started together must not both download.
    with filelock.FileLock(path.with_suffix(".lock")):
        return Path(
            pooch.retrieve(
                MNIST_URL,
                known_hash=f"sha256:{MNIST_FILE_SHA256}",
                fname=path.name,
                path=path.parent,
                downloader=pooch.HTTPDownloader(progressbar=True, timeout=DOWNLOAD_TIMEOUT),
            )
        )


def _read_mnist(path: Path) -> dict[str, np.ndarray]:
    advice = f"Delete or replace {path}: the file is not usable."
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
    except PermissionError:
        raise
    except KeyError as error:
        raise ValueError(f"{path}: {error.args[0]}. {advice}") from error
    except BROKEN as error:
        raise ValueError(
            f"{path} is truncated or not an .npz archive ({error}). {advice}"
        ) from error
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError(f"{path} is not an .npz archive: a member is no array. {advice}")
    found = _content_hash(arrays)
    if found != MNIST_SHA256:
        shapes = {name: array.shape for name, array in arrays.items()}
        raise ValueError(
            f"{path} does not hold MNIST: the arrays {shapes} have sha256 {found}, "
            f"expected {MNIST_SHA256}. {advice}"
        )
    return arrays


def _content_hash(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def _dataset(arrays: dict[str, np.ndarray], name: str, sha256: str) -> Dataset:
    return Dataset(
        x_train=arrays["x_train"].astype("float32") / 255,
        y_train=arrays["y_train"],
        x_test=arrays["x_test"].astype("float32") / 255,
        y_test=arrays["y_test"],
        name=name,
        sha256=sha256,
    )


def _load_standin() -> Dataset:
    """Read the stand-in from the user's cache, made there on first use."""
    import filelock
    import pooch

    path = Path(pooch.os_cache("ae_lib")) / "standin-1.npz"  # the number changes with the recipe
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_suffix(".lock")):
        if not path.is_file():
            temporary = path.with_suffix(f".{os.getpid()}.npz")
            try:
                np.savez(temporary, **_make_standin())  # type: ignore[arg-type]
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
    except (KeyError, *BROKEN) as error:
        raise ValueError(
            f"The cached stand-in {path} is not readable ({error}). Delete it: it is made anew."
        ) from error
    return _dataset(arrays, "standin", _content_hash(arrays))


def _make_standin(seed: int = 0) -> dict[str, np.ndarray]:
    """Make 70,000 images by warping the 1,797 handwritten 8 x 8 digits of scikit-learn.

    The small digits are split into a training and a test part *before* they are warped, so that
    no test image is a warped copy of a training image. Like MNIST's, the digits lie in a box of
    20 x 20 pixels with a black margin.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    small = load_digits()
    large = zoom(small.images / 16.0, (1, 2.5, 2.5), order=3)
    # The zoom blurs edges; a steep sigmoid brings back strokes that are nearly black and white.
    large = 1 / (1 + np.exp(-12 * (large - 0.5)))
    large = np.pad(np.where(large < 0.02, 0, large), ((0, 0), (4, 4), (4, 4)))
    train, test = train_test_split(
        np.arange(len(large)), test_size=1 / 7, stratify=small.target, random_state=seed
    )
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for part, base in (("train", train), ("test", test)):
        chosen = rng.choice(base, size=ARRAYS[f"x_{part}"][0])
        arrays[f"x_{part}"] = _warp(large, chosen, rng)
        arrays[f"y_{part}"] = small.target[chosen].astype("uint8")
    return arrays


def _warp(images: np.ndarray, chosen: np.ndarray, rng: Any) -> np.ndarray:
    """Return 8-bit copies of ``images[chosen]``, each turned, sheared, scaled and shifted a bit."""
    from scipy.ndimage import affine_transform
    from tqdm.auto import tqdm

    warped = np.empty((len(chosen), 28, 28), dtype="uint8")
    centre = np.array([13.5, 13.5])
    for j, index in enumerate(tqdm(chosen, desc="making the stand-in", unit=" images")):
        angle, shear = rng.normal(0, [0.12, 0.12])
        scale = rng.normal(1, 0.07, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, shear], [0, 1]]) / scale
        offset = centre - matrix @ (centre + rng.normal(0, 0.8, size=2))
        image = affine_transform(images[index], matrix, offset, order=1)
        warped[j] = np.clip(255 * image, 0, 255).round()
    return warped
