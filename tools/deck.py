"""Slides from the cells of a chapter, by rule: nothing is written for them, and nothing copied.

- A heading begins a slide; so does a paragraph that opens with bold words.
- Shown are lists, formulas, tables, visible code, what it prints, and figures; of the prose the
  first sentences below a heading, below a figure or below a result, and what leads to a formula or
  list. All prose is in the speaker's notes.
- What does not fit goes to a further slide below. Heights are estimated in CSS pixels of a slide.
"""

import io
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from math import ceil

import nbformat
from nbformat import NotebookNode
from PIL import Image

WIDTH, HEIGHT = 1280, 720
ROOM = 620  # what is left of the height below the margins
TEXT_WIDTH = 1160
LEAST_FIGURE = 300
MOST_FIGURE = 510
CAPTION = 116  # and the gap above it
# How many characters of prose are shown, in whole sentences, at least one.
BELOW_HEADING, BELOW_BOLD, BELOW_RESULT = 300, 420, 150

MATH = re.compile(r"(`+[^`]+`+)|\$\$(.+?)\$\$|(?<![\\$\w])\$([^$\n]+?)\$(?!\w)", re.S)
CITE = re.compile(r"\s*\{cite:\w+\}`[^`]*`")
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)")
FOLDED = re.compile(r"<details><summary>(.*?)</summary>(.*?)</details>", re.S)
READING = re.compile(r"Reading: \d+ minutes?\.$")
DEMO = re.compile(r"<div data-demo[^>]*></div>")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
RULE = re.compile(r"├[─┼]+┤$")  # between two rows of a summary: without them it fits
BOLD = re.compile(r"\*\*(.+?)\*\*\s*", re.S)

# A picture, its description and its height on the slide in; HTML out.
Draw = Callable[[Image.Image, str, int, bool], str]


@dataclass
class Slide:
    """What stands on a slide, and what the speaker reads.

    Attributes
    ----------
    cells : list of NotebookNode
    notes : list of str
        Markdown.
    begins : bool
        A section of the chapter begins here; else the slide lies below the one before.
    """

    begins: bool
    cells: list[NotebookNode] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    height: float = 0


