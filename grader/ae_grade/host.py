"""A running box, and what watches it from outside."""

import contextlib
import functools
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ae_grade import protocol
from ae_grade.clock import BoxTimes, FairDeadline, family
from ae_grade.sandbox import (
    FIRST_UID,
    HERE,
    HOME,
    WRITABLE,
    Limits,
    Sandbox,
    SandboxError,
    Surroundings,
    bubblewrap_command,
    environment,
)
from ae_grade.seccomp import SECCOMP, column, filter_program

__all__ = ["Box", "BoxError"]

START_TIMEOUT = 120  # seconds for Python and the sheet's libraries to load on a busy machine
WATCH_INTERVAL = 0.05  # seconds between two looks at the memory
MAX_FILES = 20_000  # in one file system of the box: each takes memory that no process owns


NOTHING = Surroundings()


class BoxError(RuntimeError):
    """The box ended, or had to be ended, and says why."""


class Box:
    """One running box.

    Parameters
    ----------
    sandbox : Sandbox
    limits : Limits
    surroundings : Surroundings
        What the course adds: its package, its data.
    backend : str
        ``"numpy"`` or a backend of Keras.
    preload : sequence of str
        Modules to import before the notebook starts.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        surroundings: Surroundings = NOTHING,
        backend: str = "numpy",
        preload: Sequence[str] = (),
    ) -> None:
        self.sandbox, self.limits, self.surroundings = sandbox, limits, surroundings
        self.reason = ""
        self.used = 0.0  # seconds that the last request took, without waiting for a processor
        self._ready = False
        self.last_words = ""
        self._inner = 0  # process 1 of the box, as this machine counts
        self._ended = threading.Event()
        self._folder: tempfile.TemporaryDirectory | None = None
        self._process = self._start(backend, list(preload))
        self._times = BoxTimes(self._root)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        for fd in (self._to, self._from):
            os.set_blocking(fd, False)
        try:
            protocol.receive(self._from, protocol.Deadline(START_TIMEOUT))
        except (EOFError, TimeoutError, protocol.ProtocolError) as error:
            self.close()
            raise SandboxError(
                f"The box did not start ({type(error).__name__}). It said: {self.last_words}"
            ) from None
        self._ready = True

    def _start(self, backend: str, preload: list[str]) -> subprocess.Popen:
        limits, kind, course = self.limits, self.sandbox.kind, self.surroundings
        # A user of its own for each box: the limit on processes counts by user.
        uid = FIRST_UID + threading.get_native_id()
        inside = environment(HOME, backend, limits, course)
        options: dict[str, Any] = {"uid": uid, "rlimits": limits.rlimits(), "preload": preload}
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        pipes["start_new_session"] = True
        if kind == "none":
            self._folder = tempfile.TemporaryDirectory(prefix="ae-grade-")
            inside = environment(self._folder.name, backend, limits, course)
            inside |= course.bare_environment
            program = [sys.executable, str(HERE / "guest.py"), json.dumps(options)]
            return subprocess.Popen(program, env=inside, **pipes)
        options["filter"] = [SECCOMP[column()], filter_program().hex()]
        program = [sys.executable, "/box/guest.py", json.dumps(options)]
        info_read, info_write = os.pipe()
        command = bubblewrap_command(limits, inside, course, info_write)
        try:
            # Without environment: the box can read that of its first process.
            process = subprocess.Popen(command + program, env={}, pass_fds=(info_write,), **pipes)
        finally:
            os.close(info_write)
        try:
            said = read_all(info_read, START_TIMEOUT)
        except TimeoutError:
            with process:  # closes the pipes, and waits for the end
                process.kill()
            raise SandboxError(
                f"bubblewrap did not start a box within {START_TIMEOUT} seconds."
            ) from None
        finally:
            os.close(info_read)
        self._inner = json.loads(said)["child-pid"] if said else 0
        return process

    def request(
        self, header: dict, arrays: Sequence[np.ndarray] = (), timeout: float = 60
    ) -> tuple[dict, list[np.ndarray]]:
        """Send a request and return the reply; the box is ended if none comes in time.

        Raises
        ------
        BoxError
            The box ended, did not answer in time or sent what may not pass.
        """
        deadline = FairDeadline(timeout, self._times, self.notebook)
        number = int.from_bytes(os.urandom(6), "big")  # a reply made up beforehand has another
        try:
            protocol.send(self._to, {"id": number, **header}, list(arrays), deadline)
            reply, results = protocol.receive(self._from, deadline)
            if reply.get("id") != number:
                raise protocol.ProtocolError("a reply to a question that was not asked")
        except TimeoutError:
            self._fail(f"it did not finish within {timeout:.3g} seconds")
        except protocol.ProtocolError as error:
            self._fail(f"it sent {error}")
        except MemoryError:
            self._fail("it sent more than the grader can hold")
        except (EOFError, OSError):
            self._ended.wait(0.2)  # let the watch say that it was the memory
            self._process.poll()
            self._fail(self._how_it_ended())
        finally:
            self.used = deadline.used()
        return reply, results

    @functools.cached_property
    def notebook(self) -> int:
        """The process in which the notebook runs."""
        root = self._root()
        return root if self.sandbox.kind == "none" else (family(root)[1:2] or [root])[0]

    def _root(self) -> int:
        return self._inner or self._process.pid

    def _fail(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.close()
        raise BoxError(self.reason)

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "it closed its connection to the grader"
        # bubblewrap and shells report death by signal n as status 128 + n
        number = status - 128 if status > 128 else -status
        if number in signal.valid_signals():
            return f"it was ended by signal {signal.Signals(number).name}"
        return f"it left Python with status {status}"

    def _watch(self) -> None:
        """End the box when its processes together use more memory than they may."""
        limit = self.limits.memory
        while not self._ended.wait(WATCH_INTERVAL):
            root = self._root()
            buffers = socket_buffers(self._inner) if self._inner else 0
            if buffers + memory_of(self._times.look(), limit) > limit:
                self.reason = f"it used more than {limit / 2**20:.0f} MB of memory in total"
            elif self._ready and self._inner and files_of(root) > MAX_FILES:
                self.reason = f"it made more than {MAX_FILES:,} files"
            if self.reason:
                self._kill()
                return

    def _kill(self) -> None:
        """Kill the box; what started it ends by itself once all that ran in it is gone."""
        if self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.sandbox.kind == "none":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                # Process 1 of the box takes all others with it, daemons included.
                os.kill(self._root(), signal.SIGKILL)

    def close(self) -> None:
        """End every process of the box and wait until they are gone."""
        self._ended.set()
        self._kill()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._watcher is not threading.current_thread():
            self._watcher.join()
        words = self._process.stderr
        if words is not None and not words.closed:
            # Only what was said before the notebook started: after that it goes nowhere.
            self.last_words = words.read().decode(errors="replace")[-2000:].strip()
        for pipe in (self._process.stdin, self._process.stdout, words):
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> "Box":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_all(fd: int, seconds: float) -> bytes:
    """Return what comes from a pipe until it is closed.

    Raises
    ------
    TimeoutError
        It was not closed in time.
    """
    end, said = time.monotonic() + seconds, b""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while poll.poll(max(0, end - time.monotonic()) * 1000):
        part = os.read(fd, 4096)
        if not part:
            return said
        said += part
    raise TimeoutError


def memory_of(members: list[int], enough: int) -> int:
    """Return the bytes that processes use together, page tables included.

    Resident pages are counted first, which is quick and counts shared pages more than once; only
    when that is more than `enough` are shared pages divided among those who share them.
    """
    total = tables = 0
    for pid in members:
        resident, table = resident_of(pid)
        total, tables = total + resident, tables + table
    if total + tables <= enough:
        return total + tables
    exact = tables
    for pid in members:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except PermissionError:
            return total + tables
        except OSError:
            continue
        exact += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return exact


def resident_of(pid: int) -> tuple[int, int]:
    """Return the bytes of a process's pages and of its page tables."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            said = file.read()
    except OSError:
        return 0, 0  # it ended while we looked
    found = [re.search(rb"^%s:\s+(\d+) kB" % name, said, re.M) for name in (b"VmRSS", b"VmPTE")]
    resident, table = (int(match[1]) * 1024 if match else 0 for match in found)
    return resident, table


