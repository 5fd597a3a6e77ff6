"""Nothing that is published holds a solution or a hidden test: notebooks, tests, the wheel.

The rendered site is searched in tests/book/test_build.py, where it is built.
"""

import subprocess
import sys
import zipfile

import nbformat
import pytest
from sheets import NAMES, ROOT, flat_secrets, leaks


def cells(path):
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


@pytest.fixture(scope="module")
def hidden(built):
    """Return all secrets; there must be many, or the search proves nothing."""
    found = {name: flat_secrets(built(name)) for name in NAMES}
    assert all(len(lines) > 40 for lines in found.values()), found
    return set().union(*found.values())


def test_student_notebooks_and_public_tests(hidden):
    notebooks = {p.name: cells(p) for p in (ROOT / "exercises").glob("*.ipynb")}
    tests = {str(p): p.read_text() for p in (ROOT / "ae_lib" / "checks").rglob("*.py")}
    assert len(notebooks) == len(NAMES)
    assert len(tests) >= 4 * len(NAMES)
    del tests[str(ROOT / "ae_lib" / "checks" / "__init__.py")]  # says what `hidden` means
    assert leaks({**notebooks, **tests}, hidden) == []


def test_the_wheel(hidden, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {n: archive.read(n).decode() for n in names if n.endswith((".py", ".md", ".txt"))}
    for name in NAMES:
        assert f"ae_lib/checks/{name}/q1.py" in names, "students need the public tests"
    assert not [name for name in names if name.endswith(".ipynb") or "exercises" in name]
    # The grader's own code speaks of the marks that it looks for.
    searched = {name: text for name, text in texts.items() if name.startswith("ae_lib/checks/0")}
    assert leaks(searched, hidden) == []
    rest = {name: text for name, text in texts.items() if name not in searched}
    found = leaks(rest, hidden)
    assert [leak for leak in found if leak[1] in hidden] == []


def test_a_planted_secret_is_found(built, hidden):
    path = built("01_pca") / "autograder" / "01_pca.ipynb"
    assert leaks({"solution": cells(path)}, hidden)
    page = "<span>shares</span> <b>=</b> np.cumsum(sigma<span>**</span>2) / np.sum(sigma**2)"
    assert leaks({"page": page}, hidden)
    test = (built("01_pca") / "autograder" / "tests" / "q5.py").read_text()
    assert leaks({"test": test}, hidden)
