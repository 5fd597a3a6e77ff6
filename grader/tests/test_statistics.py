"""What staff and students read after a run: statistics, pictures, and where an error is."""

import html
import math
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from samples import CLIP, COUNT, RATIO, SHEET, SOLUTION, command, notebook

from ae_grade.explain import explained, last_given
from ae_grade.feedback import feedback_page
from ae_grade.grade import grade
from ae_grade.histogram import histogram
from ae_grade.items import FEW, cases_of, complete, items, same_failures, totals
from ae_grade.notebook import Cell
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet
from ae_grade.staff import staff_page

SVG = "{http://www.w3.org/2000/svg}"


def student(number: int, scores: tuple[float | None, ...], seconds: float = 1.0) -> dict:
    """Return a record of the small sheet: each question has a public and a hidden test."""
    questions = []
    for i, score in enumerate(scores, 1):
        cases = [
            {
                "name": f"{kind} test of q{i}",
                "hidden": kind == "hidden",
                "passed": bool(score and score >= least),
                "points": 1,
                "message": "",
            }
            for kind, least in (("public", 1), ("hidden", 2))
        ]
        entry = {"name": f"q{i}", "possible": 3.0, "score": score, "seconds": seconds / 10}
        questions.append({**entry, "cases": cases if i < 4 else [], "cells": {}, "answer": []})
    return {
        "key": f"s{number}",
        "student": f"Student <{number}>",
        "sha256": f"{number:064}",
        "file": "f.ipynb",
        "late": False,
        "status": "graded",
        "message": "",
        "problems": [],
        "later": [],
        "questions": questions,
        "total": sum(score or 0 for score in scores),
        "possible": 12.0,
        "seconds": seconds,
    }


def a_class(count: int) -> list[dict]:
    rng = np.random.default_rng(3)
    return [
        student(n, (float(a), float(b), 2.0, None), 1.0 + n)
        for n, (a, b) in enumerate(rng.integers(0, 4, (count, 2)))
    ]


def test_item_statistics(sheet: Sheet) -> None:
    records = a_class(30)
    first, second, constant, waiting = items(sheet, records)
    scores = np.array([[q["score"] for q in r["questions"][:3]] for r in records], float)
    assert first.difficulty == pytest.approx(scores[:, 0].mean() / 3)
    # With the sum of the others: the total holds the question itself.
    rest = scores[:, 1] + scores[:, 2]
    assert first.discrimination == pytest.approx(np.corrcoef(scores[:, 0], rest)[0, 1])
    assert first.discrimination != pytest.approx(
        np.corrcoef(scores[:, 0], scores.sum(axis=1))[0, 1], abs=0.2
    )
    assert isinstance(second.discrimination, float)
    assert constant.discrimination == "all the same"
    assert constant.difficulty == 1
    assert (waiting.difficulty, waiting.scores) == (None, [])
    assert first.seconds == [r["questions"][0]["seconds"] for r in records]


def test_few_and_equal_students_get_words_and_no_numbers(sheet: Sheet) -> None:
    for records in (a_class(FEW - 1), a_class(1), [], [student(n, (1, 2, 1, 4)) for n in range(9)]):
        assert {i.discrimination for i in items(sheet, records)} == {"too few"}
        page = staff_page(sheet, records, {}, "")
        assert "<svg" not in page
        assert ("Too few submissions for a picture" in page) == bool(records)
        assert not re.search(r"\bnan\b|\binf\b|Traceback", page)
    alike = [student(n, (0.1 + 0.2, 2, 1, 4)) for n in range(FEW)]
    # Sums that differ in their last bits alone must not correlate.
    alike[0]["questions"][0]["score"] = 0.3
    assert {i.discrimination for i in items(sheet, alike)[1:]} == {"all the same"}
    assert "all the same" in staff_page(sheet, alike, {}, "")


def test_marks_that_are_missing_are_no_zeros(sheet: Sheet) -> None:
    records = a_class(12)
    assert complete(sheet, records) == [0, 1, 2]
    assert "without q4, where marks are missing" in staff_page(sheet, records, {}, "")
    for record in records:
        record["questions"][3]["score"] = 4.0
    assert complete(sheet, records) == [0, 1, 2, 3]
    assert totals(records, [0, 3]) == [r["questions"][0]["score"] + 4 for r in records]


def test_which_test_stops_whom(sheet: Sheet) -> None:
    records = [student(n, (score, 3, 2, None)) for n, score in enumerate((0, 1, 1, 3))]
    counts = {c.title: [r["key"] for r in c.stopped] for c in cases_of(sheet, records)}
    assert counts["public test of q1"] == ["s0"]
    assert counts["hidden test of q1"] == ["s0", "s1", "s2"]
    assert counts["hidden test of q2"] == []
    groups = [(titles, [r["key"] for r in who]) for titles, who in same_failures(0, records)]
    assert groups == [
        (["hidden test of q1"], ["s1", "s2"]),
        (["public test of q1", "hidden test of q1"], ["s0"]),
    ]
    page = staff_page(sheet, records, {}, "")
    assert '3</td><td class="n">75%' in page
    assert "2 failed hidden test of q1: " in page
    # Each name leads to that student's part of the page.
    linked = set(re.findall(r'href="#([^"]+)"', page))
    assert linked
    assert linked <= set(re.findall(r'id="([^"]+)"', page))
    assert "Student <" not in page


