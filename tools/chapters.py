"""The chapters: what each declares in its front matter, in which order they run, what is stale.

The front matter of a chapter may say::

    course:
      stores: [dense]         networks whose weights this chapter trains for others
      uses: [dense]           networks whose stored weights it loads
      results: [bench]        records in results/ that it reads
      last: true              it shows what the others left, so it runs after all of them
"""

import ast
import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml

from tools.pairs import CHAPTERS, read_text
from tools.results import ROOT, write_atomically

KEYS = {"stores", "uses", "results", "last"}
LOCK = Path(".ci", "requirements.lock")
TIMES = Path("results", "times.json")
FOLDED = "hide-input"  # the tag of cells whose code a page folds


@dataclass(frozen=True)
class Chapter:
    """One chapter and what it declares."""

    name: str
    stores: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    last: bool = False

    @property
    def text(self) -> Path:
        return CHAPTERS / f"{self.name}.md"

    @property
    def notebook(self) -> Path:
        return CHAPTERS / f"{self.name}.ipynb"


def read_chapter(path: Path) -> Chapter:
    """Return the chapter whose text lies at `path`.

    Raises
    ------
    ValueError
        Its front matter declares something that is not known.
    """
    declared = dict(jupytext.read(path).metadata.get("course", {}))
    if unknown := set(declared) - KEYS:
        raise ValueError(
            f"{path.name} declares {sorted(unknown)} under `course`; known are {sorted(KEYS)}."
        )
    lists = {key: tuple(declared.get(key, ())) for key in ("stores", "uses", "results")}
    return Chapter(path.stem, **lists, last=bool(declared.get("last", False)))


def in_order() -> list[Chapter]:
    """Return all chapters in the order of the contents, each after those whose weights it uses.

    Raises
    ------
    ValueError
        A network is used and stored by no chapter, or two chapters wait for each other.
    """
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [page["file"] for part in contents["parts"] for page in part["chapters"]]
    place = {Path(file).name: number for number, file in enumerate(files)}
    texts = sorted(CHAPTERS.glob("*.md"), key=lambda path: place.get(path.stem, len(place)))
    waiting = sorted((read_chapter(path) for path in texts), key=lambda chapter: chapter.last)
    done: list[Chapter] = []
    while waiting:
        stored = {name for chapter in done for name in chapter.stores}
        ready = next((c for c in waiting if set(c.uses) - set(c.stores) <= stored), None)
        if ready is None:
            needs = {chapter.name: list(chapter.uses) for chapter in waiting}
            raise ValueError(f"These chapters use networks that none before them stores: {needs}.")
        waiting.remove(ready)
        done.append(ready)
    return done


def needs(chapter: Chapter, others: list[Chapter]) -> set[str]:
    """Return the names of the chapters among `others` that must have run before this one."""
    if chapter.last:
        return {other.name for other in others if not other.last}
    return {o.name for o in others if set(o.stores) & set(chapter.uses)} - {chapter.name}


def origin(chapter: Chapter, preset: str, data: str) -> dict[str, Any]:
    """Return what the outputs of a chapter depend on, each as a short hash or a word.

    Prose is not among it, nor the tag that folds a cell: to change a sentence runs nothing.
    """
    notebook = read_text(chapter.text)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = [(c.source, [t for t in c.metadata.get("tags", []) if t != FOLDED]) for c in cells]
    weights = ROOT / "ae_lib" / "weights"
    return {
        "preset": preset,
        "data": data,
        "seed": os.environ.get("AE_SEED", "0"),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "code": short_hash(json.dumps(code).encode()),
        "ae_lib": {path.stem: file_hash(path) for path in imported_files(notebook)},
        "weights": {name: file_hash(weights / f"{name}.npz") for name in chapter.uses},
        "results": {n: file_hash(ROOT / "results" / f"{n}.json") for n in chapter.results},
        "lock": file_hash(ROOT / LOCK),
    }


def stale(chapter: Chapter) -> dict[str, list[str]]:
    """Return what changed since the committed outputs of a chapter were made, by how it matters.

    ``"outputs"``: they are not what the text and the stored weights and records give.
    ``"code around"``: ae_lib or the locked packages changed; every test run executes the chapter
    with today's and compares, so this is information only.
    """
    found = nbformat.read(chapter.notebook, as_version=4).metadata.get("course", {})
    then = found.get("made_from")
    if then is None:
        return {"outputs": ["was never executed by `make chapters`"], "code around": []}
    now = origin(chapter, then["preset"], then["data"])
    outputs = ["its code"] if then["code"] != now["code"] else []
    for kind in ("weights", "results"):
        outputs += [f"{kind} of {n}" for n in now[kind] if now[kind][n] != then[kind].get(n)]
    if (then["preset"], then["data"]) != ("full", "mnist"):
        outputs.append(f"made with {then['data']} in the preset {then['preset']}")
    around = [f"ae_lib/{n}.py" for n in now["ae_lib"] if now["ae_lib"][n] != then["ae_lib"].get(n)]
    around += ["the locked packages"] if then["lock"] != now["lock"] else []
    return {"outputs": outputs, "code around": around}


@cache
def public_names() -> dict[str, str]:
    """Return the module of each public name of ae_lib."""
    tree = ast.parse((ROOT / "ae_lib" / "__init__.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            table = ast.literal_eval(node.value)
            return {name: module for module, names in table.items() for name in names}
    raise ValueError("ae_lib/__init__.py has no submod_attrs: tools/chapters.py must be adapted.")


def imported_files(notebook: nbformat.NotebookNode) -> list[Path]:
    """Return the files of ae_lib that a notebook imports, directly or through one another."""
    package = ROOT / "ae_lib"
    found: set[Path] = set()
    todo = [c.source for c in notebook.cells if c.cell_type == "code"]
    while todo:
        # Magics are no Python; what stands in their place keeps the indentation right.
        code = re.sub(r"^(\s*)[%!].*$", r"\1pass", todo.pop(), flags=re.MULTILINE)
        for node in ast.walk(ast.parse(code)):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("ae_lib"):
                continue
            base = (node.module or "").split(".")[1:]
            modules = base or [public_names().get(alias.name, alias.name) for alias in node.names]
            for module in modules:
                path = package / f"{module}.py"
                if path.is_file() and path not in found:
                    found.add(path)
                    todo.append(path.read_text(encoding="utf-8"))
    return sorted(found)


def short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def file_hash(path: Path) -> str:
    return short_hash(path.read_bytes()) if path.is_file() else "missing"


def chosen(names: list[str]) -> list[Chapter]:
    """Return the named chapters, in order; all where none is named."""
    chapters = in_order()
    known = [chapter.name for chapter in chapters]
    if unknown := set(names) - set(known):
        sys.exit(f"No chapter {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    return [chapter for chapter in chapters if not names or chapter.name in names]


def record_time(path: Path, preset: str, name: str, seconds: float, cores: int, date: str) -> None:
    """Add a chapter's time to the record in the file `path`."""
    times = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    times.setdefault(preset, {})[name] = {
        "seconds": round(seconds, 1),
        "cores": cores,
        "date": date,
    }
    ordered = {p: dict(sorted(times[p].items())) for p in sorted(times)}
    write_atomically(path, json.dumps(ordered, indent=2) + "\n")
