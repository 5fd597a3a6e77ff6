"""A built sheet: its questions, their tests and limits, and the course that they belong to."""

import ast
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ae_grade.course import DATA_SETS, Course

__all__ = ["Question", "Sheet", "load_sheet"]

WORD = re.compile(r"[^\W\d]\w*")
IMPORT = re.compile(r"\s*(?:import|from)\s")
DEFINITION = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
ASSIGNMENT = re.compile(r"\s*([\w ,*()]+?)\s*(?::[^=()]*)?=(?!=)")
PARSING = threading.Lock()
BACKENDS = ("numpy", "keras", "tensorflow", "jax", "torch")


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
    answers: int  # bytes that the tests may take to look at one submission's answers
    course: Course = field(default_factory=Course)
    setup: tuple[str, ...] = ()  # the cells that belong to no question: constants, imports, data

    @property
    def possible(self) -> float:
        return sum(q.points for q in self.questions)

    def missing_setup(self, sources: Sequence[str]) -> tuple[str, ...]:
        """Return the cells of the sheet's own that a notebook lacks, and those before them.

        A cell is missing if nothing in the notebook gives a value to one of its names. To run it
        once too often does no harm: the notebook's own cells come after it.
        """
        given = {name for source in sources for name in given_names(source)}
        last = 0
        for number, source in enumerate(self.setup, 1):
            if not names_of(source) <= given:
                last = number
        return self.setup[:last]

    def constants(self) -> dict[str, Any]:
        """Return the numbers and words that the sheet itself gives to names."""
        found = {}
        for source in self.setup:
            for node in parse(without_magics(source)).body:
                if isinstance(node, ast.Assign) and len(node.targets) == 1:
                    target = node.targets[0]
                    with contextlib.suppress(ValueError):
                        if isinstance(target, ast.Name):
                            found[target.id] = ast.literal_eval(node.value)
        return found

    def imports(self) -> set[str]:
        """Return the modules that the tests import: a worker loads them once."""
        found = set()
        for question in self.questions:
            for node in ast.walk(parse(question.tests or "")):
                if isinstance(node, ast.Import):
                    found |= {name.name for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
        return found

    def fingerprint(self) -> str:
        """Return a hash that changes with anything that may change a mark."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def given_names(source: str) -> set[str]:
    """Return the names that a student's cell seems to give values to.

    It is looked at line by line: Python's own parser must not meet what strangers wrote here.
    """
    found: set[str] = set()
    importing = False
    for line in source.splitlines():
        if len(line) > 500:
            continue
        if importing or IMPORT.match(line):
            found.update(WORD.findall(line))
            importing = (importing or "(" in line) and ")" not in line
        elif match := DEFINITION.match(line):
            found.add(match[1])
        elif (match := ASSIGNMENT.match(line)) and "(" not in match[1].strip()[1:]:
            found.update(WORD.findall(match[1]))
    return found


def names_of(source: str) -> set[str]:
    """Return the names that one of the sheet's own cells gives values to."""
    found: set[str] = set()
    for node in parse(without_magics(source)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(name.asname or name.name).partition(".")[0] for name in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            names = (n for target in node.targets for n in ast.walk(target))
            found |= {n.id for n in names if isinstance(n, ast.Name)}
    return found


def parse(source: str) -> ast.Module:
    """Return the tree of code that belongs to the sheet.

    Python 3.11 counts the depth of its trees for all threads together (python/cpython#106905): two
    that parse at once may end in a SystemError.
    """
    with PARSING:
        return ast.parse(source)


def without_magics(source: str) -> str:
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")
    )


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
    built = Path("exercises") / "dist" / Path(where).stem
    places = [Path(where), Path(where) / "autograder", built / "autograder"]
    folder = next((p for p in places if (p / "sheet.json").is_file()), None)
    if folder is None:
        raise FileNotFoundError(
            f"No built sheet {where!r}: no sheet.json in {', '.join(map(str, places))}. "
            f"Build it first: `ae-grade build masters/{Path(where).stem}.py`."
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
            answers=int(about.get("answers_mb", 160 if backend == "numpy" else 640)) * 2**20,
            course=Course(
                package=about.get("package", ""),
                data=about.get("data", ""),
                environment=dict(about.get("environment", {})),
            ),
            setup=tuple(about.get("setup", ())),
        )
        if sheet.course.data not in ("", *DATA_SETS):
            raise ValueError(f"data {sheet.course.data!r}; expected one of {', '.join(DATA_SETS)}")
    except KeyError as error:
        raise ValueError(f"{folder / 'sheet.json'} lacks {error}. Build the sheet again.") from None
    from ae_grade.testfile import test_file

    for question in sheet.questions:
        if question.tests is not None:
            possible = test_file(question).possible
            if abs(possible - question.points) > 1e-9:
                raise ValueError(
                    f"{question.name}: the tests give {possible:g} points, sheet.json says "
                    f"{question.points:g}. Build the sheet again."
                )
    return sheet
