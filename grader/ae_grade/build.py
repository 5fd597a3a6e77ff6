"""From a sheet's master to what students, graders and Gradescope get.

A master is one Jupytext file (percent format) in otter-grader's own marks: raw cells ``# BEGIN
QUESTION``, ``# BEGIN SOLUTION``, ``# BEGIN TESTS``, exception-based tests. Two things are ours:

- the header's entry ``ae_grade`` (title, backend, time limits; package, data and environment
  of another course);
- the cell tagged ``constants``: a function ``constants(rng)`` that draws the sheet's free numbers
  from the course's seed. Each ``__name__`` in the master is replaced by the number of that name.
  Public tests may not use them, so that they are the same for every course.
"""

import contextlib
import io
import json
import logging
import operator
import re
import shutil
import tempfile
import types
import zlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import yaml

from ae_grade.install import install_cell

__all__ = ["BuildError", "build_sheet", "secrets"]

# Tests are otter-grader's exception tests in files; init and export cells would need otter.
ASSIGNMENT = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
requirements: requirements.txt
autograder_files: [ae_lib]
generate:
  pdf: false
  show_stdout: false
tests:
  files: true
  ok_format: false
"""

# `check` does nothing while a notebook is graded, and chapters' networks train briefly.
ENVIRONMENT = {"AE_GRADING": "1", "AE_PROFILE": "quick"}

PLACEHOLDER = re.compile(r"__([a-z]\w*?)__")
# The names that Python itself writes so are no placeholders: those of its types, and others.
KINDS = (object, type, int, str, dict, list, complex, ImportError, types.ModuleType, operator)
OTHERS = (
    "aenter aexit aiter all anext array array_ufunc await builtins bytes call del delete enter "
    "exit file fspath future get main match_args missing next path post_init set set_name slots "
    "version wrapped"
)
PYTHON_NAMES = {name.strip("_") for kind in KINDS for name in dir(kind) if name.startswith("__")}
PYTHON_NAMES |= set(OTHERS.split())

OTTER_IMPORT = "from otter.test_files import test_case\n"
STUDENT_IMPORT = "from ae_lib.sheets import test_case\n"


class BuildError(ValueError):
    """A master cannot be built; the message says which and why."""


def build_sheet(master: Path, out: Path, seed: int = 0, *, verify: bool = False) -> Path:
    """Build a sheet for one course.

    Parameters
    ----------
    master : Path
        ``masters/pca_sheet.py``, for instance.
    out : Path
        Folder in which the folder of the sheet is made; one of an earlier build is replaced.
    seed : int
        The course's seed, at least 0: draws the constants and the inputs of the hidden tests.
    verify : bool
        Also run the solution through all tests, in plain otter-grader.

    Returns
    -------
    Path
        ``out/<sheet>``, with ``student/``, ``autograder/`` and ``autograder.zip``.

    Raises
    ------
    BuildError
        The master is not there, not well-formed, its constants do not fit its text, a secret
        would get into the student's files, or (with `verify`) the solution fails a test.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BuildError(f"The seed is {seed!r}; expected a whole number of at least 0.")
    sheet = master.stem
    notebook, header = read_master(master)
    _fill_in(notebook, _constants(notebook, sheet, seed), master.name)
    notebook.cells = [
        nbformat.v4.new_raw_cell(ASSIGNMENT),
        *(cell for cell in notebook.cells if "constants" not in cell.metadata.get("tags", [])),
    ]
    for cell in notebook.cells:
        if is_begin_question(cell):
            cell.source += "\ncheck_cell: false"  # ours, `check("q1")`, needs no otter
    _number_cells(notebook)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{sheet}-", dir=out) as scratch:
        work = Path(scratch).resolve()
        nbformat.write(notebook, work / f"{sheet}.ipynb")
        _copy_package(work)
        _otter_assign(work / f"{sheet}.ipynb", work / "made", verify)
        made = _tidy(work / "made", sheet)
        description = _describe(made, notebook, header, sheet, seed)
        text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
        (made / "autograder" / "sheet.json").write_text(text, encoding="utf-8")
        _check_nothing_leaks(made, sheet)
        return _replace(made, out / sheet)


def read_master(master: Path) -> tuple[nbformat.NotebookNode, dict[str, Any]]:
    """Return a master as a notebook, its install cell filled in, and its ``ae_grade`` header."""
    import jupytext

    if not master.is_file():
        raise BuildError(f"There is no master {master}.")
    notebook = jupytext.read(master)
    header = notebook.metadata.pop("ae_grade", None)
    if not isinstance(header, dict) or "title" not in header:
        raise BuildError(f"{master.name} has no entry `ae_grade` with a title in its header.")
    notebook.metadata.pop("jupytext", None)
    for cell in notebook.cells:
        if "install" in cell.metadata.get("tags", []):
            cell.source = install_cell(*_public_address(master))
    return notebook, header


