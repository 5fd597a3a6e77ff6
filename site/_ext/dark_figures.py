"""Figures for the dark theme, made from the ones that the notebooks hold.

A notebook stores each figure once, dark on white. Turned round by a filter of the style sheet its
colours would be other ones, some of them hardly seen, and digits would be negatives. Here each
colour becomes its twin in the dark theme, which the live figures use, too; digits keep their grey
values, and photographs their colours: only the paper around them turns dark.
"""

import re
from pathlib import Path

import numpy as np
from PIL import Image

PAPER = (0x12, 0x12, 0x12)  # the page of the dark theme
INK = (0xCE, 0xD6, 0xDD)  # its text

# The colours of lines (ae_lib/course.mplstyle), as light as the dark theme needs them.
LINES = {
    "#0072B2": "#4DA8DA",
    "#D55E00": "#F08A4B",
    "#009E73": "#3FC79A",
    "#CC79A7": "#CC79A7",
    "#56B4E9": "#7CC7F0",
    "#E69F00": "#E69F00",
}
LEAST_RUN = 20  # pixels side by side that are not white: an image, no letter


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three parts of a colour that is written #RRGGBB."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def digit_colours() -> dict[str, list[str]]:
    """Return the colours of the digits 0 to 9 in each theme, as the live figures have them."""
    script = Path(__file__).resolve().parent.parent / "demo" / "scatter.js"
    found = re.findall(r"(light|dark): \[([^]]*)\]", script.read_text(encoding="utf-8"))
    return {theme: re.findall("#[0-9A-Fa-f]{6}", colours) for theme, colours in found}


def dark_plot(image: Image.Image) -> Image.Image:
    """Return a plot in the colours of the dark theme.

    A pixel is taken for some ink of the palette, or black, on white paper, thinned where an edge
    is smoothed; as much of the ink's twin is put on dark paper.

    Parameters
    ----------
    image : Image
        A plot on white.
    """
    digits = digit_colours()
    twins = {**dict(zip(digits["light"], digits["dark"], strict=True)), **LINES}
    inks = np.array([(0, 0, 0), *map(rgb, twins)]) / 255
    dark = np.array([INK, *map(rgb, twins.values())]) / 255
    pixels = np.asarray(image.convert("RGB"), dtype=float) / 255
    colours, where = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    missing = 1 - colours  # what the ink has taken from the white
    takes = 1 - inks
    amount = missing @ takes.T / (takes**2).sum(axis=1)
    rest = ((missing[:, None] - amount[..., None] * takes) ** 2).sum(axis=2)
    nearest = rest.argmin(axis=1)
    paper = np.array(PAPER) / 255
    strength = amount[np.arange(len(colours)), nearest, None].clip(0, 1.2)
    drawn = (paper + strength * (dark[nearest] - paper)).clip(0, 1)
    return Image.fromarray(np.round(255 * drawn[where]).astype("u1").reshape(pixels.shape))


def _ranges(wanted: np.ndarray, gap: int = 0) -> list[tuple[int, int]]:
    """Return where runs of true values begin and end; breaks of up to `gap` values are none."""
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero(wanted):
        if found and i - found[-1][1] <= gap:
            found[-1] = (found[-1][0], int(i) + 1)
        else:
            found.append((int(i), int(i) + 1))
    return found


def image_places(grey: np.ndarray) -> list[tuple[slice, slice]]:
    """Return the rows and columns of each image in a picture of images and words on white.

    Parameters
    ----------
    grey : ndarray of shape (height, width), uint8
    """
    inked = grey < 250
    runs = np.lib.stride_tricks.sliding_window_view(inked, LEAST_RUN, axis=1).all(axis=2)
    places = []
    for top, bottom in _ranges(runs.any(axis=1), gap=6):
        for left, right in _ranges(inked[top:bottom].any(axis=0)):
            if right - left >= LEAST_RUN:
                places.append((slice(top, bottom), slice(left, right)))
    return places


def dark_images(image: Image.Image) -> Image.Image:
    """Return a picture of images: they stay as they are, paper and words change their sides.

    Parameters
    ----------
    image : Image
        Digits or photographs with words beside them, on white.
    """
    grey, colours = np.asarray(image.convert("L")), np.asarray(image.convert("RGB"))
    paper, ink = np.array(PAPER), np.array(INK)
    dark = paper + (1 - grey[..., None] / 255) * (ink - paper)
    for place in image_places(grey):
        dark[place] = colours[place]
    return Image.fromarray(np.round(dark).astype("u1"))
