"""What lies in a folder or a zip, as it stands there, and how it is read.

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

__all__ = ["BROWSER", "Entry", "Notes", "entries_of", "read_file", "read_member"]

MAX_ENTRIES = 100_000
JUNK = {"__macosx", ".ipynb_checkpoints", "__pycache__", ".git", ".ds_store", "thumbs.db"}
JUNK |= {"desktop.ini", ".vscode", ".idea", "@eadir"}
BROWSER = (".ipynb.json", ".ipynb.txt")  # as some browsers save a notebook
ENCRYPTED = 0x1


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


@dataclass
class Notes:
    """What was passed over, and why.

    Attributes
    ----------
    left_out : list of (str, str)
        Files that are nobody's submission, and why.
    refused : list of str
        Names in the zip that are no paths inside a folder.
    """

    left_out: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def entries_of(source: Path, notes: Notes) -> list[Entry]:
    """Return what people put into a folder or a zip; what was passed over goes into the notes.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, or it is neither a folder nor a usable zip.
    """
    if source.is_dir():
        found = list(folder_entries(source))
    elif source.is_file():
        found = list(zip_entries(source, notes))
    else:
        raise FileNotFoundError(f"There is no folder and no zip {str(source)!r}.")
    return without_junk(found, notes)


def folder_entries(source: Path) -> Iterator[Entry]:
    for folder, folders, files in os.walk(source):
        # A student's folder may be a link to somewhere else: it is not followed, and is told of.
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = sorted(name for name in folders if name not in links)
        for name in sorted(files + links):
            yield Entry(Path(folder, name).relative_to(source).parts)
        if not (folders or files or links) and Path(folder) != source:
            yield Entry(Path(folder).relative_to(source).parts, empty=True)


def zip_entries(source: Path, notes: Notes) -> Iterator[Entry]:
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
            notes.left_out.append((clean(name, 200), note))
        elif (
            not parts
            or name.startswith("/")
            or ".." in parts
            or "\\" in name
            or re.match(r"[A-Za-z]:", name)
            or any(unicodedata.category(c) == "Cc" for c in name)
        ):
            notes.refused.append(clean(f"{name!r}: not a path inside a folder", 300))
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


def without_junk(entries: list[Entry], notes: Notes) -> list[Entry]:
    """Return what people put there, without what systems and editors add."""
    kept = []
    for entry in entries:
        if any(part.lower() in JUNK or part.startswith("._") for part in entry.parts):
            note = "written by a system or an editor, not by a student"
            notes.left_out.append((clean(entry.path, 200), note))
        else:
            kept.append(entry)
    return kept


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
