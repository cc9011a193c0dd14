"""The published result of one (task, submission) evaluation; all keys are there unless a type says otherwise."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 1

ScoredOn = Literal["test", "validation"]
Mode = Literal["trained", "loaded"]
Status = Literal["passed", "below_baseline", "failed"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    pass


class TaskPart(_Part, frozen=True, kw_only=True):
    """What was asked, and on which data."""

    name: str
    digest: str
    source: Literal["canonical", "local", "embedded"]
    data_digest: str
    scored_on: ScoredOn
    test_labels: Literal["public", "private"]
    n_train: int
    n_validation: int
    n_test: int
    n_fit_train: int | None = None
    """How many items `fit` was given to learn from; None where nothing was trained, and in older records."""
    n_fit_validation: int | None = None
    """How many it was given to choose by. They are cut from train where the validation part is scored."""
    n_groups: int | None = None
    """How many groups, such as patients, the scored items come from; None where each item stands for itself."""


class SubmissionPart(_Part, frozen=True, kw_only=True):
    """Whose work it is; a reference's name starts with ``reference/``."""

    name: str
    digest: str
    mode: Mode


class Failure(_Part, frozen=True, kw_only=True):
    """Why there is no score."""

    kind: str
    phase: str
    message: str
    file: str | None
    line: int | None
    log_tail: str


class Score(_Part, frozen=True, kw_only=True):
    """One metric's value with its interval."""

    name: str
    value: float
    low: float
    high: float
    higher_is_better: bool
    unit: str
    primary: bool
    approximate: bool = False
    """Whether the interval may hold less than 95 %: few groups, a value near its bounds, or a metric known for it."""


class BaselineResult(_Part, frozen=True, kw_only=True):
    """How the primary score compares; the p-value informs, `met` decides."""

    metric: str
    value: float
    strict: bool
    met: bool | None
    p_value: float | None


def to_reach(value: float, *, strict: bool, higher_is_better: bool) -> str:
    """Return a baseline as people write it: "≥ 0.94", and "≤ 11.3" where lower is better."""
    side = ">≥" if higher_is_better else "<≤"
    return f"{side[not strict]} {value:g}"


class Latency(_Part, frozen=True, kw_only=True):
    """Time of one request by the host's clock; `net` is without the cost of the channel."""

    batch: int
    n: int
    p50_seconds: float
    net_p50_seconds: float | None
    """None where the time is below twice the channel's cost, and so is not resolved."""
    p90_bound_seconds: float | None
    iqr_ratio: float
    noisy: bool
    channel_seconds: float
    ratio_to_yardstick: float | None
    net_low_seconds: float | None = None
    net_high_seconds: float | None = None
    """With `net_low_seconds` the 95 % interval; None where there is none, as in records of earlier versions."""
    ratio_low: float | None = None
    ratio_high: float | None = None
    uncertainty: Uncertainty | None = None
    rounds: int | None = None
    void_rounds: int | None = None
    """Rounds that something outside of the model's processes spoiled; they were repeated."""
    stopped: Literal["precision", "budget"] | None = None
    """Whether the ratio was known precisely enough, or the time was up."""


class Uncertainty(_Part, frozen=True, kw_only=True):
    """What the interval of the ratio is made of: half widths at 95 %, as shares of it.

    The first two are random and independent, the third is systematic: their root of squares and the third add up. To
    tell two models of one task apart the first two count, for both go through the same channel.
    """

    rounds: float
    """What differs between rounds, by the bootstrap."""
    processes: float
    """What differs between processes that run the same code; of the machine's calibration, or a stated value."""
    channel: float
    """How wrong the cost of the channel may be."""


class Throughput(_Part, frozen=True, kw_only=True):
    """Samples a second in full batches."""

    batch: int
    samples_per_second: float


class Cost(_Part, frozen=True, kw_only=True):
    """The model's size and what it used."""

    parameters: int | None = None
    parameters_verified: bool | None = None
    artifact_bytes: int | None = None
    knowledge_bytes: int | None = None
    flops_per_sample: int | None = None
    fit_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    peak_device_bytes: int | msgspec.UnsetType = msgspec.UNSET
    """Memory of the GPU; the key is absent where none was given."""
    latency: Latency | None = None
    throughput: Throughput | None = None


class Audit(_Part, frozen=True, kw_only=True):
    """One check of whether the run can be believed."""

    name: str
    passed: bool
    severity: Literal["fail", "warn"]
    detail: str


class Repeat(_Part, frozen=True, kw_only=True):
    """One repetition's seed and primary score."""

    seed: int
    value: float


class IsolationPart(_Part, frozen=True, kw_only=True):
    """The isolation level in force."""

    level: str
    detail: str


class ClockFacts(_Part, frozen=True, kw_only=True):
    """What decides how steady the machine's clock is; None for what the system does not tell."""

    governor: str | None
    """Of the frequency of the first core."""
    turbo: bool | None
    multithreading: bool | None
    """Whether two threads share a core."""
    swap_bytes: int | None
    steal: float | None
    """Share of time that a hypervisor gave to others, since the machine was started."""
    load: float | None
    """Processes that were ready to run, averaged over a minute."""


class Machine(_Part, frozen=True, kw_only=True):
    """Where it ran."""

    system: str
    processor: str
    cores: int | None
    memory_bytes: int
    python: str
    gpu: str | None = None
    clock: ClockFacts | None = None
    """None in records of earlier versions."""


class Git(_Part, frozen=True, kw_only=True):
    """The course's commit."""

    commit: str
    dirty: bool


class Run(_Part, frozen=True, kw_only=True):
    """How it came about; `id` is the digest of everything that decides the result, so equal runs share it."""

    id: str
    started: str
    seconds: float
    phases: dict[str, float]
    seed: int
    repeats: tuple[Repeat, ...]
    harness_version: str
    isolation: IsolationPart
    machine: Machine
    packages: dict[str, str]
    git: Git | None
    evidence_digest: str | None


class ClaimedScore(_Part, frozen=True, kw_only=True):
    """A score that the author of a submission states."""

    source: Literal["README", "results.json", "notebook"]
    line: int | None
    """In the README; None elsewhere."""
    value: float
    low: float
    high: float
    """With `low` what the number may stand for as it is rounded."""


class Claims(_Part, frozen=True, kw_only=True):
    """Three figures that should agree. They inform and decide nothing."""

    metric: str
    """The task's primary metric, which all of this is about."""
    claimed: tuple[ClaimedScore, ...] = ()
    unread: tuple[str, ...] = ()
    """What looks like a claim and cannot be taken for one, a line each."""
    shipped: Score | None = None
    """With the weights that were handed in; None where there are none or they could not be scored."""
    retrained: Score | None = None
    """Trained here; None where that failed."""
    p_value: float | None = None
    """That the weights handed in and those trained here differ, on the same items; None where one is missing."""
    problem: str | None = None
    """Why one of the two has no score."""


class Record(_Part, frozen=True, kw_only=True):
    """The result of one evaluation."""

    schema_version: int = SCHEMA_VERSION
    task: TaskPart
    submission: SubmissionPart
    status: Status
    failure: Failure | None
    scores: tuple[Score, ...]
    baseline: BaselineResult
    cost: Cost
    audits: tuple[Audit, ...]
    run: Run
    claims: Claims | None = None
    """None where nobody asked to compare them, and in records of earlier versions."""

    @property
    def primary(self) -> Score | None:
        """The score of the primary metric; None where the evaluation failed before."""
        return next((score for score in self.scores if score.primary), None)


def to_plain(record: Record) -> Any:
    """Return `record` as plain JSON-ready data."""
    return msgspec.to_builtins(record)
