"""What the tests see of a notebook: its names, as proxies for what lives in the box.

The tests run here, outside the box, and call a student's function as if it were a local one. The
call travels into the box, and what comes back is a plain value, a checked description of a Keras
model, or an exception.
"""

import builtins
import functools
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from ae_grade import protocol
from ae_grade.explain import explained
from ae_grade.host import NOTHING, Box, BoxError
from ae_grade.network import Layer, Network
from ae_grade.notebook import Cell
from ae_grade.sandbox import Limits, Sandbox, Surroundings
from ae_grade.text import clean

__all__ = ["Names", "NotebookRun", "OutOfTime", "StudentError"]

MAX_ENDS = 3  # cells that may end the box or never return before the rest is given up


class OutOfTime(RuntimeError):
    """The question has used up its time, or its box has ended."""


class NotebookRun:
    """A notebook running in a box, started anew when the box ends.

    Parameters
    ----------
    cells : sequence of Cell
        Run in this order, in one namespace; a cell that fails does not stop those after it.
    timeout : float
        Seconds for all cells.

    Attributes
    ----------
    problems : list of str
        What went wrong in the cells, in words for the student.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        sandbox: Sandbox,
        limits: Limits,
        timeout: float,
        surroundings: Surroundings = NOTHING,
        backend: str = "numpy",
        preload: Sequence[str] = (),
    ) -> None:
        self.cells, self.timeout = cells, timeout
        self.problems: list[str] = []
        self.box_arguments = (sandbox, limits, surroundings, backend, tuple(preload))
        self._box: Box | None = None
        self._skipped: set[int] = set()  # cells that ended the box when they ran
        self._noted: set[int] = set()
        self._allowance = 0.0  # seconds that the current question has left
        # Of this thread alone: others of this process watch the box, for as long as that takes.
        self._computed = 0.0  # seconds that the grader had computed when the question began
        self._most = 0.0  # seconds that it may compute
        self._over = ""  # why the current question gets no more answers

    def box(self) -> Box:
        """Return a box in which the notebook has run."""
        while self._box is None:
            self._box = Box(*self.box_arguments)
            try:
                self._run_cells(self._box)
            except BoxError:
                self._box = None
        return self._box

    def _run_cells(self, box: Box) -> None:
        left = self.timeout
        for cell in self.cells:
            if cell.number in self._skipped:
                continue
            request = {"op": "cell", "source": cell.source, "number": cell.number}
            try:
                reply, _ = box.request(request, timeout=left)
            except BoxError as error:
                self._note(cell.number, f"stopped the notebook: {error}")
                self._skipped.add(cell.number)
                if len(self._skipped) >= MAX_ENDS:
                    later = {c.number for c in self.cells if c.number > cell.number}
                    self._skipped |= later
                    if later:
                        self._note(0, f"The cells after cell {cell.number} were not run.")
                raise
            left = max(0.1, left - box.used)
            if "error" in reply:
                raised = student_error(reply["error"], self.cells)
                self._note(cell.number, f"raised {raised.described}")
            elif type(notes := reply.get("value")) is list and notes:
                self._note(cell.number, "; ".join(clean(note, 200) for note in notes[:5]))

    def _note(self, number: int, words: str) -> None:
        if number not in self._noted:
            self._noted.add(number)
            self.problems.append(clean(f"Cell {number}: {words}" if number > 0 else words))

    def begin(self, allowance: float) -> None:
        """Begin a question that may take this many seconds, of the box and of the tests together.

        The tests may compute no longer, either, on what the box sent: a signal ends them.
        """
        self._allowance, self._most, self._over = allowance, allowance, ""
        self.box()
        self._computed = time.thread_time()
        signal.signal(signal.SIGPROF, self._too_long)
        signal.setitimer(signal.ITIMER_PROF, allowance, 0.5)

    def _too_long(self, *_: object) -> None:
        if time.thread_time() - self._computed < self._most:
            return  # the timer counts all threads
        self._over = self._over or "Your answer took the tests too long: is it far too large?"
        raise OutOfTime(self._over)

    def end(self) -> tuple[float, str]:
        """Return the seconds that are left, and why the question was cut short, or ''."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._allowance -= time.thread_time() - self._computed
        return max(0.1, self._allowance), self._over

    def ask(self, request: dict, arrays: Sequence[np.ndarray] = ()) -> Any:
        """Send a request about a value and return the answer, or raise what it raised."""
        if self._over:
            raise OutOfTime(self._over)
        box = self.box()
        left = self._allowance - (time.thread_time() - self._computed)
        try:
            reply, results = box.request(request, arrays, max(0.05, left))
        except BoxError as error:
            self._box = None
            self._over = f"Your code was stopped: {error}"
            raise OutOfTime(self._over) from None
        except OutOfTime:
            box.close()  # in the middle of a message
            self._box = None
            raise
        finally:
            self._allowance -= box.used
        if "error" in reply:
            raise student_error(reply["error"], self.cells)
        try:
            return protocol.unpack(reply.get("value"), results, self._proxy)
        except protocol.ProtocolError as error:
            raise TypeError(
                f"Your code returned something that cannot be graded: {error}"
            ) from None

    def _proxy(self, kind: str, content: Any) -> Any:
        if kind == "opaque" and type(content) is str:
            return Opaque(clean(content, 100))
        if type(content) is dict and type(content.get("handle")) is int:
            if kind == "function":
                return Function(self, content["handle"], clean(content.get("name"), 100))
            if kind == "model":
                return Model(self, content)
        raise protocol.ProtocolError(f"an object of an unknown kind, {clean(kind, 40)!r}")

    def call(self, operation: str, handle: int, args: tuple, kwargs: dict) -> Any:
        tree, arrays = protocol.pack((args, kwargs))
        return self.ask({"op": operation, "handle": handle, "arguments": tree}, arrays)

    def close(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)  # whatever came between a question and its end
        if self._box is not None:
            self._box.close()
            self._box = None


