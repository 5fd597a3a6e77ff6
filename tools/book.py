"""Make the book: notebooks from their text, executed, and the pages from the notebooks.

python -m tools.book sync             chapters/*.md -> chapters/*.ipynb, outputs kept
python -m tools.book format           put the code in chapters/*.md in order
python -m tools.book check            say which notebooks are not in sync, and which are stale
python -m tools.book run [NAME ...]   execute what is stale and store it (full preset, MNIST), or
                                      only measure the time (quick preset, or --measure)
python -m tools.book build [NAME ...] execute what is stale in a copy of the book, render the copy
python -m tools.book site             render the committed notebooks as they are

`run` and `build` take --profile quick|full, --all (what is not stale, too) and --jobs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm

from ae_lib import load_mnist
from tools import robustness
from tools.chapters import TIMES, Chapter, chosen, in_order, needs, origin, record_time, stale
from tools.execute import execute, plain
from tools.machine import explained, processors
from tools.pairs import BIN, format_text, out_of_sync, read_text, sync, write_notebook
from tools.results import ROOT, add_runs

# All that the site is made of, said here and nowhere else: no other folder is read by a build.
SITE = ("_config.yml", "_toc.yml", "index.md", "chapters", "exercises", "pages", "site", "results")

# What is kept between two calls: executed notebooks, and trainings, finished or not.
EXECUTED = Path("_build", "executed")
TRAININGS = Path("_build", "trainings")
WEIGHTS = Path("ae_lib", "weights")


def door(chapter: Chapter, state: Path | None, store: bool) -> tuple[str, str]:
    """Return what the builder runs in a chapter's kernel before and after it.

    The visible cells hold the lecture's `compile` and `fit`; speed, going on after an interruption
    and storing of weights are added here and nowhere else (`ae_lib._book`).
    """
    if not (store and chapter.stores):
        kept = "" if state is None else f"state_dir={str(state)!r}"
        return f"from ae_lib import _book\n_book.install({kept})", "print(_book.resumed())"
    (name,) = chapter.stores
    before = (
        "from ae_lib import _book\n"
        f"_book.install(store={name!r}, weights_dir={str(ROOT / WEIGHTS)!r}, "
        f"state_dir={str(state)!r})"
    )
    stored = f"_book.store({name!r}, model, history, data, seed)"
    return before, f"{stored}\nprint(_book.resumed())"


def execute_chapter(
    chapter: Chapter, preset: str, data: str, store: bool, threads: int, measure: bool = False
) -> float:
    """Execute one chapter and keep the notebook; return the seconds it took.

    Trainings that were made before are not made again, unless it is to `measure` the time.

    Raises
    ------
    CellExecutionError, DeadKernelError
        A cell failed, or the kernel died.
    """
    made_from = origin(chapter, preset, data)
    state = ROOT / TRAININGS / preset  # a short training must not take a long one's time or place
    environment = {"AE_PROFILE": preset, "AE_DATASET": data}
    if threads < processors():
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
            environment[name] = str(threads)
    notebook = read_text(chapter.text)
    before, after = door(chapter, None if measure else state, store)
    seconds, resumed = execute(notebook, ROOT / "chapters", environment, before, after)
    course = notebook.metadata.get("course", {})
    notebook.metadata["course"] = {**course, "made_from": made_from}
    kept = ROOT / EXECUTED / preset / f"{chapter.name}.ipynb"
    write_notebook(chapter.notebook if store else kept, notebook)
    if int(resumed) == 0:  # else the time is not the chapter's
        date = datetime.now(UTC).date().isoformat()
        record = ROOT / TIMES if store else ROOT / "_build" / TIMES.name
        record_time(record, preset, chapter.name, seconds, threads, date)
    return seconds


def execute_all(
    chapters: list[Chapter], jobs: int, work: Callable[[Chapter, int], float]
) -> dict[str, str]:
    """Execute chapters side by side, each after those it waits for; go on after a failure.

    Returns
    -------
    dict of str to str
        What went wrong in the chapters that failed, by name.
    """
    failed: dict[str, str] = {}
    threads = max(1, processors() // jobs)
    waiting, running, done = list(chapters), {}, set()
    with (
        ThreadPoolExecutor(jobs) as pool,
        tqdm(total=len(chapters), desc="chapters", unit="chapter", disable=None) as bar,
    ):
        while waiting or running:
            for chapter in list(waiting):
                if len(running) < jobs and needs(chapter, chapters) <= done:
                    waiting.remove(chapter)
                    future: Future[float] = pool.submit(work, chapter, threads)
                    running[future] = chapter
            bar.set_postfix_str(", ".join(chapter.name for chapter in running.values()))
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                chapter = running.pop(future)
                done.add(chapter.name)
                try:
                    bar.write(f"{chapter.name:<28} {future.result():7.1f} s")
                except (CellExecutionError, DeadKernelError) as error:
                    bar.write(f"{chapter.name:<28}  failed")
                    failed[chapter.name] = plain(str(error))
                bar.update()
    return failed


def report(failed: dict[str, str]) -> None:
    """End with the failures, if there are any, each with its cell and the traceback."""
    for name, why in failed.items():
        print(f"\n{name}.md failed:\n{why}", file=sys.stderr)
    if failed:
        sys.exit(
            f"\n{len(failed)} of the chapters failed: {', '.join(failed)}; see above. What was "
            "finished is kept: the same command executes the others only."
        )


def run(preset: str, names: list[str], everything: bool, jobs: int, measure: bool) -> None:
    """Execute chapters in place; after Ctrl-C or a power cut the same command goes on.

    The full preset stores outputs, weights and the record of the trainings; the quick one, or
    either of them to `measure`, only measures the time.
    """
    data, store = load_mnist(), preset == "full" and not measure
    print(data, flush=True)
    if preset == "full" and data.name != "mnist":
        sys.exit("What the repository stores is of MNIST, which cannot be had: set AE_DATA_DIR.")
    chapters = chosen(names)
    if store and not everything and not names:
        # A chapter that stores makes those stale that use its weights.
        redo: set[str] = set()
        for chapter in chapters:
            if stale(chapter)["outputs"] or needs(chapter, in_order()) & redo:
                redo.add(chapter.name)
        chapters = [chapter for chapter in chapters if chapter.name in redo]
    failed = execute_all(
        chapters,
        jobs,
        lambda c, threads: execute_chapter(c, preset, data.name, store, threads, measure=not store),
    )
    if store:
        from ae_lib import RECIPES, training_record

        add_runs([training_record(name) for name in RECIPES])
    else:
        merge_times(preset, [c.name for c in chapters if c.name not in failed])
    report(failed)


def merge_times(preset: str, names: list[str]) -> None:
    """Take the times of a measuring run into the record that pages show."""
    if not names:
        return
    measured = json.loads((ROOT / "_build" / TIMES.name).read_text(encoding="utf-8"))[preset]
    for name in names:
        entry = measured[name]
        record_time(ROOT / TIMES, preset, name, **entry)


def copy_site(copy: Path) -> Path:
    """Copy what the site is made of into a fresh folder, and return it."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    leave = shutil.ignore_patterns("node_modules", ".ipynb_checkpoints", "dist", "__pycache__")
    for name in SITE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, copy / name)
    # Where the build looks for node's packages, so that none is installed twice.
    modules = ROOT / "site" / "node_modules"
    if modules.is_dir() and ROOT not in copy.parents:
        (copy / "site" / "node_modules").symlink_to(modules)
    return copy


