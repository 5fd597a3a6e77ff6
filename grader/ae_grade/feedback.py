"""The page that a student reads: points, and of the tests the public ones alone."""

import hashlib
import html
import unicodedata

from ae_grade.page import Number, listing, page, table
from ae_grade.sheet import Question, Sheet
from ae_grade.text import number

__all__ = ["case_line", "feedback_name", "feedback_page", "short_name"]


def feedback_name(record: dict) -> str:
    """Return a file name that is safe everywhere and different for each student."""
    name = unicodedata.normalize("NFC", record["student"])
    name = "".join(c if c.isalnum() or c in " -" else "_" for c in name).strip()[:60].strip()
    return f"{name or 'student'}-{short_name(record)}.html"


def short_name(record: dict) -> str:
    """Return what tells a student from all others, in a few harmless letters."""
    return hashlib.sha256(record["key"].encode()).hexdigest()[:8]


def feedback_page(sheet: Sheet, record: dict) -> str:
    """Return a student's page.

    Nothing on it but the points and the number of hidden tests that passed may depend on a run
    in which a hidden input has been near the notebook.
    """
    parts = [
        f"<p>{html.escape(record['student'])}, file {html.escape(record['file'])}</p>",
        f"<p><strong>{number(record['total'])} of {number(record['possible'])} points."
        "</strong></p>",
    ]
    if record["message"]:
        parts.append(f"<p>{html.escape(record['message'])}</p>")
    pairs = list(zip(sheet.questions, record["questions"], strict=True))
    rows = [
        (f'<a href="#{html.escape(q.name)}">{html.escape(q.title)}</a>', points(q, result))
        for q, result in pairs
    ]
    parts.append(table("Points", ("question", "points"), rows))
    if record["problems"]:
        parts.append("<h2>While your notebook ran</h2>")
        parts.append(
            "<p>All cells ran once, from top to bottom, in a fresh kernel. Code cells are counted "
            "from the top of the notebook, empty ones included; the numbers that Jupyter shows in "
            "brackets may be others.</p>"
        )
        parts.append(listing(f"<pre>{html.escape(p)}</pre>" for p in record["problems"]))
    for question, result in pairs:
        parts += question_part(question, result)
    return page(f"Feedback on {sheet.name}", "\n".join(parts))


def points(question: Question, result: dict) -> Number:
    if result["score"] is None:
        return Number(f"{number(question.points)} points, marked by hand")
    return Number(f"{number(result['score'])} of {number(result['possible'])} points")


def question_part(question: Question, result: dict) -> list[str]:
    """Return what is said of a question: which cells were looked at, and which tests failed."""
    parts = [
        f'<h2 id="{html.escape(question.name)}">{html.escape(question.title)} '
        f"({points(question, result)})</h2>"
    ]
    looked = [place(name, *found) for name, found in result["cells"].items()]
    if looked:
        parts.append(f"<p>The tests look at {', '.join(looked)}.</p>")
    public = [case for case in result["cases"] if not case["hidden"]]
    hidden = [case for case in result["cases"] if case["hidden"]]
    if public:
        parts.append(listing(case_line(case) for case in public))
    if hidden:
        passed = sum(case["passed"] for case in hidden)
        parts.append(f"<p>Hidden tests passed: {passed} of {len(hidden)}.</p>")
    if public and hidden and all(c["passed"] for c in public) and passed < len(hidden):
        parts.append(
            "<p>Your answer is right for the values that the public tests use, and not for all "
            "others: look for a number that is fixed, or a case that the text names and the "
            "public tests do not try.</p>"
        )
    return parts


def place(name: str, cell: int, line: str) -> str:
    """Say which cell gave a name its last value."""
    name = f"<code>{html.escape(name)}</code>"
    if not cell:
        return f"{name}, which no cell seems to give a value"
    return f"{name} of code cell {cell} (<code>{html.escape(line)}</code>)"


def case_line(case: dict) -> str:
    words = "passed" if case["passed"] else "failed"
    message = f"<pre>{html.escape(case['message'])}</pre>" if case["message"] else ""
    return f'<span class="{words}">{words}</span>: {html.escape(case["name"])}{message}'
