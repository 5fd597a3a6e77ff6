"""Pictures that pages load quickly: the same look in a third of the bytes.

python -m tools.pictures FILE ...   shrinks PNG files in place
"""

import base64
import io
import sys
from pathlib import Path

import nbformat
from PIL import Image, ImageChops

COLOUR_TYPE = 25  # the place of that byte in a PNG file; 2 and 6 are true colour


def shrink(png: bytes) -> bytes:
    """Return a PNG as grey values if it has no colour, else with a palette of 256 colours.

    Grey values stay exactly as they are, because in the course they are data. Colours of plots
    move by less than the eye sees. A picture that uses transparency, and one that was treated
    before, is returned as it is.
    """
    if png[COLOUR_TYPE] not in (2, 6):
        return png
    image = Image.open(io.BytesIO(png))
    dpi = image.info.get("dpi")
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        return png
    image = image.convert("RGB")
    red, green, blue = image.split()
    if all(ImageChops.difference(red, other).getbbox() is None for other in (green, blue)):
        image = red
    else:
        image = image.quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, **({"dpi": dpi} if dpi else {}))
    return out.getvalue()


def shrink_outputs(notebook: nbformat.NotebookNode) -> None:
    """Shrink the pictures that the cells of a notebook hold."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                small = shrink(base64.b64decode(data["image/png"]))
                data["image/png"] = base64.b64encode(small).decode() + "\n"


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_bytes(shrink(file.read_bytes()))
