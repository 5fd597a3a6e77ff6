"""What the tests of the book share: paths, and a copy of the repository to play with."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "_ext"))

from node_packages import node_package  # noqa: E402

TEXTS = sorted((ROOT / "chapters").glob("*.md"))
NOTEBOOKS = [text.with_suffix(".ipynb") for text in TEXTS]

# Everything that git does not track, wherever the tests run.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "_build", "node_modules", "*cache*", ".hypothesis", "shared"
)


def copy_of_the_repository(folder: Path) -> Path:
    """Copy the repository into `folder` and return the copy."""
    # Beside the copy, where node and the build look for them, too.
    (folder / "node_modules").symlink_to(node_package(ROOT, "katex").parent)
    return Path(shutil.copytree(ROOT, folder / "copy", ignore=LEFT_OUT))
