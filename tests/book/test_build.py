"""The main job as a newcomer starts it, on a machine without MNIST and without a network."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from helpers import sheets
from helpers.repository import NOTEBOOKS, ROOT, copy_of_the_repository

from tools import book


def book_command(copy, *arguments, **environment):
    # The copy's own tools; an address that nobody answers stands for "no network".
    return subprocess.run(
        [sys.executable, "-m", "tools.book", *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def fingerprint(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "_build" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Execute one chapter with no MNIST to be had, and render the whole book."""
    folder = tmp_path_factory.mktemp("newcomer")
    copy = copy_of_the_repository(folder)
    before = fingerprint(copy)
    run = book_command(
        copy,
        "build",
        "pca",
        AE_DATA_DIR=str(folder / "nothing"),
        AE_DATASET="",
        KERAS_HOME=str(folder / "keras"),
        https_proxy="http://127.0.0.1:9",
    )
    return copy, before, run


def test_the_book_is_built_without_mnist(built):
    copy, before, run = built
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"pca +\d+\.\d s", run.stdout)
    index = Path(re.search(r"The book lies in (.*)", run.stdout)[1])
    assert index.is_file()
    assert "offline stand-in" in run.stderr
    page = (index.parent / "chapters" / "pca.html").read_text()
    assert "OFFLINE STAND-IN, not MNIST" in page
    assert "k = 20 explains" in page
    assert fingerprint(copy) == before, "the build changed the tree"


def test_every_page_of_the_contents_was_rendered(built):
    copy, _, _ = built
    html = copy / "_build" / "quick" / "_build" / "html"
    pages = {path.relative_to(html).as_posix() for path in html.rglob("*.html")}
    for name in ["index", "glossary", "references", *(f"chapters/{p.stem}" for p in NOTEBOOKS)]:
        assert f"{name}.html" in pages


def test_sheets_are_pages_and_no_solution_is_published(built):
    copy, _, _ = built
    html = copy / "_build" / "quick" / "_build" / "html"
    pages = {p.stem for p in (html / "exercises").glob("*.html")}
    assert pages == {"about", *(master.stem for master in sheets.MASTERS)}
    kinds = (".html", ".js", ".txt", ".ipynb", ".md", ".py")
    published = {
        str(path.relative_to(html)): path.read_text()
        for path in html.rglob("*")
        if path.suffix in kinds and "_static" not in path.parts
    }
    assert any(name.startswith("_sources/exercises") for name in published)
    marks = {"#BEGINSOLUTION", "#ENDSOLUTION", "hidden=True"}
    assert sheets.leaks(published, sheets.all_secrets() | marks) == []


def test_internal_links_and_anchors_resolve(built):
    copy, _, _ = built
    html = copy / "_build" / "quick" / "_build" / "html"
    broken = []
    for page in html.rglob("*.html"):
        for link in re.findall(r'href="([^"]*)"', page.read_text()):
            target, _, anchor = link.partition("#")
            target = target.partition("?")[0]
            if re.match(r"[a-z]+:|//", target):
                continue
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and f'id="{anchor}"' not in path.read_text()):
                broken.append((page.name, link))
    assert not broken


def test_no_launch_button_without_an_address(built):
    copy, _, _ = built
    for page in (copy / "_build").rglob("*.html"):
        text = page.read_text()
        assert "colab.research.google.com" not in text
        assert "executablebooks/jupyter-book" not in text, "a link to somebody else's repository"


def test_a_failing_chapter_stops_the_build(tmp_path):
    copy = copy_of_the_repository(tmp_path)
    text = copy / "chapters" / "pca.md"
    text.write_text(text.read_text().replace("k = 20\n", "k = 20 / 0\n", 1))
    run = book_command(copy, "build", "pca", AE_DATASET="standin")
    assert run.returncode != 0
    assert "pca.md stopped the build" in run.stderr
    assert "k = 20 / 0" in run.stderr  # the cell
    assert "ZeroDivisionError" in run.stderr  # the traceback
    assert "The book lies in" not in run.stdout


def test_an_unknown_chapter_is_named():
    run = book_command(ROOT, "build", "99_nothing")
    assert run.returncode != 0
    assert "No chapter 99_nothing; there are pca" in run.stderr


def test_a_chapter_runs_from_an_empty_directory(tmp_path):
    notebook = book.read_text(ROOT / "chapters" / "how_this_book_was_made.md")
    book.execute(notebook, tmp_path, {"AE_PROFILE": "quick"})
    assert "outside of the repository" in nbformat.writes(notebook)
    assert not list(tmp_path.iterdir())


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    book.write_atomically(path, "old")

    with pytest.raises(TypeError):
        book.write_atomically(path, None)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_times_are_merged(tmp_path):
    record = tmp_path / "results" / "times.json"
    book.record_time(record, "quick", "pca", 12.34)
    book.record_time(record, "full", "02_dense", 100)
    book.record_time(record, "quick", "pca", 11.04)
    times = json.loads(record.read_text())
    assert times["quick"]["pca"]["seconds"] == 11.0
    assert set(times) == {"quick", "full"}
