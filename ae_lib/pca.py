"""Principal component analysis by singular value decomposition, in the lecture's notation."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from ae_lib._validation import check_matrix

__all__ = ["PCA", "fit_pca"]


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

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import fit_pca
    >>> line = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    >>> pca = fit_pca(line, 1)
    >>> np.allclose(pca.decode(pca.encode(line)), line)
    True
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

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import fit_pca
    >>> x = np.random.default_rng(0).normal(size=(100, 8))
    >>> pca = fit_pca(x, 3)
    >>> pca.encode(x).shape, pca.reconstruct(x).shape
    ((100, 3), (100, 8))
    """
    x = check_matrix(x, "x")
    if isinstance(k, bool) or not isinstance(k, Integral):
        raise TypeError(f"k is {k!r}; expected a whole number.")
    if not 1 <= k <= min(x.shape):
        raise ValueError(
            f"k is {k}; expected 1 to {min(x.shape)}, the smaller side of x with shape {x.shape}."
        )
    mean = x.mean(axis=0, dtype="float64").astype(x.dtype)
    if x.shape[0] >= x.shape[1]:
        # The eigenvectors of X'X are the right singular vectors of X, and for many rows four times
        # as fast. Squaring halves the number of exact digits, so it is done in float64.
        centred = (x - mean).astype("float64")
        squares, vectors = np.linalg.eigh(centred.T @ centred)
        singular_values = np.sqrt(squares[::-1].clip(0)).astype(x.dtype)
        vt = vectors.T[::-1].astype(x.dtype)
    else:
        _, singular_values, vt = np.linalg.svd(x - mean, full_matrices=False)
    v = vt[:k].T
    signs = np.sign(v[np.abs(v).argmax(axis=0), np.arange(k)])
    return PCA(mean=mean, V=v * signs, singular_values=singular_values)
