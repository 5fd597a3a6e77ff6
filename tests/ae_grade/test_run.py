"""A pile of submissions: logs, interruptions, parts, clusters, marks by hand."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from samples import CLIP, COUNT, RATIO, SHEET, SOLUTION, box_processes, notebook, wait_until

from ae_grade.cli import main
from ae_grade.collect import collect
from ae_grade.grade import Sheet
from ae_grade.run import Log, Outcome, process_pool, run, shard
from ae_grade.sandbox import Sandbox, SandboxError, find_sandbox

ANSWERS = [SOLUTION, (COUNT,), (CLIP, RATIO), (), ("import os; os._exit(1)", *SOLUTION), (RATIO,)]
SLEEPY = ("import time; time.sleep(2)", *SOLUTION)


def pile(folder: Path, count: int = 6) -> Path:
    folder.mkdir()
    for i in range(count):
        content = notebook(*ANSWERS[i % len(ANSWERS)], f"# student {i}")
        (folder / f"student{i:02}.ipynb").write_bytes(content)
    return folder


def command(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    code = ended.value.code
    return code if isinstance(code, int) else pytest.fail(str(code))


def marks(out: Path) -> list[dict[str, str]]:
    """Return grades.csv without the column that tells time."""
    with open(out / "grades.csv", newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def run_with(sheet: Sheet, sandbox: Sandbox, folder: Path, out: Path, pool: Executor) -> Outcome:
    found = collect(folder, sheet.notebook)
    log = Log(out / "log.jsonl")
    return run(sheet, found.submissions, log, sandbox, lambda: pool, 2, progress=False)


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


def test_a_second_run_does_what_is_missing_or_changed(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs"), tmp_path / "grades"
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    before = marks(out)
    log = out / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    # One result is missing, one was cut off in the middle of writing, one file has changed.
    log.write_text("".join(lines[1:])[: -len(lines[-1]) // 2])
    lost = {json.loads(line)["student"] for line in (lines[0], lines[-1])}
    changed = next(f"student{i:02}" for i in range(6) if f"student{i:02}" not in lost)
    (folder / f"{changed}.ipynb").write_bytes(notebook())
    sheet = json.loads((SHEET / "autograder" / "sheet.json").read_text())
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
    tests.write_text(tests.read_text().replace("ratio == 0.25", "ratio == 0.75"))
    assert command("run", sheet, folder, "--out", out, "--quiet") == 0
    assert [r["total"] for r in Log(out / "log.jsonl").records()] == [8, 7]
    assert marks(out)[0]["total"] == "7"


def test_a_killed_worker_loses_nothing(tmp_path: Path, sheet: Sheet, sandbox: Sandbox) -> None:
    folder = pile(tmp_path / "subs", 4)
    (folder / "sleepy.ipynb").write_bytes(notebook(*SLEEPY))
    made = []

    def make() -> Executor:
        pool = process_pool(2)
        if not made:
            for future in [pool.submit(os.getpid) for _ in range(4)]:
                victim = future.result()
            os.kill(victim, signal.SIGKILL)
        made.append(pool)
        return pool

    found = collect(folder, sheet.notebook).submissions
    outcome = run(sheet, found, Log(tmp_path / "log.jsonl"), sandbox, make, 2, progress=False)
    assert len(made) > 1
    assert outcome.failed == {}
    assert outcome.records["sleepy"]["total"] == 8
    assert len(outcome.records) == 5


def test_a_killed_run_goes_on_and_leaves_no_process(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs", 8), tmp_path / "grades"
    for i in range(4):
        (folder / f"x{i}.ipynb").write_bytes(notebook(*SLEEPY, f"# {i}"))
    words = [sys.executable, "-m", "ae_grade.cli", "run", str(SHEET), str(folder)]
    words += ["--out", str(out), "--quiet", "--jobs", "2"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = out / "log.jsonl"
    wait_until(lambda: log.is_file() and log.read_text().count("\n") >= 8, 60)
    process.kill()
    process.wait()
    done = log.read_text().count("\n")
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


def test_any_executor_will_do(tmp_path: Path, sheet: Sheet, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(2) as pool:
        outcome = run_with(sheet, sandbox, pile(tmp_path / "subs"), tmp_path / "out", pool)
    assert [r["total"] for _, r in sorted(outcome.records.items())] == [8, 3, 5, 0, 8, 2]


def certificates(folder: Path) -> dict[str, Path]:
    """Make a certificate that is its own authority, for one test."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", cert]
    subprocess.run(words, check=True, capture_output=True)
    return {"ca": cert, "cert": cert, "key": key}


