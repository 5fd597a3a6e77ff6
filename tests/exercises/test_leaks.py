"""Nothing that is published holds a solution or a hidden test: notebooks, tests, the wheel.

The rendered site is searched in tests/book/test_build.py, where it is built.
"""

import subprocess
import sys
import zipfile

import nbformat
import pytest
from helpers.sheets import NAMES, ROOT, all_secrets, leaks

from tools import sheets as tool


def cells(path):
    return cells_of(nbformat.read(path, as_version=4))


def cells_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


@pytest.fixture(scope="module")
def hidden():
    return all_secrets() | {"#BEGINSOLUTION", "#ENDSOLUTION", "hidden=True"}


def test_student_notebooks_and_public_tests(hidden):
    notebooks = {p.name: cells(p) for p in (ROOT / "exercises").glob("*.ipynb")}
    tests = {
        str(p): p.read_text(encoding="utf-8") for p in (ROOT / "ae_lib" / "sheets").glob("*/q*.py")
    }
    assert len(notebooks) == len(NAMES)
    assert len(tests) == 5 * len(NAMES)
    assert leaks({**notebooks, **tests}, hidden) == []


def test_the_wheel(hidden, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {n: archive.read(n).decode() for n in names if not n.endswith(".npz")}
    for name in NAMES:
        assert f"ae_lib/sheets/{name}/q1.py" in names, "students need the public tests"
    assert "ae_lib/results/reproduction.json" in names, "a chapter reads it wherever it runs"
    assert not [name for name in names if name.endswith(".ipynb") or "exercises" in name]
    # The grader's own code names the marks that it looks for; it must not hold what they mark.
    marks = {"#BEGINSOLUTION", "#ENDSOLUTION", "hidden=True"}
    for_students = {name: text for name, text in texts.items() if name.startswith("ae_lib/")}
    assert leaks(for_students, hidden) == []
    assert leaks(texts, hidden - marks) == []


def test_a_planted_secret_is_found(built, hidden):
    path = built("pca_sheet") / "autograder" / "pca_sheet.ipynb"
    assert leaks({"solution": cells(path)}, hidden)
    page = "<span>shares</span> <b>=</b> np.cumsum(sigma<span>**</span>2) / np.sum(sigma**2)"
    assert leaks({"page": page}, hidden)
    test = (built("pca_sheet") / "autograder" / "tests" / "q5.py").read_text(encoding="utf-8")
    assert leaks({"test": test}, hidden)


def test_the_pages_of_solutions(built):
    """`make site SOLUTIONS=1` shows the solution, without otter's marks and the broken code."""
    page = cells_of(tool.solution(built("pca_sheet")))
    assert "# Sheet 1: Principal component analysis, solutions" in page
    assert "Wt = np.linalg.svd(x - mean, full_matrices=False)[2]" in page
    assert "k_share = smallest_k(x_train, SHARE)" in page
    assert "x_test.mean(axis=0)) @ V" not in page
    for mark in ("SOLUTION", "# BEGIN", "# END", "PROMPT", '\ncheck("q1")', "@test_case"):
        assert mark not in page
