"""Evaluate submissions on disk and store their records, unless nothing has changed since the last record."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from harness.course import Course, Submission
from harness.data import Places, TaskData
from harness.errors import InfrastructureError
from harness.evaluation._carry_out import run
from harness.evaluation._compare_claims import Comparison, lacks_comparison, wants_claims, with_claimed
from harness.evaluation._contract_suite import Check, Trying, check
from harness.evaluation._evaluation_result import EvaluationResult, Remarks
from harness.evaluation._identity import Identity, identify
from harness.evaluation._observe import Observer
from harness.evaluation._plan import Plan
from harness.evaluation._refit import Refitter
from harness.evaluation._settings import Device, Settings
from harness.evaluation._shared_resources import SharedResources
from harness.evaluation._snapshot import Snapshot, take_snapshot
from harness.evaluation._tasks_in_use import TasksInUse
from harness.evaluation._yardstick import Yardstick
from harness.files import write_atomically
from harness.record import Record, Stores, UnstorableError
from harness.release import Hand, KeptScores, counts_of, refuse_over_quota
from harness.sandbox import Gpu, Notify, Sandbox, find_gpus
from harness.scratch import scratch
from harness.timing import MachineLock, machine_lock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The record of a submission, and whether it was made now.

    Attributes
    ----------
    submission : Submission
        The submission that was evaluated.
    record : harness.record.Record
        Its newest record. A submission that fails has a record as well.
    how : str
        ``evaluated``, or ``reused`` if nothing has changed since the record was made.
    set_aside : pathlib.Path or None
        Where an unreadable former record was moved to.
    remarks : Remarks
        What is shown to the person who runs the command and never published.
    output : pathlib.Path or None
        The file with everything that the submission printed.
    """

    submission: Submission
    record: Record
    how: Literal["evaluated", "reused"]
    set_aside: Path | None = None
    remarks: Remarks = field(default_factory=Remarks)
    output: Path | None = None


@dataclass(frozen=True)
class _Copied:
    """A submission, its copy, and an empty folder to work in."""

    submission: Submission
    snapshot: Snapshot
    work: Path


