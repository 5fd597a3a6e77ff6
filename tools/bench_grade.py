"""Measure the grader: a pile of copies of the solution, by pool, by dask and by `otter run`.

python -m tools.bench_grade [--count 200] [--others 4] [--keras]

All times are wall-clock seconds a submission, on the machine that this runs on.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from distributed import LocalCluster
from nbclient import NotebookClient

from ae_grade.build import build_sheet
from ae_grade.cluster import connect
from ae_grade.collect import collect
from ae_grade.grade import grade, load_sheet
from ae_grade.run import Log, process_pool, run
from ae_grade.sandbox import find_sandbox, settle_data

ROOT = Path(__file__).resolve().parent.parent
CORES = len(os.sched_getaffinity(0))


def copies(solution: Path, folder: Path, count: int) -> None:
    """Write `count` notebooks that differ in a comment."""
    folder.mkdir()
    content = json.loads(solution.read_text())
    for i in range(count):
        content["cells"][-1]["source"] = f"{''.join(content['cells'][-1]['source'])}\n# {i}"
        (folder / f"s{i:04}.ipynb").write_text(json.dumps(content))


def graded(built: Path, folder: Path, make: Callable[[], Executor], width: int) -> float:
    """Grade a folder, check that all marks are full, and return the seconds a submission."""
    sheet = load_sheet(str(built))
    found = collect(folder, sheet.notebook).submissions
    full = sum(q.points for q in sheet.questions if q.tests is not None)
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        outcome = run(sheet, found, Log(Path(out, "log.jsonl")), find_sandbox(), make, width)
        seconds = time.perf_counter() - start
    totals = {r["total"] for r in outcome.records.values()}
    if totals != {full}:
        sys.exit(f"The solution got {totals} of {full} points: these times mean nothing.")
    return seconds / len(found)


def otter_run(built: Path, folder: Path) -> float:
    """Return the seconds a submission of `otter run`, as many at a time as there are cores."""
    notebooks = sorted(folder.glob("*.ipynb"))

    def one(notebook: Path) -> None:
        with tempfile.TemporaryDirectory() as out:
            words = ["run", "-a", str(built / "autograder.zip"), "-o", out, str(notebook)]
            program = [sys.executable, "-m", "otter", *words]
            done = subprocess.run(program, capture_output=True, text=True, cwd=out, check=False)
            if done.returncode or not Path(out, "results.json").is_file():
                sys.exit(f"otter run failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    start = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(one, notebooks))
    return (time.perf_counter() - start) / len(notebooks)


def report(name: str, seconds: float, unit: str = "s a submission") -> None:
    print(f"{name:<52} {seconds:8.2f} {unit}", flush=True)


def measure_numpy(work: Path, count: int, others: int) -> None:
    built = build_sheet(ROOT / "exercises" / "01_pca.py", work)
    solution = built / "autograder" / "01_pca.ipynb"
    copies(solution, work / "all", count)
    copies(solution, work / "quarter", max(1, count // 4))
    copies(solution, work / "few", others)
    print(f"01_pca (NumPy), {CORES} cores, {count} submissions")
    one = graded(built, work / "quarter", lambda: process_pool(1), 1)
    report("process pool, 1 worker", one)
    two = graded(built, work / "all", lambda: process_pool(2), 2)
    report("process pool, 2 workers", two)
    report("  efficiency of the second worker", 100 * one / two / 2, "%")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        _, make, width = connect(cluster.scheduler_address, {})
        report("dask LocalCluster, 2 workers", graded(built, work / "all", make, width))
    otter = otter_run(built, work / "few")
    report(f"otter run, {CORES} at a time, {others} submissions", otter)
    report("  throughput of the pool against it", otter / two, "times")
    report("memory of this process at the end", psutil.Process().memory_info().rss / 2**20, "MB")


def measure_keras(work: Path) -> None:
    built = build_sheet(ROOT / "exercises" / "02_dense_autoencoder.py", work)
    sheet, sandbox = load_sheet(str(built)), find_sandbox()
    path = built / "autograder" / "02_dense_autoencoder.ipynb"
    print("02_dense_autoencoder (Keras), one submission")
    start = time.perf_counter()
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=None, kernel_name="python3")
    with contextlib.redirect_stderr(io.StringIO()):
        client.execute(env={**os.environ, "AE_PROFILE": "quick"})
    bare = time.perf_counter() - start
    report("the bare notebook in a kernel of its own", bare)
    start = time.perf_counter()
    record = grade(sheet, path.read_bytes(), sandbox)
    boxed = time.perf_counter() - start
    report(f"graded in a box, {record['total']:g} points", boxed)
    report("  against the bare notebook", boxed / bare, "times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--others", type=int, default=4, help="submissions for otter run")
    parser.add_argument("--keras", action="store_true", help="measure a Keras sheet, too")
    options = parser.parse_args()
    settle_data()
    with tempfile.TemporaryDirectory() as work:
        measure_numpy(Path(work), options.count, options.others)
        if options.keras:
            measure_keras(Path(work))


if __name__ == "__main__":
    main()
