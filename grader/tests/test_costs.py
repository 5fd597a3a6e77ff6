"""What an answer costs the grader is bounded, and no box costs another one its marks."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import COSTLY, FULL, GREEDY, SOCKETS, WRONG
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
    scores,
    wait_until,
)

from ae_grade import protocol
from ae_grade.apart import Tried, Worker, WorkerDied
from ae_grade.feedback import feedback_page
from ae_grade.grade import grade
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet


def peak_of(pid: int, into: list[int], stop: threading.Event) -> None:
    """Note the most memory that a process and its children hold, in MB."""
    while not stop.wait(0.02):
        total = 0
        for entry in Path("/proc").glob("[0-9]*/status"):
            try:
                said = entry.read_text(encoding="utf-8")
            except OSError:
                continue
            if re.search(rf"^PPid:\t{pid}$", said, re.M) and (
                found := re.search(r"^RssAnon:\s+(\d+) kB", said, re.M)
            ):
                total = max(total, int(found[1]) // 1024)
        into.append(total)


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_answer_costs_its_own_question(name: str, sheet: Sheet, sandbox: Sandbox) -> None:
    worker = Worker(sheet, sandbox)
    peaks: list[int] = []
    stop = threading.Event()
    assert worker.process.pid is not None
    watcher = threading.Thread(target=peak_of, args=(worker.process.pid, peaks, stop))
    watcher.start()
    start = time.monotonic()
    try:
        record = worker.grade(notebook(CLIP, RATIO, COSTLY[name]))
        others = worker.grade(notebook(*SOLUTION))
    finally:
        stop.set()
        watcher.join()
        worker.close()
    assert scores(record)[0] == 0
    if "protocol.pack" not in COSTLY[name]:
        assert scores(record)[:3] == (0, 3, 2)
    assert scores(others)[:3] == FULL
    assert time.monotonic() - start < 180  # bounded, on a machine with other work to do
    assert max(peaks) < 350


def with_test(sheet: Sheet, source: str) -> Sheet:
    first, *others = sheet.questions
    return replace(sheet, questions=(replace(first, tests=f"{first.tests}{source}"), *others))


def test_a_test_that_computes_too_long_costs_its_question(sheet: Sheet, sandbox: Sandbox) -> None:
    slow = "\n\n@test_case(points=0)\ndef test_slow(count):\n    while True:\n        pass\n"
    first = sheet.questions[0]
    slowed = replace(
        sheet, questions=(replace(first, tests=f"{first.tests}{slow}"), *sheet.questions[1:])
    )
    record = grade(slowed, notebook(*SOLUTION), sandbox)
    assert scores(record)[1:3] == (3, 2)
    assert "too long" in record["questions"][0]["cases"][1]["message"]


def test_a_test_that_no_signal_ends_costs_its_question(sheet: Sheet, sandbox: Sandbox) -> None:
    deaf = (
        "\n\n@test_case(points=0)\ndef test_deaf(count):\n    import signal\n"
        "    signal.setitimer(signal.ITIMER_PROF, 0)\n    while True:\n        pass\n"
    )
    first = sheet.questions[0]
    slowed = replace(
        sheet, questions=(replace(first, tests=f"{first.tests}{deaf}"), *sheet.questions[1:])
    )
    worker = Worker(slowed, sandbox)
    try:
        record = worker.grade(notebook(*SOLUTION))
    finally:
        worker.close()
    assert scores(record)[:3] == (0, 3, 2)
    assert "more than the grader can look at" in record["questions"][0]["cases"][0]["message"]


@pytest.mark.parametrize("whose", ["submission", "worker"])
def test_what_a_student_reads_stays_when_a_hidden_test_ends_the_process(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox, whose: str
) -> None:
    """When that is may say what the hidden input was: the next try could read it off a clock."""
    ends = {
        "submission": "os._exit(1)",
        "worker": f"""os.path.exists({str(tmp_path / "once")!r}) or (
        os.mkdir({str(tmp_path / "once")!r}), os.kill(os.getppid(), 9), time.sleep(60))""",
    }
    test = "\n\n@test_case(points=0, hidden=True)\ndef test_end(count):\n    import os, time\n    "
    clocks = (
        "import time\ndef clip(x, factor): raise ValueError(f'clip {time.time_ns()}')",
        "raise ValueError(f'cell {time.time_ns()}')",
    )
    tried, record = Tried(), None
    while record is None:
        worker = Worker(with_test(sheet, test + ends[whose]), sandbox)
        try:
            record = worker.grade(notebook(COUNT, RATIO, *clocks), tried)
        except WorkerDied:
            assert whose == "worker"
            assert tried.public is not None
        finally:
            worker.close()
    # Where it ends its own process twice, the hidden tests of the first question are given up.
    assert scores(record)[:3] == ({"submission": 1, "worker": 3}[whose], 0, 2)
    page = feedback_page(sheet, {**record, "student": "s", "file": "f", "key": "k", "late": False})
    (cell,), (clip,), (second_try,) = (
        {int(n) for n in re.findall(rf"{word} (\d{{9,}})", text)}
        for word, text in (("cell", page), ("clip", page), ("cell", str(record["later"])))
    )
    assert cell < clip < second_try
    assert "more than the grader can look at" not in page


def test_a_batch_system_may_allow_less_memory_than_the_sheet(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    folder, built, out = tmp_path / "subs", tmp_path / "sheet", tmp_path / "out"
    shutil.copytree(SHEET, built)
    about = built / "autograder" / "sheet.json"
    changed = {**json.loads(about.read_text(encoding="utf-8")), "answers_mb": 2**16}
    about.write_text(json.dumps(changed), encoding="utf-8")
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(notebook(*SOLUTION))
    limited = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (2**33, 2**33))\n"
        "from ae_grade.cli import main\n"
        "main(sys.argv[1:])"
    )
    words = [sys.executable, "-c", limited, "run", built, folder, "--out", out, "--quiet"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert marks(out)[0]["total"] == "8"


def test_what_may_not_cross(sheet: Sheet) -> None:
    array = [protocol.np.zeros(3)]
    for tree, message in (
        ([{"array": 0}, {"array": 0}], "not there"),
        ({"dict": [[i, 0] for i in range(3000)]}, "2000 keys"),
    ):
        with pytest.raises(protocol.ProtocolError, match=message):
            protocol.unpack(tree, array)
    with pytest.raises(protocol.ProtocolError, match="numbers"):
        protocol.pack(protocol.np.zeros(9 * 2**20, "u1"))


def test_buffers_of_sockets_count_as_memory(sheet: Sheet, sandbox: Sandbox) -> None:
    record = grade(sheet, notebook(*SOLUTION, SOCKETS), sandbox)
    assert scores(record)[:3] == FULL
    assert "more than 512 MB of memory" in record["problems"][0]


BUSY = COUNT.replace("    ", "    for _ in range(2 * 10**6): pass\n    ")


def test_a_greedy_box_costs_no_neighbour_an_answer(
    tmp_path: Path, sheet: Sheet, sandbox: Sandbox
) -> None:
    """A hundred processes that compute, beside an answer that takes a tenth of its time."""
    folder = tmp_path / "subs"
    folder.mkdir()
    for i in range(3):
        (folder / f"greedy{i}.ipynb").write_bytes(notebook(GREEDY, *WRONG, f"# {i}"))
        (folder / f"honest{i}.ipynb").write_bytes(notebook(BUSY, CLIP, RATIO, f"# {i}"))
    out = tmp_path / "out"
    assert command("run", SHEET, folder, "--out", out, "--quiet", "--jobs", "4") == 0
    totals = {row["student"]: row["total"] for row in marks(out)}
    assert [totals[f"honest{i}"] for i in range(3)] == ["8"] * 3
    assert [totals[f"greedy{i}"] for i in range(3)] == ["0"] * 3


THREADED = """
import threading
def work():
    for _ in range(3 * 10**6): pass