def render(source: Path) -> None:
    """Render the book in `source` with warnings as errors, and say where it lies."""
    command = [BIN / "jupyter-book", "build", "-q", "-W", "-n", "--keep-going", str(source)]
    # UTF-8, whatever the machine's own encoding: what Sphinx writes, and what it says.
    environment = {**os.environ, "PYTHONUTF8": "1"}
    log = subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, env=environment
    )
    if log.returncode:
        sys.exit(f"{log.stdout}\n{log.stderr}\njupyter-book failed: {command}")
    pages = source / "_build" / "html"
    print(f"The book lies in {pages / 'index.html'}")
    print(f"Its demos want a server: python3 -m http.server --bind localhost --directory {pages}")


def build(preset: str, names: list[str], everything: bool, jobs: int) -> None:
    """Execute the chapters in a copy of the book and render the copy; this tree stays as it is.

    What was executed by an earlier call, from the same code, data and versions, is not executed
    again.
    """
    data = load_mnist()
    print(data, flush=True)
    chapters = chosen(names)
    kept = ROOT / EXECUTED / preset

    def is_done(chapter: Chapter) -> bool:
        path = kept / f"{chapter.name}.ipynb"
        if everything or not path.is_file():
            return False
        course = nbformat.read(path, as_version=4).metadata["course"]
        return bool(course["made_from"] == origin(chapter, preset, data.name))

    todo = [chapter for chapter in chapters if not is_done(chapter)]
    if len(todo) < len(chapters):
        names_kept = ", ".join(c.name for c in chapters if c not in todo)
        print(f"Executed before and unchanged since (--all executes them, too): {names_kept}")
    if jobs > 1:  # the longest first, so that the others' cores do not wait for it at the end
        known = json.loads((ROOT / TIMES).read_text(encoding="utf-8"))[preset]
        todo.sort(key=lambda chapter: -known.get(chapter.name, {"seconds": 0})["seconds"])
    # In a copy nothing is stored for other chapters: none has to wait.
    report(
        execute_all(
            todo, jobs, lambda c, threads: execute_chapter(c, preset, data.name, False, threads)
        )
    )
    copy = copy_site(ROOT / "_build" / preset)
    for chapter in chapters:
        shutil.copy(kept / f"{chapter.name}.ipynb", copy / "chapters")
    if (measured := ROOT / "_build" / TIMES.name).is_file():
        times = json.loads(measured.read_text(encoding="utf-8"))
        for name, entry in times.get(preset, {}).items():
            record_time(copy / TIMES, preset, name, **entry)
    render(copy)


