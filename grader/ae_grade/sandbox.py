"""The sandbox: whether a machine has it, what a box of it sees, and the command that starts it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Limits", "Sandbox", "SandboxError", "Surroundings", "find_sandbox"]

HERE = Path(__file__).parent
HOME = "/home/student"
COURSE = "/box/course"  # where the course's package lies inside
INSIDE = ("guest.py", "guest_kernel.py", "protocol.py")  # our own that runs inside
WRITABLE = ("/tmp", "/dev/shm", HOME)
BUBBLEWRAP = (0, 8)  # the first with --size and --disable-userns
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
VERSION_TIMEOUT = 60  # seconds for a program to say its version
FIRST_UID = 2**30  # no machine has users up here
ADVICE = (
    "Install bubblewrap 0.8 or newer (Debian 12, Ubuntu 24.04: `apt install bubblewrap`; Fedora: "
    "`dnf install bubblewrap`), or grade in the container image, as the guide for instructors "
    "shows; then try `ae-grade doctor`."
)


class SandboxError(RuntimeError):
    """No box can be made here; nothing of the submission has run."""


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
class Surroundings:
    """What a course adds to its boxes.

    Attributes
    ----------
    files : tuple of (str, str)
        Files and folders that a box may read: the path on this machine, the path inside.
    folders : tuple of str
        Empty folders that it may write to, in its home.
    environment : dict
        Variables that its notebooks find.
    bare_environment : dict
        The same for `--no-sandbox`, where paths are those of this machine.
    """

    files: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    bare_environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sandbox:
    """A way to make boxes.

    Attributes
    ----------
    kind : str
        ``"bubblewrap"``, or ``"none"``.
    version : str
    """

    kind: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.version}".strip()


def find_sandbox(kind: str = "bubblewrap") -> Sandbox:
    """Return the sandbox of this machine.

    Parameters
    ----------
    kind : str
        Or ``"none"``: run notebooks as ordinary processes, for trusted submissions only.

    Raises
    ------
    SandboxError
        There is none; the message says what to install. Or root asked for none.
    """
    if not sys.platform.startswith("linux") or not hasattr(os, "fork"):
        raise SandboxError(
            "Grading needs Linux: take the container image with docker or podman, as the guide for "
            "instructors shows, or a Linux machine. `build`, `inspect` and `merge` run here, too."
        )
    if kind == "none":
        if os.getuid() == 0:
            raise SandboxError("Without a sandbox, nothing runs as root: be an ordinary user.")
        return Sandbox("none")
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError(f"The sandbox is missing: there is no program `bwrap`.\n{ADVICE}")
    try:
        said = subprocess.run(
            [program, "--version"],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=VERSION_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(
            f"`{program} --version` did not end within {VERSION_TIMEOUT} seconds.\n{ADVICE}"
        ) from None
    numbers = re.findall(r"\d+", said.stdout)
    if tuple(map(int, numbers[:2])) < BUBBLEWRAP:
        raise SandboxError(f"{program} is too old ({said.stdout.strip()}).\n{ADVICE}")
    return Sandbox("bubblewrap", ".".join(numbers))


def python_folders() -> list[str]:
    """Return the folders that this Python and its packages lie in, and no more."""
    folders = [sys.prefix, sys.base_prefix]
    folders += [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    folders = sorted({os.path.realpath(p) for p in folders} | set(folders))
    return [p for p in folders if Path(p).is_dir() and not p.startswith("/usr/")]


def environment(home: str, backend: str, limits: Limits, surroundings: Surroundings) -> dict:
    """Return the whole environment of the box; nothing of the grader's own is in it."""
    threads = str(limits.threads)
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
        **surroundings.environment,
        "KERAS_BACKEND": backend if backend in ("tensorflow", "jax", "torch") else "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
    }


def visible(surroundings: Surroundings) -> list[tuple[str, str]]:
    """Return what a box may read, and where it lies inside: of the machine the system, no more."""
    found = [(name, name) for name in SYSTEM if os.path.isdir(name) and not os.path.islink(name)]
    found += [(name, name) for name in FILES if os.path.exists(name)]
    found += [(folder, folder) for folder in python_folders()]
    found += [(str(HERE / name), f"/box/{name}") for name in INSIDE]
    return [*found, *surroundings.files]


def bubblewrap_command(
    limits: Limits, inside: dict, surroundings: Surroundings, info_fd: int
) -> list[str]:
    """Return bubblewrap and its arguments: what is `visible`, read-only, and room to write."""
    # Where memory ends, the kernel shall end boxes, not the grader.
    command = ["choom", "--adjust", "1000", "--", "bwrap"]
    command += ["--info-fd", str(info_fd), "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--hostname", "box", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        # The program in the box gives up root before anything else: a mapped root would still
        # be root to the limit on processes.
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    for name in SYSTEM:
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--perms", "1777", "--size", str(limits.disk // 4), "--tmpfs", "/dev/shm"]
    command += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp"]
    command += ["--perms", "0755", "--dir", "/home"]
    command += ["--perms", "0777", "--size", str(limits.disk), "--tmpfs", HOME]
    made = {"/", "/tmp", "/home", HOME}
    for folder in surroundings.folders:
        command += ["--perms", "0777", "--dir", folder]
        made.add(folder)
    # After the empty /tmp and home, which would hide a Python that lies there.
    for source, place in visible(surroundings):
        # bubblewrap makes missing parents that only root can enter.
        for parent in reversed(Path(place).parents):
            if str(parent) not in made:
                command += ["--perms", "0755", "--dir", str(parent)]
                made.add(str(parent))
        command += ["--ro-bind", source, place]
        made.add(place)
    # In /proc a notebook could take back that it is to be ended first.
    command += ["--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/"]
    command += ["--chdir", HOME]
    for name, value in inside.items():
        command += ["--setenv", name, value]
    return [*command, "--setenv", "PYTHONPATH", COURSE, "--"]
