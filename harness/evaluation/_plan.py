"""What will be run, decided before anything runs; equal plans give equal records, timing aside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness._version import __version__
from harness.contract import Baseline, Task
from harness.data import Asset, TaskData
from harness.evaluation._host import package_versions
from harness.evaluation._snapshot import Snapshot
from harness.record import Mode, Record, ScoredOn, SubmissionPart, TaskPart
from harness.sandbox import Gpu
from harness.timing import LATENCY_SECONDS

Device = Literal["cpu", "cuda"]
WeightsPolicy = Literal["load", "retrain", "declared"]
"""Load what was shipped, train whatever was shipped, or do as the task declares."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """Everything that decides a result; known without loading data or copying files."""

    name: str
    task: str
    task_digest: str
    source: str
    baseline: Baseline
    data_digest: str
    scored_on: ScoredOn
    submission_digest: str
    mode: Mode
    seeds: tuple[int, ...]
    level: str
    assets: tuple[str, ...] = ()
    """Digests of what the fit worker is shown."""
    device: Device = "cpu"
    latency_seconds: float = LATENCY_SECONDS

    @property
    def id(self) -> str:
        """Its digest, in short."""
        pieces = (
            __version__,
            *(f"{name} {version}" for name, version in sorted(package_versions().items())),
            self.task,
            self.task_digest,
            self.source,
            repr(self.baseline),
            self.data_digest,
            self.scored_on,
            self.name,
            self.submission_digest,
            self.mode,
            *map(str, self.seeds),
            self.level,
            *self.assets,
            *([] if self.device == "cpu" else [self.device]),
            *([] if self.latency_seconds == LATENCY_SECONDS else [f"latency {self.latency_seconds!r}"]),
        )
        return hashlib.sha256("\0".join(pieces).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One evaluation to be done."""

    name: str
    task: Task
    task_digest: str
    data: TaskData
    snapshot: Snapshot
    assets: tuple[Asset, ...] = ()
    """Pretrained weights to be shown to `fit`."""
    mode: Mode
    base_seed: int
    repeats: int
    """How often to train and score; a loaded model is scored once, for it would give the same again."""
    level: str
    device: Device = "cpu"
    latency_seconds: float = LATENCY_SECONDS
    gpu: Gpu | None = None
    """Which one, once there is one to be had."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The model's seed in each repeat: by name, the same for every submission."""
        return seeds_for(self.base_seed, self.task.name, self.mode, self.repeats)

    @property
    def id(self) -> str:
        """Digest of everything that decides the result."""
        return Key(
            name=self.name,
            task=self.task.name,
            task_digest=self.task_digest,
            source=self.data.source.kind,
            baseline=self.data.source.baseline,
            data_digest=self.data.digest,
            scored_on=self.data.scored_on,
            submission_digest=self.snapshot.digest,
            mode=self.mode,
            seeds=self.seeds,
            level=self.level,
            assets=assets_in_use(self.assets, self.mode),
            device=self.device,
            latency_seconds=self.latency_seconds,
        ).id

    def task_part(self) -> TaskPart:
        """Return the record's `task`."""
        data = self.data
        return TaskPart(
            name=self.task.name,
            digest=self.task_digest,
            source=data.source.kind,
            data_digest=data.digest,
            scored_on=data.scored_on,
            test_labels="private" if data.private else "public",
            n_train=len(data.train),
            n_validation=len(data.validation),
            n_test=0 if data.test is None else len(data.test),
        )

    def submission_part(self) -> SubmissionPart:
        """Return the record's `submission`."""
        return SubmissionPart(name=self.name, digest=self.snapshot.digest, mode=self.mode)


def differences(plan: Plan, record: Record) -> tuple[str, ...]:
    """Return what of a plan is no longer as it was when `record` was made."""
    task, run = record.task, record.run
    compared = (
        ("the submission", record.submission.digest, plan.snapshot.digest),
        ("the task", task.digest, plan.task_digest),
        ("the data", (task.source, task.data_digest), (plan.data.source.kind, plan.data.digest)),
        ("what is scored on", task.scored_on, plan.data.scored_on),
        ("whether it is trained", record.submission.mode, plan.mode),
        ("the seed", run.seed, plan.base_seed),
        ("the level of isolation", run.isolation.level, plan.level),
        ("the version of the harness", run.harness_version, __version__),
        ("the versions of packages", run.packages, package_versions()),
    )
    return tuple(name for name, then, now in compared if then != now) or ("the settings",)


def choose_mode(task: Task, ships_weights: bool, weights: WeightsPolicy) -> Mode:
    """Load what the submission shipped, unless there is nothing or `weights` says to train."""
    allowed = task.weights == "allowed" if weights == "declared" else weights == "load"
    return "loaded" if ships_weights and allowed else "trained"


def seeds_for(base: int, task: str, mode: Mode, repeats: int) -> tuple[int, ...]:
    """Return the model's seed in each repeat; a loaded model needs one."""
    return tuple(seed_for(base, task, repeat) for repeat in range(repeats if mode == "trained" else 1))


def assets_in_use(assets: Iterable[Asset], mode: Mode) -> tuple[str, ...]:
    """Return the digests of what a result in `mode` may depend on: only fit sees assets."""
    return tuple(asset.file.digest for asset in assets if mode == "trained")


def seed_for(base: int, task: str, repeat: int) -> int:
    """Return a seed in [0, 2³²) from its names."""
    return int.from_bytes(hashlib.sha256(f"{base}/{task}/{repeat}".encode()).digest()[:4], "little")
