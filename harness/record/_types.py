"""The published result of evaluating one (task, submission). All keys exist unless a type says otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

SCHEMA_VERSION = 1

ScoredOn = Literal["test", "validation"]
Mode = Literal["trained", "loaded"]
Status = Literal["passed", "below_baseline", "failed", "withheld"]
PublicScores = Literal["every", "ladder"]
Figure = Annotated[float, msgspec.Meta(ge=-1e250, le=1e250)]
"""A float that arithmetic leaves finite; predictions are bounded (see `harness.kinds`), so all scores are."""


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    pass


class TaskPart(_Part, frozen=True, kw_only=True):
    """The task and the data of the evaluation."""

    name: str
    """The name of the task's folder."""
    digest: str
    """The digest of everything in the task that decides results."""
    source: Literal["canonical", "local", "embedded"]
    """The kind of data: official files, files from the instructor, or generated data."""
    data_digest: str
    """The digest of all parts of the data."""
    scored_on: ScoredOn
    """The part on which scores are computed."""
    test_labels: Literal["public", "private"]
    """Whether students can have the test part."""
    n_train: int
    """The number of items in the train part."""
    n_validation: int
    """The number of items in the validation part."""
    n_test: int
    """The number of items in the test part; 0 if it is not on this machine."""
    n_fit_train: int | None = None
    """The number of items that `fit` was given to learn from; None if nothing was trained, and in older records."""
    n_fit_validation: int | None = None
    """The number of items that `fit` was given to validate with. They are cut from train if validation is scored."""
    n_groups: int | None = None
    """The number of groups, such as patients, of the scored items; None if items are independent."""
    public_scores: PublicScores = "every"
    """Whether every score is public, or only scores that the Ladder releases, for a private test part."""


class SubmissionPart(_Part, frozen=True, kw_only=True):
    """The submission that was evaluated; the name of a reference begins with ``reference/``."""

    name: str
    """The name of the submission's folder."""
    digest: str
    """The digest of the submission's files."""
    mode: Mode
    """Whether the model was trained here or loaded from submitted weights."""


class Failure(_Part, frozen=True, kw_only=True):
    """Why there is no score."""

    kind: str
    """The kind of failure; one of `harness.errors.FailureKind`."""
    phase: str
    """The step of the evaluation in which it happened; one of `harness.errors.Phase`."""
    message: str
    """What was found, what was expected and what to do next; less than that if the data must not be published."""
    file: str | None
    """The student's file with the problem, relative to the course; None if it is unknown."""
    line: int | None
    """The line in `file`, counted from 1; None if it is unknown."""
    log_tail: str
    """The last lines that the student's code printed; empty if they must not be published."""


class Score(_Part, frozen=True, kw_only=True):
    """The value of one metric with its interval."""

    name: str
    """The name of the metric."""
    value: Figure
    """The mean over the repeats."""
    low: Figure
    """The lower end of the 95 % interval."""
    high: Figure
    """The upper end."""
    higher_is_better: bool
    """Whether higher values of the metric are better."""
    unit: str
    """The unit of `value`; empty if it has none."""
    primary: bool
    """Whether this is the primary metric, which is used for ranking and compared with the baseline."""
    approximate: bool = False
    """Whether the interval may cover less than 95 %: few groups, a value near its bounds, or a metric known for it."""


class PublicScore(_Part, frozen=True, kw_only=True):
    """The best score on a private part that was released so far; everything else about that part is withheld."""

    name: str
    """The name of the primary metric."""
    value: float
    """The score, rounded."""
    higher_is_better: bool
    """Whether higher values of the metric are better."""
    unit: str
    """The unit of `value`; empty if it has none."""


class BaselineResult(_Part, frozen=True, kw_only=True):
    """The comparison of the primary score with the baseline. `met` decides; the p-value is information."""

    metric: str
    """The name of the primary metric."""
    value: float
    """The baseline of the source of the data."""
    strict: bool
    """Whether the score must be better than `value` rather than at least as good."""
    met: bool | None
    """Whether the baseline was reached; None where there is no score."""
    p_value: float | None
    """Of doing as well by chance with a model that is only as good as the baseline; None without a score."""


def to_reach(value: float, *, strict: bool, higher_is_better: bool) -> str:
    """Return a baseline as people write it: "≥ 0.94", and "≤ 11.3" where lower is better."""
    side = ">≥" if higher_is_better else "<≤"
    return f"{side[not strict]} {value:g}"