class Deck:
    """The slides of a chapter.

    Parameters
    ----------
    names : set of str
        Chapters that have decks: links to them stay.
    draw : callable
        Returns the HTML of a picture.
    """

    def __init__(self, names: set[str], draw: Draw) -> None:
        self.names, self.draw = names, draw
        self.slides: list[Slide] = []
        self.formulas: list[tuple[str, bool]] = []  # TeX, and whether it stands alone
        self.heading = self.title = ""
        self.lead = 0  # characters of the next paragraph that are shown

    def add_notebook(self, notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            if "remove-cell" in cell.metadata.get("tags", []):
                continue
            if cell.cell_type == "markdown":
                self.add_prose(cell.source)
            elif cell.cell_type == "code":
                self.add_code(cell)

    def cells(self) -> list[NotebookNode]:
        """Return the cells of all slides, with the metadata that nbconvert's exporter reads."""
        found = []
        for slide in self.slides:
            notes = [markdown("\n\n".join(slide.notes))] if slide.notes else []
            for i, cell in enumerate([*slide.cells, *notes]):
                kind = ("slide" if slide.begins else "subslide") if i == 0 else "-"
                cell.metadata.slideshow = {"slide_type": "notes" if cell in notes else kind}
                found.append(cell)
        return found

    def add_prose(self, source: str) -> None:
        parts = list(blocks(FOLDED.sub(unfold, source)))
        for i, block in enumerate(parts):
            following = parts[i + 1] if i + 1 < len(parts) else ""
            kind = kind_of(block)
            if kind == "heading":
                self.begin(self.inline(block), begins=not block.startswith("###"))
            elif "demo" in (kind, kind_of(following)):
                self.note(
                    DEMO.sub("", self.inline(block))
                )  # the pages have it, the slides have not
            elif kind == "paragraph":
                led = kind_of(following)
                led = led if led in ("list", "formula", "table") else ""
                self.add_paragraph(block, height_of(led, following) if led else 0)
            elif kind == "answer":
                self.note(self.inline(block.removeprefix("\x00")))
            else:
                self.show(markdown(self.inline(block)), height_of(kind, block))
                self.lead = 0

    def add_paragraph(self, block: str, leads_to: float) -> None:
        """Add prose, of which `leads_to` is the height of what it leads to, on the same slide."""
        bold = BOLD.match(block)
        if bold:
            self.begin(f"### {self.inline(bold[1].strip()).rstrip('.:')}", begins=False)
            block = block[bold.end() :]
            self.lead = BELOW_BOLD
        text = self.inline(block)
        if not text.strip() or READING.match(text):
            return
        self.note(text)
        if len(self.slides) == 1 and not self.lead and not leads_to:
            return  # what the chapter takes for granted: no matter for the title
        lines = text.splitlines()
        said = lines[:1] if self.lead else []
        for line in lines[len(said) :] if said else []:
            if sum(map(len, said)) + len(line) > self.lead:
                break
            said.append(line)
        if leads_to and lines[-1] not in said:
            said.append(lines[-1])
        # A short sentence that stands alone, where there is room.
        left = ROOM - self.slides[-1].height
        if not said and len(lines) == 1 and len(text) < 120 and text_height(text) <= left:
            said = lines
        if leads_to and lines[-1] in said:
            self.leave_room(text_height(lines[-1]) + leads_to)
        if said:
            self.show(markdown(" ".join(said)), text_height(" ".join(said)))
        self.lead = 0

    def add_code(self, cell: NotebookNode) -> None:
        hidden = "hide-input" in cell.metadata.get("tags", [])
        printed, pictures, tables = outputs_of(cell)
        if not hidden and cell.source.strip():
            code = nbformat.v4.new_code_cell(cell.source)
            lines = cell.source.count("\n") + 1
            height = 24 * lines + 34
            self.leave_room(height + (24 * len(printed) + 24 if printed else 0))
            self.show(code, height)
        if printed:
            size = min(19.0, 1850 / max(map(len, printed)))
            text = escape("\n".join(printed))
            style = f' style="font-size: {size:.1f}px"' if size < 19 else ""
            self.show(drawn(f'<pre class="said"{style}>{text}</pre>'), 24 * len(printed) + 24)
        for text in tables:
            self.show(markdown(self.inline(text)), height_of("table", text))
        shown = cell.metadata.get("mystnb", {}).get("image", {})
        for picture in pictures:
            self.add_picture(picture, shown.get("alt", ""), "photos" in shown.get("classes", ""))
        self.lead = BELOW_RESULT if printed or pictures or tables else 0

    def add_picture(self, picture: Image.Image, alt: str, photos: bool) -> None:
        wide = picture.height * min(1.6, TEXT_WIDTH / picture.width)  # no larger than is sharp
        wanted = min(MOST_FIGURE, wide)
        left = ROOM - (self.slides[-1].height if self.slides else 0) - CAPTION
        if left < min(LEAST_FIGURE, wanted):
            self.go_on()
            left = ROOM - self.slides[-1].height - CAPTION
        height = round(min(wanted, left))
        self.show(drawn(self.draw(picture, alt, height, photos)), height + 16)

    def begin(self, heading: str, begins: bool) -> None:
        # A heading alone is no slide: the one below it joins it.
        if not (self.slides and len(self.slides[-1].cells) == 1 and not begins):
            self.slides.append(Slide(begins or not self.slides))
            heading = re.sub("^#{3,}", "##", heading)  # no level is left out on any slide
        self.slides[-1].cells.append(markdown(heading))
        self.slides[-1].height += 84
        self.heading = heading.lstrip("# ")
        self.title = self.title or plain(self.heading)
        self.lead = BELOW_HEADING

    def go_on(self) -> None:
        """Begin a slide below, which says where it belongs."""
        self.slides.append(Slide(begins=False))
        self.slides[-1].cells.append(drawn(f'<p class="goes-on">{plain(self.heading)}</p>'))
        self.slides[-1].height = 40

    def leave_room(self, height: float) -> None:
        """Go on below where this much does not fit, unless it fits nowhere or nothing is there."""
        slide = self.slides[-1]
        if slide.height + height > ROOM and len(slide.cells) > 1:
            self.go_on()

    def show(self, cell: NotebookNode, height: float) -> None:
        self.leave_room(height)
        self.slides[-1].cells.append(cell)
        self.slides[-1].height += height

    def note(self, text: str) -> None:
        self.slides[-1].notes.append(text)

    def inline(self, text: str) -> str:
        """Return Markdown without the book's own marks, formulas as words to be replaced later."""

        def formula(match: re.Match) -> str:
            if match[1]:
                return match[1]
            self.formulas.append(((match[2] or match[3]).strip(), match[2] is not None))
            return word_for(len(self.formulas) - 1)

        def link(match: re.Match) -> str:
            words, target = match[1], match[2]
            name = target.removesuffix(".ipynb")
            if name in self.names:
                return f"[{words}]({name}.html)"
            return match[0] if target.startswith("http") else words

        return LINK.sub(link, CITE.sub("", MATH.sub(formula, text)))


def word_for(number: int) -> str:
    """Return what stands for a formula until the slides are HTML."""
    return f"FORMULA{number}ENDS"


def unfold(match: re.Match) -> str:
    """Return a question with its answer, which is for the speaker only."""
    answer = " ".join(match[2].split())
    question = " ".join(match[1].split())
    return f"- {re.sub(r'^[0-9]+[.] ', '', question)}\n\n\x00{answer}\n"


def blocks(source: str) -> Iterator[str]:
    """Yield the blocks of Markdown; a blank line inside of a formula or a fence ends none."""
    gathered: list[str] = []
    inside = ""
    for line in [*source.splitlines(), ""]:
        mark = next((m for m in ("```", "$$") if line.strip().startswith(m)), "")
        closed = line.strip().endswith("$$") and len(line.strip()) > 2
        if mark and not inside and not (mark == "$$" and closed):
            inside = mark
        elif inside and (mark == inside or (inside == "$$" and closed)):
            inside = ""
        if line.strip() or inside:
            gathered.append(line)
            if not line.startswith("#") or inside:
                continue
        if gathered:
            yield "\n".join(gathered)
            gathered = []


def kind_of(block: str) -> str:
    if block.startswith("#"):
        return "heading"
    if DEMO.match(block):
        return "demo"
    if block.startswith("\x00"):
        return "answer"
    if block.startswith("$$"):
        return "formula"
    if block.startswith("|"):
        return "table"
    if re.match(r"([-*]|\d+\.) ", block):
        return "list"
    return "code" if block.startswith("```") else "paragraph" if block else ""


def height_of(kind: str, block: str) -> float:
    lines = block.splitlines()
    if kind == "formula":
        return 90 + 46 * block.count(r"\\")
    if kind == "list":
        items = re.split(r"\n(?=[-*] |\d+\. )", block)
        return sum(text_height(" ".join(item.split())) - 10 for item in items)
    return (42 if kind == "table" else 24) * len(lines) + 12


def text_height(text: str) -> float:
    """Return the height of a paragraph; mathematics is taken for as wide as its source is short."""
    words = re.sub(r"FORMULA\d+ENDS", "xxxx", MATH.sub(r"\1xxxx", text))
    return 38 * ceil(len(words) / 82) + 16


def outputs_of(cell: NotebookNode) -> tuple[list[str], list[Image.Image], list[str]]:
    """Return what a cell printed, its figures, and tables in Markdown."""
    printed, pictures, tables = [], [], []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            picture = Image.open(io.BytesIO(b64decode(data["image/png"])))
            picture.load()
            pictures.append(picture)
        elif "text/markdown" in data:
            tables.append(data["text/markdown"])
        else:  # Keras's summaries have both HTML, in colours of its own, and text
            text = output.get("text", data.get("text/plain", ""))
            said = COLOURS.sub("", text).rstrip().splitlines()
            printed += [line for line in said if not RULE.match(line)]
    return printed, pictures, tables


def markdown(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def drawn(html: str) -> NotebookNode:
    """Return a cell that is nothing but this HTML."""
    output = nbformat.v4.new_output("display_data", {"text/html": html})
    return nbformat.v4.new_code_cell(
        "", outputs=[output], metadata={"transient": {"remove_source": True}}
    )


def plain(text: str) -> str:
    return escape(re.sub(r"[*`]", "", text), quote=False)
