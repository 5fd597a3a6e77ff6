"""What a chapter has trained and no file in ae_lib/weights holds: for the live figures of part two.

The chapter is executed with the builder's door open, so that what `make chapters` has trained is
found and not trained again; its visible code is the only place where the network is described.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ae_lib import Dataset, load_mnist
from tools.book import TRAININGS, door
from tools.chapters import chosen, short_hash
from tools.execute import execute
from tools.export_demo import TARGET, Tensors, write
from tools.pairs import read_text
from tools.results import ROOT


def asked(description: str) -> tuple[str, Dataset]:
    """Return the preset that the command line names, and MNIST; stop where it cannot be had."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--profile", default="full", choices=["full", "quick"])
    preset = parser.parse_args().profile
    data = load_mnist()
    if data.name != "mnist":
        raise SystemExit("The page shows MNIST, which cannot be had here; see the warning above.")
    return preset, data


def write_figure(name: str, manifest: dict[str, Any], tensors: Tensors) -> None:
    """Write what a live figure loads: its description, and the weights that this names."""
    write(TARGET / f"{name}.bin", tensors.packed(name))
    write(TARGET / f"{name}.json", json.dumps(manifest, separators=(",", ":")).encode() + b"\n")


def from_chapter(name: str, preset: str, expressions: dict[str, str]) -> dict[str, np.ndarray]:
    """Execute a chapter on MNIST and return arrays from the end of it.

    Parameters
    ----------
    name : str
        The chapter.
    preset : {"quick", "full"}
    expressions : dict of str to str
        What to evaluate when all cells have run, by the name that the array shall have.
    """
    (chapter,) = chosen([name])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        before, _ = door(chapter, ROOT / TRAININGS / preset, store=False)
        wanted = ", ".join(f"{key}={code}" for key, code in expressions.items())
        after = f"import numpy as np\nnp.savez({str(path)!r}, {wanted})"
        environment = {"AE_PROFILE": preset, "AE_DATASET": "mnist"}
        execute(read_text(chapter.text), ROOT / "chapters", environment, before, after)
        with np.load(path) as file:
            return {key: file[key] for key in file.files}


def training_hash(name: str, pattern: str) -> str:
    """Return a hash of the visible cells of a chapter in which the pattern is found.

    An export keeps it, so that a test can say when the chapter has since trained something else.
    """
    (chapter,) = chosen([name])
    cells = [c for c in read_text(chapter.text).cells if c.cell_type == "code"]
    shown = [c.source for c in cells if "remove-cell" not in c.metadata.get("tags", [])]
    return short_hash(json.dumps([text for text in shown if re.search(pattern, text)]).encode())
