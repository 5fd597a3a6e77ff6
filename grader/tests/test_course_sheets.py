"""The course's own sheets through the box: full marks for solutions, none for empty sheets."""

from pathlib import Path

import pytest

from ae_grade.build import build_sheet
from ae_grade.grade import grade
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import load_sheet

MASTERS = Path(__file__).parents[2] / "masters"


@pytest.mark.parametrize("name", ["pca_sheet", "conv_autoencoder_sheet"])
def test_solution_and_empty_sheet(name: str, tmp_path: Path, sandbox: Sandbox) -> None:
    built = build_sheet(MASTERS / f"{name}.py", tmp_path)
    sheet = load_sheet(str(built))
    sheet.course.settle()
    full = sum(q.points for q in sheet.questions if q.tests is not None)
    for part, expected in (("autograder", full), ("student", 0)):
        record = grade(sheet, (built / part / f"{name}.ipynb").read_bytes(), sandbox)
        assert record["total"] == expected, record
        assert record["problems"] == []
