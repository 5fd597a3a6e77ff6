"""Submissions that attack the grader: each gets what its answers deserve, nothing else changes.

A case is a list of cells and the points of the three questions (3, 3 and 2 are possible). Where
an attack comes with wrong answers, anything but 0 for them would be a hole; where it comes with
right answers, anything less would punish the innocent neighbour of a bad answer.
"""
# ruff: noqa: E501 - an attack reads best as it is

import json
import os
import time
from pathlib import Path

from samples import CLIP, COUNT, RATIO, SECRET, SOLUTION, Outside, notebook, scores

from ae_grade.feedback import feedback_page
from ae_grade.grade import grade
from ae_grade.sandbox import Sandbox
from ae_grade.sheet import Sheet

FULL = (3, 3, 2)
WRONG = (
    "def count(inputs, units):\n    return 7",
    "def clip(x, factor):\n    return x",
    "ratio = 2",
)
ALWAYS_EQUAL = """
class Equal:
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __bool__ = lambda self: True
    __array__ = lambda self, *a, **k: __import__("numpy").zeros(3)
    __hash__ = lambda self: 0
    shape = (3,)
"""

# Looks for a text in all files that can be read, and in all memory that can be reached.
SEARCH = """
import os, sys
def seen():
    word = "{word}".replace("~", "-")
    if word in str(dict(os.environ)):
        return True
    libraries = {sys.prefix, sys.base_prefix, *sys.path} - {""}
    places = ("{folder}", "/proc/1", "/proc/self", "/home", "/tmp", "/root", "/box", "/run", "/var", "/etc")
    for place in places:
        for root, folders, files in os.walk(place):
            folders[:] = [f for f in folders if os.path.join(root, f) not in libraries]
            for name in files:
                path = os.path.join(root, name)
                if name in ("environ", "cmdline") or not path.startswith("/proc"):
                    try:
                        if word.encode() in open(path, "rb").read(10**6):
                            return True
                    except OSError:
                        pass
    return False
"""

