"""Make the book: notebooks from their text, executed, and the pages from the notebooks.

python -m tools.book sync             chapters/*.md -> chapters/*.ipynb, outputs kept
python -m tools.book format           put the code in chapters/*.md in order
python -m tools.book check            say which notebooks are not in sync with their text
python -m tools.book run [NAME ...]   execute and store the outputs (profile full), or only
                                      measure the time (profile quick)
python -m tools.book build            execute all in a copy of the book, then render that copy
python -m tools.book site             render the committed notebooks as they are

`run` and `build` take --profile quick|full.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from jupytext.combine import combine_inputs_with_outputs
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from ae_grade.build import install_cell
from ae_lib import load_mnist
from tools.pictures import shrink_outputs
from tools.results import ROOT, add_runs, write_atomically

BIN = Path(sys.executable).parent  # the tools of the environment that this runs in
CHAPTERS = ROOT / "chapters"
TIMES = Path("results", "times.json")
# All that the site is made of, said here and nowhere else: no other folder is read by a build.
SITE = ("_config.yml", "_toc.yml", "index.md", "chapters", "exercises", "pages", "site", "results")

# What an interrupted run leaves for the next one to go on from.
UNFINISHED = Path("_build", "unfinished")

# Stands in a chapter's header for the times that were measured.
TIME_MARK = "Running: {{ running time }}"


def read_text(path: Path) -> nbformat.NotebookNode:
    """Return a chapter's text as a notebook without outputs, its install cell filled in."""
    url = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    notebook = jupytext.read(path)
    for cell in notebook.cells:
        if "install" in cell.metadata.get("tags", []):
            cell.source = install_cell(url)
        cell.source = cell.source.replace(TIME_MARK, running_time(path.stem))
    return numbered(notebook)


