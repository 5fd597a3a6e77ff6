"""Grade a pile of submissions in parallel, with a log that a second run goes on from."""

import hashlib
import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from tqdm import tqdm

from ae_grade.apart import GraderFault, Tried, Worker, WorkerDied
from ae_grade.collect import Submission
from ae_grade.log import RULES, Log, NotGraded
from ae_grade.notebook import InvalidNotebook
from ae_grade.sandbox import Sandbox, SandboxError
from ae_grade.sheet import Sheet

__all__ = ["Outcome", "grade_all", "shard"]

ATTEMPTS = 3  # for a submission whose worker ends, or that finds no box
# Linear algebra on all processors in every worker: they would wait for one another.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


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
        By key, whose submission could not be graded, and why; a later run tries again.
    """

    records: dict[str, dict] = field(default_factory=dict)
    graded: int = 0
    kept: int = 0
    failed: dict[str, NotGraded] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A submission to grade, its content, and what must be the same for a result to be its own."""

    submission: Submission
    content: bytes
    identity: dict[str, str]


class Batch:
    """A pile that is being graded.

    Parameters
    ----------
    sheet, submissions, log, sandbox
        As `grade_all` takes them.
    make_worker : callable
        Makes what grades, with `grade` and `close`, as `ae_grade.apart.Worker` has them.
    bar : tqdm
    """

    def __init__(
        self,
        sheet: Sheet,
        submissions: list[Submission],
        log: Log,
        sandbox: Sandbox,
        make_worker: Callable[[], Worker],
        bar: tqdm,
    ) -> None:
        self.sheet, self.log, self.sandbox, self.bar = sheet, log, sandbox, bar
        self.outcome = Outcome()
        self._make_worker = make_worker
        self._queue = iter(submissions)
        self._known = {identity_of(record): record for record in log.records()}
        self._fingerprint = f"{sheet.fingerprint()}-{RULES}"
        self._workers: list[Worker] = []
        self._mine = threading.local()

    def next_job(self) -> Job | None:
        """Return the next submission that has to be run; note those that need not."""
        for submission in self._queue:
            identity = {
                "key": submission.key,
                "sha256": "",
                "sheet": self._fingerprint,
                "box": self.sandbox.kind,
            }
            try:
                content = submission.read()
            except InvalidNotebook as error:
                # There is no content to know it by: it is looked at again in each run.
                record = self._note(
                    submission, identity, unusable(self.sheet, str(error), self.sandbox)
                )
                if self._known.get(identity_of(identity)) != record:
                    self.log.add(record)
                continue
            identity["sha256"] = hashlib.sha256(content).hexdigest()
            done = self._known.get(identity_of(identity))
            if done is None:
                return Job(submission, content, identity)
            # What the system says of it may have changed without the file.
            about = {"student": submission.student, "late": submission.late}
            self.outcome.records[submission.key] = {**done, **about}
            self.outcome.kept += 1
            self.bar.update()
        return None

    def grade(self, job: Job) -> dict:
        """Grade one submission in this thread's worker; called in threads of a pool.

        Raises
        ------
        WorkerDied, GraderFault, SandboxError
            As often as it is tried.
        """
        tried = Tried()
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._worker().grade(job.content, tried)
            except WorkerDied:
                # It had this submission alone, so no other one is lost or suspected.
                self._mine.worker = None
                if not left:
                    raise
            except SandboxError:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def finish(self, job: Job, future: Future) -> None:
        """Note the result of a job.

        Raises
        ------
        SandboxError
            No box could be made.
        """
        try:
            result = future.result()
        except (WorkerDied, GraderFault) as error:
            found = job.submission
            self.outcome.failed[found.key] = NotGraded(found.student, found.identifier, str(error))
            self.bar.update()
        else:
            self.log.add(self._note(job.submission, job.identity, result))

    def close(self) -> None:
        for worker in self._workers:
            worker.close()

    def _worker(self) -> Worker:
        if getattr(self._mine, "worker", None) is None:
            self._mine.worker = self._make_worker()
            self._workers.append(self._mine.worker)
        return self._mine.worker

    def _note(self, submission: Submission, identity: dict[str, str], result: dict) -> dict:
        record = {
            **identity,
            "student": submission.student,
            "identifier": submission.identifier,
            "late": submission.late,
            "file": submission.file,
            **result,
        }
        self.outcome.records[submission.key] = record
        self.outcome.graded += 1
        self.bar.update()
        return record


def identity_of(record: dict) -> tuple:
    return tuple(record.get(name) for name in ("key", "sha256", "sheet", "box"))


def unusable(sheet: Sheet, message: str, sandbox: Sandbox) -> dict:
    """Return the record of a submission that there is nothing to run of."""
    questions: list[dict] = [
        {
            "name": q.name,
            "possible": q.points,
            "score": None if q.tests is None else 0.0,
            "cases": [],
            "answer": [],
            "seconds": 0.0,
            "cells": {},
        }
        for q in sheet.questions
    ]
    return {
        "status": "no usable notebook",
        "message": message,
        "problems": [],
        "questions": questions,
        "total": 0.0,
        "possible": sheet.possible,
        "seconds": 0.0,
        "sandbox": str(sandbox),
    }


def grade_all(
    sheet: Sheet,
    submissions: list[Submission],
    log: Log,
    sandbox: Sandbox,
    jobs: int,
    progress: bool = True,
    make_worker: Callable[[], Worker] | None = None,
) -> Outcome:
    """Grade what is not in the log yet.

    Parameters
    ----------
    sheet : Sheet
    submissions : list of Submission
    log : Log
        Finished results are read from it and added to it.
    sandbox : Sandbox
    jobs : int
        How many are graded at a time; one more is read into memory.
    progress : bool
        Show a bar.
    make_worker : callable, optional
        Makes what grades; by default a process.

    Returns
    -------
    Outcome

    Raises
    ------
    SandboxError
        No box could be made. All that was being graded is finished first, and in the log.
    """
    for name in THREADS:
        os.environ[name] = "1"  # for the processes that start now
    with tqdm(
        total=len(submissions), unit=" submissions", disable=not progress, smoothing=0.1
    ) as bar:
        make = make_worker or (lambda: Worker(sheet, sandbox))
        batch = Batch(sheet, submissions, log, sandbox, make, bar)
        pool = ThreadPoolExecutor(jobs)
        pending: dict[Future, Job] = {}
        fault: SandboxError | None = None
        try:
            while True:
                while not fault and len(pending) <= jobs and (job := batch.next_job()):
                    pending[pool.submit(batch.grade, job)] = job
                if not pending:
                    break
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    job = pending.pop(future)
                    try:
                        batch.finish(job, future)
                    except SandboxError as error:
                        fault = error
                        for other in [f for f in pending if f.cancel()]:
                            del pending[other]
        finally:
            for future in pending:
                future.cancel()
            batch.close()
            pool.shutdown()
    if fault:
        raise fault
    return batch.outcome


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
