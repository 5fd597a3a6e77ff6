"""The first cell of a chapter or a sheet: it installs the course's package where it is missing."""

import re

__all__ = ["install_cell"]

# Two forms of a notebook's first cell. Each ends in one message where it cannot help, so that a
# student does not read of the consequences instead.
INSTALL = """\
# The course's own package, installed only where it is missing: on Colab, say.
import importlib.util
import shutil

if importlib.util.find_spec("ae_lib") is None:
    if shutil.which("git") is None:
        raise ModuleNotFoundError(
            "ae_lib is missing, and to install it this machine needs git. Install git "
            "from https://git-scm.com, restart Jupyter, and run this cell again."
        )
    %pip install --quiet "ae-lib[tensorflow] @ git+{address}@{revision}"
    importlib.invalidate_caches()
    if importlib.util.find_spec("ae_lib") is None:
        raise ModuleNotFoundError(
            "ae_lib could not be installed; what pip says above is the reason. "
            "The course is at {address}"
        )
"""

# Without a public address nothing can be installed from anywhere. The folder above this notebook
# may be any project of the student's, so it is never installed.
INSTALL_BY_HAND = """\
# The course's own package is not published yet: it comes with the course's folder.
import importlib.util

if importlib.util.find_spec("ae_lib") is None:
    raise ModuleNotFoundError(
        "ae_lib is missing. It comes with the course's folder, as this notebook does. "
        "Run this in a new cell, with the path of that folder in place of FOLDER: "
        '%pip install "FOLDER[tensorflow]"'
    )
"""


def install_cell(url: str, revision: str = "main") -> str:
    """Return the source of the cell that installs ae_lib where it is missing.

    Parameters
    ----------
    url : str
        The repository's public address, as git knows it; "" if there is none.
    revision : str
        The branch or tag to install.

    Raises
    ------
    ValueError
        The address is not one that anybody can install from.
    """
    if not url:
        return INSTALL_BY_HAND.strip()
    return INSTALL.format(address=_https(url), revision=revision).strip()


def _https(url: str) -> str:
    """Return an address of git as students can use it, who have no key for SSH."""
    found = re.fullmatch(
        r"(?:https://|ssh://(?:\w+@)?|\w+@)([\w.-]+)(?::\d+)?[/:]([\w./~-]+?)(?:\.git)?/?", url
    )
    if not found:
        raise ValueError(
            f"The repository's address is {url!r}; expected one like "
            "https://github.com/NAME/COURSE (_config.yml, repository: url)."
        )
    return f"https://{found[1]}/{found[2]}"
