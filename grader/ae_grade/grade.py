"""Mark one submission: run it in a box, run otter's tests outside."""

import time
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

from otter.test_files import GradingResults
from otter.test_files.abstract_test import TestCase, TestCaseResult

from ae_grade.apart import PublicResults, Tried
from ae_grade.explain import last_given
from ae_grade.notebook import Cell, InvalidNotebook, read_cells, read_notebook
from ae_grade.proxy import Names, NotebookRun, OutOfTime
from ae_grade.sandbox import Limits, Sandbox
from ae_grade.sheet import Question, Sheet
from ae_grade.testfile import TestFile, case_title, message_of, test_file
from ae_grade.text import clean

__all__ = ["grade", "question_record"]

UNANSWERED = ("", "...", "_Type your answer here, replacing this text._")
MAX_ANSWER = 20_000  # characters of an answer in words that the staff's page shows


FIRST_TRY = Tried()


def tell_nobody(kind: str, what: object) -> None:
    """Stand in for who wants to know how far the marking has come."""


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


def run_tests(
    sheet: Sheet,
    run: NotebookRun,
    tried: Tried = FIRST_TRY,
    tell: Callable[[str, object], None] = tell_nobody,
) -> tuple[GradingResults, list[str], dict[str, float]]:
    """Run all tests of a sheet against a notebook.

    Returns
    -------
    results : GradingResults
        As otter has them.
    problems : list of str
        What went wrong in the notebook's cells before any hidden test.
    seconds : dict
        What each question took of its time limit.

    Notes
    -----
    The public tests of all questions come first, and the problems of the cells are noted before
    the first hidden test. So whatever a student reads comes from a run in which no hidden input
    had been near the notebook, and what the box does afterwards changes nothing but the points.
    Where an earlier try came that far, its public results are taken in place of new ones.
    """
    files = {q.name: test_file(q) for q in sheet.questions if q.tests is not None}
    left = dict.fromkeys(files, sheet.question_timeout)
    over = {name: tried.given_up.get(name, "") for name in files}
    results: dict[str, list[TestCaseResult]] = {name: [] for name in files}
    constants = sheet.constants()

    def run_all(hidden: bool) -> None:
        for name, file in files.items():
            cases = cases_of(file, hidden)
            if not cases:
                continue
            if over[name]:
                results[name] += not_run(cases, over[name])
                continue
            part = TestFile(name, file.path, cases, file.all_or_nothing)
            part.source = file.source
            tell("question", name)
            run.begin(left[name])
            try:
                part.run(Names(run, constants))
            except OutOfTime:
                pass  # between two tests; why is what `end` says
            finally:
                left[name], over[name] = run.end()
            done = part.test_case_results
            results[name] += [*done, *not_run(cases[len(done) :], over[name])]

    tell("question", "")
    run.box()
    public = tried.public
    if public is None:
        run_all(hidden=False)
        said = {name: [(r.passed, r.message) for r in found] for name, found in results.items()}
        public = PublicResults(said, dict(left), dict(over), list(run.problems))
        tell("public", public)
    else:
        left = dict(public.left)
        over = {name: over[name] or why for name, why in public.over.items()}
        for name, file in files.items():
            pairs = zip(cases_of(file, hidden=False), public.cases[name], strict=True)
            results[name] = [TestCaseResult(case, said, passed) for case, (passed, said) in pairs]
    run_all(hidden=True)
    for name, file in files.items():
        file.test_case_results = results[name]
    seconds = {name: round(sheet.question_timeout - left[name], 3) for name in files}
    return GradingResults(list(files.values())), public.problems, seconds


def cases_of(file: TestFile, hidden: bool) -> list[TestCase]:
    return [case for case in file.test_cases if bool(case.hidden) == hidden]


def public_names(question: Question) -> list[str]:
    """Return the names of the notebook that a question's public tests look at."""
    cases = [] if question.tests is None else test_file(question).test_cases
    names = [n for c in cases if not c.hidden for n in signature(c.body.test_func).parameters]
    return list(dict.fromkeys(names))


def not_run(cases: Sequence[TestCase], why: str) -> list[TestCaseResult]:
    return [TestCaseResult(case, f"Not run. {why}", False) for case in cases]


def grade(
    sheet: Sheet,
    content: bytes,
    sandbox: Sandbox,
    limits: Limits | None = None,
    tried: Tried = FIRST_TRY,
    tell: Callable[[str, object], None] = tell_nobody,
) -> dict:
    """Mark one submission; in the main thread of a process, which a signal may interrupt.

    Parameters
    ----------
    sheet : Sheet
    content : bytes
        The notebook as it was handed in.
    sandbox : Sandbox
    limits : Limits, optional
        Default: what the sheet says.
    tried : Tried
        What earlier tries found.
    tell : callable
        Called with ``"question"`` and its name before its tests, or no name before the cells; with
        ``"public"`` and the `PublicResults` before the first hidden test.

    Returns
    -------
    dict
        What goes into the log: status, message, questions with their test cases, problems of the
        notebook's cells, total, possible, seconds and sandbox. ``later`` holds the problems that
        came up after the first hidden test: they are for staff.

    Raises
    ------
    SandboxError
        No box could be made. That is no fault of the submission: nothing is decided about it.
    """
    start = time.perf_counter()
    record: dict[str, Any] = {"status": "graded", "message": "", "problems": [], "later": []}
    results = None
    answers: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    cells: list[Cell] = []
    try:
        cells = read_cells(content)
        answers = written_answers(sheet, content)
    except InvalidNotebook as error:
        record.update(status="not a usable notebook", message=str(error))
    else:
        setup = sheet.missing_setup([cell.source for cell in cells])
        # Before the first cell, with numbers that no cell of the notebook has.
        cells = [*(Cell(i - len(setup), source) for i, source in enumerate(setup)), *cells]
        if setup:
            record["message"] = (
                "Cells that the sheet begins with are missing or changed in this notebook. The "
                "grader ran the sheet's own before yours."
            )
        limits = limits or Limits(
            memory=sheet.memory,
            cpu=int(sheet.timeout + sheet.question_timeout * len(sheet.questions)) + 60,
            processes=128 if sheet.backend == "numpy" else 512,
        )
        # Keras is loaded beforehand, so that it can be seeded before the first cell.
        preload = () if sheet.backend == "numpy" else ("keras",)
        surroundings = sheet.course.surroundings()
        run = NotebookRun(
            cells, sandbox, limits, sheet.timeout, surroundings, sheet.backend, preload
        )
        try:
            results, record["problems"], seconds = run_tests(sheet, run, tried, tell)
        finally:
            run.close()
        record["later"] = [p for p in run.problems if p not in record["problems"]]
    record["questions"] = [question_record(q, results, answers) for q in sheet.questions]
    constants = sheet.constants()
    for question, entry in zip(sheet.questions, record["questions"], strict=True):
        entry["seconds"] = seconds.get(question.name, 0.0)
        names = [name for name in public_names(question) if results and name not in constants]
        entry["cells"] = last_given(names, cells)
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
