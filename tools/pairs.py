"""Pairs of text and notebook: `name.md` is what people edit, `name.ipynb` holds the outputs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from jupytext.combine import combine_inputs_with_outputs

from ae_grade.install import install_cell
from tools.pictures import shrink_outputs
from tools.results import ROOT, write_atomically

BIN = Path(sys.executable).parent  # the tools of the environment that this runs in
CHAPTERS = ROOT / "chapters"


def repository() -> dict[str, str]:
    """Return the public address and branch of this repository, which stand in `_config.yml`."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]


def read_text(path: Path) -> nbformat.NotebookNode:
    """Return a chapter's text as a notebook without outputs, its install cell filled in."""
    notebook = jupytext.read(path)
    # How the text is written says the text itself; in the notebook it would come and go.
    notebook.metadata["jupytext"].pop("text_representation", None)
    for cell in notebook.cells:
        if "install" in cell.metadata.get("tags", []):
            cell.source = install_cell(repository()["url"], repository()["branch"])
    return numbered(notebook)


def numbered(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Number the cells: identifiers are random by default, each a change in each commit."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
    return notebook


def with_outputs(notebook: nbformat.NotebookNode, path: Path) -> nbformat.NotebookNode:
    """Return `notebook` with the outputs that the stored notebook has for the same code."""
    if not path.is_file():
        return notebook
    stored = nbformat.read(path, as_version=4)
    known = {cell.source for cell in stored.cells}
    declared = notebook.metadata.get("course", {})
    notebook = combine_inputs_with_outputs(notebook, stored)
    notebook.metadata["course"] = {**declared, **made_from(stored)}
    for cell in notebook.cells:
        # jupytext keeps the output of a cell that was changed only a little, too.
        if cell.cell_type == "code" and cell.source not in known:
            cell.outputs, cell.execution_count = [], None
    shrink_outputs(notebook)
    return numbered(notebook)


def made_from(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return what a notebook says of its outputs' origin; nothing for one never executed."""
    course = notebook.metadata.get("course", {})
    return {"made_from": course["made_from"]} if "made_from" in course else {}


def write_notebook(path: Path, notebook: nbformat.NotebookNode) -> None:
    write_atomically(path, nbformat.writes(notebook) + "\n")


def cells_of(notebook: nbformat.NotebookNode) -> list[tuple[str, str, list[str], Any]]:
    """Return what must be the same in a chapter's text and its notebook."""
    return [
        (c.cell_type, c.source.strip(), c.metadata.get("tags", []), c.metadata.get("mystnb", {}))
        for c in notebook.cells
    ]


def out_of_sync() -> list[str]:
    """Return the names of the chapters whose notebook is missing or says other than the text."""
    names = []
    for text in sorted(CHAPTERS.glob("*.md")):
        notebook = text.with_suffix(".ipynb")
        if not notebook.is_file() or cells_of(read_text(text)) != cells_of(
            nbformat.read(notebook, as_version=4)
        ):
            names.append(text.stem)
    return names


def format_text() -> None:
    """Let ruff put the code cells of each chapter's text in order; it formats notebooks only."""
    for text in sorted(CHAPTERS.glob("*.md")):
        source, notebook = text.read_text(encoding="utf-8"), jupytext.read(text)
        formatted = subprocess.run(
            [BIN / "ruff", "format", "--stdin-filename", text.with_suffix(".ipynb"), "-"],
            input=nbformat.writes(notebook),
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        after, place, parts = nbformat.reads(formatted, as_version=4), 0, []
        for old, new in zip(notebook.cells, after.cells, strict=True):
            if old.cell_type == "code" and old.source:
                # Cells stand in the text in their order, so that the same words in prose or in an
                # earlier cell are left alone.
                start = source.index(f"\n{old.source}\n```", place) + 1
                parts += [source[place:start], new.source]
                place = start + len(old.source)
        new_source = "".join(parts) + source[place:]
        if new_source != source:
            write_atomically(text, new_source)
            print(f"{text.name}: formatted")


def sync() -> None:
    """Bring the notebooks in line with their text; outputs of unchanged code are kept."""
    for text in sorted(CHAPTERS.glob("*.md")):
        path = text.with_suffix(".ipynb")
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        notebook = with_outputs(read_text(text), path)
        if nbformat.writes(notebook) + "\n" != before:
            write_notebook(path, notebook)
            print(f"{path.name}: brought in line")
