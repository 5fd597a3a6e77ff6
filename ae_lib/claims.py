"""Claims: each sentence about a result is bound to the number it speaks of."""

from dataclasses import dataclass
from typing import Any

from ae_lib.data import Dataset

__all__ = ["ClaimError", "claim", "fact"]


class ClaimError(AssertionError):
    """What the text says is not what this run found."""


@dataclass(frozen=True)
class Claim:
    """One claim as a notebook made it; `margin` is how far the value stayed on the right side."""

    statement: str
    kind: str
    about: str
    made: bool
    holds: bool
    value: float | None = None
    bound: float | None = None
    margin: float | None = None


# What the running notebook has claimed so far. The robustness runs of the book read it, and let a
# chapter go on after a claim that failed (`stop_at_failure = False`).
claims: list[Claim] = []
stop_at_failure = True


def fact(statement: str, holds: Any) -> None:
    """State what is true of any data, seed and machine: a shape, a count, a theorem.

    Parameters
    ----------
    statement : str
        The fact, in words.
    holds : bool
        Whether this run agrees. A tolerance in it follows from the arithmetic.

    Raises
    ------
    ClaimError
        It does not: code or an installed package is wrong.

    Examples
    --------
    >>> from ae_lib import fact
    >>> fact("a code of 4 x 4 x 4 is 64 numbers", 4 * 4 * 4 == 64)
    """
    _enter(
        Claim(statement, "fact", "any data", made=True, holds=bool(holds)),
        "This holds for any data, seed and machine, so something is broken: code that was changed, "
        "or an installed package.",
    )


def claim(
    statement: str,
    value: float,
    *,
    about: str,
    data: Dataset | None = None,
    below: float | None = None,
    above: float | None = None,
    chance: bool = False,
) -> None:
    """State what this run should find; on data that it is not about nothing is asserted.

    Parameters
    ----------
    statement : str
        The claim, in words.
    value : float
        The number that was found.
    about : str
        What the claim is about: ``"mnist"``, ``"mnist full"``, ``"mnist quick"`` (data set and
        preset) or ``"any data"``.
    data : Dataset, optional
        The data of this notebook; needed unless the claim is about any data.
    below, above : float
        The bounds; one of them, or both for a range.
    chance : bool
        Whether the value depends on the seed. Then the bound lies at least three standard
        deviations away from what ten or more seeds gave (``results/robustness.json``).

    Raises
    ------
    ClaimError
        The claim is about this data set and preset, and the value is out of bounds.
    ValueError
        `about` is none of the four, a bound or the data set is missing.

    Examples
    --------
    >>> from ae_lib import claim
    >>> claim("half of the noise is negative", 0.4998, above=0.49, below=0.51, about="any data")
    """
    from ae_lib.recipes import preset

    if about not in ("any data", "mnist", "mnist full", "mnist quick"):
        raise ValueError(
            f"about is {about!r}; expected 'mnist', 'mnist full', 'mnist quick' or 'any data'."
        )
    if below is None and above is None:
        raise ValueError(f"The claim {statement!r} has no bound: give below=, above= or both.")
    if about != "any data" and data is None:
        raise ValueError(f"The claim {statement!r} is about {about}: give data=.")
    here = f"{getattr(data, 'name', '')} {preset().name}"
    value = float(value)
    distances = {
        float(bound): float(bound) - value if bound is below else value - float(bound)
        for bound in (below, above)
        if bound is not None
    }
    bound, margin = min(distances.items(), key=lambda pair: pair[1])
    expected = " and ".join(
        f"{word} {limit:.6g}"
        for word, limit in (("above", above), ("below", below))
        if limit is not None
    )
    worry = (
        "The bound leaves room for any seed that was tried." if chance else "No chance is involved."
    )
    _enter(
        Claim(
            statement,
            "chance" if chance else "data",
            about,
            made=about == "any data" or here.startswith(about),
            holds=margin > 0,
            value=value,
            bound=bound,
            margin=margin,
        ),
        f"Found {value:.6g}, expected {expected}. The claim is about {about}. {worry} "
        "If you changed code, data or settings, then a sentence of the text does not describe your "
        "run, and nothing else is wrong. If you changed nothing, please report it.",
    )


def _enter(entry: Claim, explanation: str) -> None:
    claims.append(entry)
    if entry.made and not entry.holds and stop_at_failure:
        raise ClaimError(f"Not true in this run: {entry.statement}. {explanation}")
