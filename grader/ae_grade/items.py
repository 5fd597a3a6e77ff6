"""What a class's results say about the questions and their tests: item statistics.

Sources of the two indices: the difficulty of an item is the mean share of its points; its
discrimination is the correlation of its points with the sum of all *other* questions, since the
total would hold the item itself (J. P. Guilford, The correlation of an item with a composite of
the remaining items in a test, Educational and Psychological Measurement 13, 1953, 87-93).
"""

from dataclasses import dataclass
from statistics import StatisticsError, correlation, mean

from ae_grade.sheet import Sheet

__all__ = ["FEW", "CaseCount", "Item", "cases_of", "complete", "items", "same_failures", "totals"]

FEW = 10  # students: a correlation or a picture of fewer says nothing


@dataclass(frozen=True)
class Item:
    """A question as a class answered it.

    Attributes
    ----------
    scores : list of float
        Of all students who have a mark.
    difficulty : float or None
        The mean share of the points; None where nobody has a mark.
    discrimination : float or str
        The correlation with the sum of the other questions, or why there is none.
    seconds : list of float
        What each student's answer took of the time limit.
    """

    scores: list[float]
    difficulty: float | None
    discrimination: float | str
    seconds: list[float]


@dataclass(frozen=True)
class CaseCount:
    """A test of a question, and the students it stops."""

    question: str
    title: str
    hidden: bool
    stopped: list[dict]


def complete(sheet: Sheet, records: list[dict]) -> list[int]:
    """Return the positions of the questions for which every student has a mark.

    Sums are taken over these alone: a question that waits for some marks would look hard.
    """
    return [
        i
        for i in range(len(sheet.questions))
        if all(r["questions"][i]["score"] is not None for r in records)
    ]


def totals(records: list[dict], positions: list[int]) -> list[float]:
    """Return each student's points of the questions at these positions."""
    return [round(sum(r["questions"][i]["score"] for i in positions), 6) for r in records]


def items(sheet: Sheet, records: list[dict]) -> list[Item]:
    """Return the statistics of each question over the students whose notebooks ran."""
    whole = complete(sheet, records)
    found = []
    for i, question in enumerate(sheet.questions):
        marked = [r for r in records if r["questions"][i]["score"] is not None]
        scores = [float(r["questions"][i]["score"]) for r in marked]
        others = [position for position in whole if position != i]
        easy = mean(scores) / question.points if scores and question.points else None
        found.append(
            Item(
                scores,
                easy,
                discrimination(scores, totals(marked, others)) if others else "no other question",
                [r["questions"][i]["seconds"] for r in records],
            )
        )
    return found


def discrimination(scores: list[float], rest: list[float]) -> float | str:
    """Return the correlation of a question with the rest of its sheet, or why there is none."""
    if len(scores) < FEW:
        return "too few"
    try:
        return correlation(scores, rest)
    except StatisticsError:  # one of the two does not vary
        return "all the same"


def cases_of(sheet: Sheet, records: list[dict]) -> list[CaseCount]:
    """Return each test of the sheet with the students whom it stops."""
    found = []
    for i, question in enumerate(sheet.questions):
        # All records have the same tests, except where there were none to run.
        tests: list[dict] = max((r["questions"][i]["cases"] for r in records), key=len, default=[])
        for k, case in enumerate(tests):
            stopped = [r for r in records if k in failed_tests(r["questions"][i])]
            found.append(CaseCount(question.name, case["name"], case["hidden"], stopped))
    return found


def failed_tests(entry: dict) -> tuple[int, ...]:
    """Return the positions of the tests that an answer fails."""
    return tuple(k for k, case in enumerate(entry["cases"]) if not case["passed"])


def same_failures(position: int, records: list[dict]) -> list[tuple[list[str], list[dict]]]:
    """Return the students whose answers to a question fail the same tests, largest group first.

    Each group comes with the titles of these tests; those who fail none are not among them.
    """
    groups: dict[tuple[int, ...], list[dict]] = {}
    for record in records:
        if failed := failed_tests(record["questions"][position]):
            groups.setdefault(failed, []).append(record)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [
        ([students[0]["questions"][position]["cases"][k]["name"] for k in failed], students)
        for failed, students in ordered
    ]
