"""Find the submissions in a folder, or in a zip as Canvas and Moodle write it.

Nothing is passed over in silence: each file is a student's submission, or in the list of what was
left out, with the reason.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ae_grade.entries import Entry, Notes, entries_of, read_file, read_member
from ae_grade.layout import Owner, alike, owners_of, stem
from ae_grade.notebook import MAX_NOTEBOOK, InvalidNotebook
from ae_grade.text import clean, of_students

__all__ = ["Collection", "Submission", "collect"]


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    key : str
        Tells students apart: the identifier of Canvas or Moodle, else the name.
    student : str
    identifier : str
        The number that Canvas or Moodle gives the student, or nothing.
    late : bool
        Canvas marked it as late.
    file : str
        The name of the chosen notebook.
    where, member : Path, int or None
        The file, or the zip and the number of the entry in it.
    problem : str
        Why there is no notebook to grade, or nothing.
    rule : str
        How the student and the notebook were found, in words.
    """

    key: str
    student: str
    identifier: str = ""
    late: bool = False
    file: str = ""
    where: Path = Path()
    member: int | None = None
    problem: str = ""
    rule: str = ""

    def read(self) -> bytes:
        """Return the notebook's content.

        Raises
        ------
        InvalidNotebook
            There is none, or it is too large, a link, or damaged in the zip.
        """
        if self.problem:
            raise InvalidNotebook(self.problem)
        content = (
            read_file(self.where) if self.member is None else read_member(self.where, self.member)
        )
        if len(content) > MAX_NOTEBOOK:
            raise InvalidNotebook(
                f"The file is larger than {MAX_NOTEBOOK // 2**20} MB. Clear the outputs of the "
                "notebook, save it and hand it in again."
            )
        return content


