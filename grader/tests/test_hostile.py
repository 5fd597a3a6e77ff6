"""Submissions that attack the grader: each gets what its answers deserve, nothing else changes."""

import html
import re

import pytest
from hostile import CASES, WRONG, attack
from samples import Outside, notebook

from ae_grade.feedback import feedback_page
from ae_grade.grade import grade
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet


@pytest.mark.parametrize("name", CASES)
def test_marks_are_what_the_answers_deserve(
    name: str, sheet: Sheet, sandbox: Sandbox, outside: Outside
) -> None:
    attack(name, sheet, sandbox, outside)


def test_there_are_at_least_forty_attacks() -> None:
    assert len(CASES) >= 40


def test_hidden_inputs_do_not_reach_the_student(sheet: Sheet, sandbox: Sandbox) -> None:
    """An answer remembers what it was asked, in memory and on disk, and another one tells."""
    tells = """
import os
remembered = open("memory").read() if os.path.exists("memory") else ""
def count(inputs, units):
    with open("memory", "a") as f: f.write(f"{inputs} ")
    return 7
def clip(x, factor):
    raise ValueError(open("memory").read() + remembered)
class Ratio(Exception): pass
"""
    record = grade(sheet, notebook(tells), sandbox)
    page = feedback_page(sheet, {**record, "student": "s", "file": "f", "key": "k", "late": False})
    assert "784" in html.unescape(page)  # what a public test asked may be told
    assert not re.search(r"\b4711\b", page)
    assert "14136" not in page


def test_hidden_tests_run_in_the_dark(sheet: Sheet, sandbox: Sandbox) -> None:
    """The feedback names no hidden test and none of its messages."""
    record = grade(sheet, notebook(*WRONG), sandbox)
    page = feedback_page(sheet, {**record, "student": "s", "file": "f", "key": "k", "late": False})
    hidden = [c for q in record["questions"] for c in q["cases"] if c["hidden"]]
    assert len(hidden) == 3
    assert all(case["name"] not in page for case in hidden)
    assert "14_136" not in page
    assert "Hidden tests passed: 0 of 1." in page
