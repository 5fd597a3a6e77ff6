"""Put the demos of demo/ into the pages that ask for them with ``<div data-demo="...">``.

The div is empty, so that Colab and Jupyter show nothing in its place. Files under ``_static``
would be loaded by every page; these are copied past Sphinx, and loaded where they are needed.

One figure has no twin among the chapter's own pictures: where no script runs, and on paper, a
picture stands in its place.

The explorer shows the test images where MNIST lies on the machine that builds the site; the
repository does not hold them. Elsewhere it shows what the decoder makes of their codes. The page
"Train an autoencoder" gets its images here, too (training_images.py).
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from sphinx.application import Sphinx
from training_images import dataset_at_hand, export, write_atlas

SOURCE = Path(__file__).resolve().parent.parent / "demo"
ATLAS = "test_images.png"
# Demo: its picture, the size, and what it shows.
PICTURES = {
    "layers": (
        "data/layers.png",
        'width="980" height="620"',
        "What each layer makes of a four, a column a layer: from 28 by 28 pixels to maps of 14 by "
        "14, 7 by 7 and 4 by 4, in which no stroke can be told any more, and back to 28 by 28.",
    )
}


def copy_files(app: Sphinx) -> None:
    """Copy scripts, style and data into a folder whose name changes with its contents.

    Scripts import each other and fetch data by their plain names: from a folder of a fixed name a
    browser could take a new file and an old one out of its cache, new weights of old digits, say.
    """
    if app.builder.name in ("html", "dirhtml"):
        static = Path(app.outdir) / "_static"
        before = [old.name for old in static.glob("demo*")]
        for name in before:
            shutil.rmtree(static / name)
        target = Path(shutil.copytree(SOURCE, static / "demo"))
        data = dataset_at_hand()
        real = data.name == "mnist"
        if real:
            add_images(target / "data", data.x_test)
        export(target / "data", data, ATLAS if real else None)
        app.demo_folder = f"demo-{fingerprint(target)}"
        target.rename(static / app.demo_folder)
        for name in set(before) - {app.demo_folder}:
            forget_pages(Path(app.outdir), name)


def forget_pages(site: Path, folder: str) -> None:
    """Remove pages that name a folder that is gone, so that Sphinx writes them again."""
    for page in site.rglob("*.html"):
        if f"_static/{folder}/" in page.read_text(encoding="utf-8"):
            page.unlink()


def fingerprint(folder: Path) -> str:
    """Return twelve hexadecimal digits that stand for the names and contents of all files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode("utf-8") + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


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
    """Add script and style to a page that has a demo, and pictures for where no script runs."""
    if app.builder.name in ("html", "dirhtml") and 'data-demo="' in context.get("body", ""):
        app.add_js_file(f"{app.demo_folder}/mount.js", loading_method="defer")
        app.add_css_file(f"{app.demo_folder}/demo.css")
        if 'data-demo="train' in context["body"]:
            app.add_css_file(f"{app.demo_folder}/train/train.css")
        for name, (file, size, alt) in PICTURES.items():
            div = f'<div data-demo="{name}"></div>'
            source = f'src="{context["pathto"](f"_static/{app.demo_folder}/{file}", 1)}"'
            picture = f'<img class="demo-static" {source} {size} alt="{alt}" loading="lazy"/>'
            context["body"] = context["body"].replace(div, div + picture)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
