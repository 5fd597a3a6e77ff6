"""The pages that `make book` has made on a machine without MNIST, as the gate makes them.

Not among the tests that `make test` finds: `.ci/run` names this file, after `make book`.
"""

from pathlib import Path

import nbformat
import pytest
from helpers import sheets
from helpers.repository import NOTEBOOKS, ROOT

from tools.book import EXECUTED
from tools.chapters import chosen
from tools.robustness import differences

HTML = ROOT / "_build" / "quick" / "_build" / "html"


@pytest.fixture(scope="module", autouse=True)
def made():
    assert HTML.is_dir(), "nothing to look at: run `make book` before"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_it_says_what_it_was_made_from():
    page = text_of(HTML / "chapters" / "pca.html")
    assert "OFFLINE STAND-IN, not MNIST" in page
    assert "20 components explain" in page


def test_every_page_of_the_contents_was_rendered():
    pages = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html")}
    for name in ["index", "glossary", "references", *(f"chapters/{p.stem}" for p in NOTEBOOKS)]:
        assert f"{name}.html" in pages


def test_sheets_are_pages_and_no_solution_is_published():
    here = [
        p for p in (HTML / "exercises").glob("*.html") if 'http-equiv="refresh"' not in text_of(p)
    ]
    assert {p.stem for p in here} == {"about", *(master.stem for master in sheets.MASTERS)}
    kinds = (".html", ".js", ".txt", ".ipynb", ".md", ".py")
    published = {
        str(path.relative_to(HTML)): text_of(path)
        for path in HTML.rglob("*")
        if path.suffix in kinds and "_static" not in path.parts
    }
    assert any(name.startswith("_sources/exercises") for name in published)
    marks = {"#BEGINSOLUTION", "#ENDSOLUTION", "hidden=True"}
    assert sheets.leaks(published, sheets.all_secrets() | marks) == []


def test_without_an_address_nothing_needs_one():
    assert not (HTML / "sitemap.xml").exists()
    for page in HTML.rglob("*.html"):
        for word in ("colab.research", "og:image", "/edit/", "/issues/new", "executablebooks/"):
            assert word not in text_of(page), (page.name, word)


@pytest.mark.parametrize("chapter", chosen([]), ids=lambda chapter: chapter.name)
def test_what_nbval_compares_is_the_same_without_mnist(chapter):
    executed = nbformat.read(ROOT / EXECUTED / "quick" / f"{chapter.name}.ipynb", as_version=4)
    assert not any("MNIST: 60,000" in str(cell.get("outputs")) for cell in executed.cells)
    assert differences(chapter, executed) == []


def test_a_difference_would_be_found():
    (chapter,) = chosen(["pca"])
    executed = nbformat.read(ROOT / EXECUTED / "quick" / "pca.ipynb", as_version=4)
    compared = [c for c in executed.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    compared[0].outputs[0].text += "and another line"
    assert len(differences(chapter, executed)) == 1
