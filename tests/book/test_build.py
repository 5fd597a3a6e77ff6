"""The main job as a newcomer starts it, on a machine without MNIST and without a network."""

import hashlib
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from helpers.repository import ROOT, copy_of_the_repository

from tools import book, chapters, pairs
from tools.execute import execute
from tools.results import write_atomically


def book_command(copy, *arguments, **environment):
    # The copy's own tools; an address that nobody answers stands for "no network".
    return subprocess.run(
        [sys.executable, "-m", "tools.book", *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def fingerprint(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "_build" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """Return a copy of the repository, and what a machine without MNIST and network adds."""
    folder = tmp_path_factory.mktemp("newcomer")
    without = {
        "AE_DATA_DIR": str(folder / "nothing"),
        "AE_DATASET": "",
        "KERAS_HOME": str(folder / "keras"),
        "https_proxy": "http://127.0.0.1:9",
    }
    return copy_of_the_repository(folder), without


NAMES = ("speed_and_scale", "how_this_book_was_made")
FAULT = ('load_results("bench")', 'load_results("branch")')


@pytest.fixture(scope="module")
def failed(newcomer):
    """Build with a fault in a chapter; it is gone afterwards."""
    copy, without = newcomer
    before = fingerprint(copy)
    text = copy / "chapters" / f"{NAMES[0]}.md"
    right = text.read_text(encoding="utf-8")
    assert FAULT[0] in right
    text.write_text(right.replace(*FAULT, 1), encoding="utf-8")
    # The last chapter waits for all others, that have failed, too.
    run = book_command(copy, "build", *NAMES, **without)
    text.write_text(right, encoding="utf-8")
    assert fingerprint(copy) == before, "the build changed the tree"
    return run


def test_a_failing_chapter_does_not_stop_the_others(newcomer, failed):
    """The pages themselves are looked at in built_without_mnist.py, when all chapters are made."""
    assert failed.returncode != 0
    assert f"1 of the chapters failed: {NAMES[0]}" in failed.stderr
    assert FAULT[1] in failed.stderr  # the cell
    assert "ValueError" in failed.stderr  # the traceback
    assert "offline stand-in" in failed.stderr
    assert re.search(rf"{NAMES[1]} +\d+\.\d s", failed.stdout)
    assert "The book lies in" not in failed.stdout

    copy, without = newcomer
    again = "from tools import book; book.render = print; book.main()"
    run = subprocess.run(
        [sys.executable, "-c", again, "build", *NAMES],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), **without},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert re.search(f"unchanged since .*: {NAMES[1]}\n", run.stdout)
    assert re.search(rf"{NAMES[0]} +\d+\.\d s", run.stdout)
    assert not re.search(rf"{NAMES[1]} +\d+\.\d s", run.stdout)


def test_an_unknown_chapter_is_named():
    run = book_command(ROOT, "build", "99_nothing")
    assert run.returncode != 0
    assert "No chapter 99_nothing; there are pca, dense_autoencoder, tsne" in run.stderr


def test_a_chapter_runs_from_an_empty_directory(tmp_path):
    notebook = pairs.read_text(ROOT / "chapters" / "how_this_book_was_made.md")
    before, after = "hidden = 41", "print(hidden + 1)"
    seconds, printed = execute(notebook, tmp_path, {"AE_PROFILE": "quick"}, before, after)
    assert seconds > 0
    assert printed.strip() == "42"
    assert before not in nbformat.writes(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert "| preset | quick |" in nbformat.writes(notebook)  # the environment arrived
    assert not list(tmp_path.iterdir())


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.json"
    write_atomically(path, "old")

    with pytest.raises(TypeError):
        write_atomically(path, None)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_times_are_merged(tmp_path):
    record = tmp_path / "results" / "times.json"
    for preset, name, seconds in (("quick", "b", 12.34), ("full", "a", 100), ("quick", "b", 11.04)):
        chapters.record_time(record, preset, name, seconds, 2, "2026-01-01")
    times = json.loads(record.read_text(encoding="utf-8"))
    assert times["quick"]["b"] == {"seconds": 11.0, "cores": 2, "date": "2026-01-01"}
    assert list(times) == ["full", "quick"]


def test_chapters_run_after_those_whose_weights_they_use():
    order = chapters.in_order()
    names = [chapter.name for chapter in order]
    assert names[0] == "pca"
    assert names[-1] == "how_this_book_was_made"
    for chapter in order:
        for other in chapters.needs(chapter, order):
            assert names.index(other) < names.index(chapter.name)


def test_chapters_declare_what_their_code_does():
    for chapter in chapters.in_order():
        code = "\n".join(
            cell.source for cell in pairs.read_text(chapter.text).cells if cell.cell_type == "code"
        )
        loads = r"(?:load_or_train|load_pretrained)\(\"(\w+)\""
        assert set(re.findall(loads, code)) <= set(chapter.uses), chapter.name
        read = set(re.findall(r"load_results\(\"(\w+)\"\)", code))
        assert read == set(chapter.results), chapter.name


def test_what_an_unknown_declaration_says(tmp_path):
    text = tmp_path / "x.md"
    header = chapters.in_order()[0].text.read_text(encoding="utf-8").split("\n---\n")[0]
    text.write_text(f"{header}\ncourse:\n  use: [dense]\n---\n\n# X\n", encoding="utf-8")
    with pytest.raises(ValueError, match="declares \\['use'\\] under `course`"):
        chapters.read_chapter(text)


def test_prose_makes_nothing_stale_and_code_does(tmp_path, monkeypatch):
    copy = tmp_path / "pca.md"
    original = (ROOT / "chapters" / "pca.md").read_text(encoding="utf-8")
    monkeypatch.setattr(chapters, "CHAPTERS", tmp_path)
    chapter = chapters.Chapter("pca")
    seen = []
    for text in (
        original,
        original.replace("Why reduce", "Why not reduce").replace("tags: [hide-input]\n", ""),
        original.replace("k = 20\n", "k = 21\n"),
    ):
        copy.write_text(text, encoding="utf-8")
        seen.append(chapters.origin(chapter, "quick", "standin"))
    assert "tags: [hide-input]\n" in original
    assert seen[0] == seen[1]
    assert {key for key in seen[0] if seen[0][key] != seen[2][key]} == {"code"}
    assert {"pca", "data", "plots"} <= set(seen[0]["ae_lib"])


def test_a_measuring_run_keeps_no_trainings_and_a_build_does(tmp_path):
    """Or the second measurement would find all of its work done."""
    chapter = chapters.Chapter("dense_autoencoder", stores=("dense",))
    assert book.door(chapter, None, store=False) == (
        "from ae_lib import _book\n_book.install()",
        "print(_book.resumed())",
    )
    assert "state_dir=" in book.door(chapter, tmp_path, store=False)[0]
    before, after = book.door(chapter, tmp_path, store=True)
    assert "store='dense'" in before
    assert "state_dir=" in before
    assert after.startswith("_book.store('dense'")


@pytest.mark.parametrize(("preset", "measure"), [("full", False), ("full", True), ("quick", False)])
def test_what_a_run_stores(preset, measure, monkeypatch):
    """A quick run and one that is asked to measure store the time alone."""
    did = []
    monkeypatch.setattr(book, "load_mnist", lambda: SimpleNamespace(name="mnist"))
    monkeypatch.setattr(book, "add_runs", lambda runs: did.append("record of trainings"))
    monkeypatch.setattr(book, "merge_times", lambda preset, names: did.append((preset, names)))
    monkeypatch.setattr(
        book,
        "execute_chapter",
        lambda chapter, preset, data, store, threads, measure: did.append((store, measure)) or 1.0,
    )
    book.run(preset, ["pca"], False, 1, measure)
    stores = preset == "full" and not measure
    assert did == [(stores, not stores), "record of trainings" if stores else (preset, ["pca"])]
