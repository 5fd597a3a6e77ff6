"""Principal component analysis by singular value decomposition, in the lecture's notation."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from ae_lib._checks import check_float, check_matrix

__all__ = ["PCA", "fit_pca", "reconstruction_error"]


@dataclass(frozen=True)
class PCA:
    """A fitted principal component analysis: ``a = V'(x - mean)``, ``x~ = V a + mean``.

    Attributes
    ----------
    mean : ndarray of shape (d,)
        Mean of the training vectors. The lecture assumes it to be zero.
    V : ndarray of shape (d, k)
        Orthonormal columns, ``V'V = I_k``: the leading right singular vectors of the centred
        data, most important first.
    singular_values : ndarray of shape (min(n, d),)
        All singular values of the centred data, largest first.
    """

    mean: np.ndarray
    V: np.ndarray
    singular_values: np.ndarray

    @property
    def explained_variance_ratio(self) -> np.ndarray:
        """Share of the total variance that each of the k directions carries; shape (k,)."""
        variance = self.singular_values.astype("float64") ** 2
        return variance[: self.V.shape[1]] / variance.sum()

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Return the codes of the vectors `x`: shape (n, d) to shape (n, k).

        Raises
        ------
        TypeError, ValueError
            `x` is not an array of finite floats of shape (n, d).
        """
        return (check_matrix(x, "x", self.V.shape[0]) - self.mean) @ self.V

    def decode(self, a: np.ndarray) -> np.ndarray:
        """Return the reconstructions of the codes `a`: shape (n, k) to shape (n, d).

        Raises
        ------
        TypeError, ValueError
            `a` is not an array of finite floats of shape (n, k).
        """
        return check_matrix(a, "a", self.V.shape[1]) @ self.V.T + self.mean

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Encode and decode: the orthogonal projection of `x` on the fitted subspace."""
        return self.decode(self.encode(x))


def fit_pca(x: np.ndarray, k: int) -> PCA:
    """Fit a principal component analysis with k components.

    Parameters
    ----------
    x : ndarray of shape (n, d), float
        One vector a row.
    k : int
        Number of components, from 1 to min(n, d).

    Returns
    -------
    PCA
        Among all d x k matrices with ``V'V = I_k``, its V minimises the sum of squared
        reconstruction errors (Eckart and Young, 1936). Each column's sign is chosen so that its
        entry of largest magnitude is positive: the decomposition leaves it open.

    Raises
    ------
    TypeError
        `x` is not a floating-point array, or `k` is not a whole number.
    ValueError
        `x` is not a matrix, holds NaN or infinite values, or `k` is out of range.
    """
    x = check_matrix(x, "x")
    if isinstance(k, bool) or not isinstance(k, Integral):
        raise TypeError(f"k is {k!r}; expected a whole number.")
    if not 1 <= k <= min(x.shape):
        raise ValueError(
            f"k is {k}; expected 1 to {min(x.shape)}, the smaller side of x with shape {x.shape}."
        )
    mean = x.mean(axis=0, dtype="float64").astype(x.dtype)
    # X = QR with orthonormal columns in Q: R has the same singular values and right singular
    # vectors as X, and is only d x d. Three times as fast, and the large U is never made.
    _, singular_values, vt = np.linalg.svd(np.linalg.qr(x - mean, mode="r"))
    v = vt[:k].T
    signs = np.sign(v[np.abs(v).argmax(axis=0), np.arange(k)])
    return PCA(mean=mean, V=v * signs, singular_values=singular_values)


def reconstruction_error(x: np.ndarray, reconstruction: np.ndarray) -> float:
    """Return the mean squared difference over all entries: Keras's ``mean_squared_error``.

    Parameters
    ----------
    x, reconstruction : ndarray, float
        Same shape, whatever it is.

    Raises
    ------
    TypeError
        One is not a floating-point array.
    ValueError
        The shapes differ, or a value is NaN or infinite.
    """
    x = check_float(x, "x")
    reconstruction = check_float(reconstruction, "reconstruction")
    if x.shape != reconstruction.shape:
        # Broadcasting would turn this mistake into a wrong number.
        raise ValueError(
            f"x has shape {x.shape}, reconstruction {reconstruction.shape}; expected the same."
        )
    return float(np.mean((x - reconstruction) ** 2, dtype="float64"))
