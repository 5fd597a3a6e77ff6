"""Put the demos of demo/ into the pages that ask for them with ``<div data-demo="...">``.

The div is empty, so that Colab and Jupyter show nothing in its place. Files under ``_static``
would be loaded by every page; these are copied past Sphinx, and loaded where they are needed.

The explorer shows the test images where MNIST lies on the machine that builds the site; the
repository does not hold them. Elsewhere it shows what the decoder makes of their codes. The page
"Train an autoencoder" gets its images here, too (training_images.py).
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from sphinx.application import Sphinx
from training_images import dataset_at_hand, export, write_atlas

SOURCE = Path(__file__).resolve().parent.parent / "demo"
ATLAS = "test_images.png"


def copy_files(app: Sphinx) -> None:
    """Copy scripts, style and data, before Sphinx computes the checksums in their addresses."""
    if app.builder.name in ("html", "dirhtml"):
        target = Path(app.outdir) / "_static" / "demo"
        shutil.copytree(SOURCE, target, dirs_exist_ok=True)
        data = dataset_at_hand()
        real = data.name == "mnist"
        if real:
            add_images(target / "data", data.x_test)
        export(target / "data", data, ATLAS if real else None)


def add_images(folder: Path, images: np.ndarray) -> None:
    """Write all images side by side, with 16 grey values, and name the file in maps.json.

    Parameters
    ----------
    folder : Path
        The data of the built site.
    images : ndarray of shape (n, 28, 28), float
        Grey values in [0, 1]; n is a multiple of `training_images.ACROSS`.
    """
    write_atlas(folder / ATLAS, images)
    path = folder / "maps.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "images": ATLAS}), encoding="utf-8")


def add_to_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Add script and style to a page that has a demo."""
    if app.builder.name in ("html", "dirhtml") and 'data-demo="' in context.get("body", ""):
        app.add_js_file("demo/mount.js", loading_method="defer")
        app.add_css_file("demo/demo.css")
        if 'data-demo="train' in context["body"]:
            app.add_css_file("demo/train/train.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
