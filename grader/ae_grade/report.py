"""Write what a run found: tables for the gradebook, pages for students and staff."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from ae_grade.feedback import feedback_name, feedback_page
from ae_grade.files import write_atomically
from ae_grade.log import NotGraded
from ae_grade.sheet import Sheet
from ae_grade.staff import TEMPLATE, staff_page, status
from ae_grade.text import number

__all__ = ["safe_cell", "write_reports"]


def safe_cell(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    if not isinstance(value, str) or not value:
        return value
    # In a table that is read with another separator, a new cell begins at each.
    value = re.sub(r"([;|\t]\s*)(?=[=+\-@＝＋－＠])", r"\1'", value)  # noqa: RUF001
    # NFKC: a full-width sign is taken for the sign itself by some.
    first = unicodedata.normalize("NFKC", value.lstrip())[:1]
    return "'" + value if value[0] in "\t\r\n" or (first and first in "=+-@") else value


def table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV with Windows line ends, which is what gradebooks read."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
    return text.getvalue()


def grades_csv(sheet: Sheet, records: list[dict], failed: Iterable[NotGraded]) -> str:
    names = [q.name for q in sheet.questions]
    rows: list[Sequence[object]] = [
        [
            *("student", *names, "total", "possible", "status", "seconds", "sandbox", "sha256"),
            *("identifier", "late"),
        ]
    ]
    for r in records:
        rows.append(
            [
                r["student"],
                *(number(q["score"]) for q in r["questions"]),
                number(r["total"]),
                number(r["possible"]),
                status(r),
                f"{r['seconds']:.2f}",
                r["sandbox"],
                r["sha256"],
                r["identifier"],
                "late" if r["late"] else "",
            ]
        )
    # Nobody is missing: those that the grader could not grade have a line without marks.
    for one in failed:
        blank = [""] * (len(names) + 2)
        rows.append([one.student, *blank, "not graded", "", "", "", one.identifier, ""])
    return table(rows)


def canvas_csv(sheet: Sheet, records: list[dict]) -> str:
    """Return what Canvas's gradebook imports: it finds students by the column ID."""
    rows: list[Sequence[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", sheet.name],
        ["    Points Possible", "", "", "", "", number(sheet.possible)],
    ]
    rows += [[r["student"], r["identifier"], "", "", "", number(r["total"])] for r in records]
    return table(rows)


def moodle_csv(records: list[dict]) -> str:
    """Return what Moodle reads as an offline grading worksheet."""
    rows: list[Sequence[object]] = [["Identifier", "Full name", "Grade", "Feedback comments"]]
    for r in records:
        lines = [
            f"{q['name']}: {number(q['score'])}/{number(q['possible'])}" for q in r["questions"]
        ]
        rows.append(
            [f"Participant {r['identifier']}", r["student"], number(r["total"]), "; ".join(lines)]
        )
    return table(rows)


def marks_template(sheet: Sheet, records: list[dict]) -> str:
    """Return a table for `ae-grade merge --marks`, with the marks that were given already."""
    manual = [q.name for q in sheet.questions if q.tests is None]
    rows: list[Sequence[object]] = [["student", "identifier", *manual]]
    for r in records:
        scores = {q["name"]: q["score"] for q in r["questions"]}
        rows.append([r["student"], r["identifier"], *(number(scores[name]) for name in manual)])
    return table(rows)


def write_reports(
    out: Path,
    sheet: Sheet,
    records: Iterable[dict],
    kind: str = "folder",
    failed: dict[str, NotGraded] | None = None,
    collected: str = "",
) -> None:
    """Write the tables and pages of a run below `out`.

    Parameters
    ----------
    out : Path
    sheet : Sheet
    records : iterable of dict
        One a student.
    kind : str
        Where the submissions came from; ``"moodle"`` adds Moodle's worksheet.
    failed : dict, optional
        By key, whose submission could not be graded, and why.
    collected : str
        The table of who was found, from which file, and what was left out.
    """
    ordered = sorted(records, key=lambda r: (r["student"].casefold(), r["key"]))
    write_atomically(
        out / "grades.csv", grades_csv(sheet, ordered, sorted((failed or {}).values()))
    )
    write_atomically(out / "canvas.csv", canvas_csv(sheet, ordered))
    if kind == "moodle":
        write_atomically(out / "moodle.csv", moodle_csv(ordered))
    if any(q.tests is None for q in sheet.questions):
        write_atomically(out / TEMPLATE, marks_template(sheet, ordered))
    for record in ordered:
        write_atomically(out / "feedback" / feedback_name(record), feedback_page(sheet, record))
    write_atomically(out / "staff.html", staff_page(sheet, ordered, failed or {}, collected))
