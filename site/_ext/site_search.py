"""The search of the site: it finds numbers, and puts chapters before the page of ae_lib."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

THOUSANDS = r"(?<=\d),(?=\d{3}(?!\d))"

# What the scripts of Sphinx do, and what they shall do.
CHANGES = {
    # Numbers are words: 161,804 is what a reader remembers of a network.
    "stopwords.indexOf(queryTermLower) !== -1 ||\n        queryTerm.match(/^\\d+$/)\n": (
        "stopwords.indexOf(queryTermLower) !== -1\n"
    ),
    # Excerpts are of the text, not of buttons, contents and footer around it. They hold each
    # formula once: the MathML beside it repeats its letters and its TeX.
    '[".headerlink", "script", "style"]': (
        '[".headerlink", "script", "style", ".katex-mathml", ".bd-header-article", '
        '".notebook-bar", ".prev-next-area", ".bd-sidebar-secondary", ".bd-footer-content"]'
    ),
}


class English(SearchEnglish):
    """English with numbers: 1,185 and 1185 are one word, in pages and in what is searched for."""

    js_splitter_code = f"""
var splitQuery = (query) => query
    .replace(/{THOUSANDS}/g, "")
    .split(/[^\\p{{Letter}}\\p{{Number}}_\\p{{Emoji_Presentation}}]+/gu)
    .filter(term => term)
"""

    def split(self, input: str) -> list[str]:
        return super().split(re.sub(THOUSANDS, "", input))


def set_scores(app: Sphinx, config: Config) -> None:
    config.html_search_scorer = str(Path(__file__).with_name("search_scores.js"))


def change_scripts(app: Sphinx, exception: Exception | None) -> None:
    """Make the `CHANGES` in Sphinx's script.

    Raises
    ------
    ExtensionError
        The script is another one than that which `CHANGES` was written for.
    """
    if exception is not None or app.builder.format != "html":
        return
    script = Path(app.outdir) / "_static" / "searchtools.js"
    text = script.read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        if new not in text and old not in text:
            raise ExtensionError(f"Sphinx's searchtools.js has changed: it does not hold {old!r}.")
        text = text.replace(old, new)
    script.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_search_language(English)
    app.connect("config-inited", set_scores)
    app.connect("build-finished", change_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
