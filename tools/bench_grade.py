"""Measure the grader: beside `otter run` and nbgrader, on a Keras sheet, over many submissions.

python -m tools.bench_grade [SECTION ...] [--count 200] [--others 4] [--nbgrader PYTHON]
python -m tools.bench_grade page

Sections: numpy (a pile of copies of the solution of sheet 1 by `ae-grade`, by `otter run`
and, with the Python of an environment that has it, by nbgrader), keras (one solution of sheet 2
beside the bare notebook), memory (1,000 submissions), class (300 honest students among ten of each
attack of the grader's tests, on their small sheet); by default the first two. Results go to
results/grading.json, and the table in instructors.md is made from it; `page` only makes the table.
Nothing else should run meanwhile.
"""

import argparse
import contextlib
import csv
import inspect
import io
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import psutil

from ae_grade.batch import grade_all
from ae_grade.build import OTTER_IMPORT, STUDENT_IMPORT, build_sheet
from ae_grade.collect import collect
from ae_grade.course import settle_mnist
from ae_grade.files import processors, write_atomically
from ae_grade.grade import grade
from ae_grade.log import Log
from ae_grade.sandbox import find_sandbox
from ae_grade.sheet import Sheet, load_sheet
from ae_grade.testfile import test_file
from tools import sheets
from tools.results import RESULTS, ROOT, write_record

PATH = RESULTS / "grading.json"
PAGE = ROOT / "pages" / "instructors.md"
BLOCK = re.compile(r"(?<=<!-- made by tools.bench_grade -->\n).*?(?=<!-- end -->)", re.DOTALL)
CORES = processors()
# Both rivals skip the cells `check("q1")`, as the box does.
ENVIRONMENT = {**os.environ, "AE_GRADING": "1", "AE_PROFILE": "quick"}
NUMPY, KERAS = "pca_sheet", "dense_autoencoder_sheet"


