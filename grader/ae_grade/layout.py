"""Whose each file is: the names that Canvas and Moodle write, and folders of all shapes."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ae_grade.entries import BROWSER, Entry

__all__ = ["Owner", "alike", "owners_of", "stem"]

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
COPY = re.compile(r"( ?\(\d+\)|[-_ ]+copy ?\d*|-\d+)$", re.IGNORECASE)
DATE = re.compile(r"(19|20)\d\d([01]\d([0-3]\d)?)?")
DAY = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
GROUP = re.compile(r"(group|gruppe|section|class|tutorial)[ _-]*\w{1,2}", re.IGNORECASE)


@dataclass(frozen=True)
class Owner:
    """Whose file it is, as the layout says; `group` is the folder that holds the group's."""

    name: str
    identifier: str
    late: bool
    file: str
    rule: str
    group: str = ""


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
