"""Run jobs on this machine in separate processes, so that only one job is lost if a process dies."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness.errors import InfrastructureError
from harness.evaluation import EvaluationResult
from harness.grading._events import Event, JobDone, JobLost, JobStarted, NoticeRaised, PhaseReached
from harness.grading._runner_messages import (
    Cause,
    EvaluationRequest,
    Finished,
    JobFailed,
    Notice,
    Orders,
    PhaseBegun,
    RunnerReply,
    UnsuitableMachine,
)
from harness.grading._work import Job
from harness.pipes import read_message, write_message
from harness.programs import python_command
from harness.record import Evidence
from harness.sandbox import ForkServerOwner
from harness.scratch import scratch

_ATTEMPTS = 2
_SECONDS_TO_LEAVE = 15.0
_LOOK_SECONDS = 0.5
"""Seconds to wait for a queue at a time, because on Windows no signal interrupts the wait."""


@dataclass(frozen=True, kw_only=True)
class LocalExecutor:
    """Runs jobs in at most `slots` runner processes, whose output goes to `log`."""

    orders: Orders
    slots: int
    log: Path
    fork_servers: ForkServerOwner | None = None
    """The fork servers of all workers; None to start each worker as a new process."""

    def run(self, jobs: Sequence[Job]) -> Generator[Event, None, None]:
        """Run `jobs`. A job that fails because of the infrastructure is tried once more, after all others."""
        with (
            _scratch() as folder,
            self.log.open("ab") as log,
            _Pool(self, folder, log.fileno()) as pool,
        ):
            yield from pool.run(jobs)


@dataclass(eq=False)
class _RunnerProcess:
    """A runner process and its current job."""

    process: subprocess.Popen[bytes]
    folder: Path
    """The folder of its temporary files."""
    job: Job | None = None

    def ask(self, request: EvaluationRequest) -> None:
        """Send a request, unless the process has ended."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # `listen` reports the end of the process
            write_message(self.process.stdin, msgspec.msgpack.encode(request))

    def close_input(self) -> None:
        """Close the standard input of the process, which makes it exit."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # the last request may not have been read
            self.process.stdin.close()

    def listen(self, news: queue.SimpleQueue[News]) -> None:
        """Put its replies into a queue, and None when it has ended."""
        assert self.process.stdout is not None
        try:
            with contextlib.suppress(EOFError, OSError), self.process.stdout as stream:
                while True:
                    news.put((self, msgspec.msgpack.decode(read_message(stream), type=RunnerReply)))
        finally:  # whatever is wrong with a reply: nobody may wait for the next one
            news.put((self, None))

    def describe_end(self) -> str:
        code = self.process.wait()
        with contextlib.suppress(ValueError):
            if code < 0:
                return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"


News = tuple[_RunnerProcess, RunnerReply | None]
"""A runner and its reply, or None if the runner has ended."""


@dataclass(eq=False)
class _Pool:
    """The runners of a grading run, and the remaining jobs."""

    local: LocalExecutor
    scratch: Path
    log: int
    _runners: list[_RunnerProcess] = field(default_factory=list)
    _waiting: deque[tuple[Job, int]] = field(default_factory=deque)
    _attempt: dict[str, int] = field(default_factory=dict)
    _news: queue.SimpleQueue[News] = field(default_factory=queue.SimpleQueue)
    _started: int = 0

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        """Let every runner exit normally, so that it also ends its workers."""
        for runner in self._runners:
            runner.close_input()
        for runner in self._runners:
            with contextlib.suppress(subprocess.TimeoutExpired):
                runner.process.wait(_SECONDS_TO_LEAVE)
            runner.process.kill()
            runner.process.wait()

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        self._waiting.extend((job, 1) for job in jobs)
        while self._waiting or any(runner.job for runner in self._runners):
            yield from self._assign_jobs()
            with contextlib.suppress(queue.Empty):
                yield from self._handle(*self._news.get(timeout=_LOOK_SECONDS))

    def _assign_jobs(self) -> Iterator[Event]:
        """Give a job to every idle runner, and start new runners while there are free slots."""
        while self._waiting:
            runner = next((runner for runner in self._runners if runner.job is None), None)
            if runner is None:
                if len(self._runners) >= self.local.slots:
                    return
                runner = self._start()
            job, attempt = self._waiting.popleft()
            runner.job = job
            self._attempt[str(job)] = attempt
            submission = job.submission
            shared = None if submission.shared is None else str(submission.shared)
            runner.ask(EvaluationRequest(submission.name, submission.task, str(submission.folder), shared))
            yield JobStarted(job, f"process {runner.process.pid}")

    def _handle(self, runner: _RunnerProcess, said: RunnerReply | None) -> Iterator[Event]:
        reply = JobFailed(self._remove(runner)) if said is None else said
        job = runner.job
        if job is None:
            return
        match reply:
            case PhaseBegun(phase):
                yield PhaseReached(job, phase)
            case Notice(notice):
                yield NoticeRaised(job, notice)
            case Finished(record, evidence):
                runner.job = None
                yield JobDone(job, EvaluationResult(record, Evidence.unpack(evidence)))
            case JobFailed(problem, cause):
                runner.job = None
                yield self._retry_or_give_up(job, problem, cause)
            case UnsuitableMachine(problem):
                runner.job = None
                yield self._retry_or_give_up(job, problem, "infrastructure")

    def _retry_or_give_up(self, job: Job, problem: str, cause: Cause) -> JobLost:
        attempt = self._attempt[str(job)]
        final = attempt >= _ATTEMPTS or cause == "task"  # trying again does not repair a task
        if not final:
            self._waiting.append((job, attempt + 1))
        return JobLost(job, problem, final=final, cause=cause)

    def _start(self) -> _RunnerProcess:
        self._started += 1
        folder = self.scratch / str(self._started)
        folder.mkdir()
        folder.chmod(0o711)  # a worker's own uid needs to traverse it
        process = self._start_process(folder)
        runner = _RunnerProcess(process, folder)
        threading.Thread(target=runner.listen, args=(self._news,), daemon=True).start()
        self._runners.append(runner)
        return runner

    def _start_process(self, folder: Path) -> subprocess.Popen[bytes]:
        arguments = [msgspec.json.encode(self.local.orders).decode()]
        with contextlib.ExitStack() as given:
            handed: tuple[int, ...] = ()
            if self.local.fork_servers is not None and sys.platform == "linux":  # other systems fork nothing
                handed = (given.enter_context(self.local.fork_servers.share()).fileno(),)
            return subprocess.Popen(
                python_command("harness.grading", *arguments, *map(str, handed)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                pass_fds=handed,
                env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
                start_new_session=True,  # so that only the grader handles Ctrl-C; on Windows, the flag below
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def _remove(self, runner: _RunnerProcess) -> str:
        """Remove a runner that has ended and its temporary files; return how it ended."""
        self._runners.remove(runner)
        runner.close_input()
        how = runner.describe_end()
        shutil.rmtree(runner.folder, ignore_errors=True)
        return how


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """Yield a folder for temporary files that a worker's own uid can traverse."""
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch("grade"))
            folder.chmod(0o711)
        except OSError as error:
            raise InfrastructureError(
                f"no folder for temporary files can be made ({error}): make room, or set TMPDIR to another folder"
            ) from error
        yield folder
