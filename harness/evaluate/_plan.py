"""What will be run, decided before anything runs; equal plans give equal records, timing aside."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from harness._version import __version__
from harness.contract import Task
from harness.data import Asset, TaskData
from harness.evaluate._host import package_versions
from harness.evaluate._snapshot import Snapshot
from harness.record import Mode, SubmissionPart, TaskPart

WeightsPolicy = Literal["load", "retrain", "declared"]
"""Load what was shipped, train whatever was shipped, or do as the task declares."""


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

    @property
    def seeds(self) -> tuple[int, ...]:
        """The model's seed in each repeat: by name, the same for every submission."""
        count = self.repeats if self.mode == "trained" else 1
        return tuple(seed_for(self.base_seed, self.task.name, repeat) for repeat in range(count))

    @property
    def id(self) -> str:
        """Digest of everything that decides the result."""
        pieces = (
            __version__,
            *(f"{name} {version}" for name, version in sorted(package_versions().items())),
            self.task.name,
            self.task_digest,
            self.data.source.kind,
            repr(self.data.source.baseline),
            self.data.digest,
            self.data.scored_on,
            self.name,
            self.snapshot.digest,
            self.mode,
            *map(str, self.seeds),
            self.level,
            *(asset.file.digest for asset in self.assets if self.mode == "trained"),
        )
        return hashlib.sha256("\0".join(pieces).encode()).hexdigest()[:16]

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


def choose_mode(snapshot: Snapshot, weights: WeightsPolicy, task: Task) -> Mode:
    """Load what the submission shipped, unless there is nothing or `weights` says to train."""
    wanted = weights == "load" or (weights == "declared" and task.weights == "allowed")
    return "loaded" if snapshot.weights is not None and wanted else "trained"


def seed_for(base: int, task: str, repeat: int) -> int:
    """Return a seed in [0, 2³²) from its names."""
    return int.from_bytes(hashlib.sha256(f"{base}/{task}/{repeat}".encode()).digest()[:4], "little")
