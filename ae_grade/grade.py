"""Mark one submission: run it in a box, run otter's tests outside."""

import hashlib
import inspect
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from otter.test_files import GradingResults
from otter.test_files.abstract_test import TestCase, TestCaseResult
from otter.test_files.exception_test import ExceptionTestFile

from ae_grade.proxy import Cell, Names, NotebookRun, StudentError, clean
from ae_grade.sandbox import Limits, Sandbox

__all__ = ["InvalidNotebook", "Question", "Sheet", "grade", "load_sheet", "read_cells"]

MAX_NOTEBOOK = 32 * 2**20
MAX_CODE = 2 * 2**20
MAX_CELLS = 2000
UNANSWERED = ("", "...", "_Type your answer here, replacing this text._")
MAX_ANSWER = 20_000  # characters of an answer in words that the staff's page shows
BACKENDS = ("numpy", "keras", "tensorflow", "jax", "torch")


class InvalidNotebook(ValueError):
    """A file that cannot be graded, in words for the one who handed it in."""


@dataclass(frozen=True)
class Question:
    """A question of a sheet; `tests` is the source of otter's test file, or None if hand-marked."""

    name: str
    title: str
    points: float
    tests: str | None


@dataclass(frozen=True)
class Sheet:
    """A built sheet with all its tests: what a grader needs, and nothing a box may see."""

    name: str
    notebook: str
    questions: tuple[Question, ...]
    backend: str
    timeout: float
    question_timeout: float
    memory: int

    @property
    def possible(self) -> float:
        return sum(q.points for q in self.questions)

    def fingerprint(self) -> str:
        """Return a hash that changes with anything that may change a mark."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def load_sheet(where: str) -> Sheet:
    """Read what `ae-grade build` wrote.

    Parameters
    ----------
    where : str
        The folder ``autograder``, the folder above it, or the name of a sheet below
        ``exercises/dist``.

    Raises
    ------
    FileNotFoundError
        There is no built sheet; the message says where it was looked for.
    ValueError
        The description of the sheet is not usable, and why.
    """
    places = [Path(where), Path(where) / "autograder"]
    places.append(Path("exercises") / "dist" / Path(where).stem / "autograder")
    folder = next((p for p in places if (p / "sheet.json").is_file()), None)
    if folder is None:
        raise FileNotFoundError(
            f"No built sheet {where!r}: no sheet.json in {', '.join(map(str, places))}. "
            f"Build it first: `ae-grade build exercises/{Path(where).stem}.py`."
        )
    try:
        about = json.loads((folder / "sheet.json").read_text(encoding="utf-8"))
        questions = tuple(
            Question(
                name=q["name"],
                title=q.get("title", q["name"]),
                points=float(q["points"]),
                tests=None
                if q.get("manual") or not q.get("test_file")
                else (folder / q["test_file"]).read_text(encoding="utf-8"),
            )
            for q in about["questions"]
        )
        backend = about.get("backend", "numpy")
        if backend not in BACKENDS:
            raise ValueError(f"backend {backend!r}; expected one of {', '.join(BACKENDS)}")
        default = 2048 if backend == "numpy" else 4096
        sheet = Sheet(
            name=about["sheet"],
            notebook=Path(about.get("notebook", f"{about['sheet']}.ipynb")).name,
            questions=questions,
            backend=backend,
            timeout=float(about.get("timeout", 300)),
            question_timeout=float(about.get("question_timeout", 30)),
            memory=int(about.get("memory_mb", default)) * 2**20,
        )
    except KeyError as error:
        raise ValueError(f"{folder / 'sheet.json'} lacks {error}. Build the sheet anew.") from None
    for question in sheet.questions:
        if question.tests is not None:
            possible = test_file(question).possible
            if abs(possible - question.points) > 1e-9:
                raise ValueError(
                    f"{question.name}: the tests give {possible:g} points, sheet.json says "
                    f"{question.points:g}. Build the sheet anew."
                )
    return sheet


def read_notebook(content: bytes) -> list[tuple[str, str]]:
    """Return kind and source of the cells of a notebook of any format since IPython 0.13.

    Raises
    ------
    InvalidNotebook
        The content is none that can be run, and why.
    """
    if len(content) > MAX_NOTEBOOK:
        raise InvalidNotebook(
            f"The file has {len(content) / 2**20:.0f} MB; the limit is {MAX_NOTEBOOK // 2**20} MB. "
            "Clear the outputs of the notebook, save it and hand it in again."
        )
    if not content.strip():
        raise InvalidNotebook("The file is empty.")
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidNotebook(
            f"The file is not a Jupyter notebook: it is not JSON ({clean(error, 100)})."
        ) from None
    if not isinstance(notebook, dict):
        raise InvalidNotebook("The file is not a Jupyter notebook: it is JSON of another kind.")
    metadata = notebook.get("metadata")
    language = language_of(metadata) if isinstance(metadata, dict) else "python"
    if not language.startswith(("python", "ipython")):
        raise InvalidNotebook(f"The notebook is written for {clean(language, 40)}, not for Python.")
    parts = notebook.get("worksheets", [notebook])  # formats 2 and 3 have worksheets
    if not isinstance(parts, list) or not all(
        isinstance(part, dict) and isinstance(part.get("cells"), list) for part in parts
    ):
        raise InvalidNotebook("The file is not a Jupyter notebook: it has no list of cells.")
    cells = []
    for cell in (cell for part in parts for cell in part["cells"]):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            raise InvalidNotebook("The notebook is damaged: a cell has no type.")
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise InvalidNotebook("The notebook is damaged: a cell's source is no text.")
        cells.append((cell["cell_type"], source))
    sources = [source for kind, source in cells if kind == "code"]
    if len(sources) > MAX_CELLS or sum(map(len, sources)) > MAX_CODE:
        raise InvalidNotebook(
            f"The notebook has {len(sources)} code cells with {sum(map(len, sources)):,} "
            f"characters; the limits are {MAX_CELLS} and {MAX_CODE:,}."
        )
    return cells


def read_cells(content: bytes) -> list[Cell]:
    """Return the code cells of a notebook that are to be run."""
    sources = [source for kind, source in read_notebook(content) if kind == "code"]
    return [Cell(i, source) for i, source in enumerate(sources, 1) if source.strip()]


def written_answers(sheet: Sheet, content: bytes) -> dict[str, list[str]]:
    """Return what a notebook says to the questions that are marked by hand, cell by cell.

    That is what stands between the question's heading and the heading of another question, code
    included; nothing if the heading is gone.
    """
    found: dict[str, list[str]] = {q.name: [] for q in sheet.questions if q.tests is None}
    current = ""
    for kind, source in read_notebook(content):
        heading = source.lstrip().partition("\n")[0] if kind == "markdown" else ""
        if heading.startswith("#"):
            named = [q.name for q in sheet.questions if q.title and q.title in heading]
            current = named[0] if named else current
            if named:
                continue
        if current in found and source.strip() not in UNANSWERED:
            found[current].append(source)
    return {name: shortened(sources) for name, sources in found.items()}


def shortened(sources: Sequence[str]) -> list[str]:
    """Return texts that may stand in a page, together no longer than a person would read."""
    result, left = [], MAX_ANSWER
    for source in sources:
        if left <= 0:
            result.append("... (more in the notebook)")
            break
        result.append(clean(source, left))
        left -= len(source)
    return result


def language_of(metadata: dict) -> str:
    """Return the language that a notebook says it is written in."""
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        about = metadata.get(part)
        if isinstance(about, dict) and isinstance(about.get(key), str) and about[key]:
            return about[key].lower()
    return "python"


class TestFile(ExceptionTestFile):
    """Otter's test file, with messages that speak to the student and not of the grader's files."""

    def _generate_error_message(self, excp: Exception, context: int = 0) -> str:
        if isinstance(excp, StudentError):
            return clean(f"Your code raised {excp.described}")
        if str(excp):
            return clean(excp)
        return clean(super()._generate_error_message(excp, context))


def test_file(question: Question) -> TestFile:
    """Return a question's tests, freshly read, so that no submission sees another's traces."""
    assert question.tests is not None
    return TestFile.from_string(question.tests, f"{question.name}.py")


def run_tests(sheet: Sheet, run: NotebookRun) -> GradingResults:
    """Run all tests of a sheet against a notebook and return otter's results.

    The public tests of all questions come first. So nothing of a hidden test has been in the box
    when a message arises that the student will read.
    """
    files = {q.name: test_file(q) for q in sheet.questions if q.tests is not None}
    allowance = dict.fromkeys(files, sheet.question_timeout)
    over = dict.fromkeys(files, "")
    results: dict[str, list[TestCaseResult]] = {name: [] for name in files}
    for hidden in (False, True):
        for name, file in files.items():
            cases = [case for case in file.test_cases if bool(case.hidden) == hidden]
            if not cases:
                continue
            if over[name]:
                results[name] += [TestCaseResult(c, f"Not run. {over[name]}", False) for c in cases]
                continue
            part = TestFile(name, file.path, cases, file.all_or_nothing)
            part.source = file.source
            run.begin(allowance[name])
            part.run(Names(run))
            allowance[name], over[name] = run.end()
            results[name] += part.test_case_results
    for name, file in files.items():
        file.test_case_results = results[name]
    return GradingResults(list(files.values()))


def grade(sheet: Sheet, content: bytes, sandbox: Sandbox, limits: Limits | None = None) -> dict:
    """Mark one submission.

    Parameters
    ----------
    sheet : Sheet
    content : bytes
        The notebook as it was handed in.
    sandbox : Sandbox
    limits : Limits, optional
        Default: what the sheet says.

    Returns
    -------
    dict
        What goes into the log: status, message, questions with their test cases, problems of the
        notebook's cells, total, possible, seconds and sandbox.

    Raises
    ------
    SandboxError
        No box could be made. That is no fault of the submission: nothing is decided about it.
    """
    start = time.perf_counter()
    record: dict[str, Any] = {"status": "graded", "message": "", "problems": []}
    results = None
    answers: dict[str, list[str]] = {}
    try:
        cells = read_cells(content)
        answers = written_answers(sheet, content)
    except InvalidNotebook as error:
        record.update(status="not a usable notebook", message=str(error))
    else:
        limits = limits or Limits(
            memory=sheet.memory,
            cpu=int(sheet.timeout + sheet.question_timeout * len(sheet.questions)) + 60,
            processes=128 if sheet.backend == "numpy" else 512,
        )
        # Keras is loaded beforehand, so that it can be seeded before the first cell.
        preload = () if sheet.backend == "numpy" else ("keras",)
        run = NotebookRun(cells, sandbox, limits, sheet.timeout, sheet.backend, preload)
        try:
            results = run_tests(sheet, run)
        finally:
            run.close()
        record["problems"] = run.problems
    record["questions"] = [question_record(q, results, answers) for q in sheet.questions]
    record["total"] = round(sum(q["score"] or 0 for q in record["questions"]), 6)
    record["possible"] = sheet.possible
    record["seconds"] = round(time.perf_counter() - start, 3)
    record["sandbox"] = str(sandbox)
    return record


def question_record(
    question: Question, results: GradingResults | None, answers: dict[str, list[str]]
) -> dict:
    """Return what the log says of a question; a score of None waits to be marked by hand."""
    about: dict[str, Any] = {"name": question.name, "possible": question.points}
    if question.tests is None:
        return {**about, "score": None, "cases": [], "answer": answers.get(question.name, [])}
    if results is None:
        return {**about, "score": 0.0, "cases": []}
    file = results.get_result(question.name)
    cases: Sequence[TestCaseResult] = file.test_case_results
    return {
        **about,
        "score": round(float(file.score), 6),
        "cases": [
            {
                "name": case_title(c.test_case),
                "hidden": bool(c.test_case.hidden),
                "passed": c.passed,
                "points": c.test_case.points,
                "message": message_of(c),
            }
            for c in cases
        ],
    }


def case_title(case: TestCase) -> str:
    """Return the first line of a test's docstring, which says what is tested, or its name."""
    line = (inspect.getdoc(case.body.test_func) or case.name).splitlines()[0]
    return clean(line.removesuffix("."), 200)


def message_of(result: TestCaseResult) -> str:
    """Return what a test case has to say, without otter's decoration."""
    case = result.test_case
    hint = case.success_message if result.passed else case.failure_message
    said = "" if result.passed else (result.message or "").removeprefix("❌ Test case failed\n")
    return clean("\n".join(part for part in (hint, said) if part))
