"""The box that a notebook runs in, and what watches it from outside."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ae_grade import wire
from ae_grade.seccomp import filter_program

__all__ = ["Box", "BoxError", "Limits", "Sandbox", "SandboxError", "find_sandbox", "settle_data"]

HERE = Path(__file__).parent
HOME = "/home/student"
WRITABLE = ("/tmp", "/dev/shm", HOME)
START_TIMEOUT = 120  # seconds for Python and the sheet's libraries to load on a busy machine
WATCH_INTERVAL = 0.05  # seconds between two looks at the memory
MAX_FILES = 20_000  # in one file system of the box: each takes memory that no process owns
BUBBLEWRAP = (0, 8)  # the first with --size and --disable-userns
ADVICE = (
    "Install bubblewrap 0.8 or newer (Debian 12, Ubuntu 24.04: `apt install bubblewrap`; Fedora: "
    "`dnf install bubblewrap`), then try `ae-grade doctor`. There is no second choice: docker and "
    "podman are not used in its place."
)


class SandboxError(RuntimeError):
    """No box can be made here; nothing of the submission has run."""


class BoxError(RuntimeError):
    """The box ended, or had to be ended, and says why."""


@dataclass(frozen=True)
class Limits:
    """What one box may use.

    Attributes
    ----------
    memory : int
        Bytes of memory of all processes together, and of each process.
    disk : int
        Bytes in the home directory; as many again in ``/tmp``.
    processes : int
        Processes and threads.
    cpu : int
        Seconds of processor time of each process.
    threads : int
        Threads that numerical libraries start; one makes results the same on every machine.
    """

    memory: int = 2 * 2**30
    disk: int = 256 * 2**20
    processes: int = 128
    cpu: int = 3600
    threads: int = 1

    def rlimits(self) -> dict[str, int]:
        return {
            "AS": 64 * 2**30,  # address space is cheap; DATA and the watch bound what is used
            "DATA": self.memory,
            "CPU": self.cpu,
            "NPROC": self.processes,
            "FSIZE": self.disk,
            "NOFILE": 256,
            "CORE": 0,
            "MSGQUEUE": 0,
            "MEMLOCK": 0,
        }


@dataclass(frozen=True)
class Sandbox:
    """A way to make boxes: ``"bubblewrap"`` or ``"none"``, and its version."""

    kind: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.version}".strip()


def find_sandbox(without: bool = False) -> Sandbox:
    """Return the sandbox of this machine.

    Parameters
    ----------
    without : bool
        Run notebooks as ordinary processes. For trusted submissions only.

    Raises
    ------
    SandboxError
        There is none; the message says what to install. Or root asked for none.
    """
    if without:
        if os.getuid() == 0:
            raise SandboxError("Without a sandbox, nothing runs as root: be an ordinary user.")
        return Sandbox("none")
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError(f"The sandbox is missing: there is no program `bwrap`. {ADVICE}")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    numbers = re.findall(r"\d+", said.stdout)
    if tuple(map(int, numbers[:2])) < BUBBLEWRAP:
        raise SandboxError(f"{program} is too old ({said.stdout.strip()}). {ADVICE}")
    return Sandbox("bubblewrap", ".".join(numbers))


def python_folders() -> list[str]:
    """Return the folders that this Python and its packages lie in, and no more."""
    folders = [sys.prefix, sys.base_prefix]
    folders += [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    folders = sorted({os.path.realpath(p) for p in folders} | set(folders))
    return [p for p in folders if Path(p).is_dir() and not p.startswith("/usr/")]


def course_package() -> str:
    spec = importlib.util.find_spec("ae_lib")
    if spec is None or not spec.submodule_search_locations:
        raise SandboxError("The package ae_lib is not installed: `pip install -e .` in the course.")
    return spec.submodule_search_locations[0]


def data_file() -> tuple[Path, str] | None:
    """Return the file of images on this machine and where it goes inside, or None."""
    import pooch

    from ae_lib.data import local_mnist

    if os.environ.get("AE_DATASET") != "standin":
        found = local_mnist([])
        if found is not None:
            return found, "/data/mnist.npz"
    standin = Path(pooch.os_cache("ae_lib")) / "standin-1.npz"
    return (standin, f"{HOME}/.cache/ae_lib/{standin.name}") if standin.is_file() else None


def settle_data() -> str:
    """See to it that tests and boxes use the same images, and return the name of the data set.

    Without MNIST on this machine the stand-in is made, once; nothing is downloaded while grading.
    """
    from ae_lib.data import load_mnist, local_mnist

    if os.environ.get("AE_DATASET") == "standin" or local_mnist([]) is None:
        os.environ["AE_DATASET"] = "standin"
        if data_file() is None:
            load_mnist()
    return os.environ.get("AE_DATASET") or "mnist"


def environment(home: str, backend: str, limits: Limits, data: tuple[Path, str] | None) -> dict:
    """Return the whole environment of the box; nothing of the grader's own is in it."""
    threads = str(limits.threads)
    mnist = data is not None and data[1].startswith("/data/")
    return {
        "HOME": home,
        "USER": "student",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "MPLBACKEND": "Agg",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "AE_GRADING": "1",
        "AE_PROFILE": "quick",
        "AE_DATASET": "mnist" if mnist else "standin",
        "AE_DATA_DIR": "/data" if mnist else "",
        "KERAS_BACKEND": backend if backend in ("tensorflow", "jax", "torch") else "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
    }


