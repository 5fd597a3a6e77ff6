"""Write what a run found: tables for the gradebook, pages for students and staff."""

import csv
import hashlib
import html
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ae_grade.files import write_atomically
from ae_grade.sheet import Sheet

__all__ = ["feedback_name", "safe_cell", "write_reports"]

TEMPLATE = "marks-template.csv"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border-bottom: 1px solid #767676; padding: .3rem .8rem; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f3f3; padding: .6rem }
"""


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


def number(value: float | None) -> str:
    """Return points as short as they are exact; nothing where a mark is still missing."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def feedback_name(record: dict) -> str:
    """Return a file name that is safe everywhere and different for each student."""
    name = unicodedata.normalize("NFC", record["student"])
    name = "".join(c if c.isalnum() or c in " -" else "_" for c in name).strip()[:60].strip()
    return f"{name or 'student'}-{hashlib.sha256(record['key'].encode()).hexdigest()[:8]}.html"


def grades_csv(sheet: Sheet, records: list[dict], failed: Iterable[str]) -> str:
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
    rows += [[key, *[""] * (len(names) + 2), "not graded", "", "", "", "", ""] for key in failed]
    return table(rows)


def status(record: dict) -> str:
    """Return the status, which also tells of questions that wait to be marked by hand."""
    waiting = [q["name"] for q in record["questions"] if q["score"] is None]
    if record["status"] == "graded" and waiting:
        return f"hand marks missing: {' '.join(waiting)}"
    return record["status"]


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