def test_a_dask_cluster_over_tls_gives_the_same_marks_though_a_worker_is_killed(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster
    from distributed.security import Security

    folder = pile(tmp_path / "subs")
    assert command("run", SHEET, folder, "--out", tmp_path / "pool", "--quiet") == 0
    files = certificates(tmp_path)
    roles = {
        f"tls_{role}_{part}": str(files[part])
        for role in ("scheduler", "worker", "client")
        for part in ("cert", "key")
    }
    security = Security(require_encryption=True, tls_ca_file=str(files["ca"]), **roles)
    out = tmp_path / "dask"
    add, killed = Log.add, []

    def add_and_kill(self: Log, record: dict) -> None:
        add(self, record)
        if not killed:  # the first result is in, the others are not
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(protocol="tls://", security=security, **options) as cluster:
        address = cluster.scheduler_address
        words = ["run", SHEET, folder, "--out", out, "--quiet", "--scheduler", address]
        with pytest.raises(SystemExit, match="needs --tls-ca, --tls-cert and --tls-key"):
            main([str(word) for word in words])
        for part, path in files.items():
            words += [f"--tls-{part}", path]
        monkeypatch.setattr(Log, "add", add_and_kill)
        assert command(*words) == 0
    assert killed
    assert marks(out) == marks(tmp_path / "pool")


def test_marks_given_by_hand(tmp_path: Path, sandbox: Sandbox) -> None:
    folder, out = pile(tmp_path / "subs", 2), tmp_path / "grades"
    assert command("run", SHEET, folder, "--out", out, "--quiet") == 0
    assert marks(out)[0]["status"] == "hand marks missing: q4"
    given = tmp_path / "marks.csv"
    given.write_text("student,q4\nstudent00,3.5\n")
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
        given.write_text(text)
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
    (out / "hand-marks.json").write_text("[")
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
    page = (out / "staff.html").read_text()
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
    (out / "moodle.csv").write_text("as if the submissions had come from Moodle")
    assert command("merge", out, "--sheet", SHEET, "--marks", given) == 0
    assert [row["total"] for row in marks(out)] == ["9", "10", "8"]
    assert "ada: 10" in (out / "staff.html").read_text()
    assert "Participant" in (out / "moodle.csv").read_text()


class Deserting(ThreadPoolExecutor):
    """Accepts everything and gives it up, as dask's executor does when its scheduler is gone."""

    def submit(self, *_: object, **__: object) -> Future:  # type: ignore[override]
        future: Future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_a_lost_scheduler_is_said_and_loses_no_finished_result(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox
) -> None:
    folder, out = pile(tmp_path / "subs", 2), tmp_path / "out"
    with ThreadPoolExecutor(2) as pool:
        run_with(sheet, sandbox, folder, out, pool)
    (folder / "late.ipynb").write_bytes(notebook())
    with Deserting(1) as pool, pytest.raises(ConnectionError, match="same command goes on"):
        run_with(sheet, sandbox, folder, out, pool)
    assert len(list(Log(out / "log.jsonl").records())) == 2


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


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    for words, message in (
        (["run", "no_such_sheet", "x"], "Build it first"),
        (["run", str(SHEET), str(tmp_path / "no")], "no folder and no zip"),
        (["run", str(SHEET), str(tmp_path)], "holds no submissions"),
        (["run", str(SHEET), str(tmp_path), "--jobs", "0"], "at least 1"),
        (["merge", str(tmp_path), str(tmp_path), "--sheet", str(SHEET)], "holds no log"),
    ):
        with pytest.raises(SystemExit, match=message):
            main(words)
