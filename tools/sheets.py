"""Keep what students get in line with the masters of the exercise sheets.

python tools/sheets.py sync     exercises/NN_name.py -> exercises/NN_name.ipynb, and the public
                                tests in ae_lib/checks/NN_name/
python tools/sheets.py check    say which of them are not what their master makes

The committed sheets are those of seed 0; `ae-grade build --seed` makes a course its own.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import nbformat

from ae_grade.build import BuildError, build_sheet
from tools.book import ROOT, cells_of, write_atomically

MASTERS = sorted((ROOT / "exercises").glob("*.py"))


def wanted(built: Path) -> dict[Path, str]:
    """Return the files that a built sheet puts into the repository, and their text."""
    sheet = built.name
    files = {
        ROOT / "exercises" / f"{sheet}.ipynb": (built / "student" / f"{sheet}.ipynb").read_text()
    }
    for test in sorted((built / "student" / "tests").glob("*.py")):
        files[ROOT / "ae_lib" / "checks" / sheet / test.name] = test.read_text()
    return files


def same(path: Path, text: str) -> bool:
    """Say whether a file holds what it should; metadata of notebooks may differ."""
    if not path.is_file():
        return False
    if path.suffix == ".ipynb":
        new = nbformat.reads(text, as_version=4)
        return cells_of(nbformat.read(path, as_version=4)) == cells_of(new)
    return path.read_text() == text


def stale(built: Path) -> list[Path]:
    """Return the committed files that differ from what was built, leftovers included."""
    files = wanted(built)
    present = set((ROOT / "ae_lib" / "checks" / built.name).glob("*.py"))
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


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["sync", "check"])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
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


if __name__ == "__main__":
    main()