def page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def listing(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def feedback_page(sheet: Sheet, record: dict) -> str:
    """Return a student's page: points, and the messages of public tests alone."""
    parts = [f"<p>{html.escape(record['student'])}, file {html.escape(record['file'])}</p>"]
    parts.append(
        f"<p><strong>{number(record['total'])} of {number(record['possible'])} points.</strong></p>"
    )
    if record["message"]:
        parts.append(f"<p>{html.escape(record['message'])}</p>")
    if record["problems"]:
        parts.append("<h2>While your notebook ran</h2>")
        parts.append(listing(f"<pre>{html.escape(p)}</pre>" for p in record["problems"]))
    for question, result in zip(sheet.questions, record["questions"], strict=True):
        points = (
            f"marked by hand, {number(question.points)} points"
            if result["score"] is None
            else f"{number(result['score'])} of {number(result['possible'])} points"
        )
        parts.append(f"<h2>{html.escape(question.title)} ({points})</h2>")
        public = [c for c in result["cases"] if not c["hidden"]]
        if public:
            parts.append(listing(case_line(c) for c in public))
        hidden = [c for c in result["cases"] if c["hidden"]]
        if hidden:
            passed = sum(c["passed"] for c in hidden)
            parts.append(f"<p>Hidden tests passed: {passed} of {len(hidden)}.</p>")
    return page(f"Feedback on {sheet.name}", "\n".join(parts))


def case_line(case: dict) -> str:
    words = "passed" if case["passed"] else "failed"
    message = f"<pre>{html.escape(case['message'])}</pre>" if case["message"] else ""
    return f"{html.escape(case['name'])}: {words}{message}"


def staff_page(sheet: Sheet, records: list[dict], failed: dict[str, str], collected: str) -> str:
    """Return the page for the staff: everything, the messages of hidden tests included."""
    graded = [r for r in records if r["status"] == "graded"]
    parts = [
        "<p>For staff only: this page holds messages of hidden tests.</p>",
        f"<p>{len(records)} submissions, {len(graded)} of them run; "
        f"{number(sheet.possible)} points possible.</p>",
        "<h2>Questions</h2>",
        questions_table(sheet, graded),
    ]
    if failed:
        parts.append("<h2>Not graded</h2>")
        parts.append(
            listing(
                f"{html.escape(k)}<pre>{html.escape(v)}</pre>" for k, v in sorted(failed.items())
            )
        )
    if collected:
        parts.append(
            "<details><summary>Who was found, from which file, and what was left out</summary>"
            f"<pre>{html.escape(collected)}</pre></details>"
        )
    same = Counter(r["sha256"] for r in graded)
    twins = sorted(sha for sha, count in same.items() if count > 1)
    if twins:
        parts.append("<h2>Identical files</h2>")
        parts.append(
            listing(
                html.escape(", ".join(r["student"] for r in graded if r["sha256"] == sha))
                for sha in twins
            )
        )
    parts += by_hand(sheet, graded)
    parts.append("<h2>Submissions</h2>")
    for r in records:
        late = ", late" if r["late"] else ""
        parts.append(
            f"<details><summary>{html.escape(r['student'])}: {number(r['total'])} of "
            f"{number(r['possible'])} ({html.escape(status(r))}{late})</summary>"
        )
        parts.append(f"<p>{html.escape(r['file'])} {html.escape(r['message'])}</p>")
        parts += [f"<pre>{html.escape(p)}</pre>" for p in [*r["problems"], *r.get("later", [])]]
        parts += [
            listing(
                ("hidden " if c["hidden"] else "") + case_line(c)
                for q in r["questions"]
                for c in q["cases"]
            ),
            "</details>",
        ]
    return page(f"Staff report on {sheet.name}", "\n".join(parts))


def by_hand(sheet: Sheet, graded: list[dict]) -> list[str]:
    """Return the answers that people mark, question by question, and how marks get in."""
    manual = [q for q in sheet.questions if q.tests is None]
    if not manual:
        return []
    parts = [
        "<h2>Answers to mark by hand</h2>",
        f"<p>Fill in the empty cells of <code>{TEMPLATE}</code>, save it under another name, say "
        "<code>marks.csv</code>, and run <code>ae-grade merge FOLDER --sheet "
        f"{html.escape(sheet.name)} --marks marks.csv</code> with the folder of this page. "
        "Figures are not shown here: they are in the notebooks.</p>",
    ]
    for q in manual:
        parts.append(
            f"<h3>{html.escape(q.name)} {html.escape(q.title)} ({number(q.points)} points)</h3>"
        )
        for r in graded:
            (found,) = (entry for entry in r["questions"] if entry["name"] == q.name)
            mark = "" if found["score"] is None else f", marked {number(found['score'])}"
            parts.append(f"<h4>{html.escape(r['student'])}{mark}</h4>")
            parts += [f"<pre>{html.escape(text)}</pre>" for text in found["answer"]] or [
                f"<p>No answer below the question's heading in {html.escape(r['file'])}.</p>"
            ]
    return parts


def marks_template(sheet: Sheet, records: list[dict]) -> str:
    """Return a table for `ae-grade merge --marks`, with the marks that were given already."""
    manual = [q.name for q in sheet.questions if q.tests is None]
    rows: list[Sequence[object]] = [["student", "identifier", *manual]]
    for r in records:
        scores = {q["name"]: q["score"] for q in r["questions"]}
        rows.append([r["student"], r["identifier"], *(number(scores[name]) for name in manual)])
    return table(rows)


def questions_table(sheet: Sheet, graded: list[dict]) -> str:
    rows = [
        '<table><tr><th>question</th><th class="n">possible</th><th class="n">mean</th>'
        '<th class="n">full marks</th><th class="n">no marks</th></tr>'
    ]
    for position, question in enumerate(sheet.questions):
        scores = [r["questions"][position]["score"] for r in graded]
        marks = [score for score in scores if score is not None]
        mean = f"{sum(marks) / len(marks):.2f}" if marks else ""
        full = sum(score >= question.points for score in marks) if marks else ""
        none = sum(score == 0 for score in marks) if marks else ""
        rows.append(
            f"<tr><td>{html.escape(question.name)} {html.escape(question.title)}</td>"
            f'<td class="n">{number(question.points)}</td><td class="n">{mean}</td>'
            f'<td class="n">{full}</td><td class="n">{none}</td></tr>'
        )
    return "\n".join([*rows, "</table>"])


def write_reports(
    out: Path,
    sheet: Sheet,
    records: Iterable[dict],
    kind: str = "folder",
    failed: dict[str, str] | None = None,
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
        By key, why a submission could not be graded.
    collected : str
        The table of who was found, from which file, and what was left out.
    """
    ordered = sorted(records, key=lambda r: (r["student"].casefold(), r["key"]))
    write_atomically(out / "grades.csv", grades_csv(sheet, ordered, sorted(failed or {})))
    write_atomically(out / "canvas.csv", canvas_csv(sheet, ordered))
    if kind == "moodle":
        write_atomically(out / "moodle.csv", moodle_csv(ordered))
    if any(q.tests is None for q in sheet.questions):
        write_atomically(out / TEMPLATE, marks_template(sheet, ordered))
    for record in ordered:
        write_atomically(out / "feedback" / feedback_name(record), feedback_page(sheet, record))
    write_atomically(out / "staff.html", staff_page(sheet, ordered, failed or {}, collected))
