"""Numbers that judge a reconstruction, a code or a map."""

import numpy as np

from ae_lib._validation import check_float, check_matrix, check_same_length

__all__ = ["knn_accuracy", "reconstruction_error", "trustworthiness"]


def reconstruction_error(
    x: np.ndarray, reconstruction: np.ndarray, *, per_image: bool = False
) -> float | np.ndarray:
    """Return the mean squared difference over all entries: Keras's ``mean_squared_error``.

    Parameters
    ----------
    x, reconstruction : ndarray, float
        Same shape, whatever it is.
    per_image : bool
        Return one error per row instead of the mean over all.

    Returns
    -------
    float, or ndarray of shape (n,), float64

    Raises
    ------
    TypeError
        One is not a floating-point array.
    ValueError
        The shapes differ, an array is empty, or a value is NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import reconstruction_error
    >>> x = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> reconstruction_error(x, x + [0.0, 0.5])
    0.125
    >>> reconstruction_error(x, 0 * x, per_image=True)
    array([0., 1.])
    """
    x = check_float(x, "x")
    reconstruction = check_float(reconstruction, "reconstruction")
    if x.shape != reconstruction.shape:
        # Broadcasting would turn this mistake into a wrong number.
        raise ValueError(
            f"x has shape {x.shape}, reconstruction {reconstruction.shape}; expected the same."
        )
    if x.size == 0 or (per_image and x.ndim == 0):
        raise ValueError(f"x has shape {x.shape}: there is nothing to take the mean of.")
    squares = (x - reconstruction) ** 2
    if per_image:
        return np.mean(squares.reshape(len(x), -1), axis=1, dtype="float64")
    return float(np.mean(squares, dtype="float64"))


def trustworthiness(
    x: np.ndarray, codes: np.ndarray, *, n_neighbors: int = 10, sample: int | None = None
) -> float:
    """Say how far neighbours in the code are neighbours in the data: 1 is perfect.

    scikit-learn's ``trustworthiness``. It needs time and memory of the order of the square of the
    number of points.

    Parameters
    ----------
    x : ndarray of shape (n, d), float
        The data.
    codes : ndarray of shape (n, k), float
        Their codes, in the same order.
    n_neighbors : int
        Neighbours of each point that are looked at, less than half of the points.
    sample : int, optional
        Take only so many points, always the same ones, drawn at random: data sets are often
        ordered, and MNIST's first test images are the easier ones.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        An array is not of finite floats and that shape, the lengths differ, or `n_neighbors` or
        `sample` is out of range.

    References
    ----------
    Venna and Kaski (2001), "Neighborhood preservation in nonlinear projection methods", ICANN.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import trustworthiness
    >>> x = np.random.default_rng(0).normal(size=(60, 5))
    >>> trustworthiness(x, 2 * x)
    1.0
    >>> trustworthiness(x, x[::-1], sample=40) < 0.7
    True
    """
    from sklearn.manifold import trustworthiness as sklearn_trustworthiness

    x, codes = check_matrix(x, "x"), check_matrix(codes, "codes")
    check_same_length(x, "x", codes, "codes")
    if sample is not None:
        if sample < 1:
            raise ValueError(f"sample is {sample}; expected a number of points, or None.")
        if sample < len(x):
            chosen = np.random.default_rng(0).permutation(len(x))[:sample]
            x, codes = x[chosen], codes[chosen]
    return float(sklearn_trustworthiness(x, codes, n_neighbors=n_neighbors))


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, *, n_neighbors: int = 10) -> float:
    """Say how well the labels can be read off the nearest neighbours in the code.

    The share of points whose label a vote of their `n_neighbors` nearest neighbours gets right,
    in five-fold cross-validation.

    Parameters
    ----------
    codes : ndarray of shape (n, k), float
    labels : array of shape (n,)
        The class of each code: whole numbers or strings.
    n_neighbors : int

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TypeError, ValueError
        `codes` is not an array of finite floats of that shape, or `labels` has another length.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import knn_accuracy
    >>> labels = np.repeat([0, 1], 30)
    >>> codes = np.random.default_rng(0).normal(size=(60, 2)) + 20 * labels[:, None]
    >>> knn_accuracy(codes, labels)
    1.0
    """
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    codes = check_matrix(codes, "codes")
    check_same_length(codes, "codes", labels, "labels")
    return float(cross_val_score(KNeighborsClassifier(n_neighbors), codes, labels, cv=5).mean())
