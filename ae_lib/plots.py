"""Figures that several chapters draw. Each function returns the Axes that it drew on.

The look comes from the style sheet beside this file: ``plt.style.use("ae_lib.course")``.
"""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from ae_lib._validation import check_float, check_matrix, check_same_length

__all__ = ["plot_embedding", "plot_history", "plot_image_rows"]

# Paul Tol's "muted" scheme and a grey: ten colours that most colour-blind readers can tell apart.
DIGIT_COLOURS = (
    "#332288", "#CC6677", "#117733", "#AA4499", "#88CCEE",
    "#882255", "#44AA99", "#999933", "#DDCC77", "#777777",
)  # fmt: skip

# A shape for each class as well: neighbouring islands differ even in a grey print.
DIGIT_MARKERS = ("o", "^", "s", "v", "D", "P", "<", "X", "p", ">")


def plot_image_rows(
    rows: Mapping[str, np.ndarray], *, vmin: float = 0, vmax: float = 1
) -> np.ndarray:
    """Draw rows of grey images, one row per name: originals above their reconstructions, say.

    Parameters
    ----------
    rows : mapping of str to ndarray, float
        The same number m of images in each row: an array of shape (m, height, width) or
        (m, height, width, 1), or (m, d) for square images given as vectors.
    vmin, vmax : float
        The values drawn black and white.

    Returns
    -------
    ndarray of Axes, shape (number of rows, m)

    Raises
    ------
    TypeError, ValueError
        A row is not an array of finite floats of that kind, or the rows differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import plot_image_rows
    >>> images = np.random.default_rng(0).random((3, 8, 8))
    >>> plot_image_rows({"input": images, "inverted": 1 - images}).shape
    (2, 3)
    """
    images = {name: _as_images(row, name) for name, row in rows.items()}
    lengths = {name: len(row) for name, row in images.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the rows have {lengths} images; expected as many in each.")
    m = next(iter(lengths.values()))
    heights = [0.14 + 0.72 * row.shape[1] / row.shape[2] for row in images.values()]
    figure = plt.figure(
        figsize=(0.72 * m, sum(heights)),
        # Tight: the digits, not the gaps between them, should fill a phone's width.
        layout=ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02),
    )
    axes = np.empty((len(images), m), dtype=object)
    parts = figure.subfigures(len(images), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, axes_row, (name, row) in zip(parts, axes, images.items(), strict=True):
        part.suptitle(name, x=0.005, ha="left", fontsize=plt.rcParams["axes.titlesize"])
        axes_row[:] = part.subplots(1, m, squeeze=False)[0]
        for axis, image in zip(axes_row, row, strict=True):
            axis.imshow(image, vmin=vmin, vmax=vmax)
            axis.axis("off")
    return axes


def _as_images(row: np.ndarray, name: str) -> np.ndarray:
    """Return a row of images with shape (m, height, width)."""
    row = check_float(row, f"the row {name!r}")
    if row.size:
        if row.ndim == 2 and isqrt(row.shape[1]) ** 2 == row.shape[1]:
            return row.reshape(len(row), isqrt(row.shape[1]), -1)
        if row.ndim == 3 or (row.ndim == 4 and row.shape[3] == 1):
            return row.reshape(row.shape[:3])
    raise ValueError(
        f"the row {name!r} has shape {row.shape}; expected grey images, (m, height, width) or "
        "(m, height, width, 1), or vectors of square images, (m, d)."
    )


def plot_history(losses: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw training curves: the loss of each epoch, one line per name.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        ``{"training": history.history["loss"]}``, for instance.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        `losses` is empty.

    Examples
    --------
    >>> from ae_lib import plot_history
    >>> plot_history({"training": [0.06, 0.04, 0.03]}).get_xlabel()
    'epoch'
    """
    if not losses:
        raise ValueError("losses is empty; expected at least one curve and its name.")
    ax = ax or plt.subplots()[1]
    for name, loss in losses.items():
        ax.plot(range(1, len(loss) + 1), loss, label=name, marker="." if len(loss) < 20 else "")
    ax.set(xlabel="epoch", ylabel="mean squared error")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def plot_embedding(points: np.ndarray, labels: Any, ax: Axes | None = None) -> Axes:
    """Draw two-dimensional codes: a colour and a shape for each class, each class written out.

    The class stands at the median of its points. Thanks to it and the shapes, the classes can be
    told apart without colour, too.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float
    labels : array of shape (n,)
        The class of each point: whole numbers or strings, at most 100 different ones.
    ax : Axes, optional
        Where to draw; by default a new square figure.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        `points` is not an array of finite floats of that shape, `labels` holds no classes or too
        many, or the lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from ae_lib import plot_embedding
    >>> ax = plot_embedding(np.array([[0.0, 0.0], [1.0, 1.0]]), ["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]
    ['cat', 'dog']
    """
    points = check_matrix(points, "points", columns=2)
    labels = _as_classes(labels)
    check_same_length(points, "points", labels, "labels")
    classes = np.unique(labels)
    if len(classes) > len(DIGIT_COLOURS) * len(DIGIT_MARKERS):
        raise ValueError(f"labels holds {len(classes)} different values; expected at most 100.")
    # A digit has its colour wherever it is drawn, also where others are missing.
    digits = classes.dtype.kind in "iu" and classes.min() >= 0 and classes.max() <= 9
    styles = [int(label) for label in classes] if digits else range(len(classes))
    ax = ax or plt.subplots(figsize=(6, 6))[1]
    for label, style in zip(classes, styles, strict=True):
        x, y = points[labels == label].T
        ax.scatter(
            x,
            y,
            color=DIGIT_COLOURS[style % 10],
            marker=DIGIT_MARKERS[(style + style // 10) % 10],
            s=6,
            linewidths=0,
            rasterized=True,
        )
    for label, style in zip(classes, styles, strict=True):
        x, y = np.median(points[labels == label], axis=0)
        short = len(str(label)) < 3
        ax.text(
            x, y, str(label), ha="center", va="center", fontsize=15 if short else 10,
            fontweight="bold",
            bbox={
                "boxstyle": "circle,pad=0.15" if short else "round,pad=0.2",
                "fc": "white",
                "ec": DIGIT_COLOURS[style % 10],
            },
        )  # fmt: skip
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_visible(True)
    return ax


def _as_classes(labels: Any) -> np.ndarray:
    """Return labels as whole numbers or strings."""
    found = np.asarray(labels)
    if found.ndim != 1:
        raise ValueError(f"labels has shape {found.shape}; expected (n,), one class per point.")
    if found.dtype.kind == "f":
        if not np.isfinite(found).all() or (found != np.round(found)).any():
            odd = found[~np.isfinite(found) | (found != np.round(found))][0]
            raise ValueError(f"labels holds {odd:g}; expected classes: whole numbers or strings.")
        return found.astype("int64")
    if found.dtype.kind in "iu":
        return found
    if found.dtype.kind in "bUSO":
        return found.astype(str)
    raise TypeError(f"labels has dtype {found.dtype}; expected whole numbers or strings.")
