"""The published result of one (task, submission) evaluation; all keys exist unless a type says otherwise."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 1

ScoredOn = Literal["test", "validation"]
Mode = Literal["trained", "loaded"]
Status = Literal["passed", "below_baseline", "failed", "withheld"]
PublicScores = Literal["every", "ladder"]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    pass


class TaskPart(_Part, frozen=True, kw_only=True):
    """The task and the data of the evaluation."""

    name: str
    """The name of the task's folder."""
    digest: str
    """The digest of the task's code, as far as it decides results."""
    source: Literal["canonical", "local", "embedded"]
    """Where the data came from: official files, files that the instructor placed, or generated ones."""
    data_digest: str
    """Of all parts of the data."""
    scored_on: ScoredOn
    """The part that scores are computed on."""
    test_labels: Literal["public", "private"]
    """Whether students can have the test part."""
    n_train: int
    """Items of the train part."""
    n_validation: int
    """Items of the validation part."""
    n_test: int
    """Items of the test part; 0 where it is not on this machine."""
    n_fit_train: int | None = None
    """How many items `fit` was given to learn from; None if nothing was trained, and in older records."""
    n_fit_validation: int | None = None
    """How many items `fit` was given for choosing. They are cut from train if the validation part is scored."""
    n_groups: int | None = None
    """How many groups, such as patients, the scored items come from; None if items are independent."""
    public_scores: PublicScores = "every"
    """Whether every score may be shown, or, of a private test part, only what the Ladder releases until the end."""


class SubmissionPart(_Part, frozen=True, kw_only=True):
    """Whose work it is; a reference's name starts with ``reference/``."""

    name: str
    """The name of the submission's folder."""
    digest: str
    """Of the submission's files."""
    mode: Mode
    """Whether the model was trained here or loaded from the weights that were handed in."""


class Failure(_Part, frozen=True, kw_only=True):
    """Why there is no score."""

    kind: str
    """What kind of failure it is; one of `harness.errors.FailureKind`."""
    phase: str
    """The step of the evaluation in which it happened; one of `harness.errors.Phase`."""
    message: str
    """What was found, what was expected and what to do next; less if the data must not be published."""
    file: str | None
    """The student's file that the message is about, from the course's folder; None where none is known."""
    line: int | None
    """The line in `file`, counted from 1; None where none is known."""
    log_tail: str
    """The last lines that the student's code printed; empty where that must not be published."""


class Score(_Part, frozen=True, kw_only=True):
    """One metric's value with its interval."""

    name: str
    """The name of the metric."""
    value: float
    """The mean over the repeats."""
    low: float
    """The lower end of the 95 % interval."""
    high: float
    """The upper end."""
    higher_is_better: bool
    """Which way the metric is better."""
    unit: str
    """The unit of `value`; empty where it has none."""
    primary: bool
    """Whether this is the metric that ranks and is compared with the baseline."""
    approximate: bool = False
    """Whether the interval may cover less than 95 %: few groups, a value near its bounds, or a metric known for it."""


class PublicScore(_Part, frozen=True, kw_only=True):
    """The best score on a private part that was released so far; all else about that part is withheld."""

    name: str
    """The name of the primary metric."""
    value: float
    """The score, rounded."""
    higher_is_better: bool
    """Which way the metric is better."""
    unit: str
    """The unit of `value`; empty where it has none."""


class BaselineResult(_Part, frozen=True, kw_only=True):
    """How the primary score compares; the p-value informs, `met` decides."""

    metric: str
    """The name of the primary metric."""
    value: float
    """The baseline of the source of the data."""
    strict: bool
    """Whether the score must be better than `value`, and not only as good."""
    met: bool | None
    """Whether the baseline was reached; None where there is no score."""
    p_value: float | None
    """Of doing as well by chance with a model that is only as good as the baseline; None without a score."""


def to_reach(value: float, *, strict: bool, higher_is_better: bool) -> str:
    """Return a baseline as people write it: "≥ 0.94", and "≤ 11.3" where lower is better."""
    side = ">≥" if higher_is_better else "<≤"
    return f"{side[not strict]} {value:g}"


