"""Grade each submission in a process of its own: whatever an answer costs, it costs no other one.

A worker has the tests' libraries loaded, forks a process for each submission, and watches it: its
processor time, and that it lives. The fork may use only so much memory. Where it dies or computes
too long, the question that was being marked is given up, and all others are marked again. What
students may read of the public tests stays as it was before the first hidden test.
"""

import ctypes
import importlib
import os
import resource
import signal
import traceback
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ae_grade.clock import processor_time
from ae_grade.sandbox import Sandbox, SandboxError
from ae_grade.sheet import Sheet
from ae_grade.text import clean

__all__ = ["GraderFault", "PublicResults", "Tried", "Worker", "WorkerDied"]

LOOK = 0.5  # seconds between two looks at the processor time of a submission's process
SPARE = 10  # seconds of processor time that a question may take beyond its limit


@dataclass(frozen=True)
class PublicResults:
    """What came of the public tests, before any hidden input had been near the notebook.

    Attributes
    ----------
    cases : dict
        By question, of each public test whether it passed, and otter's message.
    left : dict
        By question, the seconds that are left of its time limit.
    over : dict
        By question, why it gets no more answers, or nothing.
    problems : list of str
        What went wrong in the notebook's cells.
    """

    cases: dict[str, list[tuple[bool, str | None]]]
    left: dict[str, float]
    over: dict[str, str]
    problems: list[str]


@dataclass
class Tried:
    """What is known of a submission from earlier tries to mark it, which ended the process.

    Attributes
    ----------
    given_up : dict
        Questions that are not looked at any more, and why.
    public : PublicResults, optional
        Of the first try that came so far. They stay: a clock may have told a later try what the
        hidden inputs were.
    """

    given_up: dict[str, str] = field(default_factory=dict)
    public: PublicResults | None = None


class WorkerDied(RuntimeError):
    """The worker was ended from outside; nothing is decided about the submission."""


class GraderFault(RuntimeError):
    """A fault of the tests or of the grader, with its traceback."""


class Worker:
    """A process that grades one submission after the other, each in a fork of itself.

    Parameters
    ----------
    sheet : Sheet
    sandbox : Sandbox
    """

    def __init__(self, sheet: Sheet, sandbox: Sandbox) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(
            ["ae_grade.apart", "ae_grade.grade", *sorted(sheet.imports())]
        )
        self._connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=work, args=(theirs, sheet, sandbox), daemon=True
        )
        self.process.start()
        theirs.close()

    def grade(self, content: bytes, tried: Tried | None = None) -> dict:
        """Return what `ae_grade.grade.grade` returns.

        Parameters
        ----------
        content : bytes
        tried : Tried, optional
            What earlier tries with other workers came to; what this one comes to is added.

        Raises
        ------
        WorkerDied, GraderFault, SandboxError
        """
        tried = tried or Tried()
        try:
            self._connection.send((content, tried))
            while (received := self._connection.recv())[0] == "public":
                tried.public = received[1]
        except (EOFError, OSError):
            raise WorkerDied("its worker was ended from outside") from None
        kind, result = received
        if kind == "sandbox":
            raise SandboxError(result)
        if kind == "fault":
            raise GraderFault(result)
        return result

    def close(self) -> None:
        """End the worker and all that it has started."""
        self._connection.close()
        self.process.kill()
        self.process.join()


def bind_to_parent() -> None:
    """End with the process that started this one, and leave Ctrl-C to the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def work(requests: Connection, sheet: Sheet, sandbox: Sandbox) -> None:
    """Grade what comes until the connection ends."""
    bind_to_parent()
    for name in sorted(sheet.imports()):
        importlib.import_module(name)
    while True:
        try:
            content, tried = requests.recv()
        except EOFError:
            return
        requests.send(grade_in_fork(sheet, sandbox, content, tried, requests))


def grade_in_fork(
    sheet: Sheet, sandbox: Sandbox, content: bytes, tried: Tried, requests: Connection
) -> tuple[str, Any]:
    """Grade in a fork; a question whose answers end it is given up, and the rest marked again."""
    while True:
        question, result = attempt(sheet, sandbox, content, tried, requests)
        if result is not None:
            return result
        if question in tried.given_up:
            return "fault", f"The grader's process ended twice at {question or 'the start'}."
        tried.given_up[question] = (
            "Your answer was more than the grader can look at: too large, or too slow to compare."
        )


def attempt(
    sheet: Sheet,
    sandbox: Sandbox,
    content: bytes,
    tried: Tried,
    requests: Connection,
) -> tuple[str, tuple[str, Any] | None]:
    """Return the question that was last begun, and the result unless the fork has died.

    The first public results are noted in `tried`, and told to the run: this worker may end.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        ours.close()
        fork_main(theirs, sheet, sandbox, content, tried)
    theirs.close()
    question, begun = "", 0.0
    try:
        while True:
            ready = connection.wait([ours, requests], LOOK)
            if ours in ready:
                try:
                    kind, what = ours.recv()
                except EOFError:
                    return question, None
                if kind == "question":
                    question, begun = what, processor_time(pid)
                elif kind == "public":
                    tried.public = what
                    requests.send(("public", what))
                else:
                    return question, (kind, what)
            elif requests in ready:
                os._exit(1)  # the run is gone: the fork and its boxes follow
            elif question and processor_time(pid) - begun > sheet.question_timeout + SPARE:
                return question, None
    finally:
        ours.close()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def fork_main(
    results: Connection, sheet: Sheet, sandbox: Sandbox, content: bytes, tried: Tried
) -> None:
    """Grade in this fork, tell the worker, and end."""
    from ae_grade.grade import grade

    try:
        bind_to_parent()
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
        bound = used * resource.getpagesize() + sheet.answers
        # The soft limit alone: a box sets its own.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))

        def tell(kind: str, what: object) -> None:
            results.send((kind, what))

        record = grade(sheet, content, sandbox, tried=tried, tell=tell)
        results.send(("record", record))
    except SandboxError as error:
        results.send(("sandbox", str(error)))
    except MemoryError:
        os._exit(1)
    except Exception as error:
        # A fault of the tests or of the grader: no mark, and staff see where.
        results.send(("fault", clean("".join(traceback.format_exception(error)), 5000)))
    finally:
        os._exit(0)
