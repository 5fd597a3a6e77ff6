"""Text from strangers that goes into files and pages."""

import unicodedata

__all__ = ["clean", "number", "of_students"]

# Joiners are letters of Persian and parts of emoji; what turns the direction of writing is not.
KEPT = "\n\t\u200c\u200d"


def clean(text: object, limit: int = 2000) -> str:
    """Return text that may stand in a file: no control characters, no half surrogates."""
    string = str(text)[:limit].encode("utf-8", "replace").decode("utf-8")
    return "".join(
        c for c in string if c.isprintable() or c in KEPT or unicodedata.category(c) == "Zs"
    )


def number(value: float | None) -> str:
    """Return points as short as they are exact; nothing where a mark is still missing."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def of_students(count: int) -> str:
    """Return how many students that is, in words of a sentence."""
    return f"{count} student{'s' * (count != 1)}"
