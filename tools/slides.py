"""Make a deck of slides for each numbered chapter, from its committed notebook (tools/deck.py).

python -m tools.slides [NAME ...]         into _build/slides, a page each, which needs no network
python -m tools.slides --pdf [NAME ...]   and each printed, as a handout (needs chromium)
"""

import hashlib
import re
import shutil
import sys
from functools import cache
from pathlib import Path

import nbformat
import yaml
from nbconvert import SlidesExporter
from PIL import Image
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from tools.deck import HEIGHT, WIDTH, Deck, word_for
from tools.pairs import CHAPTERS
from tools.pdf import print_page
from tools.results import ROOT

sys.path.insert(0, str(ROOT / "site" / "_ext"))
from dark_figures import dark_images, dark_plot
from katex_math import KaTeX
from node_packages import node_package
from page_figures import is_grey

SOURCES = ROOT / "site" / "slides"
OUT = ROOT / "_build" / "slides"
LIGHT, DARK = "a11y-high-contrast-light", "a11y-high-contrast-dark"


def numbered_chapters() -> list[str]:
    """Return the names of the chapters that the contents number."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [part for part in contents["parts"] if part.get("numbered")]
    return [Path(page["file"]).name for part in parts for page in part["chapters"]]


@cache
def exporter() -> SlidesExporter:
    return SlidesExporter(
        template_file="deck.html.j2",
        extra_template_paths=[str(SOURCES)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )


def figure(out: Path, dark: bool, picture: Image.Image, alt: str, height: int, photos: bool) -> str:
    """Write a picture, and its twin for the dark theme; return the HTML that shows one of them."""
    colours = picture.convert("RGB")
    name = hashlib.sha256(colours.tobytes()).hexdigest()[:16]
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    colours.save(folder / f"{name}.webp", lossless=True, method=0)
    source = ""
    if dark:
        few = colours.quantize(64, dither=Image.Dither.NONE).convert("RGB")
        twin = dark_images(colours) if photos or is_grey(colours) else dark_plot(few)
        twin.save(folder / f"{name}-dark.webp", lossless=True, method=0)
        source = f'<source media="(prefers-color-scheme: dark)" srcset="figures/{name}-dark.webp">'
    width = round(picture.width * height / picture.height)
    said = alt.replace("&", "&amp;").replace('"', "&quot;")
    return (
        f'<picture>{source}<img src="figures/{name}.webp" width="{width}" height="{height}" '
        f'alt="{said}"></picture>'
    )


def make_deck(name: str, names: list[str], katex: KaTeX, out: Path, dark: bool = True) -> Path:
    """Write the deck of a chapter.

    Parameters
    ----------
    name : str
        Of the chapter.
    names : list of str
        The chapters that have decks: links between them stay links.
    katex : KaTeX
    out : Path
        A folder, to which `copy_parts` brings what all decks share.
    dark : bool
        Draw each figure for the dark theme, too, which takes seconds.
    """
    notebook = nbformat.read(CHAPTERS / f"{name}.ipynb", as_version=4)
    deck = Deck(set(names), lambda *given: figure(out, dark, *given))
    deck.add_notebook(notebook)
    notebook.cells = deck.cells()
    resources = {
        "course_title": f"Slides: {deck.title}",
        "deck_width": WIDTH,
        "deck_height": HEIGHT,
    }
    html, _ = exporter().from_notebook_node(notebook, resources=resources)
    for number, (tex, alone) in enumerate(deck.formulas):
        html = html.replace(word_for(number), katex.render(tex, alone))
    path = out / f"{name}.html"
    path.write_text(html, encoding="utf-8")
    return path


def copy_parts(out: Path) -> None:
    """Bring to the decks what all of them share: reveal.js, KaTeX's style and fonts, ours."""
    out.mkdir(parents=True, exist_ok=True)
    reveal = node_package(ROOT, "reveal.js") / "dist"
    katex = node_package(ROOT, "katex") / "dist"
    for source, target in (
        (reveal / "reveal.css", out / "reveal" / "reveal.css"),
        (reveal / "reveal.js", out / "reveal" / "reveal.js"),
        (reveal / "plugin" / "notes.js", out / "reveal" / "notes.js"),
        (reveal.parent / "LICENSE", out / "reveal" / "LICENSE"),
        (katex / "katex.min.css", out / "katex" / "katex.min.css"),
        *((font, out / "katex" / "fonts" / font.name) for font in katex.glob("fonts/*.woff2")),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    # One format for each font, as for the pages.
    style = (out / "katex" / "katex.min.css").read_text(encoding="utf-8")
    style = re.sub(r'(src:url\([^)]*woff2\) format\("woff2"\))[^;}]*', r"\1", style)
    (out / "katex" / "katex.min.css").write_text(style, encoding="utf-8")
    light, dark = (HtmlFormatter(style=s).get_style_defs(".highlight") for s in (LIGHT, DARK))
    own = (SOURCES / "deck.css").read_text(encoding="utf-8")
    (out / "deck.css").write_text(
        f"{own}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n", encoding="utf-8"
    )


def main() -> None:
    names = numbered_chapters()
    handouts = "--pdf" in sys.argv
    wanted = [word for word in sys.argv[1:] if word != "--pdf"] or names
    if unknown := sorted(set(wanted) - set(names)):
        sys.exit(f"No numbered chapter {', '.join(unknown)}; there are {', '.join(names)}.")
    copy_parts(OUT)
    katex = KaTeX(node_package(ROOT, "katex"))
    for name in tqdm(wanted, unit=" decks"):
        deck = make_deck(name, names, katex, OUT)
        if handouts:
            print_page(f"{deck.as_uri()}?print-pdf", ".pdf-page", deck.with_suffix(".pdf"))
    katex.close()
    print(f"The slides lie in {OUT}: open {wanted[0]}.html; S shows the speaker's notes.")


if __name__ == "__main__":
    main()