def count(inputs, units):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return inputs * units + units
"""
FORKED = """
import os
def count(inputs, units):
    if os.fork() == 0:
        for _ in range(3 * 10**6): pass
        os._exit(0)
    os.wait()
    return inputs * units + units
"""


def test_what_watches_a_box_spends_none_of_its_time(sheet: Sheet, sandbox: Sandbox) -> None:
    """The timer counts what all threads of the grader compute: it may ring long before its time."""
    slow = COUNT.replace("    ", "    import time; time.sleep(0.2)\n    ")
    done = threading.Event()

    def ring() -> None:
        while not done.wait(0.05):
            os.kill(os.getpid(), signal.SIGPROF)

    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    thread = threading.Thread(target=ring)
    thread.start()
    try:
        record = grade(sheet, notebook(slow, CLIP, RATIO), sandbox)
    finally:
        done.set()
        thread.join()
        signal.signal(signal.SIGPROF, before)
    assert scores(record)[:3] == FULL, record["questions"][0]


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """A dozen programs for each processor that compute, each as if from another user."""
    words = [sys.executable, "-c", "while True: pass"]
    others = [
        subprocess.Popen(words, start_new_session=True)
        for _ in range(12 * len(os.sched_getaffinity(0)))
    ]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.alone
@pytest.mark.parametrize("answer", [BUSY, THREADED, FORKED], ids=["itself", "thread", "child"])
def test_a_busy_machine_costs_no_answer_whoever_computes_it(
    answer: str, sheet: Sheet, sandbox: Sandbox, busy_machine: None
) -> None:
    """It takes a fifth of its limit where nothing else runs; the notebook itself may sleep."""
    record = grade(sheet, notebook(answer, CLIP, RATIO), sandbox)
    assert scores(record)[:3] == FULL, record["questions"][0]
    assert 0 < record["questions"][0]["seconds"] < sheet.question_timeout


@pytest.mark.alone
def test_who_sleeps_spends_the_clock(sheet: Sheet, sandbox: Sandbox, busy_machine: None) -> None:
    asleep = "import time\ndef count(inputs, units): time.sleep(30)"
    start = time.monotonic()
    record = grade(sheet, notebook(asleep, CLIP, RATIO), sandbox)
    assert scores(record)[:3] == (0, 3, 2)
    assert time.monotonic() - start < 25


def test_nothing_is_left_of_a_killed_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """Neither boxes, nor the processes that grade, nor the server that forks them."""
    folder, out = tmp_path / "subs", tmp_path / "out"
    folder.mkdir()
    for i in range(4):
        (folder / f"{i}.ipynb").write_bytes(notebook(*SOLUTION, f"import time; time.sleep(4) #{i}"))
    words = [sys.executable, "-m", "ae_grade.cli", "run", str(SHEET), str(folder)]
    words += ["--out", str(out), "--quiet", "--jobs", "2"]
    null = subprocess.DEVNULL
    run = subprocess.Popen(words, stdout=null, stderr=null, start_new_session=True)
    wait_until(lambda: len(session(run.pid)) >= 5, 120)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_until(lambda: session(run.pid) == [], 20)
    wait_until(lambda: box_processes() == [], 20)


def session(leader: int) -> list[str]:
    """Return the processes of a session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(entry.parent.name)
    return found


