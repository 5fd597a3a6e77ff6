"""nbval must notice when a chapter no longer does what it states: each change below is caught."""

import re
import subprocess
import sys

import nbformat
import pytest
from helpers.repository import copy_of_the_repository


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copy_of_the_repository(tmp_path_factory.mktemp("repository"))


def shorten(notebook, last):
    """Keep only the cells up to the one that holds `last`: no training, the test is quick."""
    found = next(i for i, cell in enumerate(notebook.cells) if last in cell.source)
    notebook.cells = notebook.cells[: found + 1]


def replace_code(old, new):
    def change(notebook):
        cells = [c for c in notebook.cells if c.cell_type == "code" and old in c.source]
        assert cells, f"no cell holds {old}"
        cells[-1].source = cells[-1].source.replace(old, new, 1)

    return change


def replace_output(old, new):
    def change(notebook):
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                if old in output.get("text", ""):
                    output.text = output.text.replace(old, new)
                    return
        raise AssertionError(f"no output holds {old}")

    return change


def wipe_counts(notebook):
    for cell in notebook.cells:
        if "nbval-check-output" in cell.metadata.get("tags", []):
            cell.execution_count = None


DENSE = ("dense_autoencoder", "layer4)\nmodel.summary()")
CONV = ("conv_autoencoder", "decode7)\nmodel.summary()")
CASES = {
    "nothing changed": (*DENSE, lambda notebook: None, None),
    "100 units become 101": (*DENSE, replace_code("Dense(100", "Dense(101"), "summary"),
    "'valid' becomes 'same'": (
        *CONV,
        replace_code('Conv2D(8, (3, 3), activation="relu")', 'Conv2D(8, 3, padding="same")'),
        "summary",
    ),
    "another printed shape": (*DENSE, replace_output("(60000, 784)", "(60000, 783)"), "Shape of"),
    "no execution counts": (*DENSE, wipe_counts, "never executed"),
}


@pytest.fixture(scope="module")
def report(copy):
    """Run nbval once over all changed copies, and return what it printed."""
    chapters = copy / "chapters"
    for number, (chapter, last, change, _) in enumerate(CASES.values()):
        notebook = nbformat.read(chapters / f"{chapter}.ipynb", as_version=4)
        shorten(notebook, last)
        change(notebook)
        nbformat.write(notebook, chapters / f"case_{number}.ipynb")
    files = [f"chapters/case_{number}.ipynb" for number in range(len(CASES))]
    command = [sys.executable, "-m", "pytest", "--color=no", "-p", "no:cacheprovider", *files]
    run = subprocess.run(command, cwd=copy, capture_output=True, encoding="utf-8", check=False)
    return run.stdout


@pytest.mark.parametrize("case", CASES)
def test_change_is_caught(report, case):
    number = list(CASES).index(case)
    failures = [
        line
        for line in report.splitlines()
        if re.match(rf"(FAILED|ERROR) chapters/case_{number}\.", line)
    ]
    if CASES[case][3] is None:
        assert not failures, report
    else:
        assert failures, report
        assert CASES[case][3] in report
