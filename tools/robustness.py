"""How far every claim of the chapters stays from its bound, over seeds, data sets and threads.

python -m tools.robustness [NAME ...] [--seeds 10] [--data mnist standin] [--threads 1 0] [--jobs 1]

Each chapter is executed in the quick preset, with claims noted instead of raised, so that a run
goes on after a claim that fails. What is stored already, from the same code, is not run again.
Writes results/robustness.json after each run.
"""

import argparse
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from typing import Any

import nbformat
import numpy as np
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm

from ae_lib.data import local_mnist
from tools.chapters import Chapter, chosen, origin
from tools.execute import execute, plain
from tools.pairs import read_text
from tools.results import ROOT, write_atomically

PATH = ROOT / "results" / "robustness.json"
# Trained as `make book` trains: the same up to rounding in float32, in a fraction of the time.
BEFORE = """\
import ae_lib.claims
from ae_lib import _book
ae_lib.claims.stop_at_failure = False
_book.install()"""
AFTER = """\
import dataclasses, json
print(json.dumps([dataclasses.asdict(entry) for entry in ae_lib.claims.claims]))"""


def run_once(chapter: Chapter, seed: int, data: str, threads: int) -> dict[str, Any]:
    """Execute a chapter once, and return what is stored of the run."""
    environment = {"AE_PROFILE": "quick", "AE_DATASET": data, "AE_SEED": str(seed)}
    if threads:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            environment[name] = str(threads)
    notebook = read_text(chapter.text)
    run: dict[str, Any] = {"seed": seed, "data": data, "threads": threads}
    try:
        seconds, printed = execute(notebook, ROOT / "chapters", environment, BEFORE, AFTER)
    except (CellExecutionError, DeadKernelError) as error:
        return {**run, "stopped": plain(str(error))[-800:], "claims": [], "differs": []}
    entries = json.loads(printed)
    return {
        **run,
        "seconds": round(seconds, 1),
        # What is claimed of other data than these is not made; of facts there are many.
        "claims": [e for e in entries if e["made"] and (e["kind"] != "fact" or not e["holds"])],
        "facts": sum(e["kind"] == "fact" for e in entries),
        "differs": differences(chapter, notebook),
    }


def differences(chapter: Chapter, notebook: nbformat.NotebookNode) -> list[str]:
    """Return the first lines of the cells whose compared output is not the stored one."""
    stored = nbformat.read(chapter.notebook, as_version=4)
    known = {c.source: outputs_of(c) for c in stored.cells if c.cell_type == "code"}
    return [
        cell.source.splitlines()[0]
        for cell in notebook.cells
        if "nbval-check-output" in cell.metadata.get("tags", [])
        and known.get(cell.source, outputs_of(cell)) != outputs_of(cell)
    ]


def outputs_of(cell: nbformat.NotebookNode) -> str:
    return "".join(
        output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell.outputs
    )


def table(runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one row per claim: runs, failures, the least margin, mean and spread of margins."""
    rows = []
    for chapter, of_chapter in runs.items():
        margins: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for run in of_chapter:
            for entry in run["claims"]:
                key = (entry["statement"], entry["kind"], entry["about"])
                margins[key].append(entry["margin"] if entry["margin"] is not None else -1.0)
        for (statement, kind, about), values in margins.items():
            sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
            rows.append(
                {
                    "chapter": chapter,
                    "claim": statement,
                    "kind": kind,
                    "about": about,
                    "runs": len(values),
                    "failures": sum(value <= 0 for value in values),
                    "least_margin": round(min(values), 6),
                    "mean_margin": round(float(np.mean(values)), 6),
                    "sd": round(sd, 6),
                    "range": round(max(values) - min(values), 6),
                    "sds_away": round(float(np.mean(values)) / sd, 1) if sd > 1e-9 else None,
                }
            )
    return rows


def side_by_side(
    todo: list[tuple[Chapter, int, str, int]], jobs: int
) -> Iterator[tuple[tuple[Chapter, int, str, int], dict[str, Any]]]:
    """Yield each run as it ends; `jobs` kernels work at a time."""
    with ThreadPoolExecutor(jobs) as pool, tqdm(total=len(todo), desc="runs", unit="run") as bar:
        futures = {pool.submit(run_once, *key): key for key in todo}
        for future in as_completed(futures):
            bar.update()
            yield futures[future], future.result()


def load() -> dict[str, Any]:
    if PATH.is_file():
        return json.loads(PATH.read_text(encoding="utf-8"))
    return {"code": {}, "runs": {}}


def identity(chapter: Chapter) -> str:
    """Return what tells a chapter's code, with the files of ae_lib that it imports, from other."""
    code = origin(chapter, "quick", "any")
    return f"{code['code']} {sorted(code['ae_lib'].items())}"


def is_of_other_code(record: dict[str, Any], chapter: Chapter) -> bool:
    return record["code"].get(chapter.name) != identity(chapter)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="chapters; all by default")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--data", nargs="+", choices=["mnist", "standin"])
    parser.add_argument("--jobs", type=int, default=1, help="kernels side by side")
    parser.add_argument("--threads", nargs="+", type=int, default=[0, 1], help="0: all there are")
    options = parser.parse_args(arguments)
    data = options.data or ["standin", *(["mnist"] if local_mnist([]) else [])]
    record = load()
    todo = []
    for chapter in chosen(options.names):
        if is_of_other_code(record, chapter):  # its runs say nothing of this
            record["code"][chapter.name], record["runs"][chapter.name] = identity(chapter), []
        done = {(r["seed"], r["data"], r["threads"]) for r in record["runs"][chapter.name]}
        wanted = itertools.product(range(options.seeds), data, options.threads)
        todo += [(chapter, *key) for key in wanted if key not in done]
    bad = 0
    try:
        for (chapter, seed, name, threads), run in side_by_side(todo, options.jobs):
            record["runs"][chapter.name].append(run)
            record["date"] = datetime.now(UTC).date().isoformat()
            record["claims"] = table(record["runs"])
            write_atomically(PATH, json.dumps(record, indent=1) + "\n")
            broken = [e["statement"] for e in run["claims"] if not e["holds"]]
            for trouble in (*broken, *run["differs"], *filter(None, [run.get("stopped")])):
                bad += 1
                tqdm.write(f"{chapter.name}, seed {seed}, {name}, {threads} threads: {trouble}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Finished runs are stored; the same command goes on from there.")
    for row in record.get("claims", []):
        print(
            f"{row['chapter']:<22} {row['runs']:>4} runs {row['failures']:>3} failures  "
            f"least margin {row['least_margin']:.4g}, {row['sds_away'] or '-'} sd  {row['claim']}"
        )
    if bad:
        sys.exit(f"{bad} claims or compared outputs did not hold; see above.")


if __name__ == "__main__":
    main()
