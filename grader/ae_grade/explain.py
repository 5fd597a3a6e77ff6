"""Say of an error in which cell and line it is, and what to look at there."""

import re
from collections.abc import Sequence
from typing import Any

from ae_grade.notebook import Cell
from ae_grade.sheet import given_names
from ae_grade.text import clean

__all__ = ["explained", "last_given"]

WHERE = re.compile(r"cell (\d{1,4}), line (\d{1,5})")
UNANSWERED = "Three dots still stand where your answer belongs."
# By Python's own class, for those who meet it for the first time.
HINTS = {
    "NameError": (
        "No cell above has given this name a value. Is it spelt as where it is defined, and does "
        "that cell stand further up? The notebook ran once from top to bottom."
    ),
    "UnboundLocalError": "The function uses this name before the line that gives it a value.",
    "SyntaxError": (
        "Python cannot read this cell, so nothing in it ran. Look for a bracket, comma, colon or "
        "quotation mark that is missing here or one line above."
    ),
    "IndentationError": "The spaces at the beginning of this line do not fit the lines around it.",
    "ModuleNotFoundError": "The sheet needs no packages but those that it imports itself.",
    "FileNotFoundError": "Files of your own machine are not there while a notebook is graded.",
    "ValueError": "If arrays take part, print the shape of each one in this line and compare them.",
    "TypeError": "Print type(...) of what takes part in this line: one is not what it seems.",
    "IndexError": "Print the shape or the length of what is indexed here: counting begins at 0.",
    "KeyError": "Print the keys that are there, and compare them with the one asked for.",
    "ZeroDivisionError": "Print what you divide by in this line.",
    "RecursionError": "The function calls itself and never ends.",
    "MemoryError": "Print the shape of what this line makes: it is larger than the memory.",
}


def explained(fields: dict[str, Any], cells: Sequence[Cell]) -> list[str]:
    """Return the place of an error in a notebook, with the line itself, and a hint, if any.

    Parameters
    ----------
    fields : dict
        What a box says of an error; nothing of it is believed but numbers, which are looked up.
    cells : sequence of Cell
        Of the notebook.
    """
    lines = []
    found = WHERE.fullmatch(str(fields.get("where", ""))[:40])
    if found:
        number, line = int(found[1]), int(found[2])
        sources = [cell.source.splitlines() for cell in cells if cell.number == number]
        if sources and 0 < line <= len(sources[0]):
            lines.append(f"In code cell {number}, line {line}:")
            lines.append("    " + clean(sources[0][line - 1].strip(), 200))
    message, kind = str(fields.get("message", "")), str(fields.get("builtin", ""))
    hint = UNANSWERED if "ellipsis" in message else HINTS.get(kind, "")
    if "'NoneType'" in message:
        hint = "Something is None here: often a function without a `return`."
    return [*lines, hint] if hint else lines


def last_given(names: Sequence[str], cells: Sequence[Cell]) -> dict[str, tuple[int, str]]:
    """Return, for each name, the last cell that seems to give it a value: its number, the line.

    The number is 0 where there is none.
    """
    found = dict.fromkeys(names, (0, ""))
    for cell in cells:
        for line in cell.source.splitlines():
            for name in given_names(line) & found.keys():
                found[name] = (max(0, cell.number), clean(line.strip(), 80))
    return found
