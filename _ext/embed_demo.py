"""Put the demos of demo/ into the pages that ask for them with ``<div data-demo="...">``.

The div is empty, so that Colab and Jupyter show nothing in its place. Files under ``_static``
would be loaded by every page; these are copied past Sphinx, and loaded where they are needed.
"""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SOURCE = Path(__file__).resolve().parent.parent / "demo"


def copy_files(app: Sphinx) -> None:
    """Copy scripts, style and data, before Sphinx computes the checksums in their addresses."""
    if app.builder.name in ("html", "dirhtml"):
        target = Path(app.outdir) / "_static" / "demo"
        shutil.copytree(SOURCE, target, dirs_exist_ok=True)


def add_to_page(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Add script and style to a page that has a demo."""
    if app.builder.name in ("html", "dirhtml") and 'data-demo="' in context.get("body", ""):
        app.add_js_file("demo/mount.js", loading_method="defer")
        app.add_css_file("demo/demo.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