CLOCK = """
import os, time
def count(inputs, units):
    if inputs != 784:  # a hidden input: leave at a moment that says what it is
        time.sleep(((inputs & 15) - time.time() % 16) % 16 * 0.02)
        open("/tmp/x", "w").write(str(inputs))
        os._exit(0)
    return 25120
def clip(x, factor): os._exit(0)
"""
READERS = [
    f"import time\nif int(time.time() * 50) % 16 == {i}: raise ValueError({i})" for i in range(16)
]
# Each is noted once; one in four is silent in the first run and heard in the second.
COINS = ["import os\nif os.urandom(1)[0] & 1: raise ValueError('heads')"] * 96


def test_no_clock_tells_a_student_of_a_hidden_input(sheet: Sheet, sandbox: Sandbox) -> None:
    """A box that a hidden input ends starts again, and its cells may say what they like."""
    stays = f"import os\nif not os.path.exists('/tmp/seen'): open('/tmp/seen', 'w')\n{CLOCK}"
    record = grade(sheet, notebook(stays, *READERS, *COINS), sandbox)
    public = grade(sheet, notebook(stays, *READERS, *COINS, "# again"), sandbox)
    # Before any hidden input the cells ran once, and again after the public tests had ended a box.
    assert record["later"] != []
    assert public["later"] != []
    for one in (record, public):
        about = {"student": "s", "file": "f", "key": "k", "late": False}
        page = feedback_page(sheet, {**one, **about})
        for problem in one["later"]:
            assert problem not in page
    slow = [{**q, "seconds": 99.0} for q in record["questions"]]
    changed = {**record, "later": ["Cell 9: raised ValueError: 4711"], "seconds": 99.0, **about}
    changed["questions"] = slow
    assert feedback_page(sheet, changed) == feedback_page(sheet, {**record, **about})
