"""Honest notebooks, as students write them: each gets the marks that its answers deserve."""
# ruff: noqa: E501 - a table of cells reads best in lines

import json
from dataclasses import replace

import pytest
from samples import CLIP, COUNT, RATIO, SOLUTION, notebook, scores

from ae_grade.grade import grade
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet

FULL = (3, 3, 2)
# Cells, the marks, and words of what the student is told, or nothing.
HONEST: dict[str, tuple[list[str], tuple[float, float, float], str]] = {
    "await outside functions": (
        [
            COUNT,
            CLIP,
            "import asyncio\nasync def find():\n    await asyncio.sleep(0)\n    return 0.25\n"
            "ratio = await find()",
        ],
        FULL,
        "",
    ),
    "await in two cells, and async for": (
        [
            COUNT,
            CLIP,
            "async def numbers():\n    yield 0.25\nasync for ratio in numbers():\n    pass",
            "import asyncio\nawait asyncio.sleep(0, 'done')",
        ],
        FULL,
        "",
    ),
    "the last result": ([COUNT, CLIP, "1 / 2", "_ / 2", "ratio = _"], FULL, ""),
    "the last result but one": ([COUNT, CLIP, "1 / 4", "7", "ratio = __"], FULL, ""),
    "an underscore of its own": (
        [COUNT, CLIP, "_, ratio = 0.5, 0.25", "count(1, 2)", "ratio = _ / 2"],
        FULL,
        "",
    ),
    "a measured line": ([COUNT, CLIP, "%time ratio = 0.25"], FULL, ""),
    "a measured value": ([COUNT, CLIP, "ratio = %time 1 / 4"], FULL, ""),
    "a measured cell": ([COUNT, f"%%time\n{CLIP}", RATIO], FULL, ""),
    "captured output": ([COUNT, CLIP, "%%capture out\nprint('x')\nratio = 0.25", "out.stdout"], FULL, ""),
    "a module of its own": (
        [f"%%writefile mine.py\n{COUNT}", "from mine import count", CLIP, RATIO],
        FULL,
        "",
    ),
    "a script of its own": ([f"%%writefile mine.py\n{COUNT}\n{CLIP}", "%run mine.py", RATIO], FULL, ""),
    "a question to the user in an answer": (
        [COUNT, CLIP, "name = input('Your name? ')\nratio = 0.25"],
        FULL,
        "Cell 3: input() answers nothing while a notebook is graded",
    ),
    "no-break spaces": ([COUNT.replace(" ", "\u00a0"), CLIP, "ratio\u2009=\u30000.25\u200b"], FULL, ""),
    "Colab's drive in an answer": (
        [
            COUNT,
            CLIP,
            "from google.colab import drive, files\ndrive.mount('/content/drive')\nratio = 0.25",
        ],
        FULL,
        "Cell 3: google.colab does nothing",
    ),
    "asking whether this is Colab": (
        [
            "try:\n    import google.colab\n    at_home = False\nexcept ImportError:\n    at_home = True",
            COUNT,
            CLIP,
            "ratio = 0.25 if at_home else 0.75",
        ],
        FULL,
        "",
    ),
    "shell and pip": (
        ["!pip install numpy\n%pip install scipy", *SOLUTION],
        FULL,
        "Cell 1: shell commands do nothing while a notebook is graded; %pip does nothing",
    ),
    "figures": (
        ["%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", *SOLUTION],
        FULL,
        "",
    ),
    "a cell that fails": (["1 / 0", *SOLUTION], FULL, "Cell 1: raised ZeroDivisionError"),
    "other processes": (
        [
            "from multiprocessing import Pool\n\ndef square(x):\n    return x * x\n\n"
            "with Pool(2) as pool:\n    squares = pool.map(square, range(4))",
            COUNT,
            CLIP,
            "ratio = squares[1] / 4",
        ],
        FULL,
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_marks(name: str, sheet: Sheet, sandbox: Sandbox) -> None:
    cells, expected, told = HONEST[name]
    record = grade(sheet, notebook(*cells), sandbox)
    assert scores(record)[:3] == expected, json.dumps(record, indent=1)
    if told:
        assert told in "\n".join(record["problems"])
    else:
        assert record["problems"] == []


SETUP = (
    "import numpy as np\nHALF = 0.5\nTEXT = 'a'",
    "%matplotlib inline\ndata = np.full(3, HALF)",
)
NEEDS = (COUNT, "def clip(x, factor):\n    return np.clip(x * factor, 0, 1)", "ratio = data[0] / 2")


@pytest.fixture
def with_setup(sheet: Sheet) -> Sheet:
    return replace(sheet, setup=SETUP)


def test_a_removed_first_cell_costs_nothing_and_is_told(
    with_setup: Sheet, sandbox: Sandbox
) -> None:
    for cells in (NEEDS, (SETUP[0], *NEEDS), (SETUP[1], *NEEDS)):
        record = grade(with_setup, notebook(*cells), sandbox)
        assert scores(record)[:3] == FULL
        assert "The grader ran the sheet's own" in record["message"]
    record = grade(with_setup, notebook(*SETUP, *NEEDS), sandbox)
    assert record["message"] == ""


def test_the_sheets_own_names_are_known(with_setup: Sheet) -> None:
    assert with_setup.constants() == {"HALF": 0.5, "TEXT": "a"}
    assert with_setup.missing_setup(["import numpy as np", "HALF, TEXT = 1, 2"]) == SETUP
    changed = ["from numpy import (\n    array as np,\n)\nHALF: float = 1\nTEXT = 'b'\ndata = 1"]
    assert with_setup.missing_setup(changed) == ()
    assert with_setup.missing_setup(["print(np, HALF, TEXT, data)\nf(HALF, x=data)"]) == SETUP
