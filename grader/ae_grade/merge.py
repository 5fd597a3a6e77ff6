"""Join the runs over parts of a pile, and add the marks that people gave."""

import csv
import json
import math
from pathlib import Path

from ae_grade.files import write_atomically
from ae_grade.log import RULES, Log
from ae_grade.report import safe_cell, write_reports
from ae_grade.sheet import Sheet

__all__ = ["merge", "read_marks", "with_kept_marks"]

HAND_MARKS = "hand-marks.json"


def merge(out: Path, parts: list[Path], sheet: Sheet, marks: Path | None = None) -> int:
    """Write the tables of several runs as one, and return the number of students.

    Parameters
    ----------
    out : Path
        The joined log and tables go here; a log that is there already is part of the join.
    parts : list of Path
        Folders of other runs.
    sheet : Sheet
    marks : Path, optional
        A CSV with a column ``student`` or ``identifier`` and one for each question that was
        marked by hand. An empty cell gives no mark.

    Raises
    ------
    FileNotFoundError, ValueError
        A part has no log; the logs are of another sheet; or the marks do not fit.

    Notes
    -----
    Marks are kept in ``hand-marks.json`` in `out`, each with the hash of the notebook that it was
    given for: later runs and joins add them again, unless the student has handed in another one.
    """
    for part in parts:
        if not (part / "log.jsonl").is_file():
            raise FileNotFoundError(f"{part} holds no log.jsonl: it is not the folder of a run.")
    records: dict[str, dict] = {}
    others = 0
    for folder in (out, *parts):
        for record in Log(folder / "log.jsonl").records():
            if record["sheet"] == f"{sheet.fingerprint()}-{RULES}":
                records[record["key"]] = record
            else:
                others += 1
    if not records:
        raise ValueError(
            f"No results for the sheet {sheet.name} as it is built now"
            + (f"; {others} are for another or an older build." if others else ".")
        )
    joined = Log(out / "log.jsonl")
    there = [record["key"] + record["sha256"] for record in joined.records()]
    for record in records.values():
        if record["key"] + record["sha256"] not in there:
            joined.add(record)
    kept: dict[str, dict] = {}
    for folder in (*parts, out):
        kept |= read_kept(folder)
    if marks is not None:
        for key, given in read_marks(marks, sheet, records).items():
            sha256 = records[key]["sha256"]
            before = kept.get(key, {})
            scores = before["scores"] if before.get("sha256") == sha256 else {}
            kept[key] = {"sha256": sha256, "scores": {**scores, **given}}
    if kept:
        write_atomically(out / HAND_MARKS, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    records = with_kept_marks(out, sheet, records)
    moodle = any((folder / "moodle.csv").is_file() for folder in (out, *parts))
    write_reports(out, sheet, records.values(), "moodle" if moodle else "folder")
    return len(records)


def read_marks(path: Path, sheet: Sheet, records: dict[str, dict]) -> dict[str, dict[str, float]]:
    """Return the marks given by hand, by key and question.

    Raises
    ------
    ValueError
        A column, a student or a mark does not fit, and which.
    """
    manual = hand_marked(sheet)
    given: dict[str, dict[str, float]] = {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = set(rows.fieldnames or ())
        unknown = columns - {"student", "identifier", *manual}
        if unknown or not columns & {"student", "identifier"} or not columns & set(manual):
            raise ValueError(
                f"{path} has the columns {', '.join(sorted(columns)) or 'none'}; expected student "
                f"or identifier, and of the questions marked by hand: {', '.join(manual) or 'none'}"
            )
        for number, row in enumerate(rows, 2):
            wanted = [
                key
                for key, record in records.items()
                if all(
                    # As it stands in our own tables, where no name is a formula.
                    row[c] in (record[c], safe_cell(record[c]))
                    for c in ("student", "identifier")
                    if row.get(c)
                )
            ]
            if len(wanted) != 1 or not (row.get("student") or row.get("identifier")):
                raise ValueError(
                    f"{path}, line {number}: {len(wanted)} students fit "
                    f"{row.get('student') or ''} {row.get('identifier') or ''}."
                )
            given[wanted[0]] = {
                name: mark(row[name], points, f"{path}, line {number}, {name}")
                for name, points in manual.items()
                if (row.get(name) or "").strip()
            }
    if not any(given.values()):
        raise ValueError(f"{path} gives no mark: all cells below {', '.join(manual)} are empty.")
    return given


def hand_marked(sheet: Sheet) -> dict[str, float]:
    """Return the points of the questions that people mark, by name."""
    return {q.name: q.points for q in sheet.questions if q.tests is None}


def read_kept(folder: Path) -> dict[str, dict]:
    """Return the marks that `merge` has kept in a folder: by key, ``sha256`` and ``scores``."""
    path = folder / HAND_MARKS
    if not path.is_file():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {key: {"sha256": e["sha256"], "scores": {**e["scores"]}} for key, e in kept.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}). Delete it and give the marks to `ae-grade merge` "
            "again."
        ) from error


def with_kept_marks(out: Path, sheet: Sheet, records: dict[str, dict]) -> dict[str, dict]:
    """Return the records with the marks by hand that were given for these very notebooks.

    Raises
    ------
    ValueError
        ``hand-marks.json`` cannot be read, or a mark is above what the question gives now.
    """
    kept, points = read_kept(out), hand_marked(sheet)
    marked = dict(records)
    for key, entry in kept.items():
        if key in records and records[key]["sha256"] == entry["sha256"]:
            scores = {
                name: mark(str(score), points[name], f"{out / HAND_MARKS}, {key}, {name}")
                for name, score in entry["scores"].items()
                if name in points
            }
            marked[key] = with_marks(records[key], scores)
    return marked


def mark(text: str, points: float, where: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= points:
        raise ValueError(f"{where}: {text!r}; expected a number from 0 to {points:g}.")
    return value


def with_marks(record: dict, given: dict[str, float]) -> dict:
    """Return a record with these scores of hand-marked questions, and the new total."""
    questions = [{**q, "score": given.get(q["name"], q["score"])} for q in record["questions"]]
    return {
        **record,
        "questions": questions,
        "total": round(sum(q["score"] or 0 for q in questions), 6),
    }
