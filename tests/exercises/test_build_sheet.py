"""The build: seeds, what it refuses, and what leaves it works where it is used."""

import json
import re
import shutil
import zipfile

import nbformat
import pytest
from helpers.sheets import MASTERS, NAMES, ROOT, marks, run
from otter.api import grade_submission

from ae_grade.build import BuildError, build_sheet
from tools import book

# What an answer of last year's course loses under another seed, besides what it must keep.
LAST_YEAR = {
    "pca_sheet": {"q3"},
    "dense_autoencoder_sheet": {"q2", "q4"},
    "tsne_sheet": {"q2"},
    "conv_autoencoder_sheet": {"q3", "q5"},
    "denoising_sheet": {"q3"},
}
OTHER_SEED = 20271


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    out = tmp_path_factory.mktemp("other")
    return {master.stem: build_sheet(master, out, OTHER_SEED) for master in MASTERS}


def constants(folder, name):
    cells = nbformat.read(folder / "student" / f"{name}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    names = "K|SHARE|CODE|PARAMS|SEED|PERPLEXITY|POINT|SHIFT|NOISE|WINDOW"
    return dict(re.findall(rf"^({names}) = (.+)$", text, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_each_course_has_its_own_sheet(name, built, other):
    here, there = constants(built(name), name), constants(other[name], name)
    assert set(here) == set(there)
    assert len(here) >= 2
    assert sum(here[key] != there[key] for key in here) >= len(here) - 1
    for test in (built(name) / "student" / "tests").glob("*.py"):
        # Public tests ship with ae_lib, so they must be the same for all courses.
        assert test.read_text(encoding="utf-8") == (
            other[name] / "student" / "tests" / test.name
        ).read_text(encoding="utf-8")
    both = [
        {
            p.name: p.read_text(encoding="utf-8")
            for p in (folder / "autograder" / "tests").glob("*.py")
        }
        for folder in (built(name), other[name])
    ]
    assert sum(both[0][key] != both[1][key] for key in both[0]) >= len(both[0]) - 1


@pytest.mark.parametrize("name", NAMES)
def test_last_years_answers_do_not_fit(name, built, solved, other):
    old = marks(built(name), solved(name))
    new = marks(other[name], solved(name))
    lost = {question for question in old if new[question] < old[question]}
    assert lost >= LAST_YEAR[name]
    assert sum(new.values()) < sum(old.values())


@pytest.mark.parametrize("seed", [1, 2, 3, OTHER_SEED])
def test_the_solution_fits_every_course(seed, tmp_path):
    folder = build_sheet(ROOT / "masters" / "pca_sheet.py", tmp_path, seed)
    namespace, errors = run(folder / "autograder" / "pca_sheet.ipynb")
    assert not errors
    assert sum(marks(folder, namespace).values()) == 16


def test_the_same_seed_makes_the_same_sheet(built, tmp_path):
    again = build_sheet(ROOT / "masters" / "pca_sheet.py", tmp_path, 0)
    for path in built("pca_sheet").rglob("*.*"):
        if path.suffix in (".py", ".ipynb", ".json"):
            twin = again / path.relative_to(built("pca_sheet"))
            assert path.read_text(encoding="utf-8") == twin.read_text(encoding="utf-8"), path.name


def test_the_description(built):
    text = (built("pca_sheet") / "autograder" / "sheet.json").read_text(encoding="utf-8")
    sheet = json.loads(text)
    assert sheet["sheet"] == "pca_sheet"
    assert sheet["seed"] == 0
    assert sheet["questions"][0] == {
        "name": "q1",
        "title": "1. PCA in a few lines",
        "points": 3.0,
        "manual": False,
        "test_file": "tests/q1.py",
    }
    assert sheet["questions"][-1]["manual"]
    assert sheet["questions"][-1]["test_file"] is None


def test_plain_otter_and_gradescope(built, tmp_path):
    """The zip that goes to Gradescope gives the solution full marks, the empty notebook none."""
    folder = built("pca_sheet")
    for part, expected in (("autograder", 16), ("student", 0)):
        submission = tmp_path / part / "pca_sheet.ipynb"
        submission.parent.mkdir()
        shutil.copy(folder / part / "pca_sheet.ipynb", submission)
        results = grade_submission(str(submission), str(folder / "autograder.zip"), quiet=True)
        assert results.total == expected
        assert results.possible == 16


def test_a_student_notebook_runs_from_an_empty_directory(tmp_path):
    """With ae_lib alone: nothing lies beside it, and otter-grader is never imported."""
    notebook = nbformat.read(ROOT / "exercises" / "pca_sheet.ipynb", as_version=4)
    ask = "import sys\nprint('otter' in sys.modules)"
    notebook.cells.append(nbformat.v4.new_code_cell(ask))
    book.execute(notebook, tmp_path, {})
    checks = [c for c in notebook.cells if c.cell_type == "code" and c.source.startswith("check(")]
    assert len(checks) == 5
    for cell in checks:
        (output,) = cell.outputs
        assert output.output_type == "execute_result"
        assert "not yet" in output.data["text/html"]
    assert notebook.cells[-1].outputs[0].text.strip() == "False"


def test_an_old_build_is_replaced(tmp_path):
    master = ROOT / "masters" / "pca_sheet.py"
    folder = build_sheet(master, tmp_path, 1)
    (folder / "leftover").touch()
    assert build_sheet(master, tmp_path, 2) == folder
    assert not (folder / "leftover").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["pca_sheet"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Principal", "tidle: Principal", "no entry `ae_grade` with a title"),
        ("K = __k__", "K = __kk__", "constants that it does not draw: ['kk']"),
        ('"share": float', '"shape": float', "does not draw: ['share']"),
        ("# # END SOLUTION", "# # THE END", "otter-grader cannot build pca_sheet"),
        ('"k": int(', '"unused": 1, "k": int(', "does not use: ['unused']"),
    ],
)
def test_a_bad_master_is_named(old, new, message, tmp_path):
    text = (ROOT / "masters" / "pca_sheet.py").read_text(encoding="utf-8")
    assert old in text
    master = tmp_path / "pca_sheet.py"
    master.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BuildError, match=re.escape(message)):
        build_sheet(master, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*")), "half a sheet is left"


def test_pythons_own_names_are_no_constants(tmp_path):
    text = (ROOT / "masters" / "pca_sheet.py").read_text(encoding="utf-8")
    names = ["next", "matmul", "aenter", "aiter", "get", "missing", "slots", "await", "future"]
    own = "".join(f"\n# __{name}__" for name in names)
    master = tmp_path / "pca_sheet.py"
    master.write_text(text.replace("K = __k__", f"K = __k__{own}"), encoding="utf-8")
    student = build_sheet(master, tmp_path / "out") / "student" / "pca_sheet.ipynb"
    cells = nbformat.read(student, as_version=4).cells
    assert sum(own in cell.source for cell in cells) == 1


def test_a_missing_master_and_a_bad_seed_are_named(tmp_path):
    with pytest.raises(BuildError, match="There is no master"):
        build_sheet(tmp_path / "x.py", tmp_path)
    with pytest.raises(BuildError, match="The seed is -1"):
        build_sheet(ROOT / "masters" / "pca_sheet.py", tmp_path, -1)


def test_a_solution_that_fails_its_tests_is_named(tmp_path):
    text = (ROOT / "masters" / "pca_sheet.py").read_text(encoding="utf-8")
    master = tmp_path / "pca_sheet.py"
    master.write_text(
        text.replace("return mean, Wt[:k].T", "return mean, Wt[:k]"), encoding="utf-8"
    )
    with pytest.raises(BuildError, match="tests failed in the autograder notebook"):
        build_sheet(master, tmp_path / "out", verify=True)


def test_the_zip_needs_nothing_from_this_repository(built):
    """Gradescope's machine has neither the course nor a network address of it."""
    with zipfile.ZipFile(built("pca_sheet") / "autograder.zip") as archive:
        names = archive.namelist()
        environment = archive.read("environment.yml").decode()
    assert {"files/ae_lib/sheets/expect.py", "tests/q1.py", "run_autograder"} <= set(names)
    assert "scikit-learn>=1.5" in environment
    assert "tensorflow>=2.18" in environment
    assert "ae-lib" not in environment
