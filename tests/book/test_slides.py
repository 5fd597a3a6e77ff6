"""Slides are the chapters' own cells: whole, offline, and no larger than a slide."""

import re
from html import unescape

import nbformat
import pytest
from bs4 import BeautifulSoup
from helpers.repository import ROOT
from katex_math import KaTeX
from node_packages import node_package

from tools.deck import COLOURS, HEIGHT, Deck, outputs_of
from tools.slides import copy_parts, make_deck, numbered_chapters


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The decks of all numbered chapters, without figures for the dark theme, which take longer."""
    out = tmp_path_factory.mktemp("slides")
    copy_parts(out)
    katex = KaTeX(node_package(ROOT, "katex"))
    names = numbered_chapters()
    found = {name: make_deck(name, names, katex, out, dark=False) for name in names}
    katex.close()
    return {
        name: BeautifulSoup(path.read_text("utf-8"), "html.parser") for name, path in found.items()
    }, out


def shown_cells(name):
    notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
    return [c for c in notebook.cells if "remove-cell" not in c.metadata.get("tags", [])]


def test_each_numbered_chapter_has_a_deck_with_all_that_it_shows(decks):
    pages, out = decks
    assert {"pca", "dense_autoencoder", "tsne", "conv_autoencoder", "denoising"} <= set(pages)
    for name, page in pages.items():
        cells = shown_cells(name)
        code = [cell for cell in cells if cell.cell_type == "code"]
        alts = [c.metadata.mystnb.image.alt for c in code if outputs_of(c)[1]]
        assert [img["alt"] for img in page.select("section img")] == alts
        assert all((out / img["src"]).is_file() for img in page.select("img"))
        said = "\n".join(pre.get_text() for pre in page.select("section pre"))
        for cell in code:
            for line in outputs_of(cell)[0]:
                assert line in said, name
            if "hide-input" not in cell.metadata.get("tags", []):
                assert cell.source.strip() in said, name
        headings = [h.get_text() for h in page.select("section :is(h1, h2, h3)")]
        chapter = [c.source for c in cells if c.cell_type == "markdown"]
        written = re.findall(r"^#+ (.+)$", "\n".join(chapter), re.M)
        plain = [re.sub(r"[`*]", "", heading) for heading in written if "$" not in heading]
        assert [h for h in headings if h in plain] == plain


def test_decks_ask_nothing_of_other_hosts_and_show_no_marks(decks):
    pages, out = decks
    for page in pages.values():
        for part in page.select("[src], link[href], [srcset]"):
            address = part.get("src") or part.get("srcset") or part["href"]
            assert address == "data:," or (out / address).is_file(), address
        text = unescape(page.get_text())
        for mark in ("{cite", "$$", "FORMULA", "<details", "\x00", "claim("):
            assert mark not in text
    for style in out.rglob("*.css"):
        for address in re.findall(r"url\(([^)]+)\)", style.read_text(encoding="utf-8")):
            assert address.startswith("data:") or (style.parent / address).is_file(), address


def test_prose_is_in_the_notes_and_formulas_are_set(decks):
    pages, _ = decks
    for name, page in pages.items():
        notes = " ".join(note.get_text() for note in page.select("aside.notes"))
        assert len(notes.split()) > 500, name
    assert len(pages["pca"].select(".katex-display")) >= 3


def test_no_slide_holds_more_than_fits():
    for name in numbered_chapters():
        deck = Deck(set(), lambda picture, alt, height, photos: f'<img height="{height}">')
        deck.add_notebook(nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4))
        assert all(slide.height < HEIGHT for slide in deck.slides), name
        assert all(len(slide.cells) > 1 for slide in deck.slides), name


def test_terminals_colours_are_no_text():
    assert COLOURS.sub("", "\x1b[1mTotal\x1b[0m \x1b[38;5;34m7\x1b[0m") == "Total 7"
