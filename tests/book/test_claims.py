"""Each sentence about a result is bound to a claim whose bound lies far from what seeds give."""

import ast
import json

import pytest
from helpers.repository import NOTEBOOKS, ROOT

from tools import robustness
from tools.chapters import in_order
from tools.pairs import read_text


def code_of(chapter):
    cells = [c for c in read_text(chapter.text).cells if c.cell_type == "code"]
    return [c.source for c in cells if "install" not in c.metadata.get("tags", [])]


@pytest.mark.parametrize("chapter", in_order(), ids=lambda chapter: chapter.name)
def test_chapters_claim_and_assert_nothing_bare(chapter):
    """A bare AssertionError tells a reader nothing."""
    for source in code_of(chapter):
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.Assert), source


def test_claims_have_statements_that_read_as_sentences():
    statements = []
    for chapter in in_order():
        for source in code_of(chapter):
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("claim", "fact"):
                    first = node.args[0]
                    assert isinstance(first, ast.Constant | ast.JoinedStr), ast.unparse(node)
                    if isinstance(first, ast.Constant):
                        statements.append(first.value)
    assert len(statements) > 40
    assert all(len(statement.split()) >= 3 for statement in statements)


def rows():
    return json.loads(robustness.PATH.read_text(encoding="utf-8"))["claims"]


def test_what_was_run_was_run_without_mnist_and_with_it():
    runs = json.loads(robustness.PATH.read_text(encoding="utf-8"))["runs"]
    assert {name for name, of_chapter in runs.items() if of_chapter} <= {p.stem for p in NOTEBOOKS}
    assert any(runs.values())
    for name, of_chapter in runs.items():
        assert {run["data"] for run in of_chapter} in ({"mnist", "standin"}, set()), name


def test_no_claim_failed_and_no_compared_output_differed():
    runs = json.loads(robustness.PATH.read_text(encoding="utf-8"))["runs"]
    troubles = [
        (name, run["seed"], run["data"], run["differs"], run.get("stopped"))
        for name, of_chapter in runs.items()
        for run in of_chapter
        if run["differs"] or "stopped" in run
    ]
    assert troubles == []
    assert [row for row in rows() if row["failures"]] == []


def test_claims_of_chance_lie_far_from_their_bounds():
    for row in rows():
        # The spread of fewer runs says little; `make robustness` goes on to ten seeds.
        if row["kind"] == "chance" and row["runs"] >= 10:
            far = row["sds_away"] is None or row["sds_away"] >= 3
            assert far or row["least_margin"] >= row["range"] / 2, row


def test_a_table_counts_failures_and_spread():
    entry = {"statement": "s", "kind": "chance", "about": "mnist", "made": True}
    runs = {"x": [{"claims": [{**entry, "margin": m}]} for m in (0.1, 0.3, -0.1)]}
    (row,) = robustness.table(runs)
    assert (row["runs"], row["failures"], row["least_margin"]) == (3, 1, -0.1)
    assert (row["mean_margin"], row["sd"], row["range"]) == (0.1, 0.2, 0.4)
    assert row["sds_away"] == 0.5


def test_the_page_about_the_book_shows_the_record():
    text = (ROOT / "chapters" / "how_this_book_was_made.md").read_text(encoding="utf-8")
    assert 'load_results("robustness")' in text


def test_a_record_of_other_code_is_known():
    chapter = in_order()[0]
    now = robustness.identity(chapter)
    assert not robustness.is_of_other_code({"code": {chapter.name: now}}, chapter)
    for other in ({}, {chapter.name: f"0{now}"}):
        assert robustness.is_of_other_code({"code": other}, chapter)
