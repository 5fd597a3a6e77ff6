"""The page for staff: everything, the messages of hidden tests and the statistics included."""

import html
from collections import Counter
from collections.abc import Iterable
from statistics import median

from ae_grade.feedback import case_line, short_name
from ae_grade.histogram import histogram
from ae_grade.items import FEW, Item, cases_of, complete, items, same_failures, totals
from ae_grade.log import NotGraded
from ae_grade.page import Number, listing, page, table
from ae_grade.sheet import Sheet
from ae_grade.text import number

__all__ = ["TEMPLATE", "staff_page", "status"]

TEMPLATE = "marks-template.csv"


def status(record: dict) -> str:
    """Return the status, which also tells of questions that wait to be marked by hand."""
    waiting = [q["name"] for q in record["questions"] if q["score"] is None]
    if record["status"] == "graded" and waiting:
        return f"hand marks missing: {' '.join(waiting)}"
    return record["status"]


def staff_page(
    sheet: Sheet, records: list[dict], failed: dict[str, NotGraded], collected: str
) -> str:
    """Return the page for the staff: the class first, then each submission."""
    graded = [r for r in records if r["status"] == "graded"]
    parts = [
        "<p>For staff only: this page holds messages of hidden tests.</p>",
        f"<p>{len(records)} submissions, {len(graded)} of them run; "
        f"{number(sheet.possible)} points possible.</p>",
    ]
    if failed:
        parts.append("<h2>Not graded</h2>")
        parts.append(
            listing(
                f"{html.escape(one.called)}<pre>{html.escape(one.why)}</pre>"
                for one in sorted(failed.values())
            )
        )
    if collected:
        parts.append(
            "<details><summary>Who was found, from which file, and what was left out</summary>"
            f"<pre>{html.escape(collected)}</pre></details>"
        )
    if graded:
        parts += [*distribution(sheet, graded), *questions(sheet, graded)]
        parts += [*stopped(sheet, graded), *grouped(sheet, graded)]
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
        parts += submission(r)
    return page(f"Staff report on {sheet.name}", "\n".join(parts))


def distribution(sheet: Sheet, graded: list[dict]) -> list[str]:
    """Return the picture of the totals, and the times."""
    whole = complete(sheet, graded)
    possible = sum(sheet.questions[i].points for i in whole)
    waiting = [q.name for i, q in enumerate(sheet.questions) if i not in whole]
    without = f", without {', '.join(waiting)}, where marks are missing" if waiting else ""
    parts = [
        "<h2>Totals</h2>",
        f"<p>Points of the {len(graded)} submissions that ran, {number(possible)} possible"
        f"{html.escape(without)}.</p>",
    ]
    if not whole:
        parts.append("<p>No question has a mark for everybody yet.</p>")
    elif len(graded) < FEW:
        parts.append(f"<p>Too few submissions for a picture: it takes {FEW}.</p>")
    else:
        parts.append(f"<figure>{histogram(totals(graded, whole), possible)}</figure>")
    times = [r["seconds"] for r in graded]
    slowest = max(graded, key=lambda r: r["seconds"])
    parts.append(
        f"<p>Time for a submission: median {median(times):.2f} s, longest {max(times):.2f} s "
        f"({link(slowest)}).</p>"
    )
    return parts


def questions(sheet: Sheet, graded: list[dict]) -> list[str]:
    """Return the item statistics, and how to read them."""
    rows = [
        [
            f"{html.escape(q.name)} {html.escape(q.title)}",
            Number(number(q.points)),
            Number("" if item.difficulty is None else f"{item.difficulty * q.points:.2f}"),
            Number("" if item.difficulty is None else f"{item.difficulty:.2f}"),
            Number(discrimination(item)),
            sum(score >= q.points for score in item.scores) if item.scores else Number(),
            sum(score == 0 for score in item.scores) if item.scores else Number(),
            Number(f"{median(item.seconds):.2f}" if q.tests is not None else ""),
            Number(f"{max(item.seconds):.2f}" if q.tests is not None else ""),
        ]
        for q, item in zip(sheet.questions, items(sheet, graded), strict=True)
    ]
    heads = ("question", "possible", "mean", "difficulty", "discrimination", "full marks")
    chance = (
        f"With {len(graded)} students, chance alone often gives up to "
        f"{2 / (len(graded) - 1) ** 0.5:.2f} either way. "
        if len(graded) >= FEW
        else f"It takes {FEW} students. "
    )
    return [
        "<h2>Questions</h2>",
        table(
            "Points and time of each question",
            (*heads, "no marks", "median s", "longest s"),
            rows,
        ),
        "<p>Difficulty is the mean share of the points: near 1 a question is easy. Discrimination "
        "is the correlation of a question's points with the sum of the other questions (the "
        "corrected item-total correlation; Guilford 1953, Educational and Psychological "
        f"Measurement 13, 87-93). {chance}Where it is near zero or negative, those who do well "
        "elsewhere do no better here: look at the question, and at its tests. Seconds are those "
        f"that count against the limit of {number(sheet.question_timeout)}.</p>",
    ]


def discrimination(item: Item) -> str:
    found = item.discrimination
    return found if isinstance(found, str) else f"{found:.2f}"


def stopped(sheet: Sheet, graded: list[dict]) -> list[str]:
    """Return how many students each test stops."""
    counts = cases_of(sheet, graded)
    if not counts:
        return []
    rows = [
        [
            f"{html.escape(c.question)}: {html.escape(c.title)}",
            "hidden" if c.hidden else "public",
            len(c.stopped),
            Number(f"{len(c.stopped) / len(graded):.0%}"),
        ]
        for c in counts
    ]
    heads = ("test", "kind", "failed by", "share")
    return ["<h2>Which test stops whom</h2>", table("How many fail each test", heads, rows)]


def grouped(sheet: Sheet, graded: list[dict]) -> list[str]:
    """Return, question by question, who fails the same tests: they may be told the same."""
    parts = ["<h2>Answers that fail the same tests</h2>"]
    for i, question in enumerate(sheet.questions):
        groups = same_failures(i, graded)
        if not groups:
            continue
        parts.append(f"<h3>{html.escape(question.name)} {html.escape(question.title)}</h3>")
        parts.append(
            listing(
                f"{len(students)} failed {html.escape('; '.join(titles))}: "
                + ", ".join(link(student) for student in students)
                for titles, students in groups
            )
        )
    return parts if len(parts) > 1 else []


def link(record: dict) -> str:
    return f'<a href="#{short_name(record)}">{html.escape(record["student"])}</a>'


def submission(record: dict) -> list[str]:
    late = ", late" if record["late"] else ""
    return [
        f'<details id="{short_name(record)}"><summary>{html.escape(record["student"])}: '
        f"{number(record['total'])} of {number(record['possible'])} "
        f"({html.escape(status(record))}{late})</summary>",
        f"<p>{html.escape(record['file'])} {html.escape(record['message'])}</p>",
        *(f"<pre>{html.escape(p)}</pre>" for p in [*record["problems"], *record.get("later", [])]),
        listing(
            ("hidden " if c["hidden"] else "") + case_line(c)
            for q in record["questions"]
            for c in q["cases"]
        ),
        "</details>",
    ]


def by_hand(sheet: Sheet, graded: Iterable[dict]) -> list[str]:
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
