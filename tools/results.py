"""The records in results/: written whole, by a command, never typed."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ae_lib import Dataset

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"
REPRODUCTION = RESULTS / "reproduction.json"


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it: there is never half a file.

    Raises
    ------
    OSError
        It cannot be written; the error names the file, which a full disk's own does not.
    """
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", newline="\n")  # the same on any system
        temporary.replace(path)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write a record as JSON. Chapters execute against it on every test run: that is its check."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def add_runs(records: list[dict[str, Any]], path: Path = REPRODUCTION) -> None:
    """Add trainings to the record, in place of those of the same network, data and settings."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    for record in records:
        run = {key: value for key, value in record.items() if key != "weights_sha256"}
        runs = [old for old in runs if _identity(old) != _identity(run)] + [run]
    write_record(path, {"runs": sorted(runs, key=_identity)})


def need_mnist(data: Dataset, out: Path, record: Path) -> None:
    """Stop a measurement of the stand-in that would be recorded as one of the book's.

    Parameters
    ----------
    data : Dataset
    out : Path
        Where the results shall go.
    record : Path
        The book's record of this kind, which holds results of MNIST alone.

    Raises
    ------
    SystemExit
        `data` is not MNIST, and `out` is `record`.
    """
    if data.name != "mnist" and out.resolve() == record.resolve():
        sys.exit(
            f"{record.name} holds results of MNIST, which cannot be had here: put mnist.npz into a "
            "folder and name it in AE_DATA_DIR. To try the command on the stand-in: --out FILE."
        )


def _identity(run: dict[str, Any]) -> tuple[Any, ...]:
    keys = ("model", "profile", "epochs", "backend", "device", "precision", "seed")
    return (run["dataset"]["sha256"], *(run[key] for key in keys))
