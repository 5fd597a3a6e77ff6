"""Files that are never half written, and what this machine has."""

import os
from pathlib import Path

__all__ = ["processors", "write_atomically"]


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it: there is never half a file.

    Raises
    ------
    OSError
        It cannot be written; the error names the file.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    except OSError as error:
        raise type(error)(error.errno, error.strerror or str(error), str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def processors() -> int:
    """Return how many processors this process may use, on any system."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
