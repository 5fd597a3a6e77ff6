"""Find the submissions in a folder, or in a zip as Canvas and Moodle write it.

Nothing is unpacked to disk: a name inside a zip never becomes a path on this machine, and a file
is read only up to the size that a notebook may have.
"""

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ae_grade.notebook import MAX_NOTEBOOK, InvalidNotebook
from ae_grade.text import clean

__all__ = ["Collection", "Submission", "collect"]

MAX_ENTRIES = 100_000
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_\w+?_(?P<file>.*)", re.DOTALL)
IGNORED = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
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
    where, member : Path, str
        The file, or the zip and the entry in it.
    problem : str
        Why there is no notebook to grade, or nothing.
    """

    key: str
    student: str
    identifier: str = ""
    late: bool = False
    file: str = ""
    where: Path = Path()
    member: int | None = None
    problem: str = ""

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
    """All submissions, in the order of their names, and what was refused on the way."""

    kind: str  # "canvas", "moodle" or "folder"
    submissions: list[Submission]
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """A file in a folder or a zip: the parts of its path, and how to find it again."""

    parts: tuple[str, ...]
    member: int | None = None
    problem: str = ""


def collect(source: Path, notebook: str) -> Collection:
    """Return the submissions in a folder or a zip.

    Parameters
    ----------
    source : Path
        A folder with a notebook or a folder for each student, or the zip that Canvas or Moodle
        offers for download, or one of these unpacked.
    notebook : str
        The name of the sheet's notebook. It decides only where a student handed in several.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, or it is neither a folder nor a usable zip.
    """
    refused: list[str] = []
    if source.is_dir():
        entries = list(folder_entries(source))
    elif source.is_file():
        entries = list(zip_entries(source, refused))
    else:
        raise FileNotFoundError(f"There is no folder and no zip {str(source)!r}.")
    kinds: set[str] = set()
    students: dict[tuple[str, str, bool], list[tuple[str, Entry]]] = {}
    for entry in entries:
        kind, who, file = owner(entry.parts)
        kinds.add(kind)
        students.setdefault(who, []).append((file, entry))
    submissions = [
        choose(who, sorted(files, key=lambda f: f[0]), source, notebook)
        for who, files in students.items()
    ]
    kind = next((k for k in ("moodle", "canvas") if k in kinds), "folder")
    return Collection(kind, merge_late(submissions), refused)


def folder_entries(source: Path) -> Iterator[Entry]:
    for folder, folders, files in os.walk(source):
        # A student's folder may be a link to somewhere else: it is not followed, and is told of.
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = sorted(n for n in folders if n not in IGNORED and n not in links)
        for name in sorted(files + links):
            path = Path(folder, name)
            yield Entry(path.relative_to(source).parts)


def zip_entries(source: Path, refused: list[str]) -> Iterator[Entry]:
    try:
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise ValueError(f"{source} is no folder and not a usable zip: {error}") from None
    if len(infos) > MAX_ENTRIES:
        raise ValueError(f"{source} has {len(infos):,} entries; the limit is {MAX_ENTRIES:,}.")
    for number, info in enumerate(infos):
        name = unicodedata.normalize("NFC", info.filename)
        parts = PurePosixPath(name).parts
        if info.is_dir() or any(part in IGNORED for part in parts):
            continue
        mode = info.external_attr >> 16
        if (
            not parts
            or name.startswith("/")
            or ".." in parts
            or "\\" in name
            or re.match(r"[A-Za-z]:", name)
            or any(not c.isprintable() for c in name)
        ):
            refused.append(clean(f"{name!r}: not a path inside a folder", 300))
        elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield Entry(parts, number, "The file is a link or a device, not a notebook.")
        elif info.flag_bits & ENCRYPTED:
            yield Entry(parts, number, "The file is encrypted.")
        else:
            yield Entry(parts, number)


def owner(parts: tuple[str, ...]) -> tuple[str, tuple[str, str, bool], str]:
    """Return the kind of layout, the student (name, identifier, late) and the file's name."""
    first, last = parts[0], parts[-1]
    if found := MOODLE.fullmatch(first):
        return "moodle", (found["name"], found["id"], False), found["file"] or last
    if len(parts) == 1:
        if found := CANVAS.fullmatch(first):
            return "canvas", (found["name"], found["id"], bool(found["late"])), found["file"]
        return "folder", (PurePosixPath(first).stem, "", False), first
    # A zip of a folder of notebooks has that folder in front of every name.
    return "folder", (first, "", False), last


def choose(
    who: tuple[str, str, bool], files: list[tuple[str, Entry]], source: Path, notebook: str
) -> Submission:
    """Return the submission of a student who handed in these files."""
    name, identifier, late = who
    student = clean(unicodedata.normalize("NFC", name), 200)
    base = Submission(identifier or student, student, identifier, late)

    def with_(entry: Entry, file: str, problem: str = "") -> Submission:
        where = source if entry.member is not None else source.joinpath(*entry.parts)
        return Submission(
            base.key,
            student,
            identifier,
            late,
            clean(file, 200),
            where,
            entry.member,
            problem or entry.problem,
        )

    notebooks = [(file, entry) for file, entry in files if file.lower().endswith(".ipynb")]
    if len(notebooks) > 1:
        stem = PurePosixPath(notebook).stem.lower()
        named = [n for n in notebooks if n[0].lower().startswith(stem)]
        notebooks = named if len(named) == 1 else notebooks
    listed = clean(", ".join(file for file, _ in files[:5]), 300)
    if not notebooks:
        return with_(files[0][1], listed, f"There is no notebook (.ipynb), only: {listed}.")
    file, entry = notebooks[0]
    if len(notebooks) > 1:
        return with_(entry, listed, f"There are several notebooks: {listed}. Hand in one.")
    return with_(entry, file)


def merge_late(submissions: list[Submission]) -> list[Submission]:
    """Return one submission a student, sorted by name; a late file stands beside one in time."""
    by_key: dict[str, list[Submission]] = {}
    for submission in submissions:
        by_key.setdefault(submission.key, []).append(submission)
    kept = [sorted(group, key=lambda s: (bool(s.problem), s.late))[0] for group in by_key.values()]
    return sorted(kept, key=lambda s: (s.student.casefold(), s.key))


def read_file(path: Path) -> bytes:
    """Read a regular file that is no link, up to one byte more than a notebook may have."""
    try:
        # Not blocking: a pipe with no writer would otherwise be waited for.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
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
