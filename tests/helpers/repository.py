"""Where things lie, and a copy of the repository to play with."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted((ROOT / "chapters").glob("*.md"))
NOTEBOOKS = [text.with_suffix(".ipynb") for text in TEXTS]

# Everything that git does not track, wherever the tests run.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "_build", "node_modules", "*cache*", ".hypothesis", "shared"
)


def copy_of_the_repository(folder: Path) -> Path:
    """Copy the repository into `folder` and return the copy, with node packages at hand."""
    copy = Path(shutil.copytree(ROOT, folder / "copy", ignore=LEFT_OUT))
    (copy / "site" / "node_modules").symlink_to(ROOT / "site" / "node_modules")
    return copy