def socket_buffers(pid: int) -> int:
    """Return the most bytes that the sockets of a box may hold: no process owns them.

    Sockets that are on their way through another one count, too.
    """
    total = 0
    for name, most in socket_sizes().items():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/net/{name}", "rb") as file:
            total += max(0, file.read().count(b"\n") - 1) * most
    return total


@functools.cache
def socket_sizes() -> dict[str, int]:
    """Return how much a socket of each kind can hold on this machine."""

    def setting(name: str, default: int) -> int:
        try:
            text = Path(f"/proc/sys/net/{name}").read_text(encoding="ascii")
        except OSError:
            return default
        return int(text.split()[-1])

    most = 2 * setting("core/wmem_max", 212_992)
    tcp = setting("ipv4/tcp_wmem", 2**22) + setting("ipv4/tcp_rmem", 6 * 2**20)
    return {"unix": most, "udp": most, "udp6": most, "tcp": tcp, "tcp6": tcp}


def files_of(root: int) -> int:
    """Return the largest number of files in a file system that the box may write to."""
    most = 0
    for folder in WRITABLE:
        with contextlib.suppress(OSError):  # the box has just ended
            found = os.statvfs(f"/proc/{root}/root{folder}")
            most = max(most, found.f_files - found.f_ffree)
    return most
