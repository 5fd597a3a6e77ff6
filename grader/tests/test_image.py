"""The grader's container image: started as the guide says, its boxes hold as those outside do.

The tests of the boxes run once more, inside the image, which gets them and pytest for that.
"""

import csv
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import CASES
from samples import SHEET, SOLUTION, notebook

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "pages" / "instructors.md"
# These take minutes, so they run with one engine: the boxes are the same bubblewrap's in each. What
# an engine adds or forbids, `doctor` and a folder with attacks try with every one.
INSIDE = ("test_hostile.py", "test_costs.py")
ENGINES = os.environ.get("AE_TEST_IMAGE", "").split()
PYTEST = ("pytest", "_pytest", "pluggy", "iniconfig", "py")
USER = os.getuid() or 4711  # boxes want an ordinary user, who has no name in the image

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="module", params=["podman", "docker"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param not in ENGINES:
        pytest.skip(f"`make image test-image ENGINE={request.param}` makes the image and tests it")
    return request.param


@pytest.fixture(scope="module")
def ae_grade(engine: str) -> Run:
    """The function `ae-grade` that the guide tells people to type."""
    (typed,) = re.findall(
        rf"^ae-grade\(\) \{{\n +{engine} .*?^\}}$",
        GUIDE.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    if os.getuid() == 0:
        me = r'--userns keep-id|--user "[^"]*"'
        typed, found = re.subn(me, f"--user {USER}:{USER}", typed)
        assert found == 1

    def run(folder: Path, *words: object, options: str = "") -> subprocess.CompletedProcess:
        os.chown(folder, USER, -1)
        script = typed.replace("run --rm", f"run --rm {options}")
        script += f"\nae-grade {shlex.join(map(str, words))}"
        return subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, encoding="utf-8", check=False
        )

    return run


def mounted(places: dict[Path, str]) -> str:
    return " ".join(f"--volume {source}:{inside}:ro" for source, inside in places.items())


@pytest.mark.parametrize("engine", ENGINES[:1] or ["podman"], indirect=True, scope="module")
def test_the_boxes_hold_inside(ae_grade: Run, tmp_path: Path) -> None:
    places = {HERE: "/tests"}
    for name in PYTEST:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin)
        path = path.parent if path.stem == "__init__" else path
        places[path] = f"/pytest/{path.name}"
    options = f"--env PYTHONPATH=/pytest:/tests --entrypoint python {mounted(places)}"
    words = ["-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", "-m", "not alone"]
    modules = [f"/tests/{name}" for name in INSIDE]
    done = ae_grade(tmp_path, *words, *modules, options=options)
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > len(CASES)
    assert "skipped" not in done.stdout


def test_the_doctor_finds_that_they_hold(ae_grade: Run, tmp_path: Path) -> None:
    done = ae_grade(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  holds  ") >= 10


def test_a_folder_is_graded_and_the_marks_are_the_users(ae_grade: Run, tmp_path: Path) -> None:
    shutil.copytree(SHEET, tmp_path / "sheet")
    (tmp_path / "subs").mkdir()
    cells = {
        "ada": SOLUTION,
        "bob": (),
        "eve": (*SOLUTION, "import os, signal\nos.kill(-1, signal.SIGKILL)"),
        "mal": ("x = b'x' * 2**33",),
    }
    for name, sources in cells.items():
        (tmp_path / "subs" / f"{name}.ipynb").write_bytes(notebook(*sources))
    (tmp_path / "subs" / "zoe.ipynb").write_bytes(b"{")
    done = ae_grade(tmp_path, "run", "sheet", "subs", "--out", "grades")
    assert done.returncode == 0, done.stdout + done.stderr
    table = tmp_path / "grades" / "grades.csv"
    with open(table, newline="", encoding="utf-8") as file:
        totals = {row["student"]: row["total"] for row in csv.DictReader(file)}
    assert totals == {"ada": "8", "bob": "0", "eve": "8", "mal": "0", "zoe": "0"}
    assert table.stat().st_uid == USER


def test_without_the_options_it_says_which(engine: str) -> None:
    words = [engine, "run", "--rm", "--network", "none", "ae-grade", "doctor"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "--security-opt seccomp=unconfined" in done.stdout
