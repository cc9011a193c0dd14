"""From a submission on disk to its stored record; what has not changed is not done again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from harness.course import Course, Submission
from harness.data import Asset, DataChoice, Places, TaskData, assets_here, load_data
from harness.errors import HarnessError, InfrastructureError
from harness.evaluation._check import Check, check
from harness.evaluation._observe import Observer
from harness.evaluation._plan import Device, Plan, WeightsPolicy, choose_mode, differences
from harness.evaluation._run import Outcome, Told, run
from harness.evaluation._snapshot import take_snapshot
from harness.evaluation._try_task import try_task
from harness.files import write_atomically
from harness.record import Record, ScoredOn, Stores, UnstorableError
from harness.sandbox import Gpu, Sandbox, find_gpus
from harness.scratch import scratch
from harness.timing import LATENCY_SECONDS, MachineLock, machine_lock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A record, and how it was come by."""

    record: Record
    how: Literal["evaluated", "reused"]
    set_aside: Path | None = None
    """Where a former record went that could not be read."""
    told: Told = field(default_factory=Told)
    output: Path | None = None
    """Where all that the submission printed is kept."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the person at the keyboard decides about every evaluation."""

    data: DataChoice = "auto"
    seed: int = 0
    repeats: int = 1
    weights: WeightsPolicy = "load"
    device: Device = "cpu"
    latency_seconds: float = LATENCY_SECONDS
    """How long to measure latency; what takes turns with it, and warming up, take theirs in proportion."""
    score_on: ScoredOn = "test"
    """`validation` leaves the test part alone; a test part that is not here is not scored on either way."""


class Evaluator:
    """Evaluates submissions of one course under the same settings."""

    def __init__(
        self, course: Course, sandbox: Sandbox, places: Places, settings: Settings, stores: Stores | None = None
    ) -> None:
        self._course, self._sandbox, self._places, self._settings = course, sandbox, places, settings
        self._loaded: dict[str, TaskData] = {}
        self._assets: dict[str, tuple[Asset, ...]] = {}
        self._stores = stores or Stores.of(course.leaderboard, course.private)

    def data(self, task: str) -> TaskData:
        """Return the data of `task`, loaded once, with the task's own functions tried on it."""
        if task not in self._loaded:
            declared = self._course.task(task)
            data = load_data(declared, self._course.task_digest(task), self._places, self._settings.data)
            data = data if self._settings.score_on == "test" else data.without_test()
            try_task(declared, data)
            self._loaded[task] = data
        return self._loaded[task]

    def assets(self, task: str) -> tuple[Asset, ...]:
        """Return the pretrained weights of `task` on this machine, looked for once."""
        if task not in self._assets:
            self._assets[task] = assets_here(self._course.task(task), self._places)
        return self._assets[task]

    def supply(self, task: str, data: TaskData) -> None:
        """Evaluate `task` on `data` instead of looking for any."""
        self._loaded[task] = data

    def evaluate(self, submission: Submission, observer: Observer) -> Evaluation:
        """Evaluate `submission` and store nothing."""
        outcome = self.run(submission, observer)
        return Evaluation(record=outcome.record, how="evaluated", told=outcome.told)

    def run(self, submission: Submission, observer: Observer) -> Outcome:
        """Evaluate `submission`; return the record and its evidence for somebody else to store."""
        with self._planned(submission) as (plan, work), _disk(), _gpu(self._settings.device, self._lock) as gpu:
            return run(replace(plan, gpu=gpu), self._sandbox, work, self._course.root, observer, self._lock)

    def check(self, submission: Submission) -> Iterator[Check]:
        """Try `submission` against the contract on a small sample."""
        with self._planned(submission) as (plan, work), _disk(), self._lock.shared():
            yield from check(plan, self._sandbox, work)

    def evaluate_and_store(self, submission: Submission, observer: Observer) -> Evaluation:
        """Evaluate `submission` and make the result its newest record."""
        return self.store(self.run(submission, observer))

    def store(self, outcome: Outcome) -> Evaluation:
        """Make `outcome` the newest record of its submission."""
        with _disk():
            try:
                moved = self._stores.keep(outcome.record, outcome.evidence)
            except UnstorableError as error:
                raise InfrastructureError(f"{error}; the former record still stands: please report this") from error
            output = self._keep_output(outcome)
        return Evaluation(record=outcome.record, how="evaluated", set_aside=moved, told=outcome.told, output=output)

    def _keep_output(self, outcome: Outcome) -> Path | None:
        """Keep what the submission printed where nothing is published; of a run that printed nothing keep nothing."""
        record = outcome.record
        path = self._course.private / "output" / record.task.name / f"{record.submission.name}.txt"
        if not outcome.told.printed:
            path.unlink(missing_ok=True)
            return None
        write_atomically(path, outcome.told.printed.encode("utf-8", "replace"))
        return path

    def evaluate_if_changed(self, submission: Submission, observer: Observer) -> Evaluation:
        """Return the record of an equal run if there is one, else evaluate and store."""
        with self._planned(submission) as (plan, _):
            newest = self._stores.records.read(submission.task, submission.name)
            if isinstance(newest, Record):
                changed = ", ".join(differences(plan, newest))
                same = newest.run.id == plan.id
                why = "nothing has changed, so its record stands" if same else f"evaluated again, for {changed} changed"
                _log.info("%s: %s.", submission, why)
            else:
                _log.info("%s: evaluated, for it has no record that can be read.", submission)
            if isinstance(newest, Record) and newest.run.id == plan.id:
                return Evaluation(record=newest, how="reused")
        return self.evaluate_and_store(submission, observer)

    @cached_property
    def _lock(self) -> MachineLock:
        """The machine's lock, one object for all evaluations: a wait that timed out is not repeated."""
        return machine_lock()

    @contextmanager
    def _planned(self, submission: Submission) -> Iterator[tuple[Plan, Path]]:
        """Copy the submission and say what is to be done, with an empty folder to do it in."""
        task = self._course.task(submission.task)
        data = self.data(submission.task)
        with _disk(), scratch("evaluate") as work:
            work.chmod(0o711)  # a worker's own uid passes through; what it may see is bound by path
            snapshot = take_snapshot(submission.folder, work / "submission", task.limits, submission.shared)
            mode = choose_mode(task, snapshot.weights is not None, self._settings.weights)
            plan = Plan(
                name=submission.name,
                task=task,
                task_digest=self._course.task_digest(submission.task),
                data=data,
                snapshot=snapshot.in_mode(mode),
                assets=self.assets(submission.task),
                mode=mode,
                base_seed=self._settings.seed,
                repeats=self._settings.repeats,
                level=self._sandbox.isolation.level.value,
                device=self._settings.device,
                latency_seconds=self._settings.latency_seconds,
            )
            yield plan, work


@contextmanager
def _gpu(device: Device, lock: MachineLock) -> Iterator[Gpu | None]:
    """Have a GPU of this machine that no other job of this user has, if one is asked for."""
    if device == "cpu":
        yield None
        return
    found = {gpu.uuid: gpu for gpu in find_gpus()}
    with lock.one_of(list(found)) as uuid:
        yield found[uuid]


@contextmanager
def _disk() -> Iterator[None]:
    """Turn the file system's errors into ours: a full disk is nobody's submission's fault."""
    try:
        yield
    except HarnessError:
        raise
    except OSError as error:
        raise InfrastructureError(
            f"the file system failed: {error}; nothing was lost, run the command again"
        ) from error
