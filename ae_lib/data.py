"""MNIST, or an offline stand-in of the same shape that says it is one."""

import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ae_lib._mnist import MNIST_SHA256, content_hash, download_mnist, local_mnist, read_mnist
from ae_lib._settings import settings
from ae_lib._standin import load_standin
from ae_lib._validation import check_images

__all__ = ["Dataset", "as_vectors", "load_mnist", "load_small_digits"]


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

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import Dataset
    >>> x, y = np.zeros((5, 28, 28), "float32"), np.zeros(5, "uint8")
    >>> print(Dataset(x, y, x, y, name="standin", sha256="0" * 64))
    OFFLINE STAND-IN, not MNIST (...): 5 training and 5 test images, sha256 000000000000
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

    1. ``mnist.npz`` in the directory that the environment variable ``AE_DATA_DIR`` names, or the
       file itself where it names that;
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

    Examples
    --------
    >>> from ae_lib import load_mnist
    >>> data = load_mnist()
    >>> data.x_train.shape, str(data.x_train.dtype), data.y_test.shape
    ((60000, 28, 28), 'float32', (10000,))
    """
    wanted = settings().dataset
    if wanted == "standin":
        return _standin_dataset()
    reasons: list[str] = []
    path = local_mnist(reasons)
    arrays = download_mnist(reasons) if path is None else read_mnist(path)
    if arrays is not None:
        return _dataset(arrays, "mnist", MNIST_SHA256)
    why = (
        "MNIST cannot be had: "
        + "; ".join(reasons)
        + ". Put mnist.npz into a directory and name it in AE_DATA_DIR"
    )
    if wanted == "mnist":
        raise FileNotFoundError(f"{why} (AE_DATASET=mnist rules out the stand-in).")
    warnings.warn(f"{why}. Going on with the offline stand-in.", stacklevel=2)
    return _standin_dataset()


def as_vectors(images: np.ndarray) -> np.ndarray:
    """Flatten images of shape (n, height, width[, 1]) to vectors of shape (n, height * width).

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 1), float
        Grey values in [0, 1].

    Returns
    -------
    ndarray of shape (n, height * width), same dtype

    Raises
    ------
    TypeError, ValueError
        `images` is not an array of grey values in [0, 1] of that shape.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import as_vectors
    >>> as_vectors(np.zeros((3, 28, 28))).shape
    (3, 784)
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

    Examples
    --------
    >>> from ae_lib import load_small_digits
    >>> x, y = load_small_digits()
    >>> x.shape, int(y[0])
    ((1797, 64), 0)
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


def _standin_dataset() -> Dataset:
    arrays = load_standin()
    return _dataset(arrays, "standin", content_hash(arrays))


def _dataset(arrays: dict[str, np.ndarray], name: str, sha256: str) -> Dataset:
    return Dataset(
        x_train=arrays["x_train"].astype("float32") / 255,
        y_train=arrays["y_train"],
        x_test=arrays["x_test"].astype("float32") / 255,
        y_test=arrays["y_test"],
        name=name,
        sha256=sha256,
    )
