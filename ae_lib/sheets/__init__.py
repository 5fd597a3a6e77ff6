"""``check("q1")``: the public tests of an exercise sheet, run in the student's own notebook.

The tests lie beside this file, one folder a sheet, one file a question, and are generated from
the masters in ``masters/``. Where a sheet is handed out as a folder, its ``tests`` folder goes
first. Hidden tests are not here: they stay with the grader.
"""

import html
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ae_lib import __version__
from ae_lib._settings import is_grading

__all__ = ["check"]


class test_case:
    """Mark a function of a test file as a test; its arguments are names in the notebook."""

    def __init__(self, points: float | None = None, hidden: bool = False, **_: Any) -> None:
        self.points = points
        self.hidden = hidden
        self.function: Callable[..., None] = lambda: None

    def __call__(self, function: Callable[..., None]) -> "test_case":
        self.function = function
        return self

    @property
    def title(self) -> str:
        """The first line of the function's docstring: what is tested, in words."""
        return (inspect.getdoc(self.function) or self.function.__name__).splitlines()[0]

    def run(self, notebook: Mapping[str, Any]) -> str | None:
        """Return None if the test passes, and what to tell the student if it does not."""
        names = list(inspect.signature(self.function).parameters)
        if missing := [name for name in names if name not in notebook]:
            return (
                f"{missing[0]} is not there yet. Run the cell of your answer. If no cell of the "
                f"sheet gives this name a value, the sheet is not for ae_lib {__version__}."
            )
        try:
            self.function(**{name: notebook[name] for name in names})
        except AssertionError as error:
            return str(error) or "The result is not the expected one."
        except (Exception, SystemExit) as error:
            return f"The test stopped with {type(error).__name__}: {error}"
        return None


@dataclass(frozen=True)
class Case:
    """One test: what it looks at, and the message if it failed."""

    title: str
    points: float | None
    message: str | None


@dataclass(frozen=True)
class Result:
    """What `check` found out; a notebook shows it as a short list.

    Attributes
    ----------
    question : str
    cases : list of Case
    problem : str or None
        Why the tests could not be run at all.
    """

    question: str
    cases: list[Case] = field(default_factory=list)
    problem: str | None = None

    @property
    def passed(self) -> bool:
        """Whether there were tests and all of them passed."""
        return bool(self.cases) and all(case.message is None for case in self.cases)

    def _summary(self) -> str:
        if self.problem:
            return self.problem
        good = sum(case.message is None for case in self.cases)
        end = "Hidden tests may follow when the sheet is marked." if self.passed else ""
        return f"{good} of {len(self.cases)} public tests passed. {end}".strip()

    def __str__(self) -> str:
        lines = [f"{self.question}: {self._summary()}"]
        for case in self.cases:
            lines.append(f"  {'ok     ' if case.message is None else 'not yet'}  {case.title}")
            if case.message is not None:
                lines += [f"           {line}" for line in case.message.splitlines()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = ""
        for case in self.cases:
            mark = "✓" if case.message is None else "✗ not yet:"
            items += f"<li>{mark} {html.escape(case.title)}"
            if case.message is not None:
                text = html.escape(case.message).replace("\n", "<br>")
                items += f"<br><em>{text}</em>"
            items += "</li>"
        head = f"<strong>{html.escape(self.question)}</strong>: {html.escape(self._summary())}"
        return f"<p>{head}</p><ul style='list-style: none'>{items}</ul>"


def check(question: str, sheet: str | None = None) -> Result:
    """Run the public tests of a question on what the notebook defines.

    Parameters
    ----------
    question : str
        ``"q1"``, for instance.
    sheet : str, optional
        The sheet's name; by default the notebook's variable ``SHEET``.

    Returns
    -------
    Result
        Which tests passed, and for each that did not, what to look at. A failing test raises
        nothing, so that the cells below still run.

    Examples
    --------
    >>> from ae_lib import check
    >>> check("q1", sheet="pca_sheet").passed  # nothing is answered here
    False
    """
    if is_grading():
        return Result(question, problem="Not checked here: the grader runs all tests itself.")
    notebook = sys._getframe(1).f_globals
    sheet = sheet or notebook.get("SHEET")
    if not isinstance(sheet, str):
        return Result(str(question), problem="Run the first cells of the notebook: SHEET is unset.")
    tests = _test_files(sheet)
    if not tests:
        problem = (
            f"ae_lib {__version__} knows no sheet {sheet!r}. Is SHEET as it was handed out? If so, "
            "a newer version of ae_lib has its tests, or the folder tests beside the notebook."
        )
        return Result(str(question), problem=problem)
    if question not in tests:
        known = ", ".join(sorted(tests))
        problem = (
            f"Sheet {sheet!r} has no tests for this question. It has tests for {known}; another "
            f"version of ae_lib than {__version__} may have more."
        )
        return Result(str(question), problem=problem)
    namespace: dict[str, Any] = {}
    exec(compile(tests[question], f"{sheet}/{question}.py", "exec"), namespace)
    cases = [value for value in namespace.values() if isinstance(value, test_case)]
    return Result(question, [Case(c.title, c.points, c.run(notebook)) for c in cases])


def _test_files(sheet: str) -> dict[str, str]:
    """Return the source of each question's tests, those beside the notebook first."""
    beside = Path("tests")
    if beside.is_dir():
        found = {path.stem: path.read_text(encoding="utf-8") for path in beside.glob("q*.py")}
        # The folder may hold another sheet's tests: the first line of each file names its sheet.
        found = {q: text for q, text in found.items() if text.startswith(f"# {sheet}\n")}
        if found:
            return found
    folder = resources.files(__name__) / sheet
    if not folder.is_dir():
        return {}
    return {
        path.name.removesuffix(".py"): path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.startswith("q") and path.name.endswith(".py")
    }
