"""Say what sandbox this machine has, and try whether it holds."""

import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from ae_grade.host import WATCH_INTERVAL, Box
from ae_grade.notebook import Cell
from ae_grade.proxy import NotebookRun
from ae_grade.sandbox import Limits, Sandbox, SandboxError, find_sandbox

__all__ = ["CHECKS", "examine", "limits_here", "try_box"]

MEMORY = 512 * 2**20
ADVICE = """bubblewrap needs user namespaces. Where the kernel forbids them:
  Debian: sysctl kernel.unprivileged_userns_clone=1
  Ubuntu 24.04: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for
    /usr/bin/bwrap (containers/bubblewrap#632); for a container, too, on the machine itself
  in a container: start it as the guide for instructors shows, as a user other than root and with
    --security-opt seccomp=unconfined, --security-opt apparmor=unconfined and, of docker,
    --security-opt systempaths=unconfined, of podman --security-opt unmask=ALL"""

# Each cell must fail; a cell that goes through is a hole.
CHECKS = {
    "no network": "import socket; socket.create_connection(('192.0.2.1', 80), 2)",
    "no home of yours": "open({file!r})",
    "no environment": "import os; os.environ[{variable!r}]",
    "nothing to write to but its own folders": "open('/usr/x', 'w')",
    "not root": "import os; assert os.getuid() == 0",
    "no new namespaces": "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "sized disk": "f = open('/tmp/x', 'wb')\nwhile f.write(bytes(2**24)): pass",
    "sized memory": "x = bytearray({memory})",
    "memory of all processes together": (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(b'x') * {third}; time.sleep(9)\n"
        "time.sleep(2)"
    ),
    "bounded processes": "import os\nfor _ in range(2000):\n    if os.fork() == 0: os._exit(0)",
}


def try_box(sandbox: Sandbox) -> None:
    """Start a box and end it.

    Raises
    ------
    SandboxError
        It did not start, and what it said.
    """
    Box(sandbox, Limits(memory=MEMORY)).close()


def limits_here() -> list[str]:
    """Return, a line each, what a batch system or the machine allows all programs of yours."""
    import resource  # Windows has none

    lines = []
    for name, unit, words in (("AS", 2**20, " MB"), ("DATA", 2**20, " MB"), ("NPROC", 1, "")):
        both = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        if finite := [value for value in both if value != resource.RLIM_INFINITY]:
            lines.append(f"Limit of this system, RLIMIT_{name}: {min(finite) // unit:,}{words}")
    lines.append(
        "Control groups are not used: the memory of a box is added up every "
        f"{WATCH_INTERVAL:g} seconds, and many processes may pass its limit for a moment."
    )
    return lines


def examine() -> int:
    """Print the findings; return the exit status: 0 if the sandbox holds."""
    print(f"Python {platform.python_version()} at {sys.executable}")
    try:
        sandbox = find_sandbox()
        print("\n".join(limits_here()))  # first: a box may not start for one of them
        try_box(sandbox)
    except SandboxError as error:
        print(f"No sandbox: {error}")
        if shutil.which("bwrap"):
            print(ADVICE)
        return 1
    print(f"Sandbox: {sandbox}")
    if os.getuid() == 0:
        print("You are root: boxes run as a user of their own, without privileges.")
    if attempt(sandbox, "sum(range(9))"):
        print("The box stops what it should not: nothing can be graded on this machine.")
        return 1
    holes = 0
    for name, source in CHECKS.items():
        held = attempt(sandbox, source)
        holes += not held
        print(f"  {'holds' if held else 'HOLE '}  {name}")
    if holes:
        print("Do not grade untrusted submissions on this machine.")
    return 1 if holes else 0


def attempt(sandbox: Sandbox, source: str) -> bool:
    """Return whether the sandbox stopped a cell."""
    os.environ.setdefault("AE_GRADE_DOCTOR", "a variable that no box may see")
    with tempfile.NamedTemporaryFile(dir=Path.home(), prefix=".ae-grade-doctor-") as file:
        os.chmod(file.name, 0o644)
        source = source.format(
            file=file.name, variable="AE_GRADE_DOCTOR", memory=4 * MEMORY, third=MEMORY // 3
        )
        run = NotebookRun([Cell(1, source)], sandbox, Limits(memory=MEMORY, disk=2**26), 20)
        try:
            run.begin(1)
        finally:
            run.close()
    return bool(run.problems)
