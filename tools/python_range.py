"""Say in one sentence if this Python is none that the course runs on.

python tools/python_range.py     exit code 1 and the sentence; nothing where all is well

The range stands in pyproject.toml, `requires-python`, and nowhere else. Without type hints and
tomllib, since this must run on the versions that it refuses (3.6 and newer).
"""

import re
import sys
from os.path import abspath, dirname, join

PROJECT = join(dirname(dirname(abspath(__file__))), "pyproject.toml")


def supported():
    """Return the first minor version of Python 3 that works, and the first that does not."""
    with open(PROJECT, encoding="utf-8") as file:
        found = re.search(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', file.read(), re.MULTILINE)
    return int(found.group(1)), int(found.group(2))


def problem(version):
    """Return what is wrong with a version of Python, as a sentence; "" if nothing is."""
    first, end = supported()
    here = f"This is Python {version[0]}.{version[1]}"
    advice = f"Install one of them and name it: make PYTHON=python3.{end - 2}"
    if version[:2] < (3, first):
        return f"{here}; the course needs Python 3.{first} to 3.{end - 1}. {advice}"
    if version[:2] >= (3, end):
        reason = "for which TensorFlow has no packages yet"
        return f"{here}, {reason}; the course needs Python 3.{first} to 3.{end - 1}. {advice}"
    return ""


if __name__ == "__main__":
    sys.exit(problem(sys.version_info) or 0)
