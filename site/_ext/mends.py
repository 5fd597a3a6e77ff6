"""What the theme gets wrong, mended in the finished HTML of each page.

Each mend is a function of the parsed page, and its docstring is its reason. All run on every
page; ``tests/web/test_mends.py`` tests each alone, and axe and Lighthouse judge the sum.
"""

import io
import re
import subprocess
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from dark_figures import dark_images, dark_plot
from fontTools import subset
from fontTools.ttLib import TTFont
from node_packages import NODE, node_package
from PIL import Image, ImageChops
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Icons that the theme's style sheets draw without naming them in the page: signs of the private
# area of Unicode, or their codes.
ICONS_OF_THE_STYLE = re.compile(r'[\uf000-\uf8ff]|onthispage:after\{content:"\\([0-9a-f]+)"')

WIDE = 2.5  # from this ratio of width to height a picture is a row of plots


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


def subset_icons(app: Sphinx, exception: Exception | None) -> None:
    """Write the few icons that the pages use as fonts of their own: 4 kB in place of 270."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    style = (static / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    style += (static / "styles" / "sphinx-book-theme.css").read_text(encoding="utf-8")
    found = ICONS_OF_THE_STYLE.finditer(style)
    codes = {match[1] or f"{ord(match[0]):x}" for match in found}
    known = {
        name: code
        for names, code in re.findall(
            r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"', style
        )
        for name in re.findall(r"\.(fa-[\w-]+)", names)
    }
    pages = [p for p in out.rglob("*.html") if "_static" not in p.parts]
    used = set(re.findall(r"\bfa-[\w-]+", " ".join(p.read_text(encoding="utf-8") for p in pages)))
    codes |= {known[name] for name in used & known.keys()}
    # The signs of companies, such as the repository's host, are a font of their own.
    for font_file, cut in (("fa-solid-900", "icons"), ("fa-brands-400", "brands")):
        font = TTFont(static / "vendor" / "fontawesome" / "webfonts" / f"{font_file}.ttf")
        options = subset.Options(flavor="woff", layout_features=[], drop_tables=["GSUB", "GPOS"])
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[int(code, 16) for code in codes])
        cutter.subset(font)
        buffer = io.BytesIO()
        subset.save_font(font, buffer, options)
        (static / f"{cut}.woff").write_bytes(buffer.getvalue())
    # The script that no page loads, and the theme's templates, which are no pages.
    for unused in [*static.glob("scripts/fontawesome.js*"), *static.glob("*-macros.html")]:
        unused.unlink()


def only_needed_styles(app: Sphinx, exception: Exception | None) -> None:
    """Drop the rules that no page needs: of the theme's 400 kB, which come before any text."""
    if exception is not None or app.builder.format != "html":
        return
    purge = node_package(Path(app.confdir), "purgecss") / "bin" / "purgecss.js"
    styles = [f"_static/styles/{name}.css" for name in ("pydata-sphinx-theme", "sphinx-book-theme")]
    # Scripts may set classes that no page has.
    used = ["**/*.html", "_static/**/*.js"]
    run = subprocess.run(
        [NODE, purge, "--css", *styles, "--content", *used, "--output", "_static/styles/"],
        cwd=app.outdir,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        raise ExtensionError(f"PurgeCSS could not cut the style sheets:\n{run.stderr}")


# Not the attribute itself: the theme's script sets it while the browser gets ready to print.
MARK_PRINTING = """
addEventListener("beforeprint", () => document.documentElement.classList.add("printing"));
addEventListener("afterprint", () => document.documentElement.classList.remove("printing"));
"""


def paper_is_light(app: Sphinx, exception: Exception | None) -> None:
    """Let a page that is being printed have the light theme, whichever the reader has chosen.

    Else the dark theme's sheet is black, or has pale words on white.
    """
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for style in [*static.glob("*.css"), *static.glob("styles/*.css")]:
        text = style.read_text(encoding="utf-8")
        light = ':is([data-theme="light"],.printing)'
        text = re.sub(r"(?<!:is\()\[data-theme=\"?light\"?\]", light, text)
        dark = ':is([data-theme="dark"]):where(:not(.printing))'
        text = re.sub(r"(?<!:is\()\[data-theme=\"?dark\"?\]", dark, text)
        style.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", install)
    app.connect("build-finished", subset_icons)
    app.connect("build-finished", only_needed_styles)
    # After the theme has written its style sheet for code.
    app.connect("build-finished", paper_is_light, priority=900)
    app.add_js_file(None, body=MARK_PRINTING)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
