"""The pictures of a page: their size, their weight, and their twins for the dark theme."""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from dark_figures import dark_images, dark_plot
from PIL import Image, ImageChops

WIDE = 2.5  # from this ratio of width to height a picture is a row of plots


def is_grey(image: Image.Image) -> bool:
    """Say whether a picture is grey: digits, whose values no theme may change; plots have colour.

    Parameters
    ----------
    image : Image
        In any mode.
    """
    red, green, blue = image.convert("RGB").split()
    for one, other in ((red, green), (green, blue)):
        histogram = ImageChops.difference(one, other).histogram()
        if sum(histogram[24:]) > 1e-4 * image.width * image.height:
            return False
    return True


def mend_figures(page: BeautifulSoup, sources: dict[str, Path], images: Path) -> None:
    """Give each picture its size, so that nothing jumps, and a class for its kind.

    Later pictures load when the reader comes near. Each picture gets a twin for the dark theme;
    the style sheet shows one of the two. Digits become lossless WebP: the same pixels
    at half the weight. Plots need no more than 64 colours; what a chapter gives the class
    ``photos`` keeps its own. A row of plots, which a phone would show too small to read, gets a
    box to scroll in.

    Parameters
    ----------
    page : BeautifulSoup
    sources : dict of str to Path
        Where the picture of a name lies before the build copies it.
    images : Path
        The folder that the page's pictures are served from.
    """
    first, rows = True, 0
    for picture in page.select('article img[src*="_images/"]'):
        source = sources.get(Path(picture["src"]).name)
        if source is None or source.suffix != ".png":
            continue
        with Image.open(source) as image:
            image.load()
        given = picture.get("class", [])
        kind = "photos" if "photos" in given else "digits" if is_grey(image) else "plot"
        if kind == "plot":
            image = image.convert("RGB").quantize(64, dither=Image.Dither.NONE).convert("RGB")
        smaller = (images / Path(picture["src"]).name).with_suffix(".webp")
        smaller.parent.mkdir(exist_ok=True)
        image.save(smaller, lossless=True, quality=100, method=4)
        picture["src"] = re.sub(r"\.png$", ".webp", picture["src"])
        picture["width"], picture["height"] = str(image.width), str(image.height)
        if not first:
            picture["loading"] = "lazy"
        first = False
        dark = smaller.with_name(f"{smaller.stem}_dark.webp")
        twin = dark_plot(image) if kind == "plot" else dark_images(image)
        twin.save(dark, lossless=True, quality=100, method=4)
        other = page.new_tag("img", attrs={**picture.attrs, "loading": "lazy"})
        other["src"] = re.sub(r"\.webp$", "_dark.webp", picture["src"])
        picture["class"] = [*given, kind, "only-light"]
        other["class"] = [*given, kind, "only-dark"]
        picture.insert_after(other)
        if kind == "plot" and image.width > WIDE * image.height:
            rows += 1
            # What takes the focus needs a name, and each landmark one of its own.
            named = {"tabindex": "0", "role": "region", "aria-label": f"Row of plots {rows}"}
            box = picture.wrap(page.new_tag("div", attrs={"class": "wide-picture", **named}))
            box.append(other)
