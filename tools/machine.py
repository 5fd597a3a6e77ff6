"""What the tools ask of the machine, on any system."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

__all__ = ["explained", "processors"]

ADVICE = {
    errno.ENOSPC: "Make room on that disk and call again.",
    errno.EDQUOT: "You have used up your share of that disk: delete something and call again.",
    errno.EROFS: "Copy the course's folder to a place where you may write.",
    errno.EACCES: "Copy the course's folder to a place where you may write.",
    errno.EPERM: "Copy the course's folder to a place where you may write.",
}


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """End a tool with a sentence where it is interrupted or a file cannot be written.

    Raises
    ------
    SystemExit
        The sentence; other errors pass.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. What was finished is stored; nothing is half-written.")
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        place = error.filename or "A file"
        sys.exit(
            f"{place}: {error.strerror}. {ADVICE[error.errno]} "
            "What was finished is stored; nothing is half-written."
        )


def processors() -> int:
    """Return how many processors this process may use, at least 1."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux: the others do not bind a process to processors
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