@pytest.mark.parametrize(
    ("values", "possible"),
    [([0, 1, 5, 8] * 5, 8), ([0.5, 17.99, 18] * 4, 18), ([3.25, 7] * 9, 7.5), ([0, 411] * 6, 411)],
)
def test_the_picture_of_the_totals(values: list[float], possible: float) -> None:
    svg = ElementTree.fromstring(
        histogram(values, possible).replace("<svg", f'<svg xmlns="{SVG[1:-1]}"')
    )
    assert svg.get("role") == "img"
    names = [svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")]
    assert svg.get("aria-labelledby") == " ".join(str(n.get("id")) for n in names if n is not None)
    said = str(names[1].text) if names[1] is not None else ""
    counts = [int(n) for n in re.findall(r": (\d+)[,.]", said)]
    assert sum(counts) == len(values)
    bars = svg.findall(f"{SVG}rect")
    assert len(bars) == len(counts) <= 21
    # Heights are the counts, and nothing is drawn beyond the picture.
    heights = [float(str(bar.get("height"))) for bar in bars]
    assert np.allclose(np.array(heights) / max(heights), np.array(counts) / max(counts), atol=1e-3)
    assert all(0 <= float(str(bar.get("x"))) < 640 for bar in bars)
    assert f"{np.count_nonzero(np.array(values) == possible)}." in said or possible not in values
    assert math.isclose(
        float(re.findall(r"Median ([\d.]+)", said)[0].rstrip(".")), np.median(values)
    )


def test_pages_need_nothing_and_suit_the_dark_and_paper(sheet: Sheet) -> None:
    records = a_class(30)
    for page in (staff_page(sheet, records, {}, ""), feedback_page(sheet, records[0])):
        assert not re.search(r"<script|<link|src=|url\(|https?:", page)
        assert "prefers-color-scheme: dark" in page
        assert "@media print" in page
        assert "width=device-width" in page


ERRORS = {
    "a name": (
        ("x = 1", "\n\ndef count(a, b):\n    return a * unitz"),
        "In code cell 2, line 4:\n    return a * unitz\nNo cell above has given this name a value.",
    ),
    "a comma": (
        ("x = 1", "\n%matplotlib inline\ny = (1 2)"),
        "In code cell 2, line 3:\n    y = (1 2)\nPython cannot read this cell",
    ),
    "below a magic": (
        ("%%time\nx = 1\ny = x / 0",),
        "In code cell 1, line 3:\n    y = x / 0\nPrint what you divide by",
    ),
    "inside a package": (
        ("import numpy as np", "\nimport no_such_package"),
        "In code cell 2, line 2:",
    ),
    "a function of another cell": (
        ("def half(x):\n    return x[9]", "half([1])"),
        "Cell 2: raised IndexError: list index out of range\n"
        "In code cell 1, line 2:\n    return x[9]",
    ),
    "dots": (("ratio = ...", "ratio + 1"), "Three dots still stand where your answer belongs."),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_student_reads_where_an_error_is(name: str, sheet: Sheet, sandbox: Sandbox) -> None:
    cells, told = ERRORS[name]
    record = grade(sheet, notebook(*cells), sandbox)
    page = feedback_page(sheet, {**record, "student": "s", "file": "f", "key": "k", "late": False})
    assert told in html.unescape(page)


def test_a_forged_place_is_looked_up_and_not_believed() -> None:
    cells = [Cell(1, "x = 1"), Cell(2, "y = <b>")]
    for where in (
        "cell 7, line 1",
        "cell 1, line 9",
        "cell 1, line 0",
        "<b>",
        "",
        None,
        3,
        "x" * 99,
    ):
        assert explained({"where": where}, cells) == []
    assert explained({"where": "cell 2, line 1"}, cells)[1] == "    y = <b>"
    assert last_given(["x", "y", "z"], cells) == {
        "x": (1, "x = 1"),
        "y": (2, "y = <b>"),
        "z": (0, ""),
    }


def test_a_student_reads_which_cells_were_looked_at(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox
) -> None:
    folder, out = tmp_path / "subs", tmp_path / "out"
    folder.mkdir()
    wrong = COUNT.replace("+ units", "+ 32")
    (folder / "ada.ipynb").write_bytes(notebook("x = 1", wrong, CLIP))
    (folder / "bob.ipynb").write_bytes(notebook(*SOLUTION[:2], RATIO))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    (page,) = (out / "feedback").glob("ada-*.html")
    said = page.read_text(encoding="utf-8")
    assert "<code>count</code> of code cell 2 (<code>def count(inputs, units):</code>)" in said
    assert "<code>ratio</code>, which no cell seems to give a value" in said
    assert "right for the values that the public tests use" in said
    staff = (out / "staff.html").read_text(encoding="utf-8")
    assert "Which test stops whom" in staff
    assert "too few" in staff
