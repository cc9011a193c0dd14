"""The identity of a result: everything that decides it, and what has changed since a record was made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from harness._version import __version__
from harness.contract import Baseline, Task
from harness.data import Asset
from harness.evaluation._host import package_versions
from harness.evaluation._settings import Device, Settings, WeightsPolicy, seed_for
from harness.evaluation._snapshot import Contents
from harness.evaluation._tasks_in_use import TaskInUse
from harness.record import Mode, Record, ScoredOn
from harness.timing import LATENCY_SECONDS

Changed = Literal[
    "changed submission",
    "changed task",
    "changed data",
    "changed harness",
    "changed environment",
    "other settings",
]
"""Why a record is no longer valid."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Everything that decides a result. Equal identities give equal records, except for measured times.

    It can be computed without loading data or copying files. Points, titles and hand-outs are not part of it.
    """

    name: str
    task: str
    task_digest: str
    source: str
    baseline: Baseline
    data_digest: str
    scored_on: ScoredOn
    submission_digest: str
    mode: Mode
    base_seed: int
    """The seed from which `seeds` are derived."""
    seeds: tuple[int, ...]
    """The model's seed in each repeat, the same for every submission to the task."""
    level: str
    assets: tuple[str, ...] = ()
    """Digests of the pretrained weights that `fit` may read."""
    device: Device = "cpu"
    latency_seconds: float = LATENCY_SECONDS

    @property
    def id(self) -> str:
        """The shortened digest of the identity, which a record calls ``run.id``."""
        pieces = (
            __version__,
            *(f"{name} {version}" for name, version in sorted(package_versions().items())),
            self.task,
            self.task_digest,
            self.source,
            f"{self.baseline.value!r} {self.baseline.strict}",
            self.data_digest,
            self.scored_on,
            self.name,
            self.submission_digest,
            self.mode,
            *(["fit is given parts of train"] if self.scored_on == "validation" and self.mode == "trained" else []),
            *map(str, self.seeds),
            self.level,
            *self.assets,
            *([] if self.device == "cpu" else [self.device]),
            *([] if self.latency_seconds == LATENCY_SECONDS else [f"latency {self.latency_seconds!r}"]),
        )
        return hashlib.sha256("\0".join(pieces).encode()).hexdigest()[:16]

    def why_changed(self, record: Record) -> Changed:
        """Return why `record` is no longer valid; changes that the student made come first."""
        return next((kind for kind, _ in self._changes(record)), "other settings")

    def describe_changes(self, record: Record) -> str:
        """Describe everything that has changed since `record` was made."""
        return ", ".join(words for _, words in self._changes(record)) or "the settings"

    def _changes(self, record: Record) -> list[tuple[Changed, str]]:
        task, run = record.task, record.run
        compared: tuple[tuple[Changed, str, object, object], ...] = (
            ("changed submission", "the submission", record.submission.digest, self.submission_digest),
            ("changed task", "the task", task.digest, self.task_digest),
            ("changed data", "the data", (task.source, task.data_digest), (self.source, self.data_digest)),
            ("changed data", "the part that scores are computed on", task.scored_on, self.scored_on),
            ("changed harness", "the version of the harness", run.harness_version, __version__),
            ("changed environment", "the versions of packages", run.packages, package_versions()),
            ("other settings", "whether it is trained", record.submission.mode, self.mode),
            ("other settings", "the seed", run.seed, self.base_seed),
            ("other settings", "the level of isolation", run.isolation.level, self.level),
        )
        return [(kind, words) for kind, words, then, now in compared if then != now]


def identify(name: str, contents: Contents, used: TaskInUse, settings: Settings, level: str) -> Identity:
    """Return the identity of the result of submission `name` with `contents`, the same way for every command."""
    source = used.task.sources[used.facts.source]
    mode = choose_mode(used.task, contents.ships_weights, settings.weights)
    return Identity(
        name=name,
        task=used.task.name,
        task_digest=used.digest,
        source=source.kind,
        baseline=source.baseline,
        data_digest=used.facts.digest,
        scored_on="validation" if settings.score_on == "validation" else used.facts.scored_on,
        submission_digest=contents.digest,
        mode=mode,
        base_seed=settings.seed,
        seeds=seeds_for(settings.seed, used.task.name, mode, settings.repeats),
        level=level,
        assets=assets_in_use(used.assets, mode),
        device=settings.device,
        latency_seconds=settings.latency_seconds,
    )


def choose_mode(task: Task, ships_weights: bool, weights: WeightsPolicy) -> Mode:
    """Return ``loaded`` if the submission ships weights and `weights` permits it, otherwise ``trained``."""
    allowed = task.weights == "allowed" if weights == "declared" else weights == "load"
    return "loaded" if ships_weights and allowed else "trained"


def seeds_for(base: int, task: str, mode: Mode, repeats: int) -> tuple[int, ...]:
    """Return the model's seed in each repeat. A loaded model is scored once, because its score would not change."""
    return tuple(seed_for(base, task, repeat) for repeat in range(repeats if mode == "trained" else 1))


def assets_in_use(assets: Iterable[Asset], mode: Mode) -> tuple[str, ...]:
    """Return the digests of the assets that a result in `mode` may depend on: only `fit` sees assets."""
    return tuple(asset.file.digest for asset in assets if mode == "trained")
