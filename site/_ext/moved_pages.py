"""Old addresses of pages lead to the new ones, so that links from elsewhere go on working."""

import html
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.osutil import relative_uri

LESSONS = ("pca", "dense_autoencoder", "tsne", "conv_autoencoder", "denoising")
MOVED = {
    **{f"chapters/{n:02}_{name}": f"chapters/{name}" for n, name in enumerate(LESSONS, 1)},
    "chapters/06_summary": "chapters/summary",
    "chapters/07_how_this_book_was_made": "chapters/how_this_book_was_made",
    "chapters/08_lecture_against_this_book": "chapters/lecture_against_this_book",
    **{f"exercises/{n:02}_{name}": f"exercises/{name}_sheet" for n, name in enumerate(LESSONS, 1)},
    **{name: f"pages/{name}" for name in ("demo", "api", "glossary", "references", "instructors")},
}

# The script keeps the place within the page; without scripts the top of the page must do.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}: moved</title>
<meta name="robots" content="noindex"><link rel="canonical" href="{target}">
<script>location.replace("{target}" + location.hash);</script>
<meta http-equiv="refresh" content="0; url={target}"></head>
<body><p>This page has moved: <a href="{target}">{title}</a>.</p></body></html>
"""


def redirect(app: Sphinx, exception: Exception | None) -> None:
    """Write a page at each old address.

    Raises
    ------
    ExtensionError
        The new page is not there: it has moved once more, and `MOVED` does not know.
    """
    if exception is not None or app.builder.name != "html":
        return
    for old, new in MOVED.items():
        if new not in app.env.titles:
            raise ExtensionError(f"moved_pages.py leads from {old} to {new}, which is no page.")
        page = Path(app.outdir) / f"{old}.html"
        page.parent.mkdir(exist_ok=True)
        target = relative_uri(f"{old}.html", f"{new}.html")
        title = html.escape(app.env.titles[new].astext())
        page.write_text(PAGE.format(target=target, title=title), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", redirect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
