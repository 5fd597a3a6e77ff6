"""What counts of a box's time: what it computes or sleeps, not what it waits for a processor."""

import os
import threading
import time
from collections.abc import Callable

from ae_grade.files import processors
from ae_grade.protocol import Deadline

__all__ = ["BoxTimes", "FairDeadline", "family", "processor_time", "run_delay"]

PATIENCE = 20  # times the limit by the clock, however busy the machine is
BRIEF = 0.1  # seconds; in less, the notebook's own waiting is told exactly enough


class BoxTimes:
    """What all threads of a box have computed and waited, ended ones included as last seen.

    A notebook may compute in other threads and processes than its own, as Keras does, while that
    one sleeps: then it is they who wait for a processor.

    Parameters
    ----------
    root : callable
        Returns the first process of the box.

    Attributes
    ----------
    computed, waited : float
        Seconds, as of the last look.
    """

    def __init__(self, root: Callable[[], int]) -> None:
        self._root, self._lock = root, threading.Lock()
        self._delays: dict[int, float] = {}  # of each thread at the last look
        self.computed = self.waited = 0.0

    def look(self) -> list[int]:
        """Take the times anew; return the processes that there are."""
        with self._lock:
            members = family(self._root())
            delays = {tid: run_delay(pid, tid) for pid in members for tid in threads(pid)}
            for tid, delay in delays.items():
                before = self._delays.get(tid, 0.0)
                # Less than before: another thread that was given the number.
                self.waited += delay - before if delay >= before else delay
            self._delays = delays
            self.computed = sum(map(processor_time, members))
        return members


class FairDeadline(Deadline):
    """So many seconds in which a notebook computes or sleeps, on a machine that others use, too.

    What counts is the clock without the time in which threads of the box, or the grader itself,
    waited for a processor; or the processor time of the whole box divided by the processors,
    whichever is more. So a neighbour that keeps all processors busy costs nobody's answer, and
    spends its own time.

    Parameters
    ----------
    seconds : float
    times : BoxTimes
        Of the box, looked at now and then by somebody else, too.
    notebook : int
        The process in which the notebook runs.
    """

    def __init__(self, seconds: float, times: BoxTimes, notebook: int) -> None:
        super().__init__(seconds)
        self.seconds, self.times, self.pid = seconds, times, notebook
        self.start = time.monotonic()
        self.delay, self.waited, self.computed = run_delay(notebook), times.waited, times.computed
        self.own = own_delay()

    def used(self) -> float:
        wall = time.monotonic() - self.start - (own_delay() - self.own)
        waited = max(0.0, run_delay(self.pid) - self.delay)
        if wall > BRIEF:
            self.times.look()
            waited = max(waited, self.times.waited - self.waited)
        return max(0.0, wall - waited)

    def left(self) -> float:
        left = super().left()
        if left > 0 or time.monotonic() - self.start > PATIENCE * self.seconds:
            return left
        used = self.used()
        computed = (self.times.computed - self.computed) / processors()
        left = self.seconds - max(used, computed)
        return left if left > 0.01 else 0.0


def own_delay() -> float:
    """Return the seconds that this thread has waited for a processor."""
    return run_delay(os.getpid(), threading.get_native_id())


def run_delay(pid: int, tid: int | None = None) -> float:
    """Return the seconds that a thread has waited for a processor, as its kernel counts them."""
    try:
        with open(f"/proc/{pid}/task/{tid or pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0  # it has ended, or the kernel does not count: then the clock alone counts


def processor_time(pid: int) -> float:
    """Return the seconds that a process and its ended children have computed."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def threads(pid: int) -> list[int]:
    """Return the threads of a process; none if it has ended."""
    try:
        return list(map(int, os.listdir(f"/proc/{pid}/task")))
    except OSError:
        return []


def family(root: int) -> list[int]:
    """Return a process and all its descendants."""
    members, seen = [root], {root}
    for pid in members:
        for thread in threads(pid):
            try:
                with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                    children = map(int, file.read().split())
            except OSError:
                continue
            for child in children:
                if child not in seen:
                    seen.add(child)
                    members.append(child)
    return members
