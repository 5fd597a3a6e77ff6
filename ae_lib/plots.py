"""Figures that several chapters draw. Each function returns the Axes that it drew on.

The look comes from the style sheet beside this file: ``plt.style.use("ae_lib.course")``.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from ae_lib._checks import check_float, check_matrix

__all__ = ["plot_history", "plot_image_rows", "plot_map"]

# Paul Tol's "muted" scheme and a grey: ten colours that most colour-blind readers can tell apart.
DIGIT_COLOURS = (
    "#332288", "#CC6677", "#117733", "#AA4499", "#88CCEE",
    "#882255", "#44AA99", "#999933", "#DDCC77", "#777777",
)  # fmt: skip

# A shape for each digit as well: neighbouring islands differ even in a grey print.
DIGIT_MARKERS = ("o", "^", "s", "v", "D", "P", "<", "X", "p", ">")


def plot_image_rows(
    rows: Mapping[str, np.ndarray], *, vmin: float = 0, vmax: float = 1
) -> np.ndarray:
    """Draw rows of grey images, one row a name: originals above their reconstructions, say.

    Parameters
    ----------
    rows : mapping of str to ndarray of shape (m, 28, 28), (m, 28, 28, 1) or (m, 784), float
        The same number m of images in each row.
    vmin, vmax : float
        The values drawn black and white.

    Returns
    -------
    ndarray of Axes, shape (number of rows, m)

    Raises
    ------
    TypeError, ValueError
        A row is not an array of finite floats of that kind, or the rows differ in length.
    """
    images = {name: check_float(row, name).reshape(len(row), 28, 28) for name, row in rows.items()}
    lengths = {name: len(row) for name, row in images.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the rows have {lengths} images; expected as many in each.")
    m = next(iter(lengths.values()))
    figure = plt.figure(
        figsize=(0.72 * m, 0.86 * len(images)),
        # Tight: the digits, not the gaps between them, should fill a phone's width.
        layout=ConstrainedLayoutEngine(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02),
    )
    axes = np.empty((len(images), m), dtype=object)
    parts = figure.subfigures(len(images), 1, squeeze=False)[:, 0]
    for part, axes_row, (name, row) in zip(parts, axes, images.items(), strict=True):
        part.suptitle(name, x=0.005, ha="left", fontsize=plt.rcParams["axes.titlesize"])
        axes_row[:] = part.subplots(1, m, squeeze=False)[0]
        for axis, image in zip(axes_row, row, strict=True):
            axis.imshow(image, vmin=vmin, vmax=vmax)
            axis.axis("off")
    return axes


def plot_history(losses: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Draw training curves: the loss of each epoch, one line a name.

    Parameters
    ----------
    losses : mapping of str to sequence of float
        ``{"training": history.history["loss"]}``, for instance.
    ax : Axes, optional
        Where to draw; by default a new figure.
    """
    ax = ax or plt.subplots()[1]
    for name, loss in losses.items():
        ax.plot(range(1, len(loss) + 1), loss, label=name, marker="." if len(loss) < 20 else "")
    ax.set(xlabel="epoch", ylabel="mean squared error")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def plot_map(points: np.ndarray, labels: np.ndarray, ax: Axes | None = None) -> Axes:
    """Draw a two-dimensional map: a colour and a shape for each digit, each digit written out.

    The digit stands at the median of its points. Thanks to it and the shapes, the classes can be
    told apart without colour, too.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float
    labels : ndarray of shape (n,), int
        The digit, 0 to 9.
    ax : Axes, optional
        Where to draw; by default a new square figure.

    Raises
    ------
    TypeError, ValueError
        `points` is not an array of finite floats of that shape, or the lengths differ.
    """
    points = check_matrix(points, "points", columns=2)
    if len(points) != len(labels):
        raise ValueError(f"points has {len(points)} rows, labels {len(labels)}.")
    ax = ax or plt.subplots(figsize=(6, 6))[1]
    for digit in np.unique(labels):
        ax.scatter(
            points[labels == digit, 0],
            points[labels == digit, 1],
            color=DIGIT_COLOURS[digit],
            marker=DIGIT_MARKERS[digit],
            s=6,
            linewidths=0,
            rasterized=True,
        )
    for digit in np.unique(labels):
        x, y = np.median(points[labels == digit], axis=0)
        ax.text(
            x, y, str(digit), ha="center", va="center", fontsize=15, fontweight="bold",
            bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": DIGIT_COLOURS[digit]},
        )  # fmt: skip
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_visible(True)
    return ax