class Latency(_Part, frozen=True, kw_only=True):
    """Time of one request by the host's clock; `net` is without the cost of the channel."""

    batch: int
    """Items a request."""
    n: int
    """Requests that were timed."""
    p50_seconds: float
    """The median time, with the cost of the channel."""
    net_p50_seconds: float | None
    """None if the time is below twice the channel's cost, and so is not resolved."""
    p90_bound_seconds: float | None
    """A time that nine of ten requests do not exceed, with 99 % confidence; None if there were too few."""
    iqr_ratio: float
    """The interquartile range of the times, as a share of their median."""
    noisy: bool
    """Whether the times vary much or other work ran beside them."""
    channel_seconds: float
    """The cost of a request through the channel."""
    ratio_to_yardstick: float | None
    """The net time as a multiple of the yardstick's; None where the time is not resolved."""
    net_low_seconds: float | None = None
    """The lower end of the 95 % interval of the net time."""
    net_high_seconds: float | None = None
    """The upper end; None where there is no interval, as in records of earlier versions."""
    ratio_low: float | None = None
    """The lower end of the 95 % interval of the ratio."""
    ratio_high: float | None = None
    """The upper end."""
    uncertainty: Uncertainty | None = None
    """The parts of the interval of the ratio."""
    rounds: int | None = None
    """Rounds that count."""
    void_rounds: int | None = None
    """Rounds that something outside of the model's processes spoiled; they were repeated."""
    stopped: Literal["precision", "budget", "limit"] | None = None
    """Whether the ratio was known precisely enough, the time was up, or `measure_seconds` left no time for the fewest
    requests that are usually timed."""


class Uncertainty(_Part, frozen=True, kw_only=True):
    """The parts of the interval of the ratio: half widths at 95 %, as shares of it.

    The first two are random and independent, the third is systematic: their root of squares and the third add up. To
    tell two models of one task apart the first two count, for both go through the same channel.
    """

    rounds: float
    """Differences between rounds, of which neighbours may be alike."""
    processes: float
    """Differences between processes that run the same code, from the machine's calibration or a stated value."""
    channel: float
    """How wrong the cost of the channel may be: a quarter of it, which is stated and not measured."""


class Throughput(_Part, frozen=True, kw_only=True):
    """Samples a second in full batches."""

    batch: int
    """Items a request."""
    samples_per_second: float
    """Items answered in a second."""


class Cost(_Part, frozen=True, kw_only=True):
    """The model's size, and the time and memory that it used."""

    parameters: int | None = None
    """How many numbers the model holds when it predicts."""
    parameters_verified: bool | None = None
    """Whether all else that the model holds is too small to hide more numbers in."""
    artifact_bytes: int | None = None
    """The size of the saved model."""
    knowledge_bytes: int | None = None
    """The compressed size of the saved model and the submission's files; it orders equal scores."""
    flops_per_sample: int | None = None
    """Floating-point operations for one item, as far as torch counts them; None if it does not."""
    fit_seconds: float | None = None
    """How long `fit` took."""
    cpu_seconds: float | None = None
    """Processor time of import, `fit`, save and load."""
    peak_memory_bytes: int | None = None
    """The most memory that the worker's processes held."""
    peak_device_bytes: int | msgspec.UnsetType = msgspec.UNSET
    """Memory of the GPU; the key is absent where none was given."""
    latency: Latency | None = None
    """The time of one request; None where the evaluation failed before it was measured."""
    throughput: Throughput | None = None
    """The rate in full batches; None where the evaluation failed before it was measured."""


class Audit(_Part, frozen=True, kw_only=True):
    """One check of whether the run can be believed."""

    name: str
    """What the audit checks."""
    passed: bool
    """Whether all is well."""
    severity: Literal["fail", "warn"]
    """Whether a run that does not pass fails or is marked."""
    detail: str
    """What was found, in words."""


class Repeat(_Part, frozen=True, kw_only=True):
    """One repetition's seed and primary score."""

    seed: int
    """The model's seed."""
    value: float
    """The score of the primary metric."""


class IsolationPart(_Part, frozen=True, kw_only=True):
    """The isolation level in force."""

    level: str
    """`namespaces+cgroup`, `namespaces`, `landlock` or `rlimits`."""
    detail: str
    """How the level is reached on this machine."""


class ClockFacts(_Part, frozen=True, kw_only=True):
    """The properties that decide how steady the machine's clock is; None for those that the system does not report."""

    governor: str | None
    """Of the frequency of the first core."""
    turbo: bool | None
    """Whether the processor may exceed its base frequency."""
    multithreading: bool | None
    """Whether two threads share a core."""
    swap_bytes: int | None
    """Memory that was swapped out."""
    steal: float | None
    """Share of time that a hypervisor gave to others, since the machine was started."""
    load: float | None
    """Processes that were ready to run, averaged over a minute."""


