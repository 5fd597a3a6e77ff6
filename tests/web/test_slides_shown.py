"""Slides in a real browser; tests/book/test_slides.py looks at what is written in them."""

import re

import pytest
from helpers.pages import in_browser
from helpers.repository import ROOT
from katex_math import KaTeX
from node_packages import node_package

from tools.pdf import print_page
from tools.slides import copy_parts, make_deck

DECKS = ["conv_autoencoder"]  # formulas, code, a table, a summary and many figures


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("slides")
    copy_parts(out)
    katex = KaTeX(node_package(ROOT, "katex"))
    for name in DECKS:
        make_deck(name, DECKS, katex, out, dark=False)
    katex.close()
    return out


@pytest.fixture(scope="module")
def seen(out, chromium):
    return in_browser(chromium, "slides.mjs", out, *DECKS)


@pytest.mark.parametrize("name", DECKS)
def test_space_leads_through_all_slides_and_nothing_is_cut(seen, name):
    assert seen[name]["slides"] == seen[name]["total"] > 20
    assert seen[name]["out"] == []


@pytest.mark.parametrize("name", DECKS)
def test_accessible_in_both_themes_and_silent(seen, name):
    assert seen[name]["axe"] == []
    assert seen[name]["console"] == []


@pytest.mark.parametrize("name", DECKS)
def test_each_slide_is_a_page_on_paper(seen, name):
    assert seen[name]["pages"] == seen[name]["total"]


@pytest.mark.parametrize("name", DECKS)
def test_the_handout_has_them_all(seen, out, name):
    handout = out / f"{name}.pdf"
    print_page(f"{(out / name).as_uri()}.html?print-pdf", ".pdf-page", handout)
    sheets = re.findall(rb"/Type /Page\b(?!s)", handout.read_bytes())
    assert len(sheets) == seen[name]["total"]
    assert [path.name for path in out.glob("*.part.pdf")] == []
