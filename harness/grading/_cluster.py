"""Run jobs on other machines with Dask's `distributed` (distributed.dask.org).

A job runs at least once, and its result is stored exactly once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from harness._version import __version__
from harness.contract import Limits
from harness.course import Course
from harness.data import assets_here
from harness.errors import HarnessError, InfrastructureError, TaskError
from harness.evaluation import EvaluationResult, package_versions
from harness.grading._events import Event, JobDone, JobLost, JobStarted
from harness.grading._parcels import DataParcel, FilesParcel
from harness.grading._remote import RemoteJob, run_remote_job
from harness.grading._runner import places_of
from harness.grading._runner_messages import Cause, Finished, JobFailed, Orders, RunnerReply, UnsuitableMachine
from harness.grading._work import Job
from harness.record import Evidence, Git

_ATTEMPTS = 3
_LOOK_SECONDS = 2.0
_GONE = "the scheduler has stopped: start it, and run the same command again; finished results are kept"
_AHEAD = 2  # jobs sent to each worker, one running and one waiting, so that memory does not grow with the class


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Runs jobs on the cluster to which `connect` connects."""

    course: Course
    orders: Orders
    load: Callable[[str], DataParcel]
    """Loads a task's data on this machine, from where they are sent to the workers."""
    git: Git | None
    """The course's commit, which the workers cannot find out because they have no repository."""
    connect: Callable[[], AbstractContextManager[Any]]
    """Opens a `distributed.Client`."""
    patience: float
    """Seconds to wait for a usable worker."""

    def run(self, jobs: Sequence[Job]) -> Generator[Event, None, None]:
        """Run `jobs`; the jobs of a lost machine are run on another one."""
        with self.connect() as client:
            yield from _ClusterRun(self, client, deque((job, 1) for job in jobs)).run()


@dataclass(frozen=True, kw_only=True)
class _TaskParcel:
    """The files and facts that are sent with every submission of a task."""

    files: FilesParcel
    limits: Limits
    assets: tuple[str, ...]


@dataclass(eq=False)
class _ClusterRun:
    """One grading run: the jobs that were sent, and those that are waiting."""

    cluster: Cluster
    client: Any
    waiting: deque[tuple[Job, int]]
    _sent: dict[Any, tuple[Job, int]] = field(default_factory=dict)
    _data: dict[str, Any] = field(default_factory=dict)
    _tasks: dict[str, _TaskParcel] = field(default_factory=dict)
    _unsuitable: dict[str, str] = field(default_factory=dict)
    """Why some workers get no more jobs, by their addresses."""
    _number: int = 0

    def run(self) -> Generator[Event, None, None]:
        deadline = time.monotonic() + self.cluster.patience
        while self.waiting or self._sent:
            usable = self._usable_workers()
            if usable:
                deadline = time.monotonic() + self.cluster.patience
            elif time.monotonic() > deadline:
                raise InfrastructureError(self._no_worker_message())
            while self.waiting and len(self._sent) < _AHEAD * len(usable):
                yield self._send(usable)
            for future in self._ended():
                yield from self._take(future)

    def _usable_workers(self) -> list[str]:
        """Return the addresses of the workers that can get jobs."""
        try:
            known = self.client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, TimeoutError) as error:
            raise InfrastructureError(f"{_GONE} ({error})") from error
        if self.client.status != "running":
            raise InfrastructureError(_GONE)
        return [address for address in known if address not in self._unsuitable]

    def _no_worker_message(self) -> str:
        reasons = "; ".join(sorted(set(self._unsuitable.values()))) or "none has connected"
        return f"there is no usable worker ({reasons}): check the workers, then run the same command again"

    def _send(self, usable: list[str]) -> JobStarted | JobLost:
        job, attempt = self.waiting.popleft()
        self._number += 1
        try:
            remote_job, data = self._remote_job(job), self._data_of(job.submission.task)
        except (HarnessError, OSError) as error:  # nothing of it can be sent; the other jobs can
            cause: Cause = "task" if isinstance(error, TaskError) else "infrastructure"
            return JobLost(job, str(error), final=True, cause=cause)
        future = self.client.submit(
            _at_worker,
            remote_job,
            data,
            key=f"harness-{job.submission.task}-{job.submission.name}-{self._number}",
            workers=usable,
            pure=False,
        )
        self._sent[future] = (job, attempt)
        return JobStarted(job, "the cluster")

    def _ended(self) -> list[Any]:
        from distributed import wait

        try:
            ended = wait(list(self._sent), timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return []
        except Exception:  # a cancelled future raises its own error here, so each future is checked
            ended = {future for future in self._sent if future.done()}
        return list(ended)

    def _take(self, future: Any) -> Generator[Event, None, None]:
        job, attempt = self._sent.pop(future)
        worker, reply = _answer(future)
        match reply:
            case Finished(record, evidence):
                run = msgspec.structs.replace(record.run, git=self.cluster.git)
                record = msgspec.structs.replace(record, run=run)
                yield JobDone(job, EvaluationResult(record, Evidence.unpack(evidence)))
            case UnsuitableMachine(problem):
                self._unsuitable[worker] = problem
                self.waiting.appendleft((job, attempt))
            case JobFailed(problem, cause):
                final = attempt >= _ATTEMPTS or cause == "task"  # trying again does not repair a task
                if not final:
                    self.waiting.append((job, attempt + 1))
                yield JobLost(job, problem, final=final, cause=cause)

    def _remote_job(self, job: Job) -> RemoteJob:
        submission = job.submission
        declared = self._declared(submission.task)
        shared = submission.shared
        return RemoteJob(
            name=submission.name,
            task=submission.task,
            submission=FilesParcel.of_submission(submission.folder, declared.limits),
            shared=None if shared is None else FilesParcel.of_submission(shared, declared.limits),
            declaration=declared.files,
            assets=declared.assets,
            settings=self.cluster.orders.settings,
            isolation=self.cluster.orders.isolation,
            harness_version=__version__,
            packages=tuple(package_versions().items()),
        )

    def _declared(self, name: str) -> _TaskParcel:
        if name not in self._tasks:
            course = self.cluster.course
            task = course.task(name)
            self._tasks[name] = _TaskParcel(
                files=FilesParcel.of_task(course, name),
                limits=task.limits,
                assets=tuple(asset.file.digest for asset in assets_here(task, places_of(self.cluster.orders))),
            )
        return self._tasks[name]

    def _data_of(self, task: str) -> Any:
        """Return the future of the task's data, which are sent once, and again if the machine that had them is gone."""
        future = self._data.get(task)
        if future is None or future.status != "finished":
            data = self.cluster.load(task)
            self._number += 1
            key = f"harness-data-{data.digest}-{self._number}"
            future = self._data[task] = self.client.scatter({key: data})[key]
        return future


def _at_worker(remote_job: RemoteJob, data: DataParcel) -> tuple[str, bytes]:
    """Run `remote_job` on a Dask worker; return the worker's address and the packed reply."""
    from distributed import get_worker

    return get_worker().address, run_remote_job(remote_job, data)


def _answer(future: Any) -> tuple[str, RunnerReply]:
    """Return the worker's address and its reply."""
    try:
        worker, packed = future.result()
        return worker, msgspec.msgpack.decode(packed, type=RunnerReply)
    except Exception as error:  # Dask raises many: for a killed worker, lost data, a cancelled job
        return "", JobFailed(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'lost'}")
