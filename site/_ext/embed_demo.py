"""Put the demos of demo/ into the pages that ask for them with ``<div data-demo="...">``.

The div is empty, so that Colab and Jupyter show nothing in its place. Files under ``_static``
would be loaded by every page; these are copied past Sphinx, and loaded where they are needed.

The explorer shows the test images where MNIST lies on the machine that builds the site; the
repository does not hold them. Elsewhere it shows what the decoder makes of their codes.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sphinx.application import Sphinx

SOURCE = Path(__file__).resolve().parent.parent / "demo"
ACROSS = 100  # images side by side
ATLAS = "test_images.png"


def copy_files(app: Sphinx) -> None:
    """Copy scripts, style and data, before Sphinx computes the checksums in their addresses."""
    if app.builder.name in ("html", "dirhtml"):
        target = Path(app.outdir) / "_static" / "demo"
        shutil.copytree(SOURCE, target, dirs_exist_ok=True)
        images = images_at_hand()
        if images is not None:
            add_images(target / "data", images)


def images_at_hand() -> np.ndarray | None:
    """Return MNIST's test images if they lie on this machine; nothing is downloaded for them."""
    from ae_lib.data import load_mnist, local_mnist

    if local_mnist([]) is None:
        return None
    data = load_mnist()
    return data.x_test if data.name == "mnist" else None  # the stand-in may be asked for


def add_images(folder: Path, images: np.ndarray) -> None:
    """Write all images side by side, with 16 grey values, and name the file in maps.json.

    Parameters
    ----------
    folder : Path
        The data of the built site.
    images : ndarray of shape (n, 28, 28), float
        Grey values in [0, 1]; n is a multiple of `ACROSS`.
    """
    rows = np.round(15 * images).astype("u1").reshape(-1, ACROSS, 28, 28).swapaxes(1, 2)
    atlas = Image.fromarray(rows.reshape(-1, ACROSS * 28), "P")
    atlas.putpalette([17 * grey for grey in range(16) for _ in "rgb"])
    atlas.save(folder / ATLAS, bits=4)
    manifest = json.loads((folder / "maps.json").read_text())
    (folder / "maps.json").write_text(json.dumps({**manifest, "images": ATLAS}))


def add_to_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Add script and style to a page that has a demo."""
    if app.builder.name in ("html", "dirhtml") and 'data-demo="' in context.get("body", ""):
        app.add_js_file("demo/mount.js", loading_method="defer")
        app.add_css_file("demo/demo.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
