"""The theme's style sheets and icons, cut to what the pages use, and light on paper."""

import io
import re
import subprocess
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from node_packages import NODE, node_package
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Icons that the theme's style sheets draw without naming them in the page: signs of the private
# area of Unicode, or their codes.
ICONS_OF_THE_STYLE = re.compile(r'[\uf000-\uf8ff]|onthispage:after\{content:"\\([0-9a-f]+)"')


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
    app.connect("build-finished", subset_icons)
    app.connect("build-finished", only_needed_styles)
    # After the theme has written its style sheet for code.
    app.connect("build-finished", paper_is_light, priority=900)
    app.add_js_file(None, body=MARK_PRINTING)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
