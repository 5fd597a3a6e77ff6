"""The log of finished results, which later runs and joins read."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from ae_grade.files import write_atomically

__all__ = ["LOG", "RULES", "Log", "NotGraded", "Roster", "read_roster", "write_roster"]

LOG = "log.jsonl"
ROSTER = "found.json"

RULES = 5  # changes when the grader itself gives other results: then nothing counts as done
NEEDED = {"key": str, "sha256": str, "sheet": str, "student": str, "questions": list}


class Log:
    """Finished results, one JSON object a line, appended as they come.

    Parameters
    ----------
    path : Path
        Lines that are cut off or damaged are passed over: their submissions are graded again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def records(self) -> Iterator[dict]:
        if not self.path.is_file():
            return
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(record, dict) and all(
                    isinstance(record.get(name), kind) for name, kind in NEEDED.items()
                ):
                    yield record

    def add(self, record: dict) -> None:
        line = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            with open(self.path, "ab+") as file:
                # A line that an interrupted run cut off must not swallow this one.
                if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                    line = "\n" + line
                file.write(line.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(self.path)) from None


class NotGraded(NamedTuple):
    """A student without a result: the name, the number of Canvas or Moodle or nothing, and why."""

    student: str
    identifier: str
    why: str

    @property
    def called(self) -> str:
        return f"{self.student} ({self.identifier})" if self.identifier else self.student


@dataclass(frozen=True)
class Roster:
    """Whom the last run into a folder found.

    Attributes
    ----------
    kind : str
        The system that the submissions came from, or ``"folder"``.
    students : dict
        The hash of each student's notebook by key, or nothing where there is none to read.
    names : dict
        By key, name and identifier; of folders that an older version wrote, nothing.
    """

    kind: str
    students: dict[str, str]
    names: dict[str, tuple[str, str]]

    def not_graded(self, key: str, why: str) -> NotGraded:
        return NotGraded(*self.names.get(key, (key, "")), why)


def write_roster(folder: Path, roster: Roster) -> None:
    text = json.dumps(asdict(roster), indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / ROSTER, text)


def read_roster(folder: Path) -> Roster | None:
    """Return the roster of a folder, or None where there was no run.

    Raises
    ------
    ValueError
        It is damaged.
    """
    path = folder / ROSTER
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        named = {**content.get("names", {})}
        names = {key: (str(name), str(number)) for key, (name, number) in named.items()}
        return Roster(str(content["kind"]), {**content["students"]}, names)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} cannot be read ({error}): run `ae-grade run` again.") from None