CASES: dict[str, tuple[list[str], tuple[float, float, float]]] = {
    # -- forging ------------------------------------------------------------------------------
    "patched numpy": (
        [
            "import numpy as np\n"
            "np.allclose = np.array_equal = lambda *a, **k: True\n"
            "np.testing.assert_allclose = lambda *a, **k: None\n"
            "np.ndarray_eq = lambda *a: True",
            *WRONG,
        ],
        (0, 0, 0),
    ),
    "patched otter": (
        [
            "import sys, types\n"
            "try:\n"
            "    from otter.test_files import exception_test, GradingResults\n"
            "    exception_test.ExceptionTestFile.run = lambda self, env: None\n"
            "    exception_test.ExceptionTestFile.score = property(lambda self: 100)\n"
            "    GradingResults.total = property(lambda self: 100)\n"
            "except ImportError:\n"
            "    pass\n"
            "for name in ('otter', 'ae_grade', 'ae_grade.grade', 'pytest'):\n"
            "    sys.modules[name] = types.ModuleType(name)",
            *WRONG,
        ],
        (0, 0, 0),
    ),
    "forged results on disk": (
        [
            "import json, os, pickle\n"
            "for name in ('results.json', 'results.pkl', 'log.jsonl', 'grades.csv', '.OTTER_LOG'):\n"
            "    for folder in ('.', '/tmp', os.path.expanduser('~')):\n"
            "        with open(os.path.join(folder, name), 'w') as f:\n"
            "            json.dump({'total': 8, 'tests': [{'score': 8}]}, f)",
            *WRONG,
        ],
        (0, 0, 0),
    ),
    "forged result objects": (
        [
            "from types import SimpleNamespace as S\n"
            "count = clip = lambda *a: S(passed=True, score=3, points=3)\n"
            "ratio = S(passed=True, score=2)"
        ],
        (0, 0, 0),
    ),
    "an object equal to everything": (
        [ALWAYS_EQUAL, "count = clip = lambda *a: Equal()", "ratio = Equal()"],
        (0, 0, 0),
    ),
    "numbers and strings equal to everything": (
        [
            "class I(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\n"
            "class F(float):\n    __eq__ = lambda s, o: True\n    __hash__ = float.__hash__\n",
            "def count(inputs, units): return I(7)",
            CLIP,
            "ratio = F(0.75)",  # in range, and wrong
        ],
        (0, 3, 1),
    ),
    "an array equal to everything": (
        [
            COUNT,
            "import numpy as np\n"
            "class A(np.ndarray):\n"
            "    __eq__ = lambda s, o: np.ones(s.shape, bool)\n"
            "    __array_ufunc__ = lambda s, *a, **k: np.zeros(3)\n"
            "def clip(x, factor): return np.zeros(x.shape).view(A)",
            RATIO,
        ],
        (3, 0, 2),
    ),
    "replies made up beforehand": (
        [
            *WRONG,
            "import os, json, struct\n"
            "text = json.dumps({'id': 0, 'value': 25120, 'arrays': []}).encode()\n"
            "def count(inputs, units):\n"
            "    for fd in range(3, 256):\n"
            "        try:\n"
            "            os.write(fd, struct.pack('>4sIQ', b'AEGR', len(text), 0) + text)\n"
            "        except OSError:\n"
            "            pass\n"
            "    return 7",
        ],
        (0, 0, 0),
    ),
    "garbage on the grader's pipe": (
        [
            "import os\n"
            "def count(inputs, units):\n"
            "    for fd in range(3, 256):\n"
            "        try:\n"
            "            os.write(fd, os.urandom(4096))\n"
            "        except OSError:\n"
            "            pass",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "a flood on the grader's pipe": (
        [
            "import os, struct\n"
            "def count(inputs, units):\n"
            "    for fd in range(3, 256):\n"
            "        try:\n"
            "            os.fstat(fd)\n"
            "            os.write(fd, struct.pack('>4sIQ', b'AEGR', 2**32 - 1, 2**60))\n"
            "            while True: os.write(fd, bytes(2**20))\n"
            "        except OSError:\n"
            "            pass",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "closed pipes": (
        [
            "import os\ndef count(inputs, units):\n    os.closerange(3, 256)\n    return 25120",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "patched runner": (
        [
            *WRONG,
            "import sys\n"
            "protocol = sys.modules['protocol']\n"
            "pack = protocol.pack\n"
            "protocol.pack = lambda value, *a: pack(dict(passed=True, score=3), *a)",
        ],
        (0, 0, 0),
    ),
    "a handle that is none": (
        [
            "import sys\n"
            "protocol = sys.modules['protocol']\n"
            "protocol.pack = lambda value, *a: ({'function': {'handle': 10**30, 'name': 7}}, [])",
            *WRONG,
        ],
        (0, 0, 0),
    ),
    "expected values looked up in frames and memory": (
        [
            "import gc, sys\n"
            "def count(inputs, units):\n"
            "    frame = sys._getframe()\n"
            "    while frame:\n"
            "        for name, value in {**frame.f_locals, **frame.f_globals}.items():\n"
            "            if 'expect' in name and isinstance(value, int): return value\n"
            "        frame = frame.f_back\n"
            "    for o in gc.get_objects():\n"
            "        if isinstance(o, dict):\n"
            "            for name, value in list(o.items()):\n"
            "                if 'expected' in str(name) and isinstance(value, int): return value\n"
            "    return 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    # -- leaving, crashing --------------------------------------------------------------------
    "os._exit in a cell": (["import os; os._exit(0)", *SOLUTION], FULL),
    "sys.exit in a cell": (["import sys; sys.exit('passed')", *SOLUTION], FULL),
    "os._exit in an answer": (
        [CLIP, RATIO, "import os\ndef count(inputs, units): os._exit(0)"],
        (0, 3, 2),
    ),
    "sys.exit in an answer": (
        [CLIP, RATIO, "import sys\ndef count(inputs, units): sys.exit(0)"],
        (0, 3, 2),
    ),
    "a segmentation fault": (
        [COUNT, RATIO, "import ctypes\ndef clip(x, factor): ctypes.string_at(0)"],
        (3, 0, 2),
    ),
    "killing itself": (
        [COUNT, "import os\ndef clip(x, factor): os.kill(os.getpid(), 9)", RATIO],
        (3, 0, 2),
    ),
    "recursion without end": (
        [COUNT, CLIP, "def f(): f()\nf()", RATIO, "def count(a, b): return count(a, b)"],
        (0, 3, 2),
    ),
    "an exception that is none of Exception": (
        [
            "class Evil(BaseException):\n"
            "    def __str__(self): raise SystemExit\n"
            "def count(inputs, units): raise Evil",
            "raise KeyboardInterrupt",
            "def clip(x, factor): raise GeneratorExit",
            RATIO,
        ],
        (0, 0, 2),
    ),
    "an exception with a forged class": (
        [
            "class AssertionPassed(StopIteration):\n"
            "    __class__ = property(lambda self: int)\n"
            "    __module__ = 'otter'\n"
            "def count(inputs, units): raise AssertionPassed('<script>alert(1)</script>' * 10**5)",
            "def clip(x, factor): raise OSError(2, '\\ud800\\x1b[2J\\x00')",
            RATIO,
        ],
        (0, 0, 2),
    ),
    # -- never returning ----------------------------------------------------------------------
    "an endless loop in a cell": (["while True: pass", *SOLUTION], FULL),
    "an endless loop in an answer": (
        [CLIP, RATIO, "def count(inputs, units):\n    while True: pass"],
        (0, 3, 2),
    ),
    "a loop that swallows interrupts": (
        [
            CLIP,
            RATIO,
            "import signal\n"
            "def count(inputs, units):\n"
            "    for s in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:\n"
            "        signal.signal(s, signal.SIG_IGN)\n"
            "    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
            "    while True:\n"
            "        try:\n"
            "            while True: pass\n"
            "        except BaseException: pass",
        ],
        (0, 3, 2),
    ),
    "stopped processes": (
        [COUNT, CLIP, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", RATIO],
        FULL,
    ),
    "waiting for input": (["name = input('name? ')", *SOLUTION], FULL),
    # -- using up -----------------------------------------------------------------------------
    "a fork bomb": (
        [
            *SOLUTION,
            "import os\ntry:\n    while True: os.fork()\nexcept OSError: pass",
        ],
        FULL,
    ),
    "a fork bomb in an answer": (
        [
            CLIP,
            RATIO,
            "import os\ndef count(inputs, units):\n    while True:\n        try: os.fork()\n        except OSError: pass",
        ],
        (0, 3, 2),
    ),
    "a bomb of threads": (
        [
            *SOLUTION,
            "import threading, time\n"
            "try:\n"
            "    while True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
            "except RuntimeError: pass",
        ],
        FULL,
    ),
    "memory of one process": (["x = []\nwhile True: x.append(bytearray(10**7))", *SOLUTION], FULL),
    "memory in an answer": (
        [COUNT, "import numpy as np\ndef clip(x, factor): return np.ones(10**11)", RATIO],
        (3, 0, 2),
    ),
    "memory of many processes": (
        [
            "import os, time\n"
            "for _ in range(6):\n"
            "    if os.fork() == 0:\n"
            "        x = bytearray(b'x') * (200 * 2**20); time.sleep(60)\n"
            "time.sleep(5)",
            *SOLUTION,
        ],
        FULL,
    ),
    "shared memory": (
        [
            "import mmap\nm = mmap.mmap(-1, 2**30)\nfor i in range(0, 2**30, 4096): m[i] = 1",
            *SOLUTION,
        ],
        FULL,
    ),
    "memory that no process owns": (
        ["import os\nfd = os.memfd_create('x')\nwhile True: os.write(fd, bytes(2**20))", *SOLUTION],
        FULL,
    ),
    "a full disk": (
        [
            *SOLUTION,
            "import os\n"
            "for folder in ('/tmp', os.path.expanduser('~'), '/dev/shm', '/dev', '/', '/box'):\n"
            "    for i in range(9):\n"
            "        try:\n"
            "            with open(f'{folder}/fill{i}', 'wb') as f:\n"
            "                for _ in range(200): f.write(bytes(2**20))\n"
            "        except OSError: pass",
        ],
        FULL,
    ),
    "a million files": (
        [
            *SOLUTION,
            "for i in range(10**6):\n    try: open(f'/tmp/{i}', 'w').close()\n    except OSError: break",
        ],
        FULL,
    ),
    "an output flood": (
        [
            *SOLUTION,
            "import os\nfor _ in range(300):\n    os.write(1, b'x' * 2**20); os.write(2, b'x' * 2**20)",
        ],
        FULL,
    ),
    "a billion laughs": (
        ["x = 'ha'\nfor _ in range(40): x = [x] * 10", "count = lambda *a: x", CLIP, "ratio = x"],
        (0, 3, 0),
    ),
    # -- strange values -----------------------------------------------------------------------
    "deep lists": (
        ["x = []\nfor _ in range(10**5): x = [x]\nratio = x\ncount = lambda *a: x", CLIP],
        (0, 3, 0),
    ),
    "a list that holds itself": (
        ["x = []; x.append(x)\nratio = x\ncount = lambda *a: x", CLIP],
        (0, 3, 0),
    ),
    "huge lists": (["count = lambda *a: list(range(10**7))", CLIP, RATIO], (0, 3, 2)),
    "huge arrays": (
        [COUNT, "import numpy as np\nclip = lambda *a: np.zeros(2**25)", RATIO],
        (3, 0, 2),
    ),
    "huge numbers": (["count = lambda *a: 10**100000", CLIP, "ratio = 10**5000"], (0, 3, 0)),
    "numbers that are none": (
        [
            "nan = float('nan')\ncount = lambda *a: nan",
            "import numpy as np\ndef clip(x, factor): return x * np.inf",
            "ratio = nan",
        ],
        (0, 0, 0),
    ),
    "arrays of objects": (
        [
            COUNT,
            "import numpy as np\ndef clip(x, factor): return np.array([np.clip(x * factor, 0, 1), None], object)",
            RATIO,
        ],
        (3, 0, 2),
    ),
    "arrays of text and records": (
        [
            "import numpy as np\ncount = lambda *a: np.array(['25120'])",
            "clip = lambda *a: np.zeros(3, [('a', 'f8')])",
            "ratio = np.str_('0.25')",
        ],
        (0, 0, 0),
    ),
    "Boolean arrays of other bytes": (
        [
            COUNT,
            "import numpy as np\nclip = lambda x, f: np.full(x.shape, 2, 'u1').view(bool)",
            RATIO,
        ],
        (3, 0, 2),
    ),
    "generators, classes, modules": (
        [
            "count = lambda *a: (i for i in [25120])",
            "import types, sys\nclass clip: pass",
            "ratio = sys",
        ],
        (0, 0, 0),
    ),
    "a model that is none": (
        [
            "class Fake:\n"
            "    layers = [None] * 10**6\n"
            "    count_params = predict = lambda *a: 25120\n"
            "count = lambda *a: Fake()",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    # -- reading ------------------------------------------------------------------------------
    "reading tests, others, home, environment": (
        [
            SEARCH,
            "def count(inputs, units): return inputs * units + units if seen() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "reading through the grader's processes": (
        [
            "import os\n"
            "def count(inputs, units):\n"
            "    for pid in [p for p in os.listdir('/proc') if p.isdigit()]:\n"
            "        for name in ('environ', 'mem', 'maps', 'cwd', 'root', 'fd'):\n"
            "            if int(pid) != os.getpid():\n"
            "                try:\n"
            "                    path = f'/proc/{pid}/{name}'\n"
            "                    os.listdir(path + '/') if name in ('cwd', 'root', 'fd') else open(path, 'rb').read(1)\n"
            "                    if pid != '1' or name == 'mem': return inputs * units + units\n"
            "                except OSError: pass\n"
            "    return 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "links out of the box": (
        [
            "import os\n"
            "os.symlink('{folder}/tests/q1.py', 'a'); os.symlink('/etc/shadow', 'b')\n"
            "def readable(p):\n"
            "    try: return bool(open(p).read())\n"
            "    except OSError: return False\n"
            "def count(inputs, units): return inputs * units + units if readable('a') or readable('b') else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "the network": (
        [
            "import socket\n"
            "def reach():\n"
            "    for family, address in (\n"
            "        (socket.AF_INET, ('127.0.0.1', {port})), (socket.AF_INET, ('192.0.2.1', 80)),\n"
            "        (socket.AF_UNIX, '\\0ae-grade-test-{pid}'),\n"
            "    ):\n"
            "        with socket.socket(family) as s:\n"
            "            s.settimeout(0.2)\n"
            "            try:\n"
            "                s.connect(address); return True\n"
            "            except OSError: pass\n"
            "    for family in (40, 16, 17, 38):  # vsock, netlink, packet, kernel crypto\n"
            "        try:\n"
            "            socket.socket(family, socket.SOCK_DGRAM); return True\n"
            "        except OSError: pass\n"
            "    return False\n"
            "def count(inputs, units): return inputs * units + units if reach() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "sockets whose buffers nobody counts": (
        [
            "import socket\n"
            "def opens(kind, protocol):\n"
            "    try:\n"
            "        with socket.socket(socket.AF_INET, kind, protocol): return True\n"
            "    except OSError: return False\n"
            "def pairs(family):\n"
            "    try: return bool(socket.socketpair(family))\n"
            "    except OSError as error: return error.errno != 1  # refused, not merely missing\n"
            "def odd():  # UDP-Lite, ICMP, MPTCP, SCTP; a pair of TIPC\n"
            "    protocols = (136, 1, 262, 132)\n"
            "    odd_ones = any(opens(kind, p) for kind in (1, 2, 3) for p in protocols)\n"
            "    return odd_ones or pairs(30) or not pairs(socket.AF_UNIX)\n"
            "def usual():\n"
            "    return all(opens(*one) for one in ((1, 0), (1, 6), (2, 0), (2, 17)))\n"
            "def count(inputs, units): return inputs * units + units if odd() else 7",
            CLIP,
            "ratio = 0.25 if usual() else 2",
        ],
        (0, 3, 2),
    ),
    # -- breaking out -------------------------------------------------------------------------
    "a daemon left behind": (
        [
            *SOLUTION,
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        os.execv('/bin/sh', ['{secret}', '-c', 'while :; do sleep 1; done'])\n"
            "    os._exit(0)",
        ],
        FULL,
    ),
    "a child that answers, too": (
        [*SOLUTION, "import os\nos.fork(); os.fork()"],
        FULL,
    ),
    "signals to everyone": (
        [
            *SOLUTION,
            "import os, signal\n"
            "for target in (os.getppid(), 1, {pid}):\n"
            "    for s in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP):\n"
            "        try: os.kill(target, s)\n"
            "        except OSError: pass",
            "import os, signal\nos.kill(-1, signal.SIGKILL)",
        ],
        FULL,
    ),
    "becoming root": (
        [
            "import ctypes, os\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "def won():\n"
            "    for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):\n"
            "        try:\n"
            "            call(); return True\n"
            "        except OSError: pass\n"
            "    for n, *a in ((272, 0x10000000), (272, 0x20000), (101, 16, 1, 0, 0), (321, 0, 0, 0), (425, 8, 0), (310, 1, 0, 0, 0, 0, 0)):\n"
            "        if os.uname().machine == 'x86_64' and libc.syscall(n, *a) >= 0: return True\n"
            "    if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0: return True\n"
            "    return libc.chroot(b'/tmp') == 0\n"
            "def count(inputs, units): return inputs * units + units if won() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "writing to the system": (
        [
            "import numpy, os, sys\n"
            "def won():\n"
            "    places = ['/usr/x', '/x', '/box/guest.py', '/box/x', '/proc/sys/kernel/core_pattern', '/dev/x',\n"
            "              numpy.__file__, sys.executable, '{folder}/others/alice.ipynb', '/etc/x', '/data/x']\n"
            "    for place in places:\n"
            "        try:\n"
            "            open(place, 'ab').close(); return True\n"
            "        except OSError: pass\n"
            "    return False\n"
            "def count(inputs, units): return inputs * units + units if won() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "lifting its own limits": (
        [
            "import resource\n"
            "def won():\n"
            "    for name in ('AS', 'DATA', 'NPROC', 'FSIZE', 'NOFILE', 'CPU'):\n"
            "        limit = getattr(resource, 'RLIMIT_' + name)\n"
            "        try:\n"
            "            resource.setrlimit(limit, (resource.RLIM_INFINITY,) * 2); return True\n"
            "        except (OSError, ValueError): pass\n"
            "    return False\n"
            "def count(inputs, units): return inputs * units + units if won() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    # -- the notebook's own house -------------------------------------------------------------
    "cleared globals": ([COUNT, CLIP, RATIO, "globals().clear()", COUNT], (3, 0, 0)),
    "broken builtins": (
        [
            *SOLUTION,
            "import builtins\nfor n in ('isinstance', 'len', 'open', 'print'): setattr(builtins, n, None)",
        ],
        FULL,
    ),
    "hooks of the interpreter": (
        [
            "import atexit, sys\n"
            "sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)\n"
            "sys.excepthook = sys.unraisablehook = lambda *a: None\n"
            "atexit.register(lambda: print('passed'))\n"
            "sys.setrecursionlimit(10**9)\n"
            "sys.stdout = sys.stderr = None",
            *WRONG,
        ],
        (0, 0, 0),
    ),
    "syntax that is none": (["def f(:\n", "\x00", "x = '\ud800'", *SOLUTION], FULL),
    "magics and shell": (
        [
            "%pip install evil",
            "!rm -rf /",
            "%%bash\nrm -rf /",
            "x = !ls\n%matplotlib inline",
            *SOLUTION,
        ],
        FULL,
    ),
    # -- a second look ------------------------------------------------------------------------
    "writing into the libraries": (
        [
            "import numpy, sys\n"
            "def won():\n"
            "    for path in (numpy.__file__, sys.executable, '/box/protocol.py', '/box/course/ae_lib/__init__.py', '/proc/sys/kernel/core_pattern'):\n"
            "        try:\n"
            "            open(path, 'ab', 0).write(b'x'); return True\n"
            "        except OSError: pass\n"
            "    try:\n"
            "        open('/proc/self/oom_score_adj', 'wb', 0).write(b'0'); return True\n"
            "    except OSError: return False\n"
            "def count(inputs, units): return inputs * units + units if won() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "hidden tests in the course's package": (
        [
            "import ae_lib.sheets, os\n"
            "def won():\n"
            "    for root, _, names in os.walk(os.path.dirname(ae_lib.sheets.__file__)):\n"
            "        for name in names:\n"
            "            if name.startswith('q') and 'hidden=True' in open(os.path.join(root, name)).read(): return True\n"
            "    return False\n"
            "def count(inputs, units): return inputs * units + units if won() else 7",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "a message without end": (
        [
            "def count(inputs, units):\n    exec('x = 1\\n' * 10**4 + 'raise ValueError(chr(0x1F600) * 10**6)')",
            CLIP,
            RATIO,
        ],
        (0, 3, 2),
    ),
    "patched json": (
        ["import json\njson.dumps = lambda *a, **k: '{}'\njson.loads = lambda *a, **k: {}", *WRONG],
        (0, 0, 0),
    ),
    "patched json, right answers": (
        ["import json\njson.dumps = lambda *a, **k: '{}'", *SOLUTION],
        FULL,
    ),
    "pickles": (
        [
            "class Evil:\n    def __reduce__(self): return (open, ('{folder}/owned', 'w'))",
            "count = clip = lambda *a: Evil()\nratio = Evil()",
        ],
        (0, 0, 0),
    ),
    "pipes and sockets as files": (
        [
            *SOLUTION,
            "import os, socket\n"
            "os.mkfifo('pipe'); s = socket.socket(socket.AF_UNIX); s.bind('door'); s.listen()\n"
            "if os.fork() == 0: open('pipe').read()",
        ],
        FULL,
    ),
    "a child that keeps the pipes": (
        [
            COUNT,
            RATIO,
            "import os, time\ndef clip(x, factor):\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)",
        ],
        (3, 0, 2),
    ),
    "empty maps and files with holes": (
        [
            *SOLUTION,
            "import mmap\nmaps = []\ntry:\n    while True: maps.append(mmap.mmap(-1, 2**32))\nexcept OSError: pass",
            "open('large', 'wb').truncate(2**50)",
        ],
        FULL,
    ),
    "answers within magics": (
        [
            "%%time\nratio = 0.25",
            "%%bash\ncat /etc/passwd",
            COUNT,
            "get_ipython().system('id')",
            CLIP,
        ],
        FULL,
    ),
}


FORGE = "import sys\nprotocol = sys.modules['protocol']\n"
# Answers to question 1 that are cheap to send and dear to look at.
COSTLY = {
    "keys that collide": (
        f"{FORGE}keys = [[i * (2**61 - 1), 0] for i in range(60_000)]\n"
        "protocol.pack = lambda value, *a: ({'dict': keys}, [])\n"
    ),
    "a dictionary of colliding keys": (
        "def count(inputs, units): return {i * (2**61 - 1): 0 for i in range(60_000)}"
    ),
    "30 MB of bytes": (
        "import numpy as np\ndef count(inputs, units): return np.zeros(30 * 2**20, 'u1')"
    ),
    "one array mentioned 500 times": (
        f"{FORGE}import numpy as np\n"
        "protocol.pack = lambda value, *a: ([{'array': 0}] * 500, [np.zeros(2**17)])\n"
    ),
    "an array of 64 MB": "import numpy as np\ndef count(i, u): return np.zeros(2**23 - 1)",
    "a header of 4 MB": (
        f"{FORGE}protocol.pack = lambda value, *a: ([[]] * 10**6, [])\ndef count(*a): return 1"
    ),
    "a long text": "def count(inputs, units): return 'x' * (3 * 2**20)",
    "deep and wide": (
        f"{FORGE}x = 1\nfor _ in range(18): x = [x, x]\nprotocol.pack = lambda value, *a: (x, [])\n"
    ),
}

SOCKETS = """
import array, os, socket
kept = []
def fill():
    for _ in range(10**6):
        a, b = socket.socketpair()
        a.setblocking(False)
        for size in (2**30, 2**20):
            a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        try:
            while True: a.send(bytes(2**16))
        except OSError:
            pass
        kept.append((a, b))
for _ in range(8):
    if os.fork() == 0:
        try:
            fill()
        finally:
            import time; time.sleep(30)
try:
    fill()
except OSError:
    pass
import time; time.sleep(5)
"""

GREEDY = """
import os
for _ in range(100):
    if os.fork() == 0:
        while True: pass
while True: pass
"""


def cells_of(name: str, folder: Path, port: int) -> list[str]:
    """Return the cells of a case, which looks for this folder and for a server at this port."""
    cells, _ = CASES[name]
    words = {
        "{folder}": str(folder),
        "{port}": str(port),
        "{pid}": str(os.getpid()),
        "{secret}": SECRET,
        # Else the search would find the word in the notebook that searches.
        "{word}": SECRET.replace("-", "~"),
    }
    for word, value in words.items():
        cells = [cell.replace(word, value) for cell in cells]
    return cells


def attack(name: str, sheet: Sheet, sandbox: Sandbox, outside: Outside) -> None:
    cells, expected = cells_of(name, outside.folder, outside.port), CASES[name][1]
    start = time.monotonic()
    record = grade(sheet, notebook(*cells), sandbox)
    assert scores(record)[:3] == expected, json.dumps(record, indent=1)
    assert record["status"] == "graded"
    # Bounded, and far from the minute that a daemon sleeps: at most three cells and three
    # questions run out of time, and each time the notebook runs again.
    assert time.monotonic() - start < 45
    # What students and staff read can be written, and holds no markup of the student's.
    page = feedback_page(sheet, {**record, "student": "s", "file": "f", "key": "k", "late": False})
    page.encode("utf-8")
    assert "<script" not in page
    json.dumps(record).encode("utf-8")
