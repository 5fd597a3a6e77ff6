"""What runs inside the box: a student's notebook, and answers to the grader's questions about it.

The sandbox starts this file as a program of its own; it is never imported by the grader. It has
no secret: no test, no expected value, no other submission. Everything here may be patched or
forged by the notebook, and all that is won by it are other answers, which the grader checks.
"""

import builtins
import contextlib
import ctypes
import fcntl
import importlib
import json
import os
import random
import re
import resource
import sys
import types
from typing import Any

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.abspath(__file__))

# protocol and guest_kernel lie beside this file in the box.
import numpy as np
import protocol  # type: ignore[import-not-found]
from guest_kernel import Notebook, describe_error  # type: ignore[import-not-found]


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
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return None


def layers_of(model: Any) -> list:
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def parts_of(layer: Any) -> list:
    """Return a layer as a list, or those of the model that it is.

    A layer that is the activation of another comes after it.
    """
    if hasattr(layer, "layers"):
        return [part for inner in layers_of(layer) for part in parts_of(inner)]
    activation = getattr(layer, "activation", None)
    return [layer, *(parts_of(activation) if hasattr(activation, "get_weights") else [])]


def name_of(activation: Any) -> str | None:
    """Return an activation's name; None where there is none, or a part of its own."""
    if activation is None or hasattr(activation, "get_weights"):
        return None
    return str(getattr(activation, "__name__", type(activation).__name__))[:100]


def describe_layer(layer: Any) -> dict:
    parts = []
    for part in parts_of(layer):
        parts.append(
            {
                "class_name": type(part).__name__[:100],
                "activation": name_of(getattr(part, "activation", None)),
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
    if len(config["layers"]) != len(model.layers):
        return "it computes something between its layers, such as keras.ops; use layers for it"
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
