"""Runs cells inside the box, much as Jupyter's kernel does: magics, top-level await, `_`, Colab.

The sandbox puts this file beside `guest`, which imports it; the grader never does.
"""

import ast
import builtins
import importlib.abc
import importlib.machinery
import linecache
import sys
import traceback
import types
from typing import Any

MAX_TEXT = 2000

# What people paste from pages, and Python does not take for a space.
SPACES: dict[int, str | None] = dict.fromkeys(
    [0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "
)
SPACES |= dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
HARMLESS = {"matplotlib", "load_ext", "reload_ext", "autoreload", "config", "precision", "timeit"}


class Nothing:
    """What stands for the parts of Colab: it can be called and asked, and does nothing."""

    def __call__(self, *_: Any, **__: Any) -> "Nothing":
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False


class Colab(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `google.colab` where there is none, once a cell has failed for the lack of it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "google" or (name + ".").startswith("google.colab."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module: Any) -> None:
        if module.__name__ != "google":
            module.__getattr__ = lambda name: Nothing()


class Notebook:
    """Runs cells in one namespace, much as Jupyter's kernel does."""

    def __init__(self, names: dict) -> None:
        self.names = names
        self.notes: list[str] = []  # what did nothing in the cell that runs
        self.filename = ""  # of that cell
        self.loop: Any = None
        self.last: list[Any] = []  # the results that `_`, `__` and `___` stand for
        names.update(get_ipython=lambda: Magics(self), __name__="__main__")
        builtins.input = self.input

    def input(self, prompt: object = "") -> str:
        self.note("input() answers nothing while a notebook is graded")
        return ""

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < 5:
            self.notes.append(text[:200])

    def run_cell(self, source: str, filename: str) -> None:
        self.notes, self.filename = [], filename
        try:
            self.run(source, filename)
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("google") or any(
                isinstance(finder, Colab) for finder in sys.meta_path
            ):
                raise
            sys.meta_path.append(Colab())
            self.note("google.colab does nothing while a notebook is graded")
            self.run(source, filename)

    def run(self, source: str, filename: str) -> Any:
        """Run source; return the value of its last line if that is an expression."""
        source, tree = parsed(source, filename)
        # So that a traceback shows the student's line.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            del tree.body[-1]
        self.execute(compile(tree, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        if not isinstance(last, ast.Expr):
            return None
        expression = ast.Expression(last.value)
        value = self.execute(compile(expression, filename, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        if value is not None:
            self.remember(value)
        return value

    def execute(self, code: types.CodeType) -> Any:
        value = eval(code, self.names)
        if not code.co_flags & 0x80:  # inspect.CO_COROUTINE: there is an await outside functions
            return value
        import asyncio

        if self.loop is None:
            self.loop = asyncio.new_event_loop()
        return self.loop.run_until_complete(value)

    def remember(self, value: Any) -> None:
        """Set `_` to the last result, unless the notebook uses it for something else."""
        if "_" in self.names and not (self.last and self.names["_"] is self.last[0]):
            return
        self.last = [value, *self.last[:2]]
        for name, old in zip(("_", "__", "___"), self.last, strict=False):
            self.names[name] = old


class Magics:
    """What `get_ipython()` returns: most magics, and shell commands, do nothing here."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook

    def run_line_magic(self, name: str, line: str, *_: Any) -> Any:
        # These only measure, so what they hold is part of the answer.
        if name in ("time", "prun") and line.strip():
            return self.notebook.run(line, f"<%{name}>")
        if name == "run" and line.strip():
            with open(line.split()[0].strip("'\""), encoding="utf-8") as file:
                return self.notebook.run(file.read(), f"<{line.split()[0]}>")
        if name not in HARMLESS:
            self.notebook.note(f"%{name} does nothing while a notebook is graded")
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in ("time", "timeit", "capture", "prun"):
            if name == "capture" and line.strip() and not line.startswith("-"):
                self.notebook.names[line.split()[0]] = Nothing()
            # Below an empty line in place of the magic, so that lines keep their numbers.
            self.notebook.run("\n" + cell, self.notebook.filename)
        elif name in ("writefile", "file") and line.strip():
            words = line.split()
            with open(words[-1].strip("'\""), "a" if "-a" in words else "w", encoding="utf-8") as f:
                f.write(cell)
        else:
            self.notebook.note(f"%%{name} does nothing while a notebook is graded")

    def system(self, command: str) -> None:
        self.notebook.note("shell commands do nothing while a notebook is graded")

    def getoutput(self, command: str) -> list[str]:
        self.system(command)
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def parsed(source: str, filename: str) -> tuple[str, ast.Module]:
    """Return the Python that IPython makes of a cell, and its tree."""
    try:
        return source, ast.parse(source, filename)
    except SyntaxError:
        pass
    from IPython.core.inputtransformer2 import TransformerManager

    # It drops blank lines at the top; with them lines keep their numbers.
    blank = source[: len(source) - len(source.lstrip())].count("\n")
    source = "\n" * blank + TransformerManager().transform_cell(source)
    try:
        return source, ast.parse(source, filename)
    except SyntaxError:
        spaced = source.translate(SPACES)
        if spaced == source:
            raise
        return spaced, ast.parse(spaced, filename)


def describe_error(error: BaseException) -> dict:
    """Say what went wrong in the student's code, in words that may be shown."""
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:
        text = "(an exception that cannot be printed)"
    # As builtins know it: a class of the student's own arrives as its nearest builtin ancestor.
    known = next((c for c in type(error).__mro__ if getattr(builtins, c.__name__, None) is c), None)
    try:
        frames = traceback.extract_tb(error.__traceback__)
        places = [(f.filename, f.lineno) for f in frames]
        if isinstance(error, SyntaxError):
            places.append((str(error.filename), error.lineno))
        cells = [f"{name[1:-1]}, line {n}" for name, n in places if name.startswith("<cell ")]
        where = cells[-1] if cells else ""
    except BaseException:
        where = ""
    return {
        "type": type(error).__name__[:100],
        "builtin": known.__name__ if known else "Exception",
        "message": text[:MAX_TEXT],
        "where": where[:200],
    }
