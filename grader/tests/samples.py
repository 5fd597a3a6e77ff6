"""Notebooks to grade, and what must stay untouched meanwhile."""

import csv
import hashlib
import json
import os
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ae_grade.cli import main

SHEET = Path(__file__).parent / "sheet"
SECRET = "the-word-that-no-box-may-see"


def notebook(*cells: str, **changes: object) -> bytes:
    """Return a notebook with these code cells."""
    content = {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "source": source}
            for i, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps({**content, **changes}).encode()


COUNT = "def count(inputs, units):\n    return inputs * units + units"
CLIP = "import numpy as np\n\ndef clip(x, factor):\n    return np.clip(x * factor, 0, 1)"
RATIO = "ratio = 0.25"
SOLUTION = (COUNT, CLIP, RATIO)


def write_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def scores(record: dict) -> tuple[float, ...]:
    return tuple(q["score"] for q in record["questions"])


class Outside:
    """What lies outside the box: files, a server, processes; and whether they are as before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tests/q1.py", "others/alice.ipynb", "home/.ssh/id", "solution.ipynb"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(SECRET, encoding="utf-8")
            path.chmod(0o666)
            path.parent.chmod(0o777)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0ae-grade-test-{os.getpid()}")
        self.abstract.listen()
        self.before = self.state()

    def state(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            for path in sorted(self.folder.rglob("*"))
        }

    def check(self) -> None:
        assert self.state() == self.before
        for server in (self.server, self.abstract):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
        # The end of a container is known a moment before its last process is gone.
        wait_until(lambda: box_processes() == [], 5)


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def box_processes() -> list[str]:
    """Return the command lines of processes that boxes of this thread have left behind."""
    left = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                mine = entry.stat().st_uid == 2**30 + threading.get_native_id()
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if mine or SECRET in words:
                left.append(words)
    return left


def command(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    code = ended.value.code
    return code if isinstance(code, int) else pytest.fail(str(code))


def marks(out: Path) -> list[dict[str, str]]:
    """Return grades.csv without the column that tells time."""
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
