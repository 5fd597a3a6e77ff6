"""Settings of every test run, nbval's over the chapters included."""

import os
import sys
from collections.abc import Iterator

import pytest
from nbval.plugin import IPyNbCell

from ae_lib.data import local_mnist

# Before any kernel starts: kernels inherit the environment. Tests never download.
os.environ.setdefault("AE_PROFILE", "quick")
if local_mnist([]) is None:
    os.environ["AE_DATASET"] = "standin"


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    """Undo `choose_precision`: it holds for the whole process, a notebook starts in a new one.

    On processors with 16-bit arithmetic the networks of all later tests would be other ones.
    """
    yield
    if keras := sys.modules.get("keras"):
        keras.config.set_dtype_policy("float32")


def pytest_report_header() -> str:
    data = os.environ.get("AE_DATASET", "mnist")
    return f"course: profile {os.environ['AE_PROFILE']}, data set {data}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    # nbval compares nothing in a cell without an execution count, and says nothing about it.
    if isinstance(item, IPyNbCell) and item.cell.get("execution_count") is None:
        reason = "This cell was never executed, so there is no stored output to compare with."
        pytest.fail(reason, pytrace=False)