def is_begin_question(cell: nbformat.NotebookNode) -> bool:
    """Say whether a cell of a master is otter's mark of a new question."""
    return cell.cell_type == "raw" and cell.source.startswith("# BEGIN QUESTION")


def secrets(master: Path, seed: int = 0) -> tuple[set[str], set[str]]:
    """Return the lines of a master that students must not see, and those that they may.

    They are read off the master itself, not off what otter-grader made of it, so that a mistake
    in the making is found.

    Parameters
    ----------
    master : Path
    seed : int
        The course's seed.

    Returns
    -------
    secret : set of str
        Lines of solutions and hidden tests, without their indentation.
    public : set of str
        All other lines, likewise. A line may be both.
    """
    notebook, _ = read_master(master)
    _fill_in(notebook, _constants(notebook, master.stem, seed), master.name)
    secret, public = set[str](), set[str]()
    block = ""
    for cell in notebook.cells:
        lines = cell.source.splitlines()
        mark = re.match(r"# (BEGIN|END) (QUESTION|SOLUTION|TESTS)", cell.source)
        if cell.cell_type == "raw" and mark:
            block = mark[2] if mark[1] == "BEGIN" else ""
        elif block == "TESTS":
            (secret if "\nhidden: true\n" in cell.source else public).update(lines)
        elif block == "SOLUTION" and cell.cell_type == "markdown":
            secret.update(lines)
        elif block == "SOLUTION":
            inside = False
            for line in lines:
                if re.search(r"# (BEGIN|END) (SOLUTION|PROMPT)", line):
                    inside = "# BEGIN SOLUTION" in line
                else:
                    (secret if inside or line.endswith("# SOLUTION") else public).add(line)
        else:
            public.update(lines)
    return {line.strip() for line in secret}, {line.strip() for line in public}


def _public_address(master: Path) -> tuple[str, str]:
    """Return address and branch of the repository that the master lies in; "" without one."""
    config = master.resolve().parent.parent / "_config.yml"
    if not config.is_file():
        return "", "main"
    settings = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    repository = settings.get("repository", {})
    return repository.get("url", ""), repository.get("branch", "main")


def _constants(notebook: nbformat.NotebookNode, sheet: str, seed: int) -> dict[str, Any]:
    """Draw the sheet's constants; another sheet of the same course draws from another stream."""
    rng = np.random.default_rng([seed, zlib.crc32(sheet.encode())])
    drawn: dict[str, Any] = {}
    for cell in notebook.cells:
        if "constants" in cell.metadata.get("tags", []):
            namespace: dict[str, Any] = {}
            exec(compile(cell.source, f"{sheet}: constants", "exec"), namespace)
            drawn = namespace["constants"](rng)
    return {**drawn, "hidden_seed": int(rng.integers(2**31))}


def _fill_in(notebook: nbformat.NotebookNode, constants: dict[str, Any], name: str) -> None:
    """Put the constants into the cells; each must be used, and none may be unknown."""
    used = set()
    for cell in notebook.cells:
        found = set(PLACEHOLDER.findall(cell.source)) - PYTHON_NAMES
        if unknown := found - set(constants):
            raise BuildError(f"{name} uses constants that it does not draw: {sorted(unknown)}.")
        used |= found
        for key in found:
            value = constants[key]
            text = repr(value) if cell.cell_type == "code" else str(value)
            cell.source = cell.source.replace(f"__{key}__", text)
    if unused := set(constants) - used - {"hidden_seed"}:
        raise BuildError(f"{name} draws constants that it does not use: {sorted(unused)}.")


def _number_cells(notebook: nbformat.NotebookNode) -> None:
    # The identifiers of cells are random by default: each would be a change in each commit.
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03}"


def _copy_package(work: Path) -> None:
    """Put ae_lib beside the master: Gradescope's machine cannot install it from anywhere."""
    import ae_lib

    source = Path(ae_lib.__file__).parent
    shutil.copytree(source, work / "ae_lib", ignore=shutil.ignore_patterns("__pycache__"))
    needs = [
        need.split(";")[0].strip()
        for need in metadata.requires("ae-lib") or []
        if "extra ==" not in need or "tensorflow" in need
    ]
    (work / "requirements.txt").write_text("\n".join(needs) + "\n", encoding="utf-8")