def numbered(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Number the cells: identifiers are random by default, each a change in each commit."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
    return notebook


def running_time(name: str) -> str:
    """Return the line of a chapter's header that says how long it runs, as it was measured."""
    times = read_times(ROOT / TIMES)
    runs = {profile: times.get(profile, {}).get(name) for profile in ("quick", "full")}
    if not all(runs.values()):
        return "Running time: not measured yet."
    minutes = {profile: -(-int(run["seconds"] + 0.999) // 60) for profile, run in runs.items()}
    stated = {p: f"{m} minute{'s' if m > 1 else ''}" for p, m in minutes.items()}
    if minutes["quick"] == minutes["full"]:
        spans = f"{stated['quick']} (quick and full profile)"
    else:
        spans = f"{stated['quick']} (quick profile), {stated['full']} (full profile)"
    return f"Running on {runs['full']['cores']} CPU cores: {spans}."


def read_times(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.is_file() else {}


def with_outputs(notebook: nbformat.NotebookNode, path: Path) -> nbformat.NotebookNode:
    """Return `notebook` with the outputs that the stored notebook has for the same code."""
    if not path.is_file():
        return notebook
    stored = nbformat.read(path, as_version=4)
    known = {cell.source for cell in stored.cells}
    notebook = combine_inputs_with_outputs(notebook, stored)
    for cell in notebook.cells:
        # jupytext keeps the output of a cell that was changed only a little, too.
        if cell.cell_type == "code" and cell.source not in known:
            cell.outputs, cell.execution_count = [], None
    shrink_outputs(notebook)
    return numbered(notebook)


def write_notebook(path: Path, notebook: nbformat.NotebookNode) -> None:
    write_atomically(path, nbformat.writes(notebook) + "\n")


def cells_of(notebook: nbformat.NotebookNode) -> list[tuple[str, str, list[str], Any]]:
    """Return what must be the same in a chapter's text and its notebook."""
    return [
        (c.cell_type, c.source.strip(), c.metadata.get("tags", []), c.metadata.get("mystnb", {}))
        for c in notebook.cells
    ]


def out_of_sync() -> list[str]:
    """Return the names of the chapters whose notebook is missing or says other than the text."""
    names = []
    for text in sorted(CHAPTERS.glob("*.md")):
        notebook = text.with_suffix(".ipynb")
        if not notebook.is_file() or cells_of(read_text(text)) != cells_of(
            nbformat.read(notebook, as_version=4)
        ):
            names.append(text.stem)
    return names


def format_text() -> None:
    """Let ruff put the code cells of each chapter's text in order; it formats notebooks only."""
    for text in sorted(CHAPTERS.glob("*.md")):
        source, notebook = text.read_text(), jupytext.read(text)
        before = [cell.source for cell in notebook.cells]
        formatted = subprocess.run(
            [BIN / "ruff", "format", "--stdin-filename", text.with_suffix(".ipynb"), "-"],
            input=nbformat.writes(notebook),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for old, cell in zip(before, nbformat.reads(formatted, as_version=4).cells, strict=True):
            source = source.replace(old, cell.source)
        if source != text.read_text():
            write_atomically(text, source)
            print(f"{text.name}: formatted")


def sync() -> None:
    """Bring the notebooks in line with their text; outputs of unchanged code are kept."""
    for text in sorted(CHAPTERS.glob("*.md")):
        path = text.with_suffix(".ipynb")
        before = path.read_text() if path.is_file() else ""
        notebook = with_outputs(read_text(text), path)
        if nbformat.writes(notebook) + "\n" != before:
            write_notebook(path, notebook)
            print(f"{path.name}: brought in line")


def execute(notebook: nbformat.NotebookNode, folder: Path, environment: dict[str, str]) -> float:
    """Execute a notebook in `folder`, leave in it what may be stored, return the seconds."""
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": folder}},
        # Else the kernel's notices about itself break the line that shows the progress.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    with tempfile.TemporaryFile("w+") as log:
        # TensorFlow's C++ code writes notices past Python; they would break the line of progress.
        try:
            client.execute(env={**os.environ, **environment}, stderr=log)
        except DeadKernelError as error:
            log.seek(0)
            raise DeadKernelError(
                f"{error} The kernel's last words:\n{log.read()[-2000:]}"
            ) from None
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # time stamps
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if may_be_stored(cell, output)]
    shrink_outputs(notebook)
    notebook.metadata.pop("widgets", None)
    # Which patch release of Python ran stands on the page about how the book was made.
    notebook.metadata.get("language_info", {}).pop("version", None)
    return time.perf_counter() - start


def may_be_stored(cell: nbformat.NotebookNode, output: nbformat.NotebookNode) -> bool:
    """Say whether an output is a result: not progress, not what goes to stderr, not a widget."""
    if output.output_type == "stream":
        return output.name != "stderr" and "progress" not in cell.metadata.get("tags", [])
    data = output.get("data", {})
    return not any(kind.startswith("application/vnd.jupyter.widget") for kind in data)


def record_time(path: Path, profile: str, name: str, seconds: float) -> None:
    """Add a chapter's time to the record in the file `path`."""
    times = read_times(path)
    times.setdefault(profile, {})[name] = {
        "seconds": round(seconds, 1),
        "cores": len(os.sched_getaffinity(0)),
        "date": datetime.now(UTC).date().isoformat(),
    }
    ordered = {p: dict(sorted(times[p].items())) for p in sorted(times)}
    write_atomically(path, json.dumps(ordered, indent=2) + "\n")


def run_chapter(text: Path, root: Path, profile: str, store: bool) -> None:
    """Execute one chapter for the book below `root`, print a line, record the time.

    Raises
    ------
    SystemExit
        A cell failed; the message holds the cell and the traceback.
    """
    print(f"{text.stem:<28} ", end="", flush=True)
    environment = {"AE_PROFILE": profile}
    state = ROOT / UNFINISHED / f"{text.stem}-{fingerprint(text)}"
    if root == ROOT and store:
        if (state / "done").is_file():
            print("done before the interruption")
            return
        # What the repository stores is of MNIST, and the chapters that train leave their weights
        # for the later ones.
        environment["AE_DATASET"] = "mnist"
        environment["AE_WEIGHTS_DIR"] = str(ROOT / "ae_lib" / "weights")
        environment["AE_CHECKPOINT_DIR"] = str(state)
    resumed = state.is_dir()
    notebook = read_text(text)
    try:
        seconds = execute(notebook, root / "chapters", environment)
    except (CellExecutionError, DeadKernelError) as error:
        print("failed")
        sys.exit(f"{text.name} stopped the build:\n{plain(str(error))}")
    if store:
        write_notebook(root / "chapters" / f"{text.stem}.ipynb", notebook)
    if not resumed:  # else the time is not that of a whole run
        record_time(root / TIMES, profile, text.stem, seconds)
    if root == ROOT and store:
        state.mkdir(parents=True, exist_ok=True)
        (state / "done").touch()
    print(f"{seconds:7.1f} s")


def fingerprint(text: Path) -> str:
    """Return a hash of what a chapter's result depends on, so that stale state is not used."""
    digest = hashlib.sha256(text.read_bytes())
    for path in sorted((ROOT / "ae_lib").glob("*.py")):
        digest.update(path.read_bytes())
    for name in ("AE_SEED", "AE_PRECISION", "KERAS_BACKEND"):
        digest.update(f"{name}={os.environ.get(name)}".encode())
    return digest.hexdigest()[:12]


def run(profile: str, names: list[str]) -> None:
    """Execute chapters in place; after Ctrl-C or a power cut the same command goes on.

    The full profile stores outputs, weights and the record of the trainings; the quick one only
    measures the time.
    """
    print(load_mnist())
    for text in chosen(names):
        run_chapter(text, ROOT, profile, store=profile == "full")
    if profile == "full":
        records = [json.loads(p.read_text()) for p in (ROOT / "ae_lib" / "weights").glob("*.json")]
        add_runs(records)
    shutil.rmtree(ROOT / UNFINISHED, ignore_errors=True)
    sync()  # the times in the headers


def plain(text: str) -> str:
    """Remove the colours that IPython gives a traceback."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def chosen(names: list[str]) -> list[Path]:
    texts = sorted(CHAPTERS.glob("*.md"))
    unknown = set(names) - {text.stem for text in texts}
    if unknown:
        known = ", ".join(text.stem for text in texts)
        sys.exit(f"No chapter {', '.join(sorted(unknown))}; there are {known}.")
    return [text for text in texts if not names or text.stem in names]


def render(source: Path) -> None:
    """Render the book in `source` with warnings as errors, and say where it lies."""
    command = [BIN / "jupyter-book", "build", "-q", "-W", "-n", "--keep-going", str(source)]
    log = subprocess.run(command, capture_output=True, text=True, check=False)
    if log.returncode:
        sys.exit(f"{log.stdout}\n{log.stderr}\njupyter-book failed: {command}")
    print(f"The book lies in {source / '_build' / 'html' / 'index.html'}")


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
    # Where node and the build look for packages, too, so that none is installed twice.
    modules = ROOT / "site" / "node_modules"
    if modules.is_dir() and ROOT not in copy.parents:
        (copy / "site" / "node_modules").symlink_to(modules)
    return copy


def build(profile: str, names: list[str]) -> None:
    """Execute the chapters in a copy of the book and render the copy; this tree stays as it is."""
    copy, texts = ROOT / "_build" / profile, chosen(names)
    copy_site(copy)
    print(load_mnist(), flush=True)
    for text in texts:
        run_chapter(text, copy, profile, store=True)
    render(copy)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was finished is stored; nothing is half-written.")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["sync", "format", "check", "run", "build", "site"])
    parser.add_argument("names", nargs="*", help="chapters, by the names of their files")
    parser.add_argument("--profile", choices=["quick", "full"], default="quick")
    options = parser.parse_intermixed_args(arguments)  # names may stand on either side of --profile
    with interruptible():
        if options.command == "sync":
            sync()
        elif options.command == "format":
            format_text()
        elif options.command == "check":
            if names := out_of_sync():
                sys.exit(f"Not in sync with their text: {', '.join(names)}. Run `make sync`.")
        elif options.command == "run":
            run(options.profile, options.names)
        elif options.command == "build":
            build(options.profile, options.names)
        else:
            render(ROOT)


if __name__ == "__main__":
    main()