class Machine(_Part, frozen=True, kw_only=True):
    """Where it ran."""

    system: str
    """The operating system and its release."""
    processor: str
    """The processor's name."""
    cores: int | None
    """Logical cores."""
    memory_bytes: int
    """The machine's memory."""
    python: str
    """The version of Python."""
    gpu: str | None = None
    """The GPU that was given to the model; None where none was."""
    clock: ClockFacts | None = None
    """None in records of earlier versions."""


class Git(_Part, frozen=True, kw_only=True):
    """The course's commit."""

    commit: str
    """The commit that is checked out."""
    dirty: bool
    """Whether files of the course differ from it."""


class Run(_Part, frozen=True, kw_only=True):
    """How it came about; `id` is the digest of everything that decides the result, so equal runs share it."""

    id: str
    """The digest of everything that decides the result."""
    started: str
    """The time in UTC, in the form of ISO 8601."""
    seconds: float
    """How long the evaluation took."""
    phases: dict[str, float]
    """How many seconds each step took."""
    seed: int
    """The base of all seeds."""
    repeats: tuple[Repeat, ...]
    """The repetitions that were scored."""
    harness_version: str
    """The version of the harness."""
    isolation: IsolationPart
    """How the submission's code was kept apart."""
    machine: Machine
    """Where it ran."""
    packages: dict[str, str]
    """The versions of the packages that influence results."""
    git: Git | None
    """The course's commit; None outside of git."""
    evidence_digest: str | None
    """The digest of the private evidence behind the record; None if nothing was predicted."""


class ClaimedScore(_Part, frozen=True, kw_only=True):
    """A score that the author of a submission states."""

    source: Literal["README", "results.json", "notebook"]
    """The file that contains the claim."""
    line: int | None
    """In the README; None elsewhere."""
    value: float
    """The number that is claimed."""
    low: float
    """The least value that rounds to it."""
    high: float
    """The greatest value that rounds to it."""


class Claims(_Part, frozen=True, kw_only=True):
    """Three figures that should agree. They inform and decide nothing."""

    metric: str
    """The task's primary metric, which the claims are about."""
    claimed: tuple[ClaimedScore, ...] = ()
    """The scores that the author states."""
    unread: tuple[str, ...] = ()
    """Texts that look like a claim and are not used as one, one line each."""
    shipped: Score | None = None
    """The score of the weights that were handed in; None if there are none or they could not be scored."""
    retrained: Score | None = None
    """The score of a model trained here; None if that failed."""
    p_value: float | None = None
    """The p-value of a difference between the two on the same items; None if one is missing."""
    problem: str | None = None
    """Why one of the two has no score."""


class Record(_Part, frozen=True, kw_only=True):
    """The result of one evaluation."""

    schema_version: int = SCHEMA_VERSION
    """The version of this form."""
    task: TaskPart
    """The task and the data of the evaluation."""
    submission: SubmissionPart
    """Whose work it is."""
    status: Status
    """Whether the submission has a score and reaches the baseline."""
    failure: Failure | None
    """Why there is no score; None where there is one."""
    scores: tuple[Score, ...]
    """The task's metrics, the primary one first; empty where the evaluation failed before."""
    baseline: BaselineResult
    """How the primary score compares."""
    cost: Cost
    """The model's size, and the time and memory that it used."""
    audits: tuple[Audit, ...]
    """The checks of whether the run can be believed."""
    run: Run
    """How the result came about."""
    claims: Claims | None = None
    """None if they were not compared, and in records of earlier versions."""
    public_score: PublicScore | None = None
    """What was released of a private part; None in all other records, and before anything was."""

    @property
    def told(self) -> str:
        """What is told of a score on a private part until the final board; empty for every other record."""
        if self.status != "withheld" and self.public_score is None:
            return ""
        if self.public_score is None:
            return "no public score; the rest is withheld until the final board"
        score, unit = self.public_score, f" {self.public_score.unit}" if self.public_score.unit else ""
        return f"public {score.name} {score.value:.4g}{unit}; the rest is withheld until the final board"

    @property
    def primary(self) -> Score | None:
        """The score of the primary metric; None where the evaluation failed before."""
        return next((score for score in self.scores if score.primary), None)


def to_plain(record: Record) -> Any:
    """Return `record` as plain JSON-ready data."""
    return msgspec.to_builtins(record)