class Latency(_Part, frozen=True, kw_only=True):
    """The time of one request by the host's clock; `net` values are without the cost of the channel."""

    batch: int
    """The number of items in a request."""
    n: int
    """The number of timed requests."""
    p50_seconds: float
    """The median time, with the cost of the channel."""
    net_p50_seconds: float | None
    """The median net time; None if the time is below twice the channel's cost and therefore not resolved."""
    p90_bound_seconds: float | None
    """A time that nine of ten requests do not exceed, with 99 % confidence; None if there were too few."""
    iqr_ratio: float
    """The interquartile range of the times, as a share of their median."""
    noisy: bool
    """Whether the times vary much or other work ran at the same time."""
    channel_seconds: float
    """The cost of a request through the channel."""
    ratio_to_yardstick: float | None
    """The net time as a multiple of the yardstick's; None if the time is not resolved."""
    net_low_seconds: float | None = None
    """The lower end of the 95 % interval of the net time."""
    net_high_seconds: float | None = None
    """The upper end; None if there is no interval, as in records of earlier versions."""
    ratio_low: float | None = None
    """The lower end of the 95 % interval of the ratio."""
    ratio_high: float | None = None
    """The upper end."""
    uncertainty: Uncertainty | None = None
    """The parts of the interval of the ratio."""
    rounds: int | None = None
    """The number of rounds that count."""
    void_rounds: int | None = None
    """The number of rounds that were disturbed from outside the model's processes and therefore repeated."""
    stopped: Literal["precision", "budget", "limit"] | None = None
    """Whether the ratio was known precisely enough, the time was up, or `measure_seconds` left no time for the fewest
    requests that are usually timed."""


class Uncertainty(_Part, frozen=True, kw_only=True):
    """The parts of the interval of the ratio: half widths at 95 %, as shares of it.

    The first two are random and independent, the third is systematic: their root of squares and the third add up. To
    tell two models of one task apart the first two count, for both go through the same channel.
    """

    rounds: float
    """Differences between rounds, which may be correlated with neighbouring ones."""
    processes: float
    """Differences between processes that run the same code and over time, from earlier measurements on the machine, or
    a stated value if there are few."""
    channel: float
    """The possible error in the cost of the channel: a quarter of it, which is an assumption."""


class Throughput(_Part, frozen=True, kw_only=True):
    """The number of items that are answered in a second, in full batches."""

    batch: int
    """The number of items in a request."""
    samples_per_second: float
    """The number of items that are answered in a second."""


class Cost(_Part, frozen=True, kw_only=True):
    """The model's size, and the time and memory that it used."""

    parameters: int | None = None
    """The number of numbers that the model holds when it predicts."""
    parameters_verified: bool | None = None
    """Whether everything else in the model is too small to hide more numbers."""
    artifact_bytes: int | None = None
    """The size of the saved model."""
    knowledge_bytes: int | None = None
    """The compressed size of the saved model and the submission's files; it orders equal scores."""
    flops_per_sample: int | None = None
    """Floating-point operations for one item, as far as torch counts them; None if it does not."""
    fit_seconds: float | None = None
    """The duration of `fit` in seconds."""
    cpu_seconds: float | None = None
    """Processor time of import, `fit`, save and load."""
    peak_memory_bytes: int | None = None
    """The maximum memory of the worker's processes."""
    peak_device_bytes: int | msgspec.UnsetType = msgspec.UNSET
    """The maximum memory of the GPU; the key is absent if the model had none."""
    latency: Latency | None = None
    """The time of one request; None if the evaluation failed before it was measured."""
    throughput: Throughput | None = None
    """The rate in full batches; None if the evaluation failed before it was measured."""


class Audit(_Part, frozen=True, kw_only=True):
    """The result of one check of whether the run can be trusted."""

    name: str
    """What the audit checks."""
    passed: bool
    """Whether the check found no problem."""
    severity: Literal["fail", "warn"]
    """Whether a problem makes the evaluation fail or is only marked."""
    detail: str
    """The finding in words."""


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
    """How this machine implements the level."""


class ClockFacts(_Part, frozen=True, kw_only=True):
    """Properties that influence how steady the clock rate is; None for those that the system does not report."""

    governor: str | None
    """The frequency governor of the first core."""
    turbo: bool | None
    """Whether the processor may exceed its base frequency."""
    multithreading: bool | None
    """Whether two threads share a core."""
    swap_bytes: int | None
    """The amount of memory that was swapped out."""
    steal: float | None
    """The share of time since the start of the machine that a hypervisor gave to others."""
    load: float | None
    """The number of processes that were ready to run, averaged over a minute."""


