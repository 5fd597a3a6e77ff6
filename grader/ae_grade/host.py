"""A running box, and what watches it from outside."""

import contextlib
import json
import os
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
    container_command,
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
        self._ready = False
        self.last_words = ""
        self._inner = 0  # process 1 of the box, as this machine counts
        self._name = ""  # of the container, if it is one
        self._ended = threading.Event()
        self._folder: tempfile.TemporaryDirectory | None = None
        self._process = self._start(backend, list(preload))
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        for fd in (self._to, self._from):
            os.set_blocking(fd, False)
        try:
            protocol.receive(self._from, time.monotonic() + START_TIMEOUT)
        except (EOFError, TimeoutError, protocol.ProtocolError) as error:
            self.close()
            raise SandboxError(
                f"The box did not start ({type(error).__name__}). It said: {self.last_words}"
            ) from None
        if self._name:
            self._inner = self._first_process()
        self._ready = True

    def _start(self, backend: str, preload: list[str]) -> subprocess.Popen:
        limits, kind, course = self.limits, self.sandbox.kind, self.surroundings
        # A user of its own for each box: the limit on processes counts by user.
        uid = FIRST_UID + threading.get_native_id()
        if self.sandbox.rootless:
            # Podman makes a space of users for each container; docker has 65,536 for all.
            uid = os.getuid() if kind == "podman" else 1024 + threading.get_native_id() % 60_000
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
        options["container"] = kind != "bubblewrap"
        program = [sys.executable, "/box/guest.py", json.dumps(options)]
        if options["container"]:
            self._name = f"ae-grade-{os.urandom(8).hex()}"
            command = container_command(self.sandbox, self._name, uid, limits, inside, course)
            # With this environment, since the program looks there for its daemon.
            return subprocess.Popen(command + program, **pipes)
        command = bubblewrap_command(limits, inside, course)
        info_read, info_write = os.pipe()
        command[1:1] = ["--info-fd", str(info_write)]
        try:
            # Without environment: the box can read that of its first process.
            process = subprocess.Popen(command + program, env={}, pass_fds=(info_write,), **pipes)
        finally:
            os.close(info_write)
        with open(info_read) as info:
            said = info.read()
        self._inner = json.loads(said)["child-pid"] if said else 0
        return process

    def _first_process(self) -> int:
        words = [self.sandbox.kind, "inspect", "--format", "{{.State.Pid}}", self._name]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
        return int(said) if said.isdigit() else 0  # it has ended: the next request says why

    def request(
        self, header: dict, arrays: Sequence[np.ndarray] = (), timeout: float = 60
    ) -> tuple[dict, list[np.ndarray]]:
        """Send a request and return the reply; the box is ended if none comes in time.

        Raises
        ------
        BoxError
            The box ended, did not answer in time or sent what may not pass.
        """
        deadline = time.monotonic() + timeout
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
        except (EOFError, OSError):
            self._ended.wait(0.2)  # let the watch say that it was the memory
            self._process.poll()
            self._fail(self._how_it_ended())
        return reply, results

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
            root = self._inner or self._process.pid
            if memory_of(root, limit) > limit:
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
        if self._name:
            # Containers may belong to a daemon that runs as another user.
            words = [self.sandbox.kind, "kill", self._name]
            subprocess.run(words, capture_output=True, check=False)
            return
        with contextlib.suppress(ProcessLookupError):
            if self.sandbox.kind == "none":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                # Process 1 of the box takes all others with it, daemons included.
                os.kill(self._inner or self._process.pid, signal.SIGKILL)

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


def memory_of(root: int, enough: int) -> int:
    """Return the bytes that a process and its descendants use.

    Resident pages are counted first, which is quick and counts shared pages more than once; only
    when that is more than `enough` are shared pages divided among those who share them.
    """
    members = family(root)
    total = 0
    for pid in members:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        total += pages * os.sysconf("SC_PAGE_SIZE")
    if total <= enough:
        return total
    exact = 0
    for pid in members:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except PermissionError:
            return total
        except OSError:
            continue
        exact += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return exact


def files_of(root: int) -> int:
    """Return the largest number of files in a file system that the box may write to."""
    most = 0
    for folder in WRITABLE:
        with contextlib.suppress(OSError):  # the box has just ended
            found = os.statvfs(f"/proc/{root}/root{folder}")
            most = max(most, found.f_files - found.f_ffree)
    return most


def family(root: int) -> list[int]:
    """Return a process and all its descendants."""
    members, seen = [root], {root}
    for pid in members:
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    children = map(int, file.read().split())
            except OSError:
                continue
            for child in children:
                if child not in seen:
                    seen.add(child)
                    members.append(child)
    return members
