"""Pages of HTML that need nothing else: no script, no other file; in the dark and on paper, too."""

import html
from collections.abc import Iterable, Sequence

__all__ = ["listing", "page", "table"]

STYLE = """
:root { color-scheme: light dark; --line: #767676; --panel: #f1f3f5; --bar: #0b62a8;
  --good: #17692b; --bad: #a3161b }
@media (prefers-color-scheme: dark) {
  :root { --panel: #2a2d31; --bar: #6cb2f0; --good: #7fd491; --bad: #ff9a94 }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem;
  overflow-wrap: break-word }
h2 { margin-top: 2rem }
ul { padding-left: 1.2rem }
table { border-collapse: collapse; margin: 1rem 0 }
caption { text-align: left; font-weight: 600 }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top }
.n { text-align: right; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto }
.passed { color: var(--good); font-weight: 600 }
.failed { color: var(--bad); font-weight: 600 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem;
  margin: .3rem 0 }
svg { width: 100%; max-width: 40rem; height: auto }
svg text { fill: currentColor; font: 12px system-ui, sans-serif; text-anchor: middle }
svg line { stroke: var(--line) }
svg rect { fill: var(--bar) }
@media print {
  :root { color-scheme: light; --panel: #f1f3f5; --bar: #0b62a8; --good: #17692b; --bad: #a3161b }
  body { margin: 0; max-width: none }
  pre, svg, tr, li { break-inside: avoid }
  h2, h3 { break-after: avoid }
}
"""


def page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def listing(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table that a phone scrolls sideways; cells that are no words stand to the right.

    Parameters
    ----------
    caption : str
    heads : sequence of str
        What stands above each column; the first column names the rows.
    rows : iterable of sequences
        HTML, or numbers.
    """
    lines = [list(row) for row in rows]
    right = [
        i > 0 and all(isinstance(row[i], int | Number) for row in lines) for i in range(len(heads))
    ]
    marks = [' class="n"' if r else "" for r in right]
    text = "".join(f'<th scope="col"{m}>{h}</th>' for h, m in zip(heads, marks, strict=True))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td{m}>{cell}</td>" for cell, m in zip(row[1:], marks[1:], strict=True))
        + "</tr>\n"
        for row in lines
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{html.escape(caption)}">'
        f"<table><caption>{html.escape(caption)}</caption>\n"
        f"<thead><tr>{text}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )


class Number(str):
    """A number as it is to be written, or the word that stands in its place."""

    __slots__ = ()