class Machine(_Part, frozen=True, kw_only=True):
    """The machine on which the evaluation ran."""

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
    """The GPU of the model; None if it had none."""
    clock: ClockFacts | None = None
    """Properties of the clock; None in records of earlier versions."""


class Git(_Part, frozen=True, kw_only=True):
    """The course's commit."""

    commit: str
    """The commit that is checked out."""
    dirty: bool
    """Whether files of the course differ from it."""


class Run(_Part, frozen=True, kw_only=True):
    """The circumstances of the evaluation. Equal runs have the same `id`."""

    id: str
    """The digest of everything that decides the result."""
    started: str
    """The time in UTC, in the form of ISO 8601."""
    seconds: float
    """The duration of the evaluation in seconds."""
    phases: dict[str, float]
    """The duration of each step in seconds."""
    seed: int
    """The base of all seeds."""
    repeats: tuple[Repeat, ...]
    """The repetitions that were scored."""
    harness_version: str
    """The version of the harness."""
    isolation: IsolationPart
    """The isolation of the submission's code."""
    machine: Machine
    """The machine on which the evaluation ran."""
    packages: dict[str, str]
    """The versions of the packages that influence results."""
    git: Git | None
    """The course's commit; None outside of git."""
    evidence_digest: str | None
    """The digest of the private evidence; None if nothing was predicted."""


class ClaimedScore(_Part, frozen=True, kw_only=True):
    """A score that the author of a submission claims."""

    source: Literal["README", "results.json", "notebook"]
    """The file that contains the claim."""
    line: int | None
    """The line in the README; None in other files."""
    value: float
    """The claimed number."""
    low: float
    """The smallest value that rounds to it."""
    high: float
    """The largest value that rounds to it."""


class Claims(_Part, frozen=True, kw_only=True):
    """Three scores that should agree. They are information, and decide nothing."""

    metric: str
    """The name of the task's primary metric, to which the claims refer."""
    claimed: tuple[ClaimedScore, ...] = ()
    """The scores that the author claims."""
    unread: tuple[str, ...] = ()
    """Lines that look like a claim but are not used as one."""
    shipped: Score | None = None
    """The score of the submitted weights; None if there are none or they could not be scored."""
    retrained: Score | None = None
    """The score of a model trained here; None if that failed."""
    p_value: float | None = None
    """The p-value of the difference between the two on the same items; None if one is missing."""
    problem: str | None = None
    """Why one of the two has no score."""


class Record(_Part, frozen=True, kw_only=True):
    """The result of one evaluation."""

    schema_version: int = SCHEMA_VERSION
    """The version of this schema."""
    task: TaskPart
    """The task and the data of the evaluation."""
    submission: SubmissionPart
    """The submission that was evaluated."""
    status: Status
    """Whether the submission has a score and reaches the baseline."""
    failure: Failure | None
    """Why there is no score; None if there is one."""
    scores: tuple[Score, ...]
    """The values of the task's metrics, primary one first; empty if the evaluation failed before."""
    baseline: BaselineResult
    """The comparison of the primary score with the baseline."""
    cost: Cost
    """The model's size, and the time and memory that it used."""
    audits: tuple[Audit, ...]
    """The results of the checks of whether the run can be trusted."""
    run: Run
    """The circumstances of the evaluation."""
    claims: Claims | None = None
    """The compared claims; None if they were not compared, and in records of earlier versions."""
    public_score: PublicScore | None = None
    """The released score on a private part; None in all other records, and before a score was released."""

    @property
    def public_score_note(self) -> str:
        """What is published about a score on a private part until the final board; "" for every other record."""
        if self.status != "withheld" and self.public_score is None:
            return ""
        if self.public_score is None:
            return "no public score; the rest is withheld until the final board"
        score, unit = self.public_score, f" {self.public_score.unit}" if self.public_score.unit else ""
        return f"public {score.name} {score.value:.4g}{unit}; the rest is withheld until the final board"

    @property
    def primary(self) -> Score | None:
        """The score of the primary metric; None if the evaluation failed before."""
        return next((score for score in self.scores if score.primary), None)


def to_plain(record: Record) -> Any:
    """Return `record` as plain data that can be written as JSON."""
    return msgspec.to_builtins(record)