def bubblewrap_command(limits: Limits, inside: dict, data: tuple[Path, str] | None) -> list[str]:
    """Return bubblewrap's arguments: the system read-only, and nothing else of the machine."""
    made = {"/", "/tmp", "/home", HOME}

    def bind(source: str, inside: str) -> None:
        # bubblewrap makes missing parents that only root can enter.
        for parent in reversed(Path(inside).parents):
            if str(parent) not in made:
                command.extend(["--perms", "0755", "--dir", str(parent)])
                made.add(str(parent))
        command.extend(["--ro-bind", source, inside])

    command = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "box", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        # The program in the box gives up root before anything else: a mapped root would still
        # be root to the limit on processes.
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--perms", "1777", "--size", str(limits.disk // 4), "--tmpfs", "/dev/shm"]
    command += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp"]
    command += ["--perms", "0755", "--dir", "/home"]
    command += ["--perms", "0777", "--size", str(limits.disk), "--tmpfs", HOME]
    for folder in (f"{HOME}/.cache", f"{HOME}/.cache/ae_lib"):
        command += ["--perms", "0777", "--dir", folder]
        made.add(folder)
    # After the empty /tmp and home, which would hide a Python that lies there.
    for folder in python_folders():
        bind(folder, folder)
    bind(course_package(), "/box/course/ae_lib")
    for name in ("box.py", "wire.py"):
        bind(str(HERE / name), f"/box/{name}")
    if data is not None:
        bind(str(data[0]), data[1])
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    for name, value in inside.items():
        command += ["--setenv", name, value]
    return [*command, "--setenv", "PYTHONPATH", "/box/course"]


class Box:
    """One running box.

    Parameters
    ----------
    sandbox : Sandbox
    limits : Limits
    backend : str
        ``"numpy"`` or a backend of Keras.
    preload : sequence of str
        Modules to import before the notebook starts.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        backend: str = "numpy",
        preload: Sequence[str] = (),
    ) -> None:
        self.sandbox, self.limits = sandbox, limits
        self.reason = ""
        self._ready = False
        self.last_words = ""
        self._inner = 0  # process 1 of the box, as this machine counts
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
            wire.receive(self._from, time.monotonic() + START_TIMEOUT)
        except (EOFError, TimeoutError, wire.WireError) as error:
            self.close()
            raise SandboxError(
                f"The box did not start ({type(error).__name__}). It said: {self.last_words}"
            ) from None
        self._ready = True

    def _start(self, backend: str, preload: list[str]) -> subprocess.Popen:
        options = {
            # A user of its own for each box: the limit on processes counts by user.
            "uid": 2**30 + threading.get_native_id(),
            "rlimits": self.limits.rlimits(),
            "preload": preload,
        }
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        data = data_file()
        if self.sandbox.kind == "none":
            self._folder = tempfile.TemporaryDirectory(prefix="ae-grade-")
            inside = environment(self._folder.name, backend, self.limits, data)
            if data is not None and inside["AE_DATASET"] == "mnist":
                inside["AE_DATA_DIR"] = str(data[0].parent)
            inside["PYTHONPATH"] = str(Path(course_package()).parent)
            program = [sys.executable, str(HERE / "box.py"), json.dumps(options)]
            return subprocess.Popen(program, env=inside, start_new_session=True, **pipes)
        inside = environment(HOME, backend, self.limits, data)
        command = bubblewrap_command(self.limits, inside, data)
        filter_read, filter_write = os.pipe()
        info_read, info_write = os.pipe()
        try:
            os.write(filter_write, filter_program())
            os.close(filter_write)
            command += ["--seccomp", str(filter_read), "--info-fd", str(info_write)]
            command += ["--", sys.executable, "/box/box.py", json.dumps(options)]
            process = subprocess.Popen(command, env={}, pass_fds=(filter_read, info_write), **pipes)
        finally:
            os.close(filter_read)
            os.close(info_write)
        with open(info_read) as info:
            said = info.read()
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
        deadline = time.monotonic() + timeout
        number = int.from_bytes(os.urandom(6), "big")  # a reply made up beforehand has another
        try:
            wire.send(self._to, {"id": number, **header}, list(arrays), deadline)
            reply, results = wire.receive(self._from, deadline)
            if reply.get("id") != number:
                raise wire.WireError("a reply to a question that was not asked")
        except TimeoutError:
            self._fail(f"it did not finish within {timeout:.3g} seconds")
        except wire.WireError as error:
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
        root, limit = self._inner or self._process.pid, self.limits.memory
        while not self._ended.wait(WATCH_INTERVAL):
            if memory_of(root, limit) > limit:
                self.reason = f"it used more than {limit / 2**20:.0f} MB of memory in total"
            elif self._ready and self._inner and files_of(root) > MAX_FILES:
                self.reason = f"it made more than {MAX_FILES:,} files"
            if self.reason:
                self._kill()
                return

    def _kill(self) -> None:
        """Kill the box; bubblewrap itself ends once all that ran in it is gone."""
        if self._process.poll() is not None:
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
