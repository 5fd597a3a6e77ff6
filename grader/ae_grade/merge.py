"""Join the runs over parts of a pile, and add the marks that people gave."""

import json
from pathlib import Path
from typing import NamedTuple

from ae_grade.files import write_atomically
from ae_grade.log import LOG, RULES, Log, NotGraded, Roster, read_roster, write_roster
from ae_grade.marks import mark, read_marks
from ae_grade.report import write_reports
from ae_grade.sheet import Sheet

__all__ = ["Joined", "merge", "with_kept_marks"]

HAND_MARKS = "hand-marks.json"
WAITING = "found by the run, and not graded yet: give the same `ae-grade run` again"


class Joined(NamedTuple):
    """How many students there are now, what was passed over, and who is not graded yet."""

    students: int
    notes: list[str]
    waiting: list[str]


def merge(out: Path, parts: list[Path], sheet: Sheet, marks: Path | None = None) -> Joined:
    """Write the tables of several runs as one.

    Parameters
    ----------
    out : Path
        The joined log and tables go here; a log that is there already is part of the join.
    parts : list of Path
        Folders of other runs.
    sheet : Sheet
    marks : Path, optional
        A table as `ae_grade.marks.read_marks` takes it.

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
        if not (part / LOG).is_file():
            raise FileNotFoundError(f"{part} holds no {LOG}: it is not the folder of a run.")
    records: dict[str, dict] = {}
    kind, others, waiting = "folder", 0, dict[str, NotGraded]()
    for folder in (out, *parts):
        roster = read_roster(folder)
        kind = roster.kind if roster and roster.kind != "folder" else kind
        for record in Log(folder / LOG).records():
            if record["sheet"] != f"{sheet.fingerprint()}-{RULES}":
                others += 1
            # Of those that the last run found: a file that was withdrawn stays away.
            elif roster is None or roster.students.get(record["key"]) == record["sha256"]:
                records[record["key"]] = record
        if roster:
            missing = roster.students.keys() - records.keys()
            waiting |= {key: roster.not_graded(key, WAITING) for key in missing}
    waiting = {key: one for key, one in waiting.items() if key not in records}
    if not records:
        raise ValueError(
            f"No results for the sheet {sheet.name} as it is built now"
            + (f"; {others} are for another or an older build." if others else ".")
        )
    kept: dict[str, dict] = {}
    for folder in (*parts, out):
        kept |= read_kept(folder)
    notes: list[str] = []
    if marks is not None:
        read = read_marks(marks, hand_marked(sheet), records)
        notes = read.notes
        for key, given in read.given.items():
            sha256 = records[key]["sha256"]
            before = kept.get(key, {})
            scores = before["scores"] if before.get("sha256") == sha256 else {}
            kept[key] = {"sha256": sha256, "scores": {**scores, **given}}
    if kept:
        write_atomically(out / HAND_MARKS, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    joined = Log(out / LOG)
    there = {(record["key"], record["sha256"]) for record in joined.records()}
    for record in records.values():
        if (record["key"], record["sha256"]) not in there:
            joined.add(record)
    students = {key: record["sha256"] for key, record in records.items()}
    names = {key: (one.student, one.identifier) for key, one in waiting.items()}
    names |= {key: (record["student"], record["identifier"]) for key, record in records.items()}
    write_roster(out, Roster(kind, {**dict.fromkeys(waiting, ""), **students}, names))
    records = with_kept_marks(out, sheet, records)
    write_reports(out, sheet, records.values(), kind, waiting)
    return Joined(len(records), notes, sorted(one.called for one in waiting.values()))


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
                name: mark(str(score), points[name], f"{out / HAND_MARKS}, {key}: {name}")
                for name, score in entry["scores"].items()
                if name in points
            }
            marked[key] = with_marks(records[key], scores)
    return marked


def with_marks(record: dict, given: dict[str, float]) -> dict:
    """Return a record with these scores of hand-marked questions, and the new total."""
    questions = [{**q, "score": given.get(q["name"], q["score"])} for q in record["questions"]]
    return {
        **record,
        "questions": questions,
        "total": round(sum(q["score"] or 0 for q in questions), 6),
    }
