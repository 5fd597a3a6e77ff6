"""What needs no sandbox runs on macOS and Windows, too: there is no Linux in it."""

import subprocess
import sys
from pathlib import Path

import pytest
from samples import SHEET, notebook, write_zip

MASTER = Path(__file__).parents[2] / "masters" / "pca_sheet.py"

# What those systems do not have is taken away before anything is imported.
ELSEWHERE = """
import os, select, signal, sys
for module, names in (
    (os, "sched_getaffinity fork getuid setsid killpg O_NOFOLLOW O_NONBLOCK O_CLOEXEC sysconf "
         "set_blocking statvfs readv setresuid setgroups"),
    (select, "poll epoll"),
    (signal, "SIGKILL SIGPROF setitimer ITIMER_PROF pthread_sigmask"),
):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
from ae_grade.cli import main
main(sys.argv[1:])
"""


def elsewhere(*words: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_help_and_inspect_and_merge(tmp_path: Path) -> None:
    done = elsewhere("--help")
    assert done.returncode == 0, done.stderr
    assert "inspect" in done.stdout
    source = write_zip(tmp_path / "s.zip", {"ada.ipynb": notebook(), "bob.ipynb": notebook()})
    folder = tmp_path / "subs"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook())
    for place in (source, folder):
        done = elsewhere("inspect", place, "--sheet", SHEET)
        assert done.returncode == 0, done.stderr
        assert "ada.ipynb" in done.stdout
    done = elsewhere("merge", tmp_path / "out", folder, "--sheet", SHEET)
    assert done.stderr.startswith("ae-grade: "), done.stderr
    assert "holds no log.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_merge_joins_marks(tmp_path: Path) -> None:
    from samples import SOLUTION, command

    folder, out = tmp_path / "subs", tmp_path / "grades"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook(*SOLUTION))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    marks = tmp_path / "marks.csv"
    marks.write_text("student;q4\nada;3,5\n", encoding="cp1252")
    done = elsewhere("merge", out, "--sheet", SHEET, "--marks", marks)
    assert done.returncode == 0, done.stderr
    assert "11.5" in (out / "grades.csv").read_text(encoding="utf-8")


def test_build(tmp_path: Path) -> None:
    done = elsewhere("build", MASTER, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "pca_sheet" / "student" / "pca_sheet.ipynb").is_file()


@pytest.mark.parametrize("words", [("run", SHEET, "."), ("doctor",)])
def test_grading_says_what_it_needs(words: tuple) -> None:
    done = elsewhere(*words)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    assert "Linux" in done.stderr + done.stdout
