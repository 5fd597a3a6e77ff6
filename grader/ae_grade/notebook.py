"""A notebook as it was handed in: its cells, or why there are none to run."""

import json
import re
from dataclasses import dataclass

from ae_grade.text import clean

__all__ = ["MAX_NOTEBOOK", "Cell", "InvalidNotebook", "read_cells", "read_notebook"]

MAX_NOTEBOOK = 64 * 2**20
MAX_CODE = 2 * 2**20
MAX_CELLS = 2000


class InvalidNotebook(ValueError):
    """A file that cannot be graded, in words for the one who handed it in."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its number among the code cells, from 1, and its source."""

    number: int
    source: str


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
        notebook = json.loads(decoded(content))
    except (ValueError, RecursionError) as error:
        if re.search(rb"^(<{7}|>{7}) ", content, re.MULTILINE):
            raise InvalidNotebook(
                "The file holds a merge conflict of git (lines that begin with <<<<<<<): decide "
                "for one side, and hand it in again."
            ) from None
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


def decoded(content: bytes) -> str:
    """Return the text of a file in any of Unicode's codings, or in that of Western Windows."""
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read_cells(content: bytes) -> list[Cell]:
    """Return the code cells of a notebook that are to be run."""
    sources = [source for kind, source in read_notebook(content) if kind == "code"]
    return [Cell(i, source) for i, source in enumerate(sources, 1) if source.strip()]


def language_of(metadata: dict) -> str:
    """Return the language that a notebook says it is written in."""
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        about = metadata.get(part)
        if isinstance(about, dict) and isinstance(about.get(key), str) and about[key]:
            return about[key].lower()
    return "python"
