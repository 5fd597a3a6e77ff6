"""A picture of a class's totals, as SVG in a page: read aloud, in the dark and on paper, too."""

import itertools
from statistics import median, quantiles

from ae_grade.text import number

__all__ = ["histogram"]

WIDTH, HEIGHT, LEFT, FOOT, HEAD = 640, 240, 12, 40, 24
MOST = 20  # bars


def histogram(totals: list[float], possible: float) -> str:
    """Return a histogram of points.

    Parameters
    ----------
    totals : list of float
        At least two.
    possible : float
        The most points there are.
    """
    steps = (factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    step = next(s for s in steps if possible / s <= MOST)
    bars = int(possible / step) + 1  # where it comes out even, the last bar is the full marks
    counts = [0] * bars
    for total in totals:
        counts[min(bars - 1, int(total / step))] += 1
    slot = (WIDTH - 2 * LEFT) / bars
    scale = (HEIGHT - FOOT - HEAD) / max(counts)
    base = HEIGHT - FOOT
    parts = []
    for i, count in enumerate(counts):
        x, height = LEFT + i * slot, count * scale
        middle = x + slot / 2
        if count:
            parts.append(
                f'<rect x="{x + 1:.1f}" y="{base - height:.1f}" width="{slot - 2:.1f}" '
                f'height="{height:.1f}"/><text x="{middle:.1f}" y="{base - height - 5:.1f}">'
                f"{count}</text>"
            )
        parts.append(f'<text x="{middle:.1f}" y="{base + 16}">{number(i * step)}</text>')
    first, _, third = quantiles(totals, n=4, method="inclusive")
    said = ", ".join(
        f"{bar_name(i, step, bars, possible)}: {count}" for i, count in enumerate(counts) if count
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="totals totals-said">'
        '<title id="totals">How many students have how many points</title>'
        f'<desc id="totals-said">{len(totals)} students, {number(possible)} points possible. '
        f"Median {number(median(totals))}, middle half from {number(first)} to {number(third)}. "
        f"Students by points: {said}.</desc>"
        f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - LEFT}" y2="{base}"/>'
        f"{''.join(parts)}"
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}">points{bars_hold(step)}</text></svg>'
    )


def bars_hold(step: int) -> str:
    return "" if step == 1 else f" (each bar: {step} points, from the number below it)"


def bar_name(i: int, step: int, bars: int, possible: float) -> str:
    """Return which totals a bar holds."""
    low = number(i * step)
    if i == bars - 1:
        return low if possible == i * step else f"{low} to {number(possible)}"
    return f"{low} to below {number((i + 1) * step)}"
