"""Mathematics set by KaTeX while the book is built: pages need no JavaScript for it.

Sphinx's own renderers load MathJax in the page, from a CDN. KaTeX runs here, in node, and puts
HTML and MathML (for screen readers) into the page; its style sheet and fonts are copied
from its package.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from node_packages import NODE, node_package
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)

# A line of JSON in, a line of JSON out, as long as the build lasts: starting node takes longer
# than all formulas of a chapter.
RENDER = """
const katex = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { tex, displayMode } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, { displayMode, strict: "error" }) };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
});
"""


class KaTeX:
    """A node process that turns TeX into HTML."""

    def __init__(self, package: Path) -> None:
        self.process = subprocess.Popen(
            [NODE, "--eval", RENDER, package / "dist" / "katex.js"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def render(self, tex: str, display: bool) -> str:
        """Return the HTML of a formula.

        Raises
        ------
        ValueError
            KaTeX does not understand the formula.
        """
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"tex": tex, "displayMode": display}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError(f"KaTeX's process ended with status {self.process.wait()}.")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["html"]

    def close(self) -> None:
        self.process.communicate()


def package_of(app: Sphinx) -> Path:
    return node_package(Path(app.confdir), "katex")


def render(self: HTML5Translator, node: nodes.Element, display: bool) -> str:
    """Return a formula's HTML; a formula that KaTeX refuses is a warning at its place."""
    app = self.builder.app
    if not hasattr(app, "katex"):
        app.katex = KaTeX(package_of(app))
    try:
        return app.katex.render(node.astext(), display)
    except ValueError as error:
        LOGGER.warning("%s", error, location=node, type="katex")
        return f"<code>{self.encode(node.astext())}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(render(self, node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    # Wide formulas scroll inside their box; only what can take the focus scrolls by keyboard.
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight", tabindex="0"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(render(self, node, display=True) + "</div>\n")
    raise nodes.SkipNode


def add_style(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Give the style sheet to the pages with formulas only."""
    if app.env.get_domain("math").has_equations(page):
        app.add_css_file("katex/katex.min.css")


def finish(app: Sphinx, exception: Exception | None) -> None:
    if hasattr(app, "katex"):
        app.katex.close()
    if exception is None and app.builder.format == "html":
        source, target = package_of(app) / "dist", Path(app.outdir) / "_static" / "katex"
        shutil.rmtree(target, ignore_errors=True)
        (target / "fonts").mkdir(parents=True)
        style = (source / "katex.min.css").read_text(encoding="utf-8")
        # One format for each font: all browsers of the last ten years have it.
        style, fonts = re.subn(
            r'src:url\(fonts/([\w-]+)\.woff2\) format\("woff2"\)[^;}]*',
            r'src:url(fonts/\1.woff) format("woff")',
            style,
        )
        if not fonts:
            raise ExtensionError("katex.min.css names its fonts in another way; katex_math.py.")
        (target / "katex.min.css").write_text(style, encoding="utf-8")
        characters = characters_of_the_pages(Path(app.outdir))
        for font in (source / "fonts").glob("*.ttf"):
            write_subset(font, characters, (target / "fonts" / font.stem).with_suffix(".woff"))


def characters_of_the_pages(out: Path) -> set[int]:
    """Return the code points that any page uses."""
    pages = (page for page in out.rglob("*.html") if "_static" not in page.parts)
    return {ord(character) for page in pages for character in set(page.read_text(encoding="utf-8"))}


def write_subset(font: Path, characters: set[int], target: Path) -> None:
    """Write a font with the signs of these characters alone: the whole ones weigh 250 kB."""
    options = subset.Options(flavor="woff", layout_features=[])
    loaded = TTFont(font)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(loaded)
    subset.save_font(loaded, target, options)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer(
        "katex", inline_renderers=(visit_inline, None), block_renderers=(visit_display, None)
    )
    app.connect("html-page-context", add_style)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
