"""Grade a pile of submissions in parallel, with a log that a second run goes on from."""

import concurrent.futures
import hashlib
import itertools
import json
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from ae_grade.collect import Submission
from ae_grade.grade import InvalidNotebook, Sheet, grade, question_record
from ae_grade.proxy import clean
from ae_grade.sandbox import Sandbox, SandboxError

__all__ = ["Log", "Outcome", "process_pool", "run", "write_atomically"]

ATTEMPTS = 3  # for a submission whose worker ends, or that finds no box
RULES = 2  # changes when the grader itself gives other results: then nothing counts as done


@dataclass
class Outcome:
    """What a run did.

    Attributes
    ----------
    records : dict
        The record of each student's submission by key, those of earlier runs included.
    graded, kept : int
        How many were graded now, and how many were done already.
    failed : dict
        By key, what kept the grader from grading a submission; a later run tries again.
    """

    records: dict[str, dict] = field(default_factory=dict)
    graded: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class Log:
    """Finished results, one JSON object a line, appended as they come.

    Parameters
    ----------
    path : Path
        Lines that are cut off or damaged are passed over: their submissions are graded again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = None

    def records(self) -> Iterator[dict]:
        if not self.path.is_file():
            return
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict) and {"key", "sha256", "sheet"} <= record.keys():
                    yield record

    def add(self, record: dict) -> None:
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with open(self.path, "ab+") as file:
            # A line that an interrupted run cut off must not swallow this one.
            if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                line = "\n" + line
            file.write(line.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it: there is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _start_worker() -> None:
    """Let a worker end when the run does, leave Ctrl-C to the run, and use one processor."""
    import ctypes

    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    # Linear algebra on all processors in every worker: they would wait for one another.
    threadpool_limits(1)


def process_pool(jobs: int) -> Executor:
    """Return a pool of processes that have the grader loaded and end with this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ae_grade.grade", "ae_lib.sheets.expect", "scipy.linalg"])
    return concurrent.futures.ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_start_worker
    )


def identity(submission: Submission, sha256: str, sheet: Sheet, sandbox: Sandbox) -> dict:
    """Return what must be the same for a logged result to count as this submission's."""
    return {
        "key": submission.key,
        "sha256": sha256,
        "sheet": f"{sheet.fingerprint()}-{RULES}",
        "box": sandbox.kind,
    }


def unusable(sheet: Sheet, message: str, sandbox: Sandbox) -> dict:
    """Return the record of a submission that there is nothing to run of."""
    return {
        "status": "no usable notebook",
        "message": message,
        "problems": [],
        "questions": [question_record(q, None, {}) for q in sheet.questions],
        "total": 0.0,
        "possible": sheet.possible,
        "seconds": 0.0,
        "sandbox": str(sandbox),
    }


def run(
    sheet: Sheet,
    submissions: list[Submission],
    log: Log,
    sandbox: Sandbox,
    make_executor: Callable[[], Executor],
    width: int,
    progress: bool = True,
) -> Outcome:
    """Grade what is not in the log yet.

    Parameters
    ----------
    sheet : Sheet
    submissions : list of Submission
    log : Log
        Finished results are read from it and added to it.
    sandbox : Sandbox
    make_executor : callable
        Makes any executor of `concurrent.futures`; called again when one breaks.
    width : int
        How many submissions the executor works on at a time; no more than twice as many are read
        into memory.
    progress : bool
        Show a bar.

    Returns
    -------
    Outcome

    Raises
    ------
    SandboxError
        No box could be made. What is finished is in the log.
    ConnectionError
        The executor gave up what it had accepted, as dask's does when its scheduler is gone.
    """
    outcome = Outcome()
    known = {(r["key"], r["sha256"], r["sheet"], r.get("box")): r for r in log.records()}
    pending: dict[Future, tuple[Submission, dict, bytes]] = {}
    again: list[tuple[Submission, dict, bytes]] = []
    attempts: dict[str, int] = {}
    queue = iter(submissions)
    bar = tqdm(total=len(submissions), unit=" submissions", disable=not progress, smoothing=0.1)

    def finish(submission: Submission, marks: dict, result: dict) -> None:
        record = {
            **marks,
            "student": submission.student,
            "identifier": submission.identifier,
            "late": submission.late,
            "file": submission.file,
            **result,
        }
        log.add(record)
        outcome.records[submission.key] = record
        outcome.graded += 1
        bar.update()

    def next_job() -> tuple[Submission, dict, bytes] | None:
        if again:
            return again.pop()
        for submission in queue:
            try:
                content = submission.read()
                problem = ""
            except InvalidNotebook as error:
                content, problem = b"", str(error)
            sha256 = hashlib.sha256(content).hexdigest() if not problem else ""
            marks = identity(submission, sha256, sheet, sandbox)
            if not problem and tuple(marks.values()) in known:
                outcome.records[submission.key] = {
                    **known[tuple(marks.values())],
                    # What Canvas says of it may have changed without the file.
                    "student": submission.student,
                    "late": submission.late,
                }
                outcome.kept += 1
                bar.update()
            elif problem:
                finish_unusable(submission, marks, problem)
            else:
                return submission, marks, content
        return None

    def finish_unusable(submission: Submission, marks: dict, problem: str) -> None:
        outcome.records[submission.key] = {
            **marks,
            "student": submission.student,
            "identifier": submission.identifier,
            "late": submission.late,
            "file": submission.file,
            **unusable(sheet, problem, sandbox),
        }
        outcome.graded += 1
        bar.update()

    executor = make_executor()
    try:
        while True:
            broken = False
            while not broken and len(pending) < 2 * width and (job := next_job()):
                try:
                    pending[executor.submit(grade, sheet, job[2], sandbox)] = job
                except BrokenExecutor:
                    again.append(job)
                    broken = True
            if not pending and not again:
                break
            done, _ = concurrent.futures.wait(
                pending, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in done:
                job = pending.pop(future)
                submission, marks, _ = job
                try:
                    result = future.result()
                except (BrokenExecutor, SandboxError) as error:
                    broken = broken or isinstance(error, BrokenExecutor)
                    tried = attempts[submission.key] = attempts.get(submission.key, 0) + 1
                    if tried < ATTEMPTS:
                        again.append(job)
                    elif isinstance(error, SandboxError):
                        raise
                    else:
                        outcome.failed[submission.key] = "its worker was ended from outside"
                        bar.update()
                except CancelledError:
                    raise ConnectionError(
                        "The connection to the workers was lost. What is finished is in the log: "
                        "the same command goes on from there."
                    ) from None
                except Exception as error:
                    # A fault of the tests or of the grader: no mark, and staff see where.
                    where = "".join(traceback.format_exception(error))
                    outcome.failed[submission.key] = clean(where, 5000)
                    bar.update()
                else:
                    finish(submission, marks, result)
            if broken:
                again.extend(pending.values())
                pending.clear()
                executor.shutdown(wait=False)
                executor = make_executor()
    finally:
        bar.close()
        for future in pending:
            future.cancel()
        executor.shutdown(wait=False)
    return outcome


def shard(submissions: list[Submission], which: str) -> list[Submission]:
    """Return the i-th of n parts, ``"i/n"`` counted from 1; together they are all, each once.

    Raises
    ------
    ValueError
        `which` is no such part.
    """
    first, _, second = which.partition("/")
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise ValueError(f"--shard {which!r}; expected i/n with 1 <= i <= n, for example 2/8.")
    return list(itertools.islice(submissions, int(first) - 1, None, int(second)))
