"""What the theme gets wrong, mended in the finished HTML of each page.

Each mend is a function of the parsed page, and its docstring is its reason. All run on every
page; ``tests/web/test_mends.py`` tests each alone, and axe and Lighthouse judge the sum.
"""

import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from page_figures import mend_figures
from sphinx.application import Sphinx


def no_icon_script(page: BeautifulSoup) -> None:
    """Drop fontawesome.js: half a megabyte for a dozen icons, which the style sheet draws, too."""
    for script in page.select('script[src*="fontawesome.js"]'):
        script.decompose()


def icons_are_silent(page: BeautifulSoup) -> None:
    """Hide the icons from screen readers, which would read the code of a glyph."""
    for icon in page.select("i[class*='fa-'], i[class*='fas'], span.fa-solid"):
        icon["aria-hidden"] = "true"
        icon.attrs.pop("title", None)  # or it would count as visible text unlike the label


def names_as_seen(page: BeautifulSoup) -> None:
    """Name controls by what they show: a voice command says what it sees."""
    for button in page.select(".search-button-field"):
        del button["aria-label"]
        button["aria-keyshortcuts"] = "Control+K"
        for keys in button.select(".search-button__kbd-shortcut"):
            keys["aria-hidden"] = "true"
    for control in page.select("button[title], a.btn[title]"):
        if not control.get_text(strip=True) and not control.get("aria-label"):
            control["aria-label"] = control["title"]
    # "Show code cell source" is what one reads, and must be what a screen reader says.
    for summary in page.select("summary[aria-label]"):
        del summary["aria-label"]


def sidebar_is_a_landmark(page: BeautifulSoup) -> None:
    """Make the sidebar a landmark: its logo and search lie outside of any."""
    for sidebar in page.select("#pst-primary-sidebar"):
        sidebar["role"] = "region"
        sidebar["aria-label"] = "Site"


def plain_bibliography(page: BeautifulSoup) -> None:
    """Take away docutils' roles of a bibliography: deprecated, and not allowed where they stand."""
    for element in page.select('[role^="doc-"], .citation-list[role="list"]'):
        del element["role"]


def no_fixed_colours(page: BeautifulSoup) -> None:
    """Take the colours from Keras's model summaries: 1.6:1 on this background, 4.5:1 is needed."""
    for element in page.select(".cell_output pre [style], .cell_output pre[style]"):
        element["style"] = re.sub(r"(?<![\w-])color:[^;]*;?", "", element["style"]).strip()


def summaries_are_tables(page: BeautifulSoup) -> None:
    """Make tables of Keras's model summaries: drawn with lines they are wider than a phone.

    A screen reader would read out the lines, sign by sign.
    """
    for drawn in page.select(".cell_output pre"):
        lines = drawn.get_text().strip().splitlines()
        if not lines or not lines[0].startswith("┏"):
            continue
        rows: list[list[str]] = [[]]
        for line in lines[1:]:
            if line[0] in "┃│":
                cells = [cell.strip() for cell in re.split("[┃│]", line)[1:-1]]
                # A cell may go on in the next line.
                parts = zip_longest(rows[-1], cells, fillvalue="")
                rows[-1] = [f"{before} {more}".strip() for before, more in parts]
            else:
                rows.append([])
        table = page.new_tag("table", attrs={"class": "table summary"})
        for row in filter(None, rows):
            line = page.new_tag("tr")
            for cell in row:
                kind = "td" if table.contents else "th"
                line.append(page.new_tag(kind, string=cell))
            table.append(line)
        box = page.new_tag("div", attrs={"class": "pst-scrollable-table-container"})
        box.append(table)
        drawn.replace_with(box)


def scrollable_by_keyboard(page: BeautifulSoup) -> None:
    """Let wide code, output and tables take the focus: only then do the arrow keys scroll them."""
    for box in page.select("div.highlight pre, .cell_output pre, .pst-scrollable-table-container"):
        box["tabindex"] = "0"


def one_main_heading(page: BeautifulSoup) -> None:
    """Drop the theme's copy of the page for printing: a second h1 with the whole contents."""
    for copy in page.select("#jb-print-docs-body"):
        copy.decompose()


def links_say_that_they_leave(page: BeautifulSoup) -> None:
    """Open no new windows for downloads and buttons: the back button would be lost."""
    for link in page.select("a[target=_blank]"):
        del link["target"]


def edit_the_text(page: BeautifulSoup) -> None:
    """Let "edit" lead to what a notebook is made from: a chapter's text, or a sheet's master."""
    for link in page.select('a[href*="/edit/"][href$=".ipynb"]'):
        address = re.sub(r"/exercises/(\w+)\.ipynb$", r"/masters/\1.py", link["href"])
        link["href"] = re.sub(r"\.ipynb$", ".md", address)


def search_where_one_searches(page: BeautifulSoup) -> None:
    """Load the search index on the search page alone: the theme's dialog only leads there."""
    if page.select_one("#search-results"):
        return
    for name in ("searchtools.js", "language_data.js", "searchindex.js"):
        for script in page.select(f'script[src*="{name}"]'):
            script.decompose()


def text_before_scripts(page: BeautifulSoup) -> None:
    """Move scripts to the end of the page, so that nobody waits for them to read.

    The first one stays: it chooses between light and dark before anything is drawn.
    """
    if page.head and page.body:
        for script in page.head.find_all("script")[1:]:
            page.body.append(script.extract())


def no_chain_of_styles(page: BeautifulSoup) -> None:
    """Name basic.css in the page: theme.css only imports it, and is one journey more."""
    for link in page.select('link[href*="styles/theme.css"]'):
        link["href"] = re.sub(r"styles/theme\.css.*", "basic.css", link["href"])


MENDS: list[Callable[[BeautifulSoup], None]] = [
    no_icon_script,
    icons_are_silent,
    names_as_seen,
    sidebar_is_a_landmark,
    plain_bibliography,
    no_fixed_colours,
    summaries_are_tables,
    scrollable_by_keyboard,
    one_main_heading,
    links_say_that_they_leave,
    edit_the_text,
    search_where_one_searches,
    text_before_scripts,
    no_chain_of_styles,
]


def mend(html: str, sources: dict[str, Path], images: Path) -> str:
    """Return the HTML of a page with all mends."""
    page = BeautifulSoup(html, "html.parser")
    for change in MENDS:
        change(page)
    mend_figures(page, sources, images)
    return str(page)


def install(app: Sphinx) -> None:
    """Let each page pass through `mend` between its template and its file."""
    builder = app.builder
    if builder.format != "html":
        return
    render = builder.templates.render

    def render_and_mend(template: str, context: dict[str, Any]) -> str:
        html = render(template, context)
        if "pagename" not in context:  # the description for browsers' search bars, say
            return html
        sources = {name: Path(app.srcdir) / path for path, name in builder.images.items()}
        return mend(html, sources, Path(app.outdir) / "_images")

    builder.templates.render = render_and_mend


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", install)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