def copies(solution: Path, folder: Path, count: int) -> Path:
    """Write `count` notebooks that differ in a comment."""
    folder.mkdir()
    content = json.loads(solution.read_text(encoding="utf-8"))
    source = "".join(content["cells"][-1]["source"])
    for i in range(count):
        content["cells"][-1]["source"] = f"{source}\n# {i}"
        (folder / f"s{i:04}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return folder


def full_marks(sheet: Sheet) -> float:
    return sum(q.points for q in sheet.questions if q.tests is not None)


def insist(found: set[float], full: float, what: str) -> None:
    if found != {full}:
        sys.exit(f"{what}: the solution got {found} of {full} points; its times mean nothing.")


def graded(built: Path, folder: Path, jobs: int, log: Callable[[Path], Log] = Log) -> float:
    """Grade a folder, check that all marks are full, and return the seconds per submission."""
    sheet = load_sheet(str(built))
    found = collect(folder, sheet.notebook).submissions
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        outcome = grade_all(sheet, found, log(Path(out, "log.jsonl")), find_sandbox(), jobs)
        seconds = time.perf_counter() - start
    insist({r["total"] for r in outcome.records.values()}, full_marks(sheet), "ae-grade")
    return seconds / len(found)


def command(*words: object, folder: Path) -> None:
    """Run a rival's command; what goes wrong with it ends the measurement."""
    # nbgrader calls programs of its environment by their names.
    path = f"{Path(str(words[0])).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env={**ENVIRONMENT, "PATH": path},
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def by_otter(built: Path, folder: Path) -> float:
    """Return the seconds per submission of `otter run`, as many at a time as there are cores."""
    notebooks = sorted(folder.glob("*.ipynb"))

    def one(notebook: Path) -> float:
        with tempfile.TemporaryDirectory() as out:
            words = ("run", "-a", built / "autograder.zip", "-o", out, notebook)
            command(sys.executable, "-m", "otter", *words, folder=Path(out))
            tests = json.loads(Path(out, "results.json").read_text(encoding="utf-8"))["tests"]
            return sum(test.get("score", 0) for test in tests)

    start = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        totals = set(pool.map(one, notebooks))
    seconds = time.perf_counter() - start
    insist(totals, full_marks(load_sheet(str(built))), "otter run")
    return seconds / len(notebooks)


def nbgrader_notebook(built: Path, sheet: Sheet) -> nbformat.NotebookNode:
    """Return the solution followed by the sheet's tests, each a cell that nbgrader marks."""
    notebook = sheets.solution(built)
    for question in sheet.questions:
        if question.tests is None:
            continue
        source = question.tests.replace(OTTER_IMPORT, STUDENT_IMPORT)
        for number, case in enumerate(test_file(question).test_cases):
            function = case.body.test_func
            names = ", ".join(inspect.signature(function).parameters)
            cell = nbformat.v4.new_code_cell(f"{source}\n{function.__name__}.function({names})")
            cell.metadata["nbgrader"] = {
                "grade": True,
                "grade_id": f"{question.name}-{number}",
                "locked": True,
                "points": case.points,
                "schema_version": 3,
                "solution": False,
                "task": False,
            }
            notebook.cells.append(cell)
    return notebook


def by_nbgrader(python: Path, built: Path, count: int, course: Path) -> float:
    """Return the seconds per submission of `nbgrader autograde`, which knows no parallel way."""
    sheet = load_sheet(str(built))
    source = course / "source" / sheet.name
    source.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    nbformat.write(nbgrader_notebook(built, sheet), source / sheet.notebook)
    command(python, "-m", "nbgrader", "generate_assignment", sheet.name, folder=course)
    released = (course / "release" / sheet.name / sheet.notebook).read_text(encoding="utf-8")
    for i in range(count):
        folder = course / "submitted" / f"s{i}" / sheet.name
        folder.mkdir(parents=True)
        (folder / sheet.notebook).write_text(released, encoding="utf-8")
    start = time.perf_counter()
    command(python, "-m", "nbgrader", "autograde", sheet.name, folder=course)
    seconds = time.perf_counter() - start
    command(python, "-m", "nbgrader", "export", folder=course)
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        totals = {float(row["score"]) for row in csv.DictReader(file)}
    insist(totals, full_marks(sheet), "nbgrader")
    return seconds / count


def second_process_adds() -> float:
    """Return what a second process adds to a plain loop's throughput: 1 on two whole cores.

    No grader can gain more from its second worker; virtual machines often share their cores.
    """
    loop = [sys.executable, "-c", "sum(i * i for i in range(20_000_000))"]

    def seconds(width: int) -> float:
        start = time.perf_counter()
        for process in [subprocess.Popen(loop) for _ in range(width)]:
            process.wait()
        return time.perf_counter() - start

    return statistics.median(2 * seconds(1) / seconds(2) - 1 for _ in range(7))


def measure_numpy(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    built = build_sheet(ROOT / "masters" / f"{NUMPY}.py", work)
    solution = built / "autograder" / f"{NUMPY}.ipynb"
    pile = copies(solution, work / "all", options.count)
    few = copies(solution, work / "few", options.others)
    rows = []

    def add(grader: str, at_a_time: int, submissions: int, seconds: float) -> None:
        rows.append(
            {
                "grader": grader,
                "at_a_time": at_a_time,
                "submissions": submissions,
                "seconds": round(seconds, 4),
            }
        )
        print(f"{grader:<28} {at_a_time} at a time  {seconds:8.3f} s per submission", flush=True)

    for jobs in (1, 2):
        add("ae-grade", jobs, options.count, graded(built, pile, jobs))
    add("otter run", CORES, options.others, by_otter(built, few))
    if options.nbgrader:
        seconds = by_nbgrader(options.nbgrader, built, options.others, work / "course")
        add("nbgrader autograde", 1, options.others, seconds)
    else:
        print("No --nbgrader: it is left out.")
    return {
        "sheet": NUMPY,
        "rows": rows,
        "second_process_adds": round(second_process_adds(), 3),
    }


def measure_keras(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Time one solution in a box, tests included, beside its notebook run by Jupyter's client."""
    from nbclient import NotebookClient

    built = build_sheet(ROOT / "masters" / f"{KERAS}.py", work)
    sheet, sandbox = load_sheet(str(built)), find_sandbox()
    path = built / "autograder" / f"{KERAS}.ipynb"
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    one_thread = {**ENVIRONMENT, **dict.fromkeys(threads, "1")}  # as in the box
    start = time.perf_counter()
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=None, kernel_name="python3")
    with contextlib.redirect_stderr(io.StringIO()):
        client.execute(env=one_thread)
    bare = time.perf_counter() - start
    start = time.perf_counter()
    record = grade(sheet, path.read_bytes(), sandbox)
    boxed = time.perf_counter() - start
    insist({record["total"]}, full_marks(sheet), "ae-grade")
    print(f"bare notebook {bare:.1f} s, in a box with all tests {boxed:.1f} s", flush=True)
    return {"sheet": KERAS, "bare": round(bare, 2), "boxed": round(boxed, 2)}


class WatchedLog(Log):
    """A log that notes now and then how much memory the run and its workers hold."""

    def __init__(self, path: Path, samples: list[dict[str, int]]) -> None:
        super().__init__(path)
        self.samples, self.done = samples, 0

    def add(self, record: dict) -> None:
        super().add(record)
        self.done += 1
        if self.done % 100 == 0:
            here = psutil.Process()
            # The workers are children of the server that forks them.
            workers = [w for server in here.children() for w in server.children()]
            self.samples.append(
                {
                    "done": self.done,
                    "run_mib": here.memory_info().rss // 2**20,
                    "largest_worker_mib": max(w.memory_info().rss for w in workers) // 2**20,
                }
            )


def measure_memory(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    built = build_sheet(ROOT / "masters" / f"{NUMPY}.py", work)
    pile = copies(built / "autograder" / f"{NUMPY}.ipynb", work / "all", options.many)
    samples: list[dict[str, int]] = []
    graded(built, pile, 2, lambda path: WatchedLog(path, samples))
    print(*samples, sep="\n", flush=True)
    return {"sheet": NUMPY, "at_a_time": 2, "samples": samples}


@contextlib.contextmanager
def watched_memory() -> Iterator[dict[str, int]]:
    """Note the most MiB that the run, its largest worker and all of them together hold."""
    peak = {"run_mib": 0, "largest_worker_mib": 0, "all_mib": 0}
    done = threading.Event()

    def watch() -> None:
        here = psutil.Process()
        while not done.wait(0.2):
            # Boxes and what starts them are further down; shared pages count once.
            held = [of_its_own(here)]
            with contextlib.suppress(psutil.NoSuchProcess):
                for server in here.children():
                    held += [of_its_own(w) for w in (server, *server.children())]
            held = [size // 2**20 for size in held]
            now = {
                "run_mib": held[0],
                "largest_worker_mib": max(held[1:], default=0),
                "all_mib": sum(held),
            }
            peak.update({name: max(size, now[name]) for name, size in peak.items()})

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def of_its_own(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:  # it ended while we looked
        return 0


def measure_class(options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Grade honest students among attacks of every kind, in an order drawn by lot."""
    sys.path.append(str(ROOT / "grader" / "tests"))  # what the tests know of attacks
    from hostile import CASES, COSTLY, GREEDY, SOCKETS, WRONG, cells_of
    from samples import CLIP, RATIO, SHEET, SOLUTION, notebook

    sheet = load_sheet(str(SHEET))
    kinds: dict[str, tuple[list[str], float]] = {"honest": ([*SOLUTION], full_marks(sheet))}
    kinds |= {name: (cells_of(name, work, 9), sum(CASES[name][1])) for name in CASES}
    kinds |= {name: ([CLIP, RATIO, cell], 5) for name, cell in COSTLY.items()}
    kinds |= {"greedy": ([GREEDY, *WRONG], 0), "sockets": ([*SOLUTION, SOCKETS], full_marks(sheet))}
    students = ["honest"] * options.honest + [*kinds][1:] * options.each
    random.Random(0).shuffle(students)
    folder = work / "all"
    folder.mkdir()
    for i, kind in enumerate(students):
        (folder / f"s{i:04}.ipynb").write_bytes(notebook(*kinds[kind][0], f"# {i}"))
    found = collect(folder, sheet.notebook).submissions
    start = time.perf_counter()
    with watched_memory() as peak:
        outcome = grade_all(sheet, found, Log(work / "log.jsonl"), find_sandbox(), CORES)
    seconds = time.perf_counter() - start
    totals = {record["student"]: record["total"] for record in outcome.records.values()}
    marks = [(kind, totals.get(f"s{i:04}"), kinds[kind][1]) for i, kind in enumerate(students)]
    harmed = [mark for mark in marks if mark[0] == "honest" and mark[1] != mark[2]]
    unearned = [mark for mark in marks if mark[1] is not None and mark[1] > mark[2]]
    less = Counter(k for k, got, full in marks if k not in COSTLY and (got is None or got < full))
    print(f"{seconds:.0f} s, {peak}, less than their answers deserve: {dict(less)}", flush=True)
    if harmed or unearned:
        sys.exit(f"harmed: {harmed}\nunearned: {unearned}")
    return {
        "sheet": "grader/tests/sheet",
        "honest": options.honest,
        "attacks": len(kinds) - 1,
        "of_each": options.each,
        "at_a_time": CORES,
        "seconds": round(seconds),
        "less_than_deserved": dict(less),
        "peak": peak,
    }


# In this order: the last one loads Keras into this process, which the others take for the grader.
SECTIONS = {
    "memory": measure_memory,
    "class": measure_class,
    "numpy": measure_numpy,
    "keras": measure_keras,
}


def made_with(options: argparse.Namespace) -> dict[str, Any]:
    # In a process of its own: it imports Keras, which would count as the grader's memory.
    code = "import json, ae_lib; print(json.dumps(ae_lib.runtime_info()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    versions = found["versions"]
    versions |= {name: metadata.version(name) for name in ("otter-grader",)}
    if options.nbgrader:
        code = "import nbgrader; print(nbgrader.__version__)"
        words = [options.nbgrader, "-c", code]
        said = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
        versions["nbgrader"] = said.stdout.strip()
    return {
        "device": found["device"],
        "cores": CORES,
        "sandbox": str(find_sandbox()),
        "versions": versions,
        "date": datetime.now(UTC).date().isoformat(),
    }


def seconds_of(record: dict[str, Any], grader: str, at_a_time: int | None = None) -> float:
    """Return the seconds per submission in a row of the record."""
    (found,) = (
        row["seconds"]
        for row in record["numpy"]["rows"]
        if row["grader"] == grader and at_a_time in (None, row["at_a_time"])
    )
    return found


def table(record: dict[str, Any]) -> str:
    """Return what instructors.md shows of the record."""
    numpy, keras, memory = record["numpy"], record["keras"], record["memory"]
    crowd = record["class"]
    lines = ["", "| grader | at a time | seconds per submission |", "|---|---:|---:|"]
    lines += [
        f"| {row['grader']} | {row['at_a_time']} | {row['seconds']:.2f} |" for row in numpy["rows"]
    ]
    made = numpy["made_with"]
    # Where no environment had nbgrader, there is no row of it either.
    rivals = [f"{n} {v}" for n, v in made["versions"].items() if n in ("otter-grader", "nbgrader")]
    pool = "ae-grade"
    one, two = (seconds_of(record, pool, n) for n in (1, 2))
    first, last = memory["samples"][0], memory["samples"][-1]
    lines += [
        "",
        f"Solutions of sheet 1 on {made['device']} ({made['cores']} cores), {made['sandbox']}, "
        f"{made['date']}; {', '.join(rivals)}.",
        f"With two at a time that is {seconds_of(record, 'otter run') / two:.1f} times the "
        f"throughput of `otter run`; the second worker adds {100 * (one / two - 1):.0f} %, where a "
        f"second process adds {100 * numpy['second_process_adds']:.0f} % to a plain loop.",
        f"A solution of sheet 2, which trains networks with Keras, takes {keras['boxed']:.0f} s, "
        f"its bare notebook {keras['bare']:.0f} s.",
        f"Between submission {first['done']:,} and {last['done']:,} the run went from "
        f"{first['run_mib']} to {last['run_mib']} MiB, its largest worker from "
        f"{first['largest_worker_mib']} to {last['largest_worker_mib']} MiB.",
        f"In a class of {crowd['honest']} honest students among {crowd['of_each']} of each of "
        f"{crowd['attacks']} attacks every honest mark is right and no attack gains one; it takes "
        f"{crowd['seconds'] / 60:.0f} minutes, and the grader with its workers holds "
        f"{crowd['peak']['all_mib']} MiB at most.",
        "",
    ]
    return "\n".join(lines) + "\n"


def write_page(record: dict[str, Any]) -> None:
    text, count = BLOCK.subn(lambda _: table(record), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        sys.exit(f"{PAGE.name} has {count} places for the table; expected one.")
    write_atomically(PAGE, text)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", default=["numpy", "keras"])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--many", type=int, default=1000, help="submissions of section memory")
    parser.add_argument("--honest", type=int, default=300, help="honest students of section class")
    parser.add_argument("--each", type=int, default=10, help="of each attack there")
    parser.add_argument("--others", type=int, default=4, help="submissions for the rivals")
    parser.add_argument("--nbgrader", type=Path, help="Python of an environment with nbgrader")
    parser.add_argument("--out", type=Path, default=PATH)
    options = parser.parse_args(arguments)
    if options.nbgrader:
        options.nbgrader = options.nbgrader.absolute()  # not resolved: that would leave its venv
    record = json.loads(options.out.read_text(encoding="utf-8")) if options.out.is_file() else {}
    if options.sections != ["page"]:
        if unknown := set(options.sections) - set(SECTIONS):
            parser.error(f"no section {sorted(unknown)}; there are {list(SECTIONS)} and page")
        data = settle_mnist()
        print(f"{CORES} cores, data set {data}", flush=True)
        made = made_with(options)
        for name in (name for name in SECTIONS if name in options.sections):
            with tempfile.TemporaryDirectory() as work:
                found = SECTIONS[name](options, Path(work))
            record[name] = {"made_with": {**made, "dataset": data}, **found}
            write_record(options.out, record)
    if options.out == PATH and record.keys() == SECTIONS.keys():
        write_page(record)


if __name__ == "__main__":
    main()
