"""Two-dimensional maps of codes, and two numbers that judge a code or a map."""

import numpy as np

from ae_lib._checks import check_matrix

__all__ = ["knn_accuracy", "trustworthiness", "tsne"]


def tsne(codes: np.ndarray, *, max_iter: int = 1000, seed: int = 0) -> np.ndarray:
    """Map codes to the plane with t-SNE (van der Maaten and Hinton, 2008).

    scikit-learn's ``TSNE`` with perplexity 30, started from the first two principal components.

    Parameters
    ----------
    codes : ndarray of shape (n, k), float
        More than 30 codes: the perplexity must be smaller than their number.
    max_iter : int
        Steps of gradient descent, at least 250.
    seed : int
        Seed of the random part of the PCA start.

    Returns
    -------
    ndarray of shape (n, 2), float32

    Raises
    ------
    TypeError, ValueError
        `codes` is not an array of finite floats of that shape, or an option is out of range.
    """
    from sklearn.manifold import TSNE

    codes = check_matrix(codes, "codes")
    return TSNE(n_components=2, max_iter=max_iter, random_state=seed, n_jobs=-1).fit_transform(
        codes
    )


def trustworthiness(
    x: np.ndarray, codes: np.ndarray, *, n_neighbors: int = 10, sample: int | None = None
) -> float:
    """Say how far neighbours in the code are neighbours in the data: 1 is perfect.

    scikit-learn's ``trustworthiness`` (Venna and Kaski, 2001). It needs time and memory of the
    order of the square of the number of points.

    Parameters
    ----------
    x : ndarray of shape (n, d), float
        The data.
    codes : ndarray of shape (n, k), float
        Their codes, in the same order.
    n_neighbors : int
        Neighbours of each point that are looked at, less than half of the points.
    sample : int, optional
        Take only the first so many points.

    Raises
    ------
    TypeError, ValueError
        An array is not of finite floats and that shape, the lengths differ, or `n_neighbors`
        is out of range.
    """
    from sklearn.manifold import trustworthiness as sklearn_trustworthiness

    x, codes = check_matrix(x, "x")[:sample], check_matrix(codes, "codes")[:sample]
    _check_same_length(x, "x", codes, "codes")
    return float(sklearn_trustworthiness(x, codes, n_neighbors=n_neighbors))


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, *, n_neighbors: int = 10) -> float:
    """Say how well the labels can be read off the nearest neighbours in the code.

    The share of points whose label a vote of their `n_neighbors` nearest neighbours gets right,
    in five-fold cross-validation.

    Parameters
    ----------
    codes : ndarray of shape (n, k), float
    labels : ndarray of shape (n,)
    n_neighbors : int

    Raises
    ------
    TypeError, ValueError
        `codes` is not an array of finite floats of that shape, or `labels` has another length.
    """
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    codes = check_matrix(codes, "codes")
    _check_same_length(codes, "codes", labels, "labels")
    return float(cross_val_score(KNeighborsClassifier(n_neighbors), codes, labels, cv=5).mean())


def _check_same_length(a: np.ndarray, a_name: str, b: np.ndarray, b_name: str) -> None:
    if len(a) != len(b):
        raise ValueError(f"{a_name} has {len(a)} rows, {b_name} {len(b)}; expected as many.")
