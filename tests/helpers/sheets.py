"""What the tests of the sheets share: run a sheet as a notebook would, and mark it."""

import html
import re
import traceback
from pathlib import Path
from typing import Any

import nbformat
from helpers.repository import ROOT
from otter.test_files import GradingResults
from otter.test_files.exception_test import ExceptionTestFile

from ae_grade.build import secrets
from ae_lib.sheets import Result

MASTERS = sorted((ROOT / "masters").glob("*.py"))
NAMES = [master.stem for master in MASTERS]


def sources(notebook: Path) -> list[str]:
    """Return the code cells of a notebook, without the one that installs packages."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        cell.source
        for cell in cells
        if cell.cell_type == "code" and "install" not in cell.metadata.get("tags", [])
    ]


def run(notebook: Path) -> tuple[dict[str, Any], list[str]]:
    """Run the cells one after the other; return what they define, and the errors of cells."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    errors = []
    for source in sources(notebook):
        try:
            exec(compile(source, notebook.name, "exec"), namespace)
        except Exception:
            errors.append(traceback.format_exc())
    return namespace, errors


def answer(namespace: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the notebook as it is after a student has replaced an answer by `code`."""
    changed = dict(namespace)
    exec(compile(code, "answer", "exec"), changed)
    return changed


def marks(built: Path, namespace: dict[str, Any], question: str | None = None) -> dict[str, float]:
    """Return the points of each autograded question, given by plain otter-grader."""
    tests = sorted((built / "autograder" / "tests").glob(f"{question or '*'}.py"))
    assert tests, f"no tests for {question}"
    files = [ExceptionTestFile.from_file(str(path)) for path in tests]
    for file in files:
        file.run(namespace)
    results = GradingResults(files)
    return {file.name: results.get_score(file.name) for file in files}


def check_in(namespace: dict[str, Any], question: str) -> Result:
    """Return what a student sees who runs a check cell."""
    return eval(f"check({question!r})", namespace)


def flat(text: str) -> str:
    """Return a text without tags, white space and kinds of quotes: markup cannot hide a secret."""
    text = html.unescape(re.sub(r"</?\w[^>]*>", "", text))
    return re.sub(r"\s+", "", text).replace('"', "'")


def all_secrets() -> set[str]:
    """Return the secret lines of all sheets, without those that are public as well."""
    both = [secrets(master) for master in MASTERS]
    code = [*(ROOT / "ae_lib").glob("*.py"), *(ROOT / "ae_lib" / "sheets").glob("*.py")]
    texts = [
        path.read_text(encoding="utf-8") for path in [*(ROOT / "chapters").glob("*.md"), *code]
    ]
    known = flat("\n".join(["\n".join(public) for _, public in both] + texts))
    found = set()
    for master, (lines, _) in zip(MASTERS, both, strict=True):
        kept = {line for line in map(flat, lines) if len(line) > 24 and line not in known}
        assert len(kept) > 30, f"hardly a secret in {master.name}: the search proves nothing"
        found |= kept
    return found


def leaks(files: dict[str, str], hidden: set[str]) -> list[tuple[str, str]]:
    """Return which file gives away which secret."""
    return [
        (name, secret)
        for name, text in files.items()
        for content in [flat(text)]
        for secret in hidden
        if secret in content
    ]
