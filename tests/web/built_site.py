"""Build the committed notebooks in a copy of the book."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(folder: Path, **changes: str) -> Path:
    """Build the committed notebooks in a copy of the book; return the folder of the pages."""
    copy = folder / "book"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".git", ".venv*", "_build", "node_modules", "*cache*", "tests"
        ),
    )
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    for old, new in changes.items():
        config = (copy / "_config.yml").read_text()
        assert old in config
        (copy / "_config.yml").write_text(config.replace(old, new, 1))
    builder = Path(sys.executable).parent / "jupyter-book"
    run = subprocess.run(
        [builder, "build", "-q", "-W", "-n", "--keep-going", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}{run.stderr}"
    return copy / "_build" / "html"
