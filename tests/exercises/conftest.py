"""Each sheet is built once, and its solution run once, for all tests."""

import json
from functools import cache

import pytest
from helpers.sheets import MASTERS, run

from ae_grade.build import build_sheet


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Return a function: the name of a sheet to the folder in which it was built, seed 0."""
    out = tmp_path_factory.mktemp("dist")
    masters = {master.stem: master for master in MASTERS}
    return cache(lambda name: build_sheet(masters[name], out))


@pytest.fixture(scope="session")
def solved(built):
    """Return a function: the name of a sheet to what its solution defines."""

    @cache
    def solve(name):
        namespace, errors = run(built(name) / "autograder" / f"{name}.ipynb")
        assert not errors, "\n".join(errors)
        return namespace

    return solve


@pytest.fixture(scope="session")
def questions(built):
    """Return a function: the name of a sheet to the description of its questions."""
    return lambda name: json.loads(
        (built(name) / "autograder" / "sheet.json").read_text(encoding="utf-8")
    )["questions"]
