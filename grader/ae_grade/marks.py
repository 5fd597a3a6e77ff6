"""Marks that people gave, from whatever their spreadsheet program writes."""

import csv
import io
import math
import unicodedata
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ae_grade.report import safe_cell
from ae_grade.text import clean

__all__ = ["Marks", "mark", "read_marks"]

WHO = ("student", "identifier")
MISSING = {"", "-", "–", "—", "n/a", "absent"}  # noqa: RUF001 - dashes as people type them
SEPARATORS = (",", ";", "\t")
MOST = 20  # faults that are named at once


@dataclass
class Marks:
    """What a table of marks says.

    Attributes
    ----------
    given : dict
        By the student's key and the question's name.
    notes : list of str
        What was passed over, in a sentence each.
    """

    given: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_marks(path: Path, points: dict[str, float], records: dict[str, dict]) -> Marks:
    """Return the marks in a table: all of them, or none.

    Parameters
    ----------
    path : Path
        CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows's coding; or .xlsx. It has
        a column ``student`` or ``identifier`` and one for each question, in any order; others
        are passed over. An empty cell, or a dash, gives no mark.
    points : dict
        What the questions that are marked by hand give, by name.
    records : dict
        The students' records by key.

    Raises
    ------
    ValueError
        What cannot be read, line by line.
    """
    lines = read_table(path, (*WHO, *points))
    first = next((n for n, cells in lines if any(cells)), 0)
    header = [heading(cell) for n, cells in lines if n == first for cell in cells]
    columns = {name: header.index(name) for name in (*WHO, *points) if name in header}
    if not columns.keys() & set(WHO) or not columns.keys() & points.keys():
        raise ValueError(
            f"{path} has the columns {', '.join(filter(None, header)) or 'none'}; expected student "
            f"or identifier, and of the questions marked by hand: {', '.join(points) or 'none'}."
        )
    if twice := sorted({name for name in columns if header.count(name) > 1}):
        raise ValueError(f"{path} has two columns {', '.join(twice)}.")
    marks, faults, seen = Marks(), [], dict[str, int]()
    others = [name for name in header if name and name not in columns]
    if others:
        marks.notes.append(f"{path}: columns that were passed over: {', '.join(others)}.")
    for number, cells in lines:
        if number <= first or not any(cells):
            continue
        try:
            if len(cells) > len(header):
                raise ValueError("more cells than the header; a decimal comma must be in quotes")
            row = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
            scores = {
                name: mark(row[name], most, name)
                for name, most in points.items()
                if row.get(name, "").casefold() not in MISSING
            }
            key = student_of(row, records)
            if key is None and any(scores.values()):
                who = f"{row.get('student', '')} {row.get('identifier', '')}".strip()
                raise ValueError(f"0 students fit {who or 'no name'}")
            if key is None:
                marks.notes.append(f"{path}, line {number}: handed in nothing, and got no mark.")
            elif key in seen:
                raise ValueError(f"the same student as in line {seen[key]}")
            else:
                seen[key] = number
                marks.given[key] = scores
        except ValueError as error:
            faults.append(f"{path}, line {number}: {error}.")
    if faults:
        more = [f"and {len(faults) - MOST} more lines."] if len(faults) > MOST else []
        raise ValueError("\n".join(["Nothing was taken.", *faults[:MOST], *more]))
    if not any(marks.given.values()):
        raise ValueError(f"{path} gives no mark: all cells below {', '.join(points)} are empty.")
    return marks


def student_of(row: dict[str, str], records: dict[str, dict]) -> str | None:
    """Return the key of the student that a line names, or None if there is none.

    Raises
    ------
    ValueError
        Several fit.
    """
    asked = {c: row[c] for c in WHO if row.get(c)}
    # As it stands in our own tables, where no name is a formula.
    fit = [
        key
        for key, record in records.items()
        if asked
        and all(
            same(text) in (same(record[c]), same(str(safe_cell(record[c]))))
            for c, text in asked.items()
        )
    ]
    if len(fit) > 1:
        raise ValueError(f"{len(fit)} students fit {' '.join(asked.values())}: add identifiers")
    return fit[0] if fit else None


def same(text: str) -> str:
    """Return what stays of a name or number when it goes through a spreadsheet."""
    return " ".join(unicodedata.normalize("NFC", text).split()).removesuffix(".0")


def heading(cell: str) -> str:
    return clean(cell, 100).strip(" '\"\ufeff").casefold()


def mark(text: str, points: float, name: str) -> float:
    """Return a mark as a number.

    Raises
    ------
    ValueError
        It is none, or out of range.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= points:
        raise ValueError(f"{name} is {text!r}; expected a number from 0 to {points:g}")
    return value


def read_table(path: Path, known: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """Return the lines of a table, with their numbers.

    Raises
    ------
    ValueError
        The file is no table that can be read.
    """
    content = path.read_bytes()
    if content.startswith(b"PK"):
        return read_excel(path)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ValueError(f"{path} is in the format of old Excel: save it as .xlsx or as CSV.")
    text = decoded(content)
    if "\0" in text:
        raise ValueError(f"{path} is no table: it holds bytes that are no text.")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # written by Excel
        text, skipped = rest, 1
    else:
        skipped = 0

    def rows(separator: str) -> list[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        found = []
        for cells in reader:
            found.append((reader.line_num + skipped, [cell.strip() for cell in cells]))
        return found

    def known_columns(separator: str) -> tuple[int, int]:
        header = next((cells for _, cells in rows(separator) if any(cells)), [])
        return len({heading(cell) for cell in header} & set(known)), len(header)

    try:
        return rows(max(SEPARATORS, key=known_columns))
    except csv.Error as error:
        raise ValueError(f"{path} is no table that can be read ({error}).") from None


def decoded(content: bytes) -> str:
    """Return the text of a file as spreadsheet programs write it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read_excel(path: Path) -> list[tuple[int, list[str]]]:
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise ValueError(
            f"{path} is a workbook: `pip install openpyxl` lets it be read. Or save it as CSV."
        ) from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        rows = [[cell_text(cell) for cell in row] for row in book.worksheets[0].values]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, IndexError) as error:
        raise ValueError(f"{path} is no workbook that can be read ({clean(error, 100)}).") from None
    return list(enumerate(rows, 1))


def cell_text(cell: Any) -> str:
    """Return a cell as one would type it; a number without the .0 that Excel adds."""
    if cell is None:
        return ""
    return f"{cell:g}" if isinstance(cell, float) else str(cell).strip()
