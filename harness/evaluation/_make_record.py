"""Make the record of an evaluation from its plan and the results of its stages."""

from __future__ import annotations

from msgspec import UNSET

from harness.course import published_folder
from harness.errors import SubmissionError
from harness.evaluation._auditing import audit
from harness.evaluation._plan import Plan
from harness.evaluation._score import ScoresMissingError, compare, mean_of, not_reached
from harness.evaluation._stage_results import StageResults
from harness.evaluation._unexpected import encodable
from harness.record import BaselineResult, Cost, Failure, Record, Run, Score, Status

NOT_PUBLISHED = "(not published: the model's message may contain data that must stay secret)"
_SEES_TEST_INPUTS = frozenset({"predict", "measure", "audit"})


def make_record(plan: Plan, reached: StageResults, failure: SubmissionError | None, about: Run) -> Record:
    """Return the record; `failure` is why the submission failed, or None."""
    scores = mean_of(reached.repeats, plan.data.scored.groups)
    baseline = _baseline(plan, reached, scores)
    return Record(
        task=plan.task_part(),
        submission=plan.submission_part(),
        status=_status(failure, baseline),
        failure=None if failure is None else _failure(plan, failure),
        scores=scores,
        baseline=baseline,
        cost=_cost(reached),
        audits=reached.audits or audit(plan, reached),
        run=about,
    )


def _baseline(plan: Plan, reached: StageResults, scores: tuple[Score, ...]) -> BaselineResult:
    baseline = plan.data.source.baseline
    if reached.scored is None:
        return not_reached(plan.task, baseline)
    return compare(plan.task, baseline, scores[0], reached.repeats or [reached.scored], plan.data.scored.groups)


def _status(failure: SubmissionError | None, baseline: BaselineResult) -> Status:
    if failure is not None:
        return "failed"
    return "passed" if baseline.met else "below_baseline"


def _failure(plan: Plan, error: SubmissionError) -> Failure:
    """Describe a failure without anything that could reveal data of a restricted task or a private test part."""
    folder = published_folder(plan.name, plan.task.name)
    secret = plan.is_restricted or (plan.data.private and error.phase in _SEES_TEST_INPUTS)
    secret = secret and not isinstance(error, ScoresMissingError)  # its message contains no data
    return Failure(
        kind=error.kind,
        phase=error.phase,
        message=NOT_PUBLISHED if secret else encodable(error.message),
        file=None if error.file is None else encodable(f"{folder}/{error.file}"),
        line=error.line,
        log_tail="" if secret else encodable(error.log_tail),
    )


def _cost(reached: StageResults) -> Cost:
    fitted, weight, measured = reached.fitted, reached.weight, reached.measured
    predicted = reached.predicted
    stages = [stage for stage in (fitted, predicted) if stage is not None]
    peaks = [stage.peak_memory_bytes for stage in stages]
    on_device = [stage.peak_device_bytes for stage in stages if stage.peak_device_bytes is not None]
    return Cost(
        parameters=None if weight is None else weight.parameters,
        parameters_verified=None if weight is None else weight.verified,
        artifact_bytes=None if weight is None else weight.artifact_bytes,
        knowledge_bytes=None if weight is None else weight.knowledge_bytes,
        flops_per_sample=None if reached.predicted is None else reached.predicted.operators.flops,
        fit_seconds=None if fitted is None else fitted.fit_seconds,
        cpu_seconds=None if fitted is None else fitted.cpu_seconds + (predicted.load_cpu_seconds if predicted else 0.0),
        peak_memory_bytes=max(peaks, default=None),
        peak_device_bytes=max(on_device, default=UNSET),
        latency=None if measured is None else measured.latency,
        throughput=None if measured is None else measured.throughput,
    )