def check() -> None:
    """Say which notebooks are not in sync with their text, and which outputs are stale."""
    problems = [f"{name}: not in sync with its text; run `make sync`" for name in out_of_sync()]
    tried = robustness.load()
    for chapter in in_order():
        changes = stale(chapter)
        for change in changes["outputs"]:
            problems.append(f"{chapter.name}: stale outputs ({change}); run `make chapters`")
        if changes["code around"]:
            around = ", ".join(changes["code around"])
            print(f"{chapter.name}: executed before the last change of {around}")
        if robustness.is_of_other_code(tried, chapter):
            print(f"{chapter.name}: its claims were tried with other code; run `make robustness`")
    if problems:
        sys.exit("\n".join(problems))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["sync", "format", "check", "run", "build", "site"])
    parser.add_argument("names", nargs="*", help="chapters, by the names of their files")
    parser.add_argument("--profile", choices=["quick", "full"], default="quick")
    parser.add_argument("--all", action="store_true", help="execute what is not stale, too")
    parser.add_argument("--jobs", type=int, default=1, help="chapters executed side by side")
    parser.add_argument("--measure", action="store_true", help="run: store nothing but the time")
    options = parser.parse_intermixed_args(arguments)  # names may stand on either side of --profile
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}; expected at least 1.")
    with explained():
        if options.command == "sync":
            sync()
        elif options.command == "format":
            format_text()
        elif options.command == "check":
            check()
        elif options.command == "run":
            run(options.profile, options.names, options.all, options.jobs, options.measure)
        elif options.command == "build":
            build(options.profile, options.names, options.all, options.jobs)
        else:
            render(ROOT)


if __name__ == "__main__":
    main()
