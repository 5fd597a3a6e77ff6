"""What runs inside the box: a student's notebook, and answers to the grader's questions about it.

The sandbox starts this file as a program of its own; it is never imported by the grader. It has
no secret: no test, no expected value, no other submission. Everything here may be patched or
forged by the notebook, and all that is won by it are other answers, which the grader checks.
"""

import ast
import builtins
import contextlib
import ctypes
import fcntl
import importlib
import importlib.abc
import importlib.machinery
import json
import linecache
import os
import random
import re
import resource
import sys
import traceback
import types
from typing import Any

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.abspath(__file__))

import numpy as np
import protocol  # type: ignore[import-not-found]  # lies beside this file in the box

MAX_TEXT = 2000


# What people paste from pages, and Python does not take for a space.
SPACES: dict[int, str | None] = dict.fromkeys(
    [0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "
)
SPACES |= dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
HARMLESS = {"matplotlib", "load_ext", "reload_ext", "autoreload", "config", "precision", "timeit"}


class Nothing:
    """What stands for the parts of Colab: it can be called and asked, and does nothing."""

    def __call__(self, *_: Any, **__: Any) -> "Nothing":
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False


class Colab(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `google.colab` where there is none, once a cell has failed for the lack of it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "google" or (name + ".").startswith("google.colab."):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module: Any) -> None:
        if module.__name__ != "google":
            module.__getattr__ = lambda name: Nothing()


class Notebook:
    """Runs cells in one namespace, much as Jupyter's kernel does."""

    def __init__(self, names: dict) -> None:
        self.names = names
        self.notes: list[str] = []  # what did nothing in the cell that runs
        self.filename = ""  # of that cell
        self.loop: Any = None
        self.last: list[Any] = []  # the results that `_`, `__` and `___` stand for
        names.update(get_ipython=lambda: Magics(self), __name__="__main__")
        builtins.input = self.input

    def input(self, prompt: object = "") -> str:
        self.note("input() answers nothing while a notebook is graded")
        return ""

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < 5:
            self.notes.append(text[:200])

    def run_cell(self, source: str, filename: str) -> None:
        self.notes, self.filename = [], filename
        try:
            self.run(source, filename)
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("google") or any(
                isinstance(finder, Colab) for finder in sys.meta_path
            ):
                raise
            sys.meta_path.append(Colab())
            self.note("google.colab does nothing while a notebook is graded")
            self.run(source, filename)

    def run(self, source: str, filename: str) -> Any:
        """Run source; return the value of its last line if that is an expression."""
        source, tree = parsed(source, filename)
        # So that a traceback shows the student's line.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            del tree.body[-1]
        self.execute(compile(tree, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        if not isinstance(last, ast.Expr):
            return None
        expression = ast.Expression(last.value)
        value = self.execute(compile(expression, filename, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        if value is not None:
            self.remember(value)
        return value

    def execute(self, code: types.CodeType) -> Any:
        value = eval(code, self.names)
        if not code.co_flags & 0x80:  # inspect.CO_COROUTINE: there is an await outside functions
            return value
        import asyncio

        if self.loop is None:
            self.loop = asyncio.new_event_loop()
        return self.loop.run_until_complete(value)

    def remember(self, value: Any) -> None:
        """Set `_` to the last result, unless the notebook uses it for something else."""
        if "_" in self.names and not (self.last and self.names["_"] is self.last[0]):
            return
        self.last = [value, *self.last[:2]]
        for name, old in zip(("_", "__", "___"), self.last, strict=False):
            self.names[name] = old


class Magics:
    """What `get_ipython()` returns: most magics, and shell commands, do nothing here."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook

    def run_line_magic(self, name: str, line: str, *_: Any) -> Any:
        # These only measure, so what they hold is part of the answer.
        if name in ("time", "prun") and line.strip():
            return self.notebook.run(line, f"<%{name}>")
        if name == "run" and line.strip():
            with open(line.split()[0].strip("'\""), encoding="utf-8") as file:
                return self.notebook.run(file.read(), f"<{line.split()[0]}>")
        if name not in HARMLESS:
            self.notebook.note(f"%{name} does nothing while a notebook is graded")
        return None

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name in ("time", "timeit", "capture", "prun"):
            if name == "capture" and line.strip() and not line.startswith("-"):
                self.notebook.names[line.split()[0]] = Nothing()
            # Below an empty line in place of the magic, so that lines keep their numbers.
            self.notebook.run("\n" + cell, self.notebook.filename)
        elif name in ("writefile", "file") and line.strip():
            words = line.split()
            with open(words[-1].strip("'\""), "a" if "-a" in words else "w", encoding="utf-8") as f:
                f.write(cell)
        else:
            self.notebook.note(f"%%{name} does nothing while a notebook is graded")

    def system(self, command: str) -> None:
        self.notebook.note("shell commands do nothing while a notebook is graded")

    def getoutput(self, command: str) -> list[str]:
        self.system(command)
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def parsed(source: str, filename: str) -> tuple[str, ast.Module]:
    """Return the Python that IPython makes of a cell, and its tree."""
    try:
        return source, ast.parse(source, filename)
    except SyntaxError:
        pass
    from IPython.core.inputtransformer2 import TransformerManager

    # It drops blank lines at the top; with them lines keep their numbers.
    blank = source[: len(source) - len(source.lstrip())].count("\n")
    source = "\n" * blank + TransformerManager().transform_cell(source)
    try:
        return source, ast.parse(source, filename)
    except SyntaxError:
        spaced = source.translate(SPACES)
        if spaced == source:
            raise
        return spaced, ast.parse(spaced, filename)


def describe_error(error: BaseException) -> dict:
    """Say what went wrong in the student's code, in words that may be shown."""
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:
        text = "(an exception that cannot be printed)"
    # As builtins know it: a class of the student's own arrives as its nearest builtin ancestor.
    known = next((c for c in type(error).__mro__ if getattr(builtins, c.__name__, None) is c), None)
    try:
        frames = traceback.extract_tb(error.__traceback__)
        places = [(f.filename, f.lineno) for f in frames]
        if isinstance(error, SyntaxError):
            places.append((str(error.filename), error.lineno))
        cells = [f"{name[1:-1]}, line {n}" for name, n in places if name.startswith("<cell ")]
        where = cells[-1] if cells else ""
    except BaseException:
        where = ""
    return {
        "type": type(error).__name__[:100],
        "builtin": known.__name__ if known else "Exception",
        "message": text[:MAX_TEXT],
        "where": where[:200],
    }


class Answers:
    """Answers requests: runs cells, hands out values, calls functions and models."""

    def __init__(self, names: dict) -> None:
        self.names = names
        self.notebook = Notebook(names)
        self.handles: list[Any] = []

    def name(self, item: Any) -> dict | np.ndarray:
        """Say what stands for an object that is neither JSON nor an array."""
        if hasattr(item, "count_params") and hasattr(item, "predict") and hasattr(item, "layers"):
            self.handles.append(item)
            return {"model": {"handle": len(self.handles) - 1, **self.describe_model(item)}}
        if callable(item):
            self.handles.append(item)
            return {
                "function": {
                    "handle": len(self.handles) - 1,
                    "name": str(getattr(item, "__name__", type(item).__name__))[:100],
                }
            }
        if hasattr(item, "__array__") and type(item).__module__.partition(".")[0] in (
            "tensorflow",
            "jax",
            "jaxlib",
            "torch",
            "keras",
        ):
            array = np.asarray(item)
            return array if array.dtype.str in protocol.DTYPES else array.astype("float32")
        return {"opaque": type(item).__name__[:100]}

    def describe_model(self, model: Any) -> dict:
        """Say of what a model is made. The grader computes its answers from that, and its weights.

        A layer that is a model itself is described by its parts, in the order they compute.
        """
        fault = not_a_chain(model)
        shape = getattr(model, "input_shape", None)
        return {
            "fault": fault,
            "input_shape": plain(shape),
            "layers": [] if fault else [describe_layer(layer) for layer in layers_of(model)],
        }

    def answer(self, request: dict, arrays: list) -> Any:
        what = request["op"]
        if what == "cell":
            self.notebook.run_cell(request["source"], f"<cell {request['number']}>")
            return self.notebook.notes
        if what == "get":
            return {
                "there": request["name"] in self.names,
                "value": self.names.get(request["name"]),
            }
        target = self.handles[request["handle"]]
        args, kwargs = protocol.unpack(request["arguments"], arrays)
        if what == "call":
            return target(*args, **kwargs)
        if what == "weights":
            return [
                [[np.asarray(w) for w in part.get_weights()] for part in parts_of(layer)]
                for layer in layers_of(target)
            ]
        raise ValueError(f"no such operation: {what}")


def plain(value: Any) -> Any:
    """Return numbers, words and lists of them; None in place of anything else."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return None


def layers_of(model: Any) -> list:
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def parts_of(layer: Any) -> list:
    """Return a layer as a list, or those of the model that it is."""
    if not hasattr(layer, "layers"):
        return [layer]
    return [part for inner in layers_of(layer) for part in parts_of(inner)]


def describe_layer(layer: Any) -> dict:
    parts = []
    for part in parts_of(layer):
        activation = getattr(part, "activation", None)
        parts.append(
            {
                "class_name": type(part).__name__[:100],
                "activation": getattr(activation, "__name__", None),
                "config": {str(k): plain(v) for k, v in part.get_config().items()},
            }
        )
    return {"name": str(layer.name)[:100], "class_name": type(layer).__name__[:100], "parts": parts}


def not_a_chain(model: Any) -> str:
    """Say why a model is not one layer after the other, or nothing."""
    for layer in layers_of(model):
        if hasattr(layer, "layers") and (fault := not_a_chain(layer)):
            return fault
    keras = sys.modules.get("keras")
    if keras is None or isinstance(model, keras.Sequential):
        return "" if getattr(model, "built", True) else "it has no Input layer"
    if "layers" not in (config := model.get_config()) or "output_layers" not in config:
        return "it has a call() of its own; build it with Sequential or Model(inputs, outputs)"
    before = ""
    for layer in config["layers"]:
        nodes = layer["inbound_nodes"]
        named = re.findall(r"'keras_history': \[?\(?'(.*?)'", str(nodes))
        if len(nodes) > 1 or named != ([before] if before else []):
            return "its layers do not follow one after the other"
        before = layer["name"]
    return "" if str(config["output_layers"]).count("'") == 2 else "it has several outputs"


def serve(read_fd: int, write_fd: int, names: dict) -> None:
    """Answer one request after the other until the grader closes the connection."""
    answers, owner = Answers(names), os.getpid()
    while True:
        try:
            request, arrays = protocol.receive(read_fd)
        except EOFError:
            return
        reply: dict[str, Any] = {"id": request["id"]}
        packed: list[np.ndarray] = []
        try:
            value = answers.answer(request, arrays)
            reply["value"], packed = protocol.pack(value, answers.name)
        except BaseException as error:  # whatever the student's code raises, SystemExit included
            reply["error"] = describe_error(error)
        if os.getpid() != owner:
            os._exit(0)  # a child that the notebook forked has come home: it must not answer
        try:
            protocol.send(write_fd, reply, packed)
        except protocol.ProtocolError as error:
            protocol.send(write_fd, {"id": request["id"], "error": describe_error(error)}, [])


def settle(uid: int, limits: dict[str, int]) -> None:
    """Give up the privileges of root, then set what this process and its children may use."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        if os.getuid() == 0:
            sys.exit("the box still runs as root")
    for name, value in limits.items():
        limit = getattr(resource, f"RLIMIT_{name}")
        # A batch system may have set a lower one, which nobody can raise.
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def filter_calls(number: int, program: bytes) -> None:
    """Refuse system calls from here on, in all threads, as the program of the grader says."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    lib = ctypes.CDLL(None, use_errno=True)
    wanted = Program(len(program) // 8, program)
    # PR_SET_NO_NEW_PRIVS; then SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_TSYNC
    if lib.prctl(38, 1, 0, 0, 0) or lib.syscall(number, 1, 1, ctypes.byref(wanted)):
        sys.exit(f"the filter of system calls was refused: {os.strerror(ctypes.get_errno())}")


def main() -> None:
    options = json.loads(sys.argv[1])
    # The connection moves away from where a print or a child would write, before anything runs.
    read_fd = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 50)
    write_fd = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 50)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    settle(options["uid"], options["rlimits"])
    if "filter" in options:
        number, program = options["filter"]
        filter_calls(number, bytes.fromhex(program))
    sys.path[0] = ""
    sys.argv[:] = ["notebook"]
    os.chdir(os.environ["HOME"])
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the notebooks' old global generator, too
    for module in options["preload"]:
        importlib.import_module(module)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=builtins, display=lambda *_, **__: None)
    sys.modules["__main__"] = module
    protocol.send(write_fd, {"id": "ready", "value": None}, [])
    # From here on the notebook may print what it likes; nobody reads it.
    os.dup2(null, 2)
    with contextlib.suppress(BrokenPipeError):
        serve(read_fd, write_fd, module.__dict__)
    os._exit(0)


if __name__ == "__main__":
    main()