@dataclass
class Collection(Notes):
    """All submissions, in the order of their names, and what became of everything else.

    Attributes
    ----------
    kind : str
        ``"canvas"``, ``"moodle"`` or ``"folder"``.
    submissions : list of Submission
    clashes : list of str
        Files that would become one student, in a sentence each: nothing may be graded so.
    left_out, refused : list
        As in `Notes`.
    """

    kind: str = "folder"
    submissions: list[Submission] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Return who was found, from which file, by which rule, and what was left out and why."""
        rows = [("student", "identifier", "file", "found by")]
        for s in self.submissions:
            late = ", late" if s.late else ""
            rows.append((s.student, s.identifier, s.file, s.rule + late))
        widths = [min(40, max(len(row[i]) for row in rows)) for i in range(3)]
        lines = []
        for row, problem in zip(rows, ["", *(s.problem for s in self.submissions)], strict=True):
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*cells, row[3]]).rstrip())
            if problem:
                lines.append(f"    no points: {problem}")
        for title, notes in (
            ("Left out:", [f"{name}: {why}" for name, why in self.left_out]),
            ("Refused:", self.refused),
            ("Cannot be graded so:", self.clashes),
        ):
            if notes:
                lines += ["", title, *(f"  {note}" for note in notes)]
        usable = sum(not s.problem for s in self.submissions)
        lines += ["", f"{of_students(len(self.submissions))}, {usable} with a notebook."]
        return "\n".join(lines)


def collect(source: Path, notebook: str) -> Collection:
    """Return the submissions in a folder or a zip.

    Parameters
    ----------
    source : Path
        A folder with a notebook or a folder for each student, or the zip that Canvas or Moodle
        offers for download, or one of these unpacked, or packed again.
    notebook : str
        The name of the sheet's notebook. It decides only where a student handed in several.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, or it is neither a folder nor a usable zip, or it holds nothing but
        another zip.
    """
    found = Collection()
    entries = entries_of(source, found)
    if len(entries) == 1 and entries[0].parts[-1].lower().endswith((".zip", ".tar", ".gz", ".7z")):
        raise ValueError(
            f"{source} holds nothing but the archive {clean(entries[0].path, 200)!r}. Unpack "
            f"{source.name}, and give what lies in it."
        )
    found.kind, owners = owners_of(entries, notebook)
    students: dict[tuple[str, str], list[tuple[Owner, Entry]]] = {}
    for entry, owner in zip(entries, owners, strict=True):
        students.setdefault((owner.name, owner.identifier), []).append((owner, entry))
    for files in students.values():
        found.submissions.append(choose(files, source, notebook, found))
    found.submissions.sort(key=lambda s: (s.student.casefold(), s.key))
    find_clashes(students, found)
    return found


def choose(
    files: list[tuple[Owner, Entry]], source: Path, notebook: str, found: Collection
) -> Submission:
    """Return the submission of a student who handed in these files."""
    files = sorted(files, key=lambda f: f[1].path)
    owner = files[0][0]
    student = clean(unicodedata.normalize("NFC", owner.name).strip(), 200) or "(no name)"
    base = Submission(owner.identifier or student, student, owner.identifier, rule=owner.rule)

    def with_(file: tuple[Owner, Entry], problem: str = "", why: str = "") -> Submission:
        owner, entry = file
        where = source if entry.member is not None else source.joinpath(*entry.parts)
        for other in files:
            if other is not file and other[1].is_notebook and not problem:
                note = f"of {student}, who also handed in {owner.file}{why and f': {why}'}"
                found.left_out.append((clean(other[1].path, 200), clean(note, 300)))
        return replace(
            base,
            late=owner.late,
            file=listed if problem else clean(owner.file, 200),
            where=where,
            member=entry.member,
            problem=problem or entry.problem,
            rule=owner.rule + (f"; {why}" if why else ""),
        )

    if len({owner.group for owner, _ in files}) > 1:
        listed = clean(", ".join(entry.path for _, entry in files[:5]), 300)
        return with_(files[0], f"Several groups have a student of this name: {listed}.")
    listed = clean(", ".join(owner.file for owner, _ in files[:5]), 300)
    if all(entry.empty for _, entry in files):
        return with_(files[0], "The folder is empty.")
    notebooks = [file for file in files if file[1].is_notebook]
    if not notebooks:
        return with_(files[0], f"There is no notebook (.ipynb), only: {listed}.")
    if in_time := [file for file in notebooks if not file[0].late]:
        why = "in time, beside a late one" if len(in_time) < len(notebooks) else ""
        notebooks = in_time
    else:
        why = ""
    if len(notebooks) == 1:
        return with_(notebooks[0], why=why)
    for fits, why in choices(notebook):
        if len(chosen := [file for file in notebooks if fits(file[0].file)]) == 1:
            return with_(chosen[0], why=why)
    if last := last_attempt(notebooks):
        return with_(last, why="the attempt with the highest number")
    listed = clean(", ".join(entry.path for _, entry in notebooks[:5]), 300)
    return with_(notebooks[0], f"There are several notebooks: {listed}. Hand in one.")


def choices(notebook: str) -> Iterator[tuple[Callable[[str], bool], str]]:
    """Yield the ways to tell the sheet's notebook among several, the surest first."""
    ours = PurePosixPath(notebook).stem.lower()
    yield lambda name: name.lower() == notebook.lower(), "it has the sheet's name"
    yield lambda name: alike(name, notebook), "it has the sheet's name, as a copy"
    yield lambda name: stem(name).lower().startswith(ours), "its name begins with the sheet's"


def last_attempt(notebooks: list[tuple[Owner, Entry]]) -> tuple[Owner, Entry] | None:
    """Return the last of several attempts that lie in folders with numbers, if they do."""
    numbers = [
        [int(n) for part in entry.parts[:-1] for n in re.findall(r"\d+$", part)]
        for _, entry in notebooks
    ]
    if len({owner.file for owner, _ in notebooks}) > 1 or not all(numbers):
        return None
    best = max(numbers)
    return notebooks[numbers.index(best)] if numbers.count(best) == 1 else None


def find_clashes(
    students: dict[tuple[str, str], list[tuple[Owner, Entry]]], found: Collection
) -> None:
    """Note files of different names or groups that would become one student in the tables."""
    by_look: dict[str, list[str]] = {}
    for (name, identifier), files in students.items():
        # Nobody can see a difference that is made of kinds of spaces and of joiners.
        seen = (" " if c.isspace() else c for c in unicodedata.normalize("NFC", name))
        look = identifier or "".join(c for c in seen if unicodedata.category(c) != "Cf").strip()
        first = {owner.group: entry.path for owner, entry in reversed(files)}
        by_look.setdefault(look, []).extend(sorted(first.values()))
    for paths in by_look.values():
        if len(paths) > 1:
            names = " and ".join(ascii(path) for path in paths)
            found.clashes.append(
                f"{names} would be one student: the names look the same. Rename one of them, or "
                "take out what does not count."
            )
