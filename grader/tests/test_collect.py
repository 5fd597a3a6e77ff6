"""Files as students hand them in, and as Canvas and Moodle pack them."""

import csv
import json
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from samples import CLIP, COUNT, RATIO, SHEET, SOLUTION, notebook, scores, write_zip

from ae_grade.cli import main
from ae_grade.collect import collect
from ae_grade.grade import grade
from ae_grade.notebook import InvalidNotebook, read_cells
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet

SMALL = str(SHEET)


def old_format(number: int) -> bytes:
    cells = [{"cell_type": "code", "language": "python", "input": [c]} for c in SOLUTION]
    return json.dumps(
        {"nbformat": number, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    ).encode()


def same_id() -> bytes:
    content = json.loads(notebook(*SOLUTION))
    for cell in content["cells"]:
        cell["id"] = "twin"
    return json.dumps(content).encode()


UNUSABLE = {
    "a merge conflict": (
        b'{"cells": [\n<<<<<<< HEAD\n"a"\n=======\n"b"\n>>>>>>> x\n]}',
        "merge conflict of git",
    ),
    "not JSON": (b"import numpy", "not JSON"),
    "empty": (b" \n", "empty"),
    "binary": (os.urandom(1000), "not JSON"),
    "a list": (b"[1, 2]", "another kind"),
    "deep JSON": (b"[" * 10**6, "not JSON"),
    "a huge number": (b'{"cells": ' + b"9" * 10**5 + b"}", "not JSON"),
    "no list of cells": (b'{"nbformat": 4}', "no list of cells"),
    "cells that are none": (b'{"cells": [1, 2]}', "has no type"),
    "a source that is none": (b'{"cells": [{"cell_type": "code", "source": 7}]}', "no text"),
    "written for R": (
        notebook("x <- 1", metadata={"kernelspec": {"name": "ir", "language": "R"}}),
        "not for Python",
    ),
    "too much code": (notebook("x = 1\n" * 400_000), "characters"),
    "100 MB": (b" " * 100 * 2**20, "Clear the outputs"),
    "worksheets that are none": (
        b'{"nbformat": 3, "worksheets": {"cells": 1}}',
        "no list of cells",
    ),
}

UMLAUT = notebook(*SOLUTION, "name = 'Müller'").decode("unicode_escape")
FIGURES = {
    "cell_type": "code",
    "source": "",
    "outputs": [{"data": {"image/png": "A" * 50 * 2**20}}],
}


def with_figures() -> bytes:
    content = json.loads(notebook(*SOLUTION))
    content["cells"].append(FIGURES)
    return json.dumps(content).encode()


USABLE = {
    "Latin-1": (UMLAUT.replace("\n", "\\n").encode("latin-1"), (3, 3, 2)),
    "UTF-16": (notebook(*SOLUTION).decode().encode("utf-16"), (3, 3, 2)),
    "a byte order mark": (b"\xef\xbb\xbf" + notebook(*SOLUTION), (3, 3, 2)),
    "50 MB of figures": (with_figures(), (3, 3, 2)),
    "format 3": (old_format(3), (3, 3, 2)),
    "format 2": (old_format(2), (3, 3, 2)),
    "twin identifiers": (same_id(), (3, 3, 2)),
    "no cells": (notebook(), (0, 0, 0)),
    "cells in another order": (notebook(RATIO, "print(count)", CLIP, COUNT), (3, 3, 2)),
    "cells that need what comes later": (
        notebook("ratio = count(0, 1) / 4", COUNT, CLIP),
        (3, 3, 0),
    ),
    "an unknown kernel of Python": (
        notebook(*SOLUTION, metadata={"kernelspec": {"name": "my-env", "language": "python"}}),
        (3, 3, 2),
    ),
    "metadata that is none": (notebook(*SOLUTION, metadata=[]), (3, 3, 2)),
    "the empty sheet": (
        notebook(
            "def count(inputs, units):\n    ...", "def clip(x, factor):\n    ...", "ratio = ..."
        ),
        (0, 0, 0),
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_notebooks_are_named(name: str, sheet: Sheet, sandbox: Sandbox) -> None:
    content, message = UNUSABLE[name]
    with pytest.raises(InvalidNotebook, match=message):
        read_cells(content)
    record = grade(sheet, content, sandbox)
    assert (record["status"], record["total"]) == ("not a usable notebook", 0)
    assert message in record["message"]


@pytest.mark.parametrize("name", USABLE)
def test_unusual_notebooks_are_graded(name: str, sheet: Sheet, sandbox: Sandbox) -> None:
    content, expected = USABLE[name]
    assert scores(grade(sheet, content, sandbox))[:3] == expected


def test_the_empty_sheet_gets_readable_messages(sheet: Sheet, sandbox: Sandbox) -> None:
    record = grade(sheet, notebook("count = ..."), sandbox)
    public = [c["message"] for q in record["questions"] for c in q["cases"] if not c["hidden"]]
    assert public == [
        "Define the function `count` first.",
        "Define the function `clip` first.",
        "`ratio` must be a number with a decimal point.",
    ]


def test_canvas_zip(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "submissions.zip",
        {
            "loveroada_101_5001_small.ipynb": notebook(),
            "loveroada_LATE_102_5002_small-1.ipynb": notebook(),
            "李小龍_103_5003_renamed.ipynb": notebook(),
            "noether_104_5004_essay.pdf": b"%PDF",
            "two_105_5005_small.ipynb": notebook(),
            "two_105_5006_scratch.ipynb": notebook(),
            "many_106_5007_a.ipynb": notebook(),
            "many_106_5008_b.ipynb": notebook(),
            "__MACOSX/._loveroada_101_5001_small.ipynb": b"",
        },
    )
    found = collect(path, "small.ipynb")
    assert found.kind == "canvas"
    by_id = {s.identifier: s for s in found.submissions}
    assert sorted(by_id) == ["101", "102", "103", "104", "105", "106"]
    assert (by_id["101"].student, by_id["101"].late) == ("loveroada", False)
    assert by_id["102"].late
    assert by_id["103"].student == "李小龍"
    assert by_id["103"].read() == notebook()
    assert "no notebook" in by_id["104"].problem
    assert by_id["105"].file == "small.ipynb"
    assert "several notebooks" in by_id["106"].problem


def test_moodle_zip(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "moodle.zip",
        {
            "Ada Lovelace_77_assignsubmission_file_/small.ipynb": notebook(),
            "Émilie du Châtelet_78_assignsubmission_file_answer.ipynb": notebook(),
            "Otto Text_79_assignsubmission_onlinetext_/onlinetext.html": b"<p>I could not.</p>",
        },
    )
    found = collect(path, "small.ipynb")
    assert found.kind == "moodle"
    assert [(s.student, s.identifier, bool(s.problem)) for s in found.submissions] == [
        ("Ada Lovelace", "77", False),
        ("Otto Text", "79", True),
        ("Émilie du Châtelet", "78", False),
    ]


def test_paths_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    evil = [
        "../../evil.ipynb",
        "/etc/evil.ipynb",
        "a/../../evil.ipynb",
        "C:\\evil.ipynb",
        "a\nb.ipynb",
    ]
    path = write_zip(tmp_path / "z.zip", {"ada.ipynb": notebook(), **dict.fromkeys(evil, b"{}")})
    before = sorted(tmp_path.rglob("*"))
    found = collect(path, "small.ipynb")
    assert [s.student for s in found.submissions] == ["ada"]
    assert len(found.refused) == len(evil)
    assert sorted(tmp_path.rglob("*")) == before


def test_links_encryption_and_damage_in_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("damaged.ipynb", notebook(COUNT))
        archive.writestr("odd.ipynb", notebook(COUNT))
    content = bytearray(path.read_bytes())
    at = content.find(b"inputs * units")
    content[at : at + 6] = b"xxxxxx"
    # An unknown way of compression, in the central directory and in the entry.
    central = content.rfind(b"PK\x01\x02")
    content[central + 10 : central + 12] = struct.pack("<H", 97)
    path.write_bytes(content)
    problems = {}
    for submission in collect(path, "small.ipynb").submissions:
        with pytest.raises(InvalidNotebook) as caught:
            submission.read()
        problems[submission.student] = str(caught.value)
    assert "link" in problems["link"]
    assert "damaged" in problems["damaged"]
    assert "damaged" in problems["odd"]


def test_a_zip_bomb_is_read_no_further_than_a_notebook_may_be(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("bomb.ipynb", "w", force_zip64=True) as file:
            for _ in range(64):
                file.write(bytes(2**22))
        archive.writestr("ada.ipynb", notebook())
    assert path.stat().st_size < 2**20
    bomb, ada = sorted(
        collect(path, "small.ipynb").submissions, key=lambda s: s.file != "bomb.ipynb"
    )
    with pytest.raises(InvalidNotebook, match="larger than"):
        bomb.read()
    assert ada.read() == notebook()


def test_what_is_no_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "submissions.zip"
    path.write_bytes(b"PK\x05\x06" + b"\xff" * 40)
    with pytest.raises(ValueError, match="not a usable zip"):
        collect(path, "small.ipynb")
    with pytest.raises(FileNotFoundError, match="no folder and no zip"):
        collect(tmp_path / "nowhere", "small.ipynb")


def test_a_folder_with_links_pipes_and_folders(tmp_path: Path) -> None:
    outside = tmp_path / "solution.ipynb"
    outside.write_bytes(notebook(*SOLUTION))
    folder = tmp_path / "submissions"
    (folder / "bob").mkdir(parents=True)
    (folder / "bob" / "work.ipynb").write_bytes(notebook())
    (folder / "bob" / ".ipynb_checkpoints").mkdir()
    (folder / "bob" / ".ipynb_checkpoints" / "work.ipynb").write_bytes(notebook())
    (folder / "link.ipynb").symlink_to(outside)
    (folder / "folderlink").symlink_to(tmp_path)
    (folder / "dir.ipynb").mkdir()
    os.mkfifo(folder / "pipe.ipynb")
    problems = {}
    for submission in collect(folder, "small.ipynb").submissions:
        try:
            submission.read()
            problems[submission.student] = ""
        except InvalidNotebook as error:
            problems[submission.student] = str(error)
    assert problems.pop("bob") == ""
    assert "link" in problems.pop("link")
    assert "pipe" in problems.pop("pipe")
    assert "no notebook" in problems.pop("folderlink")
    assert "empty" in problems.pop("dir.ipynb")
    assert problems == {}


FORMULAS = ["a;=1+1;b", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", " =1+1"]  # noqa: RUF001


def test_names_are_no_formulas_and_no_markup(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = tmp_path / "submissions"
    for name in [*FORMULAS, "<b>bold", "ünïcødé 李", "."]:
        student = folder / name.replace("/", "∕")  # noqa: RUF001
        student.mkdir(parents=True, exist_ok=True)
        (student / "small.ipynb").write_bytes(notebook(RATIO))
    out = tmp_path / "grades"
    with pytest.raises(SystemExit) as ended:
        main(["run", SMALL, str(folder), "--out", str(out), "--quiet", "--jobs", "2"])
    assert ended.value.code == 0
    for table in ("grades.csv", "canvas.csv"):
        with open(out / table, newline="", encoding="utf-8") as file:
            names = [row[0] for row in csv.reader(file)][1:]
        assert not any(n.strip().startswith(("=", "+", "-", "@", "＝")) for n in names)  # noqa: RUF001
        assert "ünïcødé 李" in names
        # In a program that takes ; or a tab for the separator, too.
        for separator in ";\t":
            with open(out / table, newline="", encoding="utf-8") as file:
                for row in csv.reader(file, delimiter=separator):
                    assert not any(c.strip().startswith(("=", "+", "-", "@")) for c in row), row
    pages = list((out / "feedback").iterdir())
    assert len(pages) == 10
    assert all(page.parent == out / "feedback" and page.suffix == ".html" for page in pages)
    assert not any(
        "<b>bold" in page.read_text(encoding="utf-8") for page in [*pages, out / "staff.html"]
    )
