"""Marks by hand, from whatever a spreadsheet program writes: all of them, or none."""

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook
from samples import SHEET, SOLUTION, command, marks, notebook

from ae_grade.cli import main
from ae_grade.marks import read_marks

POINTS = {"q4": 4.0, "q5": 2.0}
RECORDS = {
    "101": {"student": "Ada Lovelace", "identifier": "101"},
    "102": {"student": "Émile Müller", "identifier": "102"},
    "103": {"student": "=Bob", "identifier": "103"},
}
BOTH = {"101": {"q4": 3.5}, "102": {"q4": 1.0, "q5": 2.0}}
PLAIN = "student,identifier,q4,q5\nAda Lovelace,101,3.5,\nÉmile Müller,102,1,2\n"

TABLES = {
    "as our template has it": PLAIN.encode(),
    "a byte order mark": PLAIN.encode("utf-8-sig"),
    "Excel's semicolons, decimal commas and ANSI": (
        "Student;Identifier;q4;q5\r\nAda Lovelace;101;3,5;\r\nÉmile Müller;102;1;2,0\r\n"
    ).encode("cp1252"),
    "Excel's Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "a line for Excel": ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
    "capitals, spaces, another order, a comment": (
        b" Q5 , Comment,Q4,IDENTIFIER\n,good,3.5,101\n2,\"well, well\",1,102\n"
    ),
    "names alone": "q4,student,q5\n3.5,Ada Lovelace,\n1,Émile Müller,2\n".encode(),
    "blank lines and trailing commas": (PLAIN + "\n,,,,\n" + "\n").encode(),
    "dashes, and students who were absent": (
        PLAIN.replace("3.5,\n", "3.5,-\n") + "=Bob,103,–,n/a\nNobody,999,,\nNil,998,0,0\n"  # noqa: RUF001
    ).encode(),
    "a decimal comma in quotes": PLAIN.replace("3.5", '"3,5"').encode(),
    "decomposed letters and wide spaces": (
        PLAIN.replace("É", "E\u0301").replace("Ada ", "Ada\u00a0").encode()
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_all_programs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(TABLES[name])
    given = read_marks(path, POINTS, RECORDS).given
    assert {key: scores for key, scores in given.items() if scores} == BOTH


def workbook(path: Path, *rows: tuple) -> Path:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbook(tmp_path: Path) -> None:
    rows = (("Student", "Identifier", "Comment", "q5", "q4"), ("Ada Lovelace", 101, "x", None, 3.5))
    path = workbook(tmp_path / "m.xlsx", *rows, (), ("Émile Müller", 102.0, None, 2, 1))
    marks = read_marks(path, POINTS, RECORDS)
    assert marks.given == BOTH
    assert marks.notes == [f"{path}: columns that were passed over: comment."]


REFUSED = {
    "a student too many": ("Nobody,999,1,\n", "line 4: 0 students fit Nobody 999"),
    "no name": (",,1,\n", "line 4: 0 students fit no name"),
    "a mark out of range": ("=Bob,103,5,\n", "line 4: q4 is '5'; expected a number from 0 to 4"),
    "a negative mark": ("=Bob,103,-1,\n", "line 4: q4 is '-1'"),
    "a word": ("=Bob,103,good,\n", "line 4: q4 is 'good'"),
    "a student twice": ("Ada Lovelace,101,1,\n", "line 4: the same student as in line 2"),
    "a bare decimal comma": ("=Bob,103,3,1,\n", "line 4: more cells than the header"),
    "a bare decimal comma, and more": ("=Bob,103,3,5,1\n", "line 4: more cells than the header"),
    "name and number of two": ("=Bob,102,1,\n", "line 4: 0 students fit =Bob 102"),
    "two faults": ("x,1,1,\ny,2,1,\n", "(?s)line 4: 0 students.*line 5: 0 students"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_named_by_line_and_nothing_is_taken(
    name: str, tmp_path: Path
) -> None:
    line, message = REFUSED[name]
    path = tmp_path / "marks.csv"
    path.write_text(PLAIN + line, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read_marks(path, POINTS, RECORDS)
    assert str(caught.value).startswith("Nothing was taken.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0old", "old Excel"),
        (b"PK\x03\x04damaged", "no workbook that can be read"),
        (b"student,q4\0\n", "bytes that are no text"),
        (b"student,q4,q4\nx,1,2\n", "two columns q4"),
        (b"", "has the columns none"),
        (b"name;points\nx;1\n", "has the columns name, points; expected student"),
    ],
)
def test_what_is_no_table_is_named_with_its_file(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "marks.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_marks(path, POINTS, RECORDS)
    assert str(path) in str(caught.value)


def test_a_student_without_a_notebook_is_in_all_tables_and_may_get_marks(tmp_path: Path) -> None:
    folder, out = tmp_path / "subs", tmp_path / "grades"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook(*SOLUTION))
    (folder / "bob.pdf").write_bytes(b"%PDF")
    (folder / "gone.ipynb").write_bytes(notebook(*SOLUTION, "# withdrawn"))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    (folder / "gone.ipynb").unlink()
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    with open(out / "marks-template.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ["ada", "bob"]
    given = tmp_path / "marks.csv"
    with open(given, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "q4": mark} for row, mark in zip(rows, "31", strict=True))
    assert command("merge", out, "--sheet", SHEET, "--marks", given) == 0
    joined = tmp_path / "joined"
    assert command("merge", joined, out, "--sheet", SHEET) == 0
    for place in (out, joined):
        assert [(row["student"], row["total"]) for row in marks(place)] == [
            ("ada", "11"),
            ("bob", "1"),
        ]
        assert "bob" in (place / "canvas.csv").read_text(encoding="utf-8")


def test_a_line_of_the_log_in_another_form_is_passed_over(tmp_path: Path) -> None:
    folder, out = tmp_path / "subs", tmp_path / "grades"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook(*SOLUTION))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    log = out / "log.jsonl"
    strange = '{"key": [1], "sha256": {}, "sheet": "x"}\n[]\n{"key": "a", "sheet": 3}\n7\n'
    log.write_text(strange + log.read_text(encoding="utf-8"), encoding="utf-8")
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    assert command("merge", out, "--sheet", SHEET) == 0
    assert [row["total"] for row in marks(out)] == ["8"]
    (out / "found.json").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"found.json cannot be read"):
        main(["merge", str(out), "--sheet", str(SHEET)])