class StudentError(Exception):
    """Something that the student's code raised; `described` says what, where and what to do."""

    described = ""


def student_error(content: Any, cells: Sequence[Cell]) -> Any:
    """Return an exception that tests can catch as what it was: a ValueError is a ValueError."""
    fields = content if type(content) is dict else {}
    name = clean(fields.get("type", "Exception"), 100)
    message = clean(fields.get("message", ""))
    ancestor = getattr(builtins, str(fields.get("builtin")), None)
    # Not KeyboardInterrupt and SystemExit: they would stop the grader, not the test.
    if not (isinstance(ancestor, type) and issubclass(ancestor, Exception)):
        ancestor = RuntimeError
    if issubclass(ancestor, (OSError, UnicodeError, BaseExceptionGroup, StopIteration)):
        ancestor = RuntimeError  # their constructors want more than a message
    error = type(name if name.isidentifier() else "Exception", (StudentError, ancestor), {})(
        message
    )
    said = f"{name}: {message}" if message else name
    error.described = "\n".join([said, *explained(fields, cells)])
    return error


NO_CONSTANTS: Mapping[str, Any] = {}


class Names(Mapping):
    """The notebook's global names, as otter's tests look them up.

    The sheet's own constants are what the sheet says, whatever the notebook holds by now.
    """

    def __init__(self, run: NotebookRun, constants: Mapping[str, Any] = NO_CONSTANTS) -> None:
        self._run, self._constants = run, constants

    def __getitem__(self, name: str) -> Any:
        if name in self._constants:
            return self._constants[name]
        found = self._run.ask({"op": "get", "name": name})
        if type(found) is not dict or not found.get("there"):
            raise KeyError(name)
        return found.get("value")

    def __iter__(self) -> NoReturn:
        raise TypeError("a test names what it wants of the notebook")

    def __len__(self) -> NoReturn:
        raise TypeError("a test names what it wants of the notebook")


class Function:
    """A function of the notebook: a call of it runs in the box."""

    def __init__(self, run: NotebookRun, handle: int, name: str) -> None:
        self._run, self._handle, self.__name__ = run, handle, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run.call("call", self._handle, args, kwargs)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of the notebook>"


def _refusal(action: str) -> Callable:
    def refuse(self: "Opaque", *_: object) -> NoReturn:
        raise TypeError(f"{self!r} cannot be {action}.")

    return refuse


class Opaque:
    """A value that cannot leave the box. It equals nothing, and is neither true nor false."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __repr__(self) -> str:
        return (
            f"an object of type {self._kind} (only numbers, strings, lists, dictionaries, arrays, "
            "functions and Keras models can be graded)"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refusal("compared")
    __bool__ = _refusal("taken as true or false")
    __array__ = _refusal("turned into an array")
    __hash__ = None  # type: ignore[assignment]


class Model:
    """A Keras model of the notebook, computed outside from its layers and weights.

    The notebook describes layers and hands out arrays, and nothing else of it is asked: sizes,
    counts and answers are those of these layers with these weights.
    """

    def __init__(self, run: NotebookRun, fields: dict) -> None:
        self._run, self._fields, self._handle = run, fields, fields["handle"]

    @functools.cached_property
    def _network(self) -> Network:
        if fault := self._fields.get("fault"):
            raise TypeError(f"The model cannot be computed by the grader: {clean(fault, 200)}.")
        weights = self._run.call("weights", self._handle, (), {})
        try:
            return Network(self._fields, weights)
        except protocol.ProtocolError as error:
            raise TypeError(f"The model cannot be computed by the grader: {error}.") from None

    @property
    def layers(self) -> list[Layer]:
        return self._network.layers

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        return self._network.input_shape

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        return self._network.output_shape

    def count_params(self) -> int:
        return sum(layer.count_params() for layer in self.layers)

    def predict(self, x: np.ndarray, verbose: int = 0, **kwargs: Any) -> np.ndarray:
        return self._network.predict(x)

    def get_weights(self) -> list[np.ndarray]:
        return self._network.weights
