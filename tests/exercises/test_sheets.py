"""What holds for every sheet: full marks for the solution, none for the empty notebook."""

import re

import nbformat
import pytest
from helpers.sheets import NAMES, ROOT, check_in, marks, run

from tools import sheets as tool


@pytest.mark.parametrize("name", NAMES)
def test_solutions_get_full_marks(name, built, solved, questions):
    namespace = solved(name)
    full = {q["name"]: q["points"] for q in questions(name) if not q["manual"]}
    assert marks(built(name), namespace) == pytest.approx(full)
    for question in full:
        result = check_in(namespace, question)
        assert result.passed, str(result)


@pytest.mark.parametrize("name", NAMES)
def test_the_empty_notebook_gets_nothing_and_is_told_why(name, built, questions):
    namespace, errors = run(built(name) / "student" / f"{name}.ipynb")
    assert not errors, "a notebook that nobody has filled in must run to its end"
    assert set(marks(built(name), namespace).values()) == {0}
    for question in (q["name"] for q in questions(name) if not q["manual"]):
        result = check_in(namespace, question)
        assert not result.passed
        for text in (str(result), result._repr_html_()):
            assert "Traceback" not in text
            assert "stopped with" not in text, text  # an error of Python is no advice
        for case in result.cases:
            assert len(case.message) > 40, case.message


@pytest.mark.parametrize("name", NAMES)
def test_prompts_say_what_a_grader_counts(name, built, questions):
    described = questions(name)
    assert 4 <= len(described) <= 6
    assert [q["name"] for q in described] == [f"q{n}" for n in range(1, len(described) + 1)]
    assert sum(q["manual"] for q in described) == 1
    cells = nbformat.read(built(name) / "student" / f"{name}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    points = [float(p) for p in re.findall(r"^## .* \(([\d.]+) points?\)$", text, re.MULTILINE)]
    assert points == [q["points"] for q in described]
    assert f"Questions: {len(described)}. Points: {sum(points):g}." in text
    for section in text.split("\n## ")[1:]:
        parts = re.findall(r"([\d.]+) (?:points? )?\(?(?:hidden|for|if|each)", section)
        assert "Marks" in section
        assert parts, section


@pytest.mark.parametrize("name", NAMES)
def test_each_test_has_a_title_and_each_question_a_public_test(name, built, questions):
    for question in questions(name):
        if question["manual"]:
            continue
        source = (built(name) / "autograder" / question["test_file"]).read_text(encoding="utf-8")
        assert source.count("@test_case") == len(re.findall(r'\n    """.*\.?"""\n', source))
        assert "hidden=True" in source
        public = ROOT / "ae_lib" / "sheets" / name / f"{question['name']}.py"
        assert "hidden=True" not in public.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_what_students_get_is_what_the_master_makes(name, built):
    assert tool.stale(built(name)) == []
