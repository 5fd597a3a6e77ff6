"""Keep what students get in line with the masters of the exercise sheets.

python -m tools.sheets sync     masters/NAME_sheet.py -> exercises/NAME_sheet.ipynb, and the public
                                tests in ae_lib/sheets/NAME_sheet/
python -m tools.sheets check    say which of them are not what their master makes
python -m tools.sheets site     render the site with a page of solutions for each sheet, in a copy
                                below _build/solutions; the site proper never has them

The committed sheets are those of seed 0; `ae-grade build --seed` makes a course its own.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import nbformat

from ae_grade.build import BuildError, build_sheet
from tools.book import copy_site, render
from tools.machine import explained
from tools.pairs import cells_of, write_notebook
from tools.results import ROOT, write_atomically

MASTERS = sorted((ROOT / "masters").glob("*.py"))


def wanted(built: Path) -> dict[Path, str]:
    """Return the files that a built sheet puts into the repository, and their text."""
    sheet = built.name
    files = {
        ROOT / "exercises" / f"{sheet}.ipynb": (built / "student" / f"{sheet}.ipynb").read_text(
            encoding="utf-8"
        )
    }
    for test in sorted((built / "student" / "tests").glob("*.py")):
        files[ROOT / "ae_lib" / "sheets" / sheet / test.name] = test.read_text(encoding="utf-8")
    return files


def same(path: Path, text: str) -> bool:
    """Say whether a file holds what it should; metadata of notebooks may differ."""
    if not path.is_file():
        return False
    if path.suffix == ".ipynb":
        new = nbformat.reads(text, as_version=4)
        return cells_of(nbformat.read(path, as_version=4)) == cells_of(new)
    return path.read_text(encoding="utf-8") == text


def stale(built: Path) -> list[Path]:
    """Return the committed files that differ from what was built, leftovers included."""
    files = wanted(built)
    present = set((ROOT / "ae_lib" / "sheets" / built.name).glob("*.py"))
    return [*(path for path, text in files.items() if not same(path, text)), *present - set(files)]


def sync(built: Path) -> None:
    """Write the files of a built sheet into the repository."""
    files = wanted(built)
    for path in stale(built):
        if path in files:
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, files[path])
            print(f"{path.relative_to(ROOT)}: brought in line")
        else:
            path.unlink()
            print(f"{path.relative_to(ROOT)}: removed")


def solution(built: Path) -> nbformat.NotebookNode:
    """Return a built sheet's solution as a page: without otter's marks and broken code."""
    notebook = nbformat.read(built / "autograder" / f"{built.name}.ipynb", as_version=4)
    for cell in notebook.cells:
        source = re.sub(
            r'^ *""" *# BEGIN PROMPT\n.*?""" *# END PROMPT$', "", cell.source, flags=re.M | re.S
        )
        source = re.sub(r"^ *# (BEGIN|END) SOLUTION( NO PROMPT)?\n?", "", source, flags=re.M)
        cell.source = re.sub(r" *# SOLUTION$", "", source, flags=re.M).strip()
        cell.source = re.sub(r"^(# Sheet \d: .*)$", r"\1, solutions", cell.source, flags=re.M)
    notebook.cells = [
        cell for cell in notebook.cells if cell.source and not cell.source.startswith("check(")
    ]
    return notebook


def site(scratch: Path) -> None:
    """Render a copy of the book that has a page of solutions for each sheet."""
    copy = copy_site(ROOT / "_build" / "solutions")
    toc = (copy / "_toc.yml").read_text(encoding="utf-8")
    for master in MASTERS:
        built = build_sheet(master, scratch)
        write_notebook(copy / "exercises" / f"{built.name}_solution.ipynb", solution(built))
        line = f"      - file: exercises/{built.name}\n"
        toc = toc.replace(line, f"{line}      - file: exercises/{built.name}_solution\n")
    (copy / "_toc.yml").write_text(toc, encoding="utf-8")
    render(copy)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["sync", "check", "site"])
    options = parser.parse_args(arguments)
    with explained(), tempfile.TemporaryDirectory() as scratch:
        if options.command == "site":
            return site(Path(scratch))
        for master in MASTERS:
            try:
                built = build_sheet(master, Path(scratch))
            except BuildError as error:
                sys.exit(str(error))
            if options.command == "sync":
                sync(built)
            elif paths := stale(built):
                names = ", ".join(str(path.relative_to(ROOT)) for path in paths)
                sys.exit(f"Not what {master.name} makes: {names}. Run `make sync`.")
    return None


if __name__ == "__main__":
    main()
