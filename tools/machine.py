"""What the tools ask of the machine, on any system."""

import os

__all__ = ["processors"]


def processors() -> int:
    """Return how many processors this process may use, at least 1."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux: the others do not bind a process to processors
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
