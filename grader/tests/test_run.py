"""A pile of submissions: logs, interruptions, parts, marks by hand."""

import ast
import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import (
    CLIP,
    COUNT,
    RATIO,
    SHEET,
    SOLUTION,
    box_processes,
    command,
    marks,
    notebook,
    wait_until,
    write_zip,
)

from ae_grade.apart import Tried, Worker, WorkerDied
from ae_grade.batch import grade_all, shard
from ae_grade.cli import main
from ae_grade.collect import collect
from ae_grade.doctor import limits_here
from ae_grade.host import Box
from ae_grade.log import Log, NotGraded
from ae_grade.sandbox import Limits, Sandbox, SandboxError, find_sandbox
from ae_grade.sheet import Sheet, load_sheet

ANSWERS = [SOLUTION, (COUNT,), (CLIP, RATIO), (), ("import os; os._exit(1)", *SOLUTION), (RATIO,)]
SLEEPY = ("import time; time.sleep(2)", *SOLUTION)


def pile(folder: Path, count: int = 6) -> Path:
    folder.mkdir()
    for i in range(count):
        content = notebook(*ANSWERS[i % len(ANSWERS)], f"# student {i}")
        (folder / f"student{i:02}.ipynb").write_bytes(content)
    return folder


def test_marks_do_not_depend_on_order_jobs_or_parts(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = pile(tmp_path / "subs")
    for jobs in (1, 3):
        out = tmp_path / f"jobs{jobs}"
        assert command("run", SHEET, folder, "--out", out, "--quiet", "--jobs", jobs) == 0
    expected = marks(tmp_path / "jobs1")
    assert [row["total"] for row in expected] == ["8", "3", "5", "0", "8", "2"]
    assert marks(tmp_path / "jobs3") == expected
    parts = [tmp_path / "part1", tmp_path / "part2"]
    for i, part in enumerate(parts, 1):
        words = ("run", SHEET, folder, "--out", part, "--quiet", "--shard", f"{i}/2")
        assert command(*words) == 0
        assert len(marks(part)) == 3
    assert command("merge", tmp_path / "joined", *parts, "--sheet", SHEET) == 0
    assert marks(tmp_path / "joined") == expected


def test_no_two_threads_parse_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they do, Python 3.11 ends in a SystemError now and then."""
    sheet = load_sheet(str(SHEET))
    sheet.imports()
    inside, parse = [], ast.parse

    def slow_parse(*given: Any, **options: Any) -> ast.Module:
        inside.append(1)
        time.sleep(0.01)
        crowd.append(len(inside))
        inside.pop()
        return parse(*given, **options)

    crowd: list[int] = []
    monkeypatch.setattr("ae_grade.sheet.ast.parse", slow_parse)
    with ThreadPoolExecutor(3) as pool:
        found = [
            pool.submit(sheet.imports),
            pool.submit(sheet.constants),
            pool.submit(sheet.imports),
        ]
    assert found[0].result() == found[2].result()
    assert len(crowd) > 3
    assert set(crowd) == {1}


def test_tests_are_read_as_they_are() -> None:
    """In a sheet's cells a line that begins with % is a magic; in a test it is Python."""
    sheet = load_sheet(str(SHEET))
    tests = 'import json\nx = ("%d"\n    % 3)\n'
    questions = (replace(sheet.questions[0], tests=tests),)
    assert replace(sheet, questions=questions).imports() == {"json"}


def test_a_second_run_does_what_is_missing_or_changed(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs"), tmp_path / "grades"
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    before = marks(out)
    log = out / "log.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    # One result is missing, one was cut off in the middle of writing, one file has changed.
    log.write_text("".join(lines[1:])[: -len(lines[-1]) // 2], encoding="utf-8")
    lost = {json.loads(line)["student"] for line in (lines[0], lines[-1])}
    changed = next(f"student{i:02}" for i in range(6) if f"student{i:02}" not in lost)
    (folder / f"{changed}.ipynb").write_bytes(notebook())
    sheet = json.loads((SHEET / "autograder" / "sheet.json").read_text(encoding="utf-8"))
    assert sheet["question_timeout"] == 1
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    records = list(Log(log).records())
    again = [r["student"] for r in records[len(lines) - 2 :]]
    assert set(again) == lost | {changed}
    unlike = [b["student"] for a, b in zip(before, marks(out), strict=True) if a != b]
    assert unlike == [changed]


def test_nothing_counts_as_done_for_a_changed_sheet(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs", 1), tmp_path / "grades"
    sheet = tmp_path / "sheet"
    shutil.copytree(SHEET, sheet)
    assert command("run", sheet, folder, "--out", out, "--quiet") == 0
    tests = sheet / "autograder" / "tests" / "q3.py"
    tests.write_text(
        tests.read_text(encoding="utf-8").replace("ratio == 0.25", "ratio == 0.75"),
        encoding="utf-8",
    )
    assert command("run", sheet, folder, "--out", out, "--quiet") == 0
    assert [r["total"] for r in Log(out / "log.jsonl").records()] == [8, 7]
    assert marks(out)[0]["total"] == "7"


def test_a_killed_worker_loses_nothing(tmp_path: Path, sheet: Sheet, sandbox: Sandbox) -> None:
    folder = pile(tmp_path / "subs", 4)
    (folder / "sleepy.ipynb").write_bytes(notebook(*SLEEPY))
    made: list[Worker] = []

    def make() -> Worker:
        worker = Worker(sheet, sandbox)
        if len(made) < 2 and worker.process.pid is not None:
            threading.Timer(0.2, os.kill, (worker.process.pid, signal.SIGKILL)).start()
        made.append(worker)
        return worker

    found = collect(folder, sheet.notebook).submissions
    log = Log(tmp_path / "log.jsonl")
    outcome = grade_all(sheet, found, log, sandbox, 2, False, make)
    assert len(made) > 2
    assert outcome.failed == {}
    assert outcome.records["sleepy"]["total"] == 8
    assert len(outcome.records) == 5


class Mortal:
    """A worker that dies of one notebook."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.close = worker, worker.close

    def grade(self, content: bytes, tried: Tried) -> dict:
        if b"deadly" in content:
            raise WorkerDied("its worker was ended from outside")
        return self.worker.grade(content, tried)


def test_a_notebook_that_kills_its_worker_takes_no_other_along_and_is_named(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox
) -> None:
    folder = pile(tmp_path / "subs", 4)
    (folder / "a.ipynb").write_bytes(notebook("# deadly"))
    found = collect(folder, sheet.notebook).submissions
    log = Log(tmp_path / "log.jsonl")

    def make() -> Worker:
        return Mortal(Worker(sheet, sandbox))  # type: ignore[return-value]

    for graded in (4, 0):
        outcome = grade_all(sheet, found, log, sandbox, 2, False, make)
        assert outcome.failed == {"a": NotGraded("a", "", "its worker was ended from outside")}
        assert outcome.graded == graded
        assert len(outcome.records) == 4


def test_who_could_not_be_graded_keeps_name_and_number(
    tmp_path: Path,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As Canvas and Moodle know them: the number alone finds nobody."""
    source = write_zip(
        tmp_path / "s.zip",
        {
            "loveroada_101_5001_small.ipynb": notebook("# deadly"),
            "wu_102_5002_small.ipynb": notebook(*SOLUTION),
        },
    )
    monkeypatch.setattr("ae_grade.batch.Worker", lambda *given: Mortal(Worker(*given)))
    out, joined = tmp_path / "out", tmp_path / "joined"
    assert command("run", SHEET, source, "--out", out, "--quiet") == 1
    assert "not graded: loveroada (101): its worker was ended" in capsys.readouterr().err
    assert command("merge", joined, out, "--sheet", SHEET) == 1
    assert "not graded yet: loveroada (101)\n" in capsys.readouterr().err
    assert command("merge", joined, "--sheet", SHEET) == 1  # from what the join itself noted
    for folder in (out, joined):
        found = [(row["student"], row["identifier"], row["status"]) for row in marks(folder)]
        assert found[1] == ("loveroada", "101", "not graded")
        assert "loveroada (101)<pre>" in (folder / "staff.html").read_text(encoding="utf-8")


class Boxless(Mortal):
    """A worker that finds no box for one notebook."""

    def grade(self, content: bytes, tried: Tried) -> dict:
        if b"deadly" in content:
            raise SandboxError("no box")
        return self.worker.grade(content, tried)


def test_without_boxes_a_run_ends_after_what_it_had_begun(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox
) -> None:
    folder = pile(tmp_path / "subs", 2)
    (folder / "a.ipynb").write_bytes(notebook("# deadly"))
    found = collect(folder, sheet.notebook).submissions
    log = Log(tmp_path / "log.jsonl")
    with pytest.raises(SandboxError, match="no box"):
        grade_all(
            *(sheet, found, log, sandbox, 2, False),
            lambda: Boxless(Worker(sheet, sandbox)),  # type: ignore[arg-type,return-value]
        )
    assert {r["student"] for r in log.records()} >= {"student00"}


def test_a_killed_run_goes_on_and_leaves_no_process(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs", 8), tmp_path / "grades"
    for i in range(4):
        (folder / f"x{i}.ipynb").write_bytes(notebook(*SLEEPY, f"# {i}"))
    words = [sys.executable, "-m", "ae_grade.cli", "run", str(SHEET), str(folder)]
    words += ["--out", str(out), "--quiet", "--jobs", "2"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = out / "log.jsonl"
    wait_until(lambda: log.is_file() and log.read_text(encoding="utf-8").count("\n") >= 8, 60)
    process.kill()
    process.wait()
    done = log.read_text(encoding="utf-8").count("\n")
    wait_until(lambda: not any(str(folder) in words for words in commands_of_all()), 20)
    assert box_processes() == []
    assert command(*words[3:]) == 0
    assert [row["total"] for row in marks(out)][-4:] == ["8"] * 4
    assert len(list(Log(log).records())) == 12 > done


def commands_of_all() -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def test_marks_given_by_hand(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs", 2), tmp_path / "grades"
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    assert marks(out)[0]["status"] == "hand marks missing: q4"
    given = tmp_path / "marks.csv"
    given.write_text("student,q4\nstudent00,3.5\n", encoding="utf-8")
    assert command("merge", out, "--sheet", SHEET, "--marks", given) == 0
    first, second = marks(out)
    assert (first["q4"], first["total"], first["status"]) == ("3.5", "11.5", "graded")
    assert (second["q4"], second["status"]) == ("", "hand marks missing: q4")
    for text, message in (
        ("student,q4\nstudent00,5\n", "from 0 to 4"),
        ("student,q4\nnobody,1\n", "0 students fit"),
        ("student,q1\nstudent00,1\n", "has the columns"),
        ("student,q4\nstudent00,\nstudent01,\n", "gives no mark: all cells below q4"),
    ):
        given.write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit, match=message):
            main(["merge", str(out), "--sheet", str(SHEET), "--marks", str(given)])
    # What was refused has changed nothing, and a later run adds the marks again.
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    assert marks(out) == [first, second]
    assert command("merge", tmp_path / "joined", out, "--sheet", SHEET) == 0
    assert marks(tmp_path / "joined") == [first, second]
    # A mark belongs to the notebook for which it was given.
    (folder / "student00.ipynb").write_bytes(notebook(*SOLUTION, "# handed in again"))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    assert marks(out)[0]["status"] == "hand marks missing: q4"
    (out / "hand-marks.json").write_text("[", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"hand-marks.json cannot be read .* Delete it"):
        main(["merge", str(out), "--sheet", str(SHEET)])


HOSTILE_WORDS = "<script>alert(1)</script> because 7 > 3 \u202e\x00"


def in_words(*answers: str) -> bytes:
    """Return the solution with what a student wrote below the heading of question 4."""
    content = json.loads(notebook(*SOLUTION))
    heading = "## 4. Explain (4 points)\n\nWhy?"
    for kind, source in (("markdown", heading), *(("markdown", a) for a in answers)):
        content["cells"].append({"cell_type": kind, "metadata": {}, "source": source})
    content["cells"].append({"cell_type": "code", "metadata": {}, "source": "best = 7"})
    return json.dumps(content).encode()


def test_staff_read_the_answers_in_words_and_fill_in_a_table(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    folder, out = tmp_path / "subs", tmp_path / "grades"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(in_words("# My answer", HOSTILE_WORDS))
    (folder / "=bob.ipynb").write_bytes(in_words("x" * 10**6, "the end"))
    (folder / "carl.ipynb").write_bytes(notebook(*SOLUTION))
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    page = (out / "staff.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<pre>&lt;script&gt;alert(1)&lt;/script&gt; because 7 &gt; 3 </pre>" in page
    assert "<pre># My answer</pre>" in page
    assert "<pre>best = 7</pre>" in page
    assert "x" * 1000 in page
    assert len(page) < 60_000
    assert "(more in the notebook)" in page
    assert "No answer below the question's heading in carl.ipynb" in page
    with open(out / "marks-template.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows] == ["'=bob", "ada", "carl"]
    given = tmp_path / "marks.csv"
    with open(given, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "q4": mark} for row, mark in zip(rows, "12", strict=False))
    assert command("merge", out, "--sheet", SHEET, "--marks", given) == 0
    assert [row["total"] for row in marks(out)] == ["9", "10", "8"]
    assert "ada: 10" in (out / "staff.html").read_text(encoding="utf-8")


def test_parts() -> None:
    everyone = list(range(10))
    split = [shard(everyone, f"{i}/3") for i in (1, 2, 3)]  # type: ignore[arg-type]
    assert sorted([s for part in split for s in part]) == everyone
    for which in ("0/3", "4/3", "x", "1"):
        with pytest.raises(ValueError, match="expected i/n"):
            shard([], which)


def test_without_bubblewrap_it_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        find_sandbox()
    with pytest.raises(SystemExit, match="apt install bubblewrap"):
        main(["run", str(SHEET), str(pile(tmp_path / "subs", 1)), "--out", str(tmp_path / "o")])


def test_a_bubblewrap_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    asleep = "exec sleep 987654"
    hangs = ["sh", "-c", asleep, "--"]
    monkeypatch.setattr("ae_grade.host.bubblewrap_command", lambda *_: hangs)
    monkeypatch.setattr("ae_grade.host.START_TIMEOUT", 1)
    with pytest.raises(SandboxError, match="did not start a box within 1 seconds"):
        Box(sandbox, Limits())
    program = tmp_path / "bwrap"
    program.write_text(f"#!/bin/sh\n{asleep}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("ae_grade.sandbox.VERSION_TIMEOUT", 1)
    with pytest.raises(SandboxError, match="bwrap --version` did not end within 1 seconds"):
        find_sandbox()
    assert not any("987654" in words for words in commands_of_all())


def test_root_may_not_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    with pytest.raises(SandboxError, match="nothing runs as root"):
        find_sandbox("none")
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert str(find_sandbox("none")) == "none"


def test_the_doctor_finds_that_the_box_holds(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("doctor") == 0
    said = capsys.readouterr().out
    assert said.count("holds") >= 10
    assert "HOLE" not in said
    assert "Control groups are not used" in said


def test_the_doctor_tells_of_limits_of_a_batch_system(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = resource.RLIM_INFINITY
    found = dict.fromkeys(range(20), (endless, endless))
    monkeypatch.setattr(resource, "getrlimit", lambda which: found[which])
    assert len(limits_here()) == 1
    found[resource.RLIMIT_AS] = (2**32, endless)
    found[resource.RLIMIT_DATA] = (endless, 2**33)
    found[resource.RLIMIT_NPROC] = (500, 1000)
    assert [line.partition("RLIMIT_")[2] for line in limits_here()[:3]] == [
        *("AS: 4,096 MB", "DATA: 8,192 MB", "NPROC: 500")
    ]


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    for words, message in (
        (
            ["run", "no_such_sheet", "x"],
            "Build it first: `ae-grade build masters/no_such_sheet.py`",
        ),
        (["run", str(SHEET), str(tmp_path / "no")], "no folder and no zip"),
        (["run", str(SHEET), str(tmp_path)], "holds no submissions"),
        (["run", str(SHEET), str(tmp_path), "--jobs", "0"], "at least 1"),
        (["merge", str(tmp_path), str(tmp_path), "--sheet", str(SHEET)], "holds no log"),
    ):
        with pytest.raises(SystemExit, match=message):
            main(words)
