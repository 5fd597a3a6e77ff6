"""Find the submissions in a folder, or in a zip as Canvas and Moodle write it.

Nothing is unpacked to disk: a name inside a zip never becomes a path on this machine, and a file
is read only up to the size that a notebook may have. Nothing is passed over in silence: each file
is a student's submission, or in the list of what was left out, with the reason.
"""

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ae_grade.notebook import MAX_NOTEBOOK, InvalidNotebook
from ae_grade.text import clean, of_students

__all__ = ["Collection", "Submission", "collect"]

MAX_ENTRIES = 100_000
# Numbers of a database begin with no 0, and those of files have more digits than a day or month.
CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>[1-9]\d*)_(?:(?P<upload>[1-9]\d{2,})_)?(?P<file>.+)",
    re.DOTALL,
)
ANONYMOUS = re.compile(
    r"(?P<name>anon(?:ymous)?)_(?P<late>LATE_)?(?P<id>\w{5})_(?P<upload>[1-9]\d{2,})_(?P<file>.+)",
    re.DOTALL,
)
MOODLE = re.compile(
    r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
JUNK = {"__macosx", ".ipynb_checkpoints", "__pycache__", ".git", ".ds_store", "thumbs.db"}
JUNK |= {"desktop.ini", ".vscode", ".idea", "@eadir"}
BROWSER = (".ipynb.json", ".ipynb.txt")  # as some browsers save a notebook
COPY = re.compile(r"( ?\(\d+\)|[-_ ]+copy ?\d*|-\d+)$", re.IGNORECASE)
DATE = re.compile(r"(19|20)\d\d([01]\d([0-3]\d)?)?")
DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
GROUP = re.compile(r"(group|gruppe|section|class|tutorial)[ _-]*\w{1,2}", re.IGNORECASE)
ENCRYPTED = 0x1


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
class Collection:
    """All submissions, in the order of their names, and what became of everything else.

    Attributes
    ----------
    kind : str
        ``"canvas"``, ``"moodle"`` or ``"folder"``.
    submissions : list of Submission
    refused : list of str
        Names in the zip that are no paths inside a folder.
    left_out : list of (str, str)
        Files that are nobody's submission, and why.
    clashes : list of str
        Files that would become one student, in a sentence each: nothing may be graded so.
    """

    kind: str
    submissions: list[Submission]
    refused: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
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


@dataclass(frozen=True)
class Entry:
    """A file in a folder or a zip: the parts of its path, and how to find it again.

    Attributes
    ----------
    parts : tuple of str
        As they stand there.
    member : int or None
    problem : str
        Why it cannot be read.
    empty : bool
        It is a folder with nothing in it.
    """

    parts: tuple[str, ...]
    member: int | None = None
    problem: str = ""
    empty: bool = False

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    @property
    def is_notebook(self) -> bool:
        name = self.parts[-1].lower()
        return not self.empty and name.endswith((".ipynb", *BROWSER))


@dataclass(frozen=True)
class Owner:
    """Whose file it is, as the layout says; `group` is the folder that holds the group's."""

    name: str
    identifier: str
    late: bool
    file: str
    rule: str
    group: str = ""


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
    found = Collection("folder", [])
    if source.is_dir():
        entries = list(folder_entries(source))
    elif source.is_file():
        entries = list(zip_entries(source, found))
    else:
        raise FileNotFoundError(f"There is no folder and no zip {str(source)!r}.")
    entries = without_junk(entries, found)
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


def folder_entries(source: Path) -> Iterator[Entry]:
    for folder, folders, files in os.walk(source):
        # A student's folder may be a link to somewhere else: it is not followed, and is told of.
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = sorted(name for name in folders if name not in links)
        for name in sorted(files + links):
            yield Entry(Path(folder, name).relative_to(source).parts)
        if not (folders or files or links) and Path(folder) != source:
            yield Entry(Path(folder).relative_to(source).parts, empty=True)


def zip_entries(source: Path, found: Collection) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise ValueError(f"{source} is no folder and not a usable zip: {error}") from None
    if len(infos) > MAX_ENTRIES:
        raise ValueError(f"{source} has {len(infos):,} entries; the limit is {MAX_ENTRIES:,}.")
    # Some programs on Windows write \ between folders; then there is no / in any name.
    windows = not any("/" in info.filename for info in infos)
    last = {info.filename: number for number, info in enumerate(infos)}
    for number, info in enumerate(infos):
        name = info.filename.replace("\\", "/") if windows else info.filename
        parts = PurePosixPath(name).parts
        if last[info.filename] != number:
            note = "the zip holds this name again, later: that one counts"
            found.left_out.append((clean(name, 200), note))
        elif (
            not parts
            or name.startswith("/")
            or ".." in parts
            or "\\" in name
            or re.match(r"[A-Za-z]:", name)
            or any(unicodedata.category(c) == "Cc" for c in name)
        ):
            found.refused.append(clean(f"{name!r}: not a path inside a folder", 300))
        elif info.is_dir() or name.endswith("/"):
            prefix = info.filename
            if not any(i.filename != prefix and i.filename.startswith(prefix) for i in infos):
                yield Entry(parts, empty=True)
        elif (mode := info.external_attr >> 16) and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield Entry(parts, number, "The file is a link or a device, not a notebook.")
        elif info.flag_bits & ENCRYPTED:
            yield Entry(parts, number, "The file is encrypted.")
        else:
            yield Entry(parts, number)


def without_junk(entries: list[Entry], found: Collection) -> list[Entry]:
    """Return what people put there, without what systems and editors add."""
    kept = []
    for entry in entries:
        if any(part.lower() in JUNK or part.startswith("._") for part in entry.parts):
            note = "written by a system or an editor, not by a student"
            found.left_out.append((clean(entry.path, 200), note))
        else:
            kept.append(entry)
    return kept


def owners_of(entries: list[Entry], notebook: str) -> tuple[str, list[Owner]]:
    """Return the layout, and whose each file is."""
    parts = [entry.parts for entry in entries]
    while parts:
        for kind, layout in (("moodle", moodle), ("canvas", canvas)):
            if owners := layout(parts):
                return kind, owners
        if len({names[0] for names in parts}) > 1 or any(len(names) < 2 for names in parts):
            break
        parts = [names[1:] for names in parts]
    parts = [entry.parts for entry in entries]
    while common_folder(parts, entries, notebook):
        parts = [names[1:] for names in parts]
    return "folder", folder(parts, entries, notebook)


def common_folder(parts: list[tuple[str, ...]], entries: list[Entry], notebook: str) -> bool:
    """Say whether all lies in one folder that is no student's, as in a zip of a folder."""
    if len({names[0] for names in parts}) != 1 or any(len(names) < 2 for names in parts):
        return False
    rest = [names[1:] for names in parts]
    if any(len(names) > 1 for names in rest):
        return len({names[0] for names in rest}) > 1 or all(len(names) > 1 for names in rest)
    # Several notebooks of one folder are several students', unless they have the sheet's name.
    names = [names[0] for names, e in zip(rest, entries, strict=True) if e.is_notebook]
    return len(names) > 1 and not any(alike(name, notebook) for name in names)


def moodle(parts: list[tuple[str, ...]]) -> list[Owner] | None:
    """Return the owners if every first name is one that Moodle writes, else None."""
    matches = [MOODLE.fullmatch(names[0]) for names in parts]
    return (
        [
            Owner(
                found["name"],
                found["id"],
                False,
                names[-1] if len(names) > 1 else found["file"] or names[-1],
                "Moodle's name and number",
            )
            for found, names in zip(matches, parts, strict=True)
            if found
        ]
        if all(matches)
        else None
    )


def canvas(parts: list[tuple[str, ...]]) -> list[Owner] | None:
    """Return the owners if every name is one that Canvas writes, else None.

    A date or a year looks like a number, too. Canvas's belong to one name each and the other way
    round, and no two uploads have the same.
    """
    if any(len(names) != 1 for names in parts):
        return None
    matches = [ANONYMOUS.fullmatch(n[0]) or CANVAS.fullmatch(n[0]) for n in parts]
    found = [m for m in matches if m and (m["upload"] or m["file"] == "text.html")]
    if len(found) != len(parts):
        return None
    anonymous = all(m["name"].startswith("anon") for m in found)
    pairs = {(m["name"], m["id"]) for m in found}
    uploads = [m["upload"] for m in found if m["upload"]]
    if len({i for _, i in pairs}) != len(pairs) or len(set(uploads)) != len(uploads):
        return None
    if all(DATE.fullmatch(i) for _, i in pairs):
        return None
    # Uploads have eight digits, too, on large systems, but hardly all of a class's are days.
    if uploads and all(DAY.fullmatch(upload) for upload in uploads):
        return None
    return [
        Owner(
            f"{m['name']}_{m['id']}" if anonymous else m["name"],
            m["id"],
            bool(m["late"]),
            m["file"],
            "Canvas's name and number",
        )
        for m in found
    ]


def folder(parts: list[tuple[str, ...]], entries: list[Entry], notebook: str) -> list[Owner]:
    """Return the owners in a folder of notebooks, of folders, or of groups with either."""
    grouped = has_groups(
        [n for n, e in zip(parts, entries, strict=True) if e.is_notebook], notebook
    )
    owners = []
    for names, entry in zip(parts, entries, strict=True):
        group = ""
        if grouped and len(names) > 1:
            group, names = names[0], names[1:]
        if len(names) == 1 and not entry.empty:
            owner = Owner(stem(names[0]), "", False, names[0], "name of the file", group)
        else:
            owner = Owner(names[0], "", False, names[-1], "name of the folder", group)
        owners.append(owner)
    return owners


def has_groups(notebooks: list[tuple[str, ...]], notebook: str) -> bool:
    """Say whether the first folders are groups', with a notebook or a folder for each student."""
    if any(len(names) < 2 for names in notebooks):
        return False
    groups: dict[str, set[str]] = {}
    for names in notebooks:
        groups.setdefault(names[0], set()).add(names[1])
    # A folder with one thing in it may well be a student's, unless all are called groups.
    enough = any if all(GROUP.fullmatch(name) for name in groups) else all
    if len(groups) < 2 or not enough(len(inside) > 1 for inside in groups.values()):
        return False
    files = [len(names) == 2 for names in notebooks]
    if all(files):
        return not any(alike(names[1], notebook) for names in notebooks)
    # Folders that end in a number may be a student's attempts.
    return not any(files) and not any(re.search(r"\d$", names[1]) for names in notebooks)


def stem(name: str) -> str:
    """Return a file's name without what says that it is a notebook."""
    for ending in (".ipynb", *BROWSER):
        if name.lower().endswith(ending):
            return name[: -len(ending)] or name
    return PurePosixPath(name).stem


def alike(name: str, notebook: str) -> bool:
    """Say whether a name is that of the sheet's notebook, or of a copy of it."""
    ours = PurePosixPath(notebook).stem.lower()
    theirs = stem(name).lower()
    return theirs == ours or COPY.sub("", theirs) == ours


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


def read_file(path: Path) -> bytes:
    """Read a regular file that is no link, up to one byte more than a notebook may have."""
    # Not blocking: a pipe with no writer would otherwise be waited for. Windows has no such files.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        fd = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            raise InvalidNotebook("The file is a link, not a notebook.") from None
        raise InvalidNotebook(f"The file cannot be read ({error.strerror}).") from None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise InvalidNotebook("The file is a pipe or a device, not a notebook.")
        return file.read(MAX_NOTEBOOK + 1)


def read_member(source: Path, number: int) -> bytes:
    """Read a zip's entry up to one byte more than a notebook may have, whatever its header says."""

    def damaged(error: Exception) -> NoReturn:
        raise InvalidNotebook(f"The file is damaged in the zip ({clean(error, 100)}).") from None

    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(source))
            file = stack.enter_context(archive.open(archive.infolist()[number]))
            return file.read(MAX_NOTEBOOK + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            damaged(error)
        except (RuntimeError, NotImplementedError) as error:  # encrypted; an unknown compression
            damaged(error)
