"""Settings of every test run, nbval's over the chapters included."""

import json
import os
import sys
from pathlib import Path
from typing import Any

# Each worker of pytest-xdist gets its share of the cores. More threads would only wait for one
# another, and that for long: those of linear algebra spin.
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    share = str(max(1, (os.cpu_count() or 1) // int(workers)))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ.setdefault(name, share)
    assert "numpy" not in sys.modules, "it has counted the threads already"

import pytest
from nbval.plugin import IPyNbCell

from ae_lib._mnist import local_mnist

TIMES = Path(__file__).parents[1] / "results" / "times.json"
# Besides the chapters, the files and folders that take longest.
MINUTES = {"web", "exercises", "test_experiments.py", "test_hostile.py", "test_image.py"}

# Before any kernel starts: kernels inherit the environment. Tests never download.
os.environ.setdefault("AE_PROFILE", "quick")
if local_mnist([]) is None:
    os.environ["AE_DATASET"] = "standin"


def pytest_report_header() -> str:
    data = os.environ.get("AE_DATASET", "mnist")
    return f"course: preset {os.environ['AE_PROFILE']}, data set {data}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what is longest: no worker then waits for another's at the end."""
    seconds = json.loads(TIMES.read_text(encoding="utf-8"))["quick"]

    def longest_first(item: pytest.Item) -> float:
        if isinstance(item, IPyNbCell):
            return -seconds.get(item.path.stem, {"seconds": 0.0})["seconds"]
        return -1.0 if MINUTES.intersection(item.path.parts) else 0.0

    items.sort(key=longest_first)  # stable: the cells of a chapter stay in order


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One worker does a whole file, and all of the exercises, whose solutions it then runs once."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "exercises" if file.startswith("tests/exercises/") else file

    return Together(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    # nbval compares nothing in a cell without an execution count, and says nothing about it.
    if isinstance(item, IPyNbCell) and item.cell.get("execution_count") is None:
        reason = "This cell was never executed, so there is no stored output to compare with."
        pytest.fail(reason, pytrace=False)
