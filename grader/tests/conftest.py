"""A small sheet with three questions, the sandbox, and what lies outside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import SECRET, SHEET, Outside

from ae_grade.sandbox import Sandbox, find_sandbox
from ae_grade.sheet import Sheet, load_sheet


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The first choice. Where there is none, tests fail and say what to install."""
    return find_sandbox("bubblewrap")


@pytest.fixture(scope="session")
def sheet() -> Sheet:
    return load_sheet(str(SHEET))


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    monkeypatch.setenv("AE_SECRET", SECRET)
    tmp_path.chmod(0o777)
    place = Outside(tmp_path)
    yield place
    place.check()
    place.server.close()
    place.abstract.close()