class Evaluator:
    """Evaluates submissions of one course under the same settings; use it as a context manager.

    Parameters
    ----------
    course : Course
        The course that tasks, records and submissions belong to.
    sandbox : Sandbox
        Starts the workers; the caller closes it.
    places : Places
        Where the data of tasks is looked for.
    settings : Settings
        Settings for all evaluations.
    stores : Stores, optional
        Where records and evidence are stored; by default in the folders of the course.
    notify : callable, optional
        Is called with a message when an evaluation waits for the machine; by default the message is logged.
    tasks : TasksInUse, optional
        Tasks of the same course, places and settings whose data may already be loaded.
    """

    def __init__(  # noqa: PLR0913 - each is one idea, the last ones by name
        self,
        course: Course,
        sandbox: Sandbox,
        places: Places,
        settings: Settings,
        stores: Stores | None = None,
        *,
        notify: Notify = _log.warning,
        tasks: TasksInUse | None = None,
    ) -> None:
        self._course, self._sandbox, self._settings, self._notify = course, sandbox, settings, notify
        self.tasks = tasks or TasksInUse(course, places, settings)
        self._stores = stores or Stores.of(course.leaderboard, course.private)
        self._yardstick = Yardstick(sandbox)
        self._scores = None if places.private is None else KeptScores(places.private)

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers that all evaluations share; the caller closes the sandbox afterwards."""
        self._yardstick.close()

    def supply(self, task: str, data: TaskData) -> None:
        """Evaluate `task` on `data` instead of searching for its data."""
        self.tasks.supply(task, data)

    def check(self, submission: Submission, trying: Trying = lambda *_: nullcontext()) -> Iterator[Check]:
        """Try `submission` against the contract on a small sample."""
        with self._copied(submission) as copied, _file_system_errors(), self._lock.shared():
            yield from check(self._plan(copied, self._identity(copied)), self._sandbox, copied.work, trying)

    @contextmanager
    def refitting(self, submission: Submission) -> Iterator[Refitter]:
        """Yield an object that fits `submission` again, on data other than its task's.

        Raises:
            SubmissionError: there is no model that could be fitted.
        """
        with self._copied(submission) as copied, _gpu(self._settings.device, self._lock) as gpu:
            plan = replace(self._plan(copied, self._identity(copied)), gpu=gpu)
            yield Refitter(plan, self._sandbox, copied.work, self._lock)

    def run(self, submission: Submission, observer: Observer) -> EvaluationResult:
        """Evaluate `submission` and return its record and evidence, which the caller may store."""
        with self._copied(submission) as copied:
            return self._run(copied, self._identity(copied), observer)

    def evaluate(self, submission: Submission, observer: Observer) -> Evaluation:
        """Evaluate `submission` and store no record."""
        with self._copied(submission) as copied:
            result = self._run_within_quota(copied, self._identity(copied), observer)
        result = self.released(self._with_claimed(submission, result))
        return Evaluation(submission=submission, record=result.record, how="evaluated", remarks=result.remarks)

    def evaluate_and_store(self, submission: Submission, observer: Observer) -> Evaluation:
        """Evaluate `submission` and make the result its newest record."""
        with self._copied(submission) as copied:
            result = self._run_within_quota(copied, self._identity(copied), observer)
        return self._store(submission, result)

    def evaluate_if_changed(self, submission: Submission, observer: Observer) -> Evaluation:
        """Return the record of an equal run if there is one, otherwise evaluate and store."""
        with self._copied(submission) as copied:
            contents, task = copied.snapshot.contents, self.tasks.task(submission.task)
            wanted = wants_claims(task.task, self._settings)
            identity = self._identity(copied)
            newest = self._stores.records.read(submission.task, submission.name)
            if not isinstance(newest, Record):
                _log.info("%s: evaluated, because it has no readable record.", submission)
            elif newest.run.id == identity.id and wanted and lacks_comparison(newest, contents):
                _log.info("%s: evaluated again, because its claims were not compared.", submission)
            elif newest.run.id == identity.id:
                _log.info("%s: not evaluated, because nothing has changed since its record was made.", submission)
                record = self._refreshed(submission, newest) if wanted else newest
                return Evaluation(submission=submission, record=record, how="reused")
            else:
                _log.info("%s: evaluated again, because %s changed.", submission, identity.describe_changes(newest))
            result = self._run_within_quota(copied, identity, observer)
        return self._store(submission, result)

    def released(self, result: EvaluationResult) -> EvaluationResult:
        """Return `result` with what may be published of its record, and store the rest with the private part."""
        if self._scores is None:
            return result
        shown = self._stores.records.read(result.record.task.name, result.record.submission.name)
        shown = shown if isinstance(shown, Record) else None
        record = self._scores.release(result.record, result.evidence, shown)
        remarks = replace(result.remarks, failure=None) if record.status == "withheld" else result.remarks
        return replace(result, record=record, remarks=remarks)

    def _run_within_quota(self, copied: _Copied, identity: Identity, observer: Observer) -> EvaluationResult:
        """Evaluate a copied submission, unless the task's quota of scores on its private part is used up for today.

        Raises:
            QuotaReachedError: the quota is used up.
        """
        task = self.tasks.task(identity.task).task
        if self._scores is None or not task.limits_release or identity.scored_on != "test":
            return self._run(copied, identity, observer)
        hand = Hand(task=identity.task, submission=identity.name, digest=identity.submission_digest)
        now = datetime.now(UTC)
        refuse_over_quota(task.quota, hand, counts_of(os.environ, self._scores), now)
        result = self._run(copied, identity, observer)
        if result.record.scores:
            self._scores.note(hand, now, task.quota)
        return result

    def _run(self, copied: _Copied, identity: Identity, observer: Observer) -> EvaluationResult:
        plan = self._plan(copied, identity)
        with _file_system_errors(), _gpu(self._settings.device, self._lock) as gpu:
            plan = replace(plan, gpu=gpu)
            result = run(plan, self._shared, copied.work, self._course.root, observer)
            if not wants_claims(plan.task, self._settings):
                return result
            return Comparison(
                plan=plan,
                submission=copied.submission,
                brings_weights=copied.snapshot.contents.brings_weights,
                shared=self._shared,
                work=copied.work / "claims",
                observer=observer,
            ).added_to(result)

    def _with_claimed(self, submission: Submission, result: EvaluationResult) -> EvaluationResult:
        """Return `result` with what the submission claims, where its weights were compared."""
        if result.record.claims is None:
            return result
        task = self.tasks.task(submission.task).task
        return replace(result, record=with_claimed(result.record, submission.folder, task))

    def _refreshed(self, submission: Submission, record: Record) -> Record:
        """Store and return `record` with what the submission claims now, because changed documents decide no result."""
        refreshed = with_claimed(record, submission.folder, self.tasks.task(submission.task).task)
        if refreshed != record:
            with _file_system_errors():
                self._stores.records.write(refreshed)
        return refreshed

    def _identity(self, copied: _Copied) -> Identity:
        """Return everything that decides the result of a copied submission."""
        submission, level = copied.submission, self._sandbox.isolation.level.value
        used = self.tasks.task(submission.task)
        return identify(submission.name, copied.snapshot.contents, used, self._settings, level)

    def _plan(self, copied: _Copied, identity: Identity) -> Plan:
        """Return the plan of an evaluation of a copied submission, with the data, which may have to be loaded first."""
        data = self.tasks.data(copied.submission.task)
        used = self.tasks.task(copied.submission.task)
        return Plan(
            identity=identity,
            task=used.task,
            data=data,
            snapshot=copied.snapshot.in_mode(identity.mode, used.task),
            assets=used.assets,
        )

    def _store(self, submission: Submission, result: EvaluationResult) -> Evaluation:
        """Make `result` the newest record of its submission."""
        result = self.released(self._with_claimed(submission, result))
        with _file_system_errors():
            try:
                moved = self._stores.keep(result.record, result.evidence)
            except UnstorableError as error:
                raise InfrastructureError(f"{error}; the former record is unchanged: please report this") from error
            output = self._keep_output(result)
        return Evaluation(
            submission=submission,
            record=result.record,
            how="evaluated",
            set_aside=moved,
            remarks=result.remarks,
            output=output,
        )

    def _keep_output(self, result: EvaluationResult) -> Path | None:
        """Keep what the submission printed in the private folder; remove the file if it printed nothing."""
        record = result.record
        path = self._course.private / "output" / record.task.name / f"{record.submission.name}.txt"
        if not result.remarks.printed:
            path.unlink(missing_ok=True)
            return None
        write_atomically(path, result.remarks.printed.encode("utf-8", "replace"))
        return path

    @cached_property
    def _lock(self) -> MachineLock:
        """The machine's lock: one object for all evaluations, so that a wait that timed out is not repeated."""
        return machine_lock(self._notify)

    @cached_property
    def _shared(self) -> SharedResources:
        return SharedResources(sandbox=self._sandbox, lock=self._lock, yardstick=self._yardstick)

    @contextmanager
    def _copied(self, submission: Submission) -> Iterator[_Copied]:
        """Copy the submission once, and make an empty folder to work in."""
        task = self._course.task(submission.task)
        with _file_system_errors(), scratch("evaluate") as work:
            work.chmod(0o711)  # a worker with its own user id must pass through; it sees only what is mounted for it
            snapshot = take_snapshot(submission.folder, work / "submission", task.limits, submission.shared)
            yield _Copied(submission, snapshot, work)


@contextmanager
def _gpu(device: Device, lock: MachineLock) -> Iterator[Gpu | None]:
    """Reserve a GPU of this machine that no other job of this user holds, if `device` asks for one."""
    if device == "cpu":
        yield None
        return
    found = {gpu.uuid: gpu for gpu in find_gpus()}
    with lock.one_of(list(found)) as uuid:
        yield found[uuid]


@contextmanager
def _file_system_errors() -> Iterator[None]:
    """Turn errors of the file system into `InfrastructureError`: a full disk is not the submission's fault."""
    try:
        yield
    except OSError as error:
        raise InfrastructureError(
            f"the file system failed: {error}; nothing was lost, run the command again"
        ) from error