def _otter_assign(notebook: Path, result: Path, verify: bool) -> None:
    try:
        from otter.assign import main as otter_assign
    except ImportError as error:
        raise BuildError(
            f"otter-grader is not installed ({error}). Install it: pip install -e grader."
        ) from error
    try:
        with _quiet():
            otter_assign(str(notebook), str(result), no_pdfs=True, no_run_tests=not verify)
    except Exception as error:  # otter raises plain Exceptions and AssertionErrors of all kinds
        raise BuildError(f"otter-grader cannot build {notebook.stem}: {error}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("otter")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def _tidy(made: Path, sheet: str) -> Path:
    """Bring otter's output into our shape."""
    (zipped,) = (made / "autograder").glob("*autograder*.zip")
    zipped.replace(made / "autograder.zip")
    shutil.rmtree(made / "autograder" / "ae_lib")
    for name in ("otter_config.json", "requirements.txt"):
        (made / "autograder" / name).unlink(missing_ok=True)
    for part in ("student", "autograder"):
        path = made / part / f"{sheet}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            # Marks for otter's export to PDF, which we leave out.
            cell.source = re.sub(r"<!-- (BEGIN|END) QUESTION -->\n*", "", cell.source)
        notebook.cells = [
            cell for cell in notebook.cells if cell.source or cell.metadata.get("tags")
        ]
        _number_cells(notebook)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    for path in sorted((made / "student" / "tests").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "@test_case" not in source:
            path.unlink()  # all tests of the question are hidden
            continue
        # Students have no otter-grader; `ae_lib.check` reads the same file.
        source = f"# {sheet}\n" + source.replace(OTTER_IMPORT, STUDENT_IMPORT).strip() + "\n"
        path.write_text(source, encoding="utf-8")
    return made


def _describe(
    made: Path, notebook: nbformat.NotebookNode, header: dict[str, Any], sheet: str, seed: int
) -> dict[str, Any]:
    """Return what a grader must know about the sheet."""
    from otter.test_files.exception_test import ExceptionTestFile

    questions = []
    for cell in notebook.cells:
        if is_begin_question(cell):
            config = yaml.safe_load(cell.source)
            tests = made / "autograder" / "tests" / f"{config['name']}.py"
            points = config.get("points")
            if tests.is_file():
                points = ExceptionTestFile.from_file(str(tests)).possible
            questions.append(
                {
                    "name": config["name"],
                    "title": "",
                    "points": float(points or 0),
                    "manual": bool(config.get("manual", False)),
                    "test_file": f"tests/{tests.name}" if tests.is_file() else None,
                }
            )
        elif cell.cell_type == "markdown" and questions and not questions[-1]["title"]:
            heading = re.match(r"#+ (.*?)(?: \([\d.]+ points?\))?$", cell.source, re.MULTILINE)
            if not heading:
                raise BuildError(f"{sheet}: question {questions[-1]['name']} has no heading.")
            questions[-1]["title"] = heading[1]
    if not questions:
        raise BuildError(f"{sheet} has no question.")
    return {
        "sheet": sheet,
        "title": header["title"],
        "seed": seed,
        "questions": questions,
        "notebook": f"{sheet}.ipynb",
        "backend": header.get("backend", "numpy"),
        "package": header.get("package", "ae_lib"),
        "data": header.get("data", "mnist"),
        "environment": header.get("environment", ENVIRONMENT),
        "setup": _setup(notebook),
        "timeout": header.get("timeout", 120),
        "question_timeout": header.get("question_timeout", 20),
    }


def _setup(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the code cells that belong to no question: constants, imports, data."""
    found, inside = [], ""
    for cell in notebook.cells:
        mark = re.match(r"# (BEGIN|END) (SOLUTION|TESTS)", cell.source)
        if cell.cell_type == "raw":
            if mark:
                inside = mark[2] if mark[1] == "BEGIN" else ""
        elif (
            cell.cell_type == "code"
            and not inside
            and "install" not in cell.metadata.get("tags", [])
            and not cell.source.startswith("check(")
        ):
            found.append(cell.source)
    return found


def _check_nothing_leaks(made: Path, sheet: str) -> None:
    """Look for the marks of solutions and hidden tests in everything that students get."""
    forbidden = ("BEGIN SOLUTION", "END SOLUTION", "# HIDDEN", "hidden=True", "# SOLUTION")
    for path in (made / "student").rglob("*.*"):
        if path.is_file():
            content = path.read_bytes()  # a sheet may hold pictures, too
            for secret in forbidden:
                if secret.encode() in content:
                    raise BuildError(f"{sheet}: {path.name} would give away {secret!r}.")


def _replace(made: Path, target: Path) -> Path:
    """Put the finished folder in the place of an old one; there is never half a sheet."""
    old = made.parent / "old"
    if target.exists():
        target.replace(old)
    made.replace(target)
    return target
