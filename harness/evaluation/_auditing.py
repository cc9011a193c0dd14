"""Audit the results of an evaluation, and fail a submission whose audits fail."""

from __future__ import annotations

import numpy as np

from harness.errors import SubmissionError
from harness.evaluation._answers import (
    altered_inputs_keep_answers,
    altered_inputs_score_as_well,
    not_examined,
    skipped_without_jitter,
    timed_answers_equal_scored,
    timed_answers_score_as_well,
)
from harness.evaluation._measure import Answered, Measured
from harness.evaluation._plan import Plan
from harness.evaluation._predictions import join_predictions
from harness.evaluation._stage_results import Predicted, StageResults
from harness.record import Audit
from harness.timing import altered_inputs_take_as_long, no_background_work, one_core, repeats_are_computed


def audit(plan: Plan, reached: StageResults) -> tuple[Audit, ...]:
    """Return the audits of the stages that were reached."""
    predicted, measured = reached.predicted, reached.measured
    training = () if predicted is None or plan.is_secret else predicted.operators.training
    audits = []
    if predicted is not None and measured is not None:
        asked = [one for one in (measured.unaltered, measured.together) if one is not None]
        compared = [
            timed_answers_equal_scored(plan.task, predicted.predictions.take(one.items), one.answers, training)
            for one in asked
        ]
        if _reaches_baseline(plan, reached):
            compared += filter(
                None,
                (timed_answers_score_as_well(plan.task, plan.data.scored, predicted.predictions, one) for one in asked),
            )
        first = compared[0] if compared else not_examined("timed answers equal scored ones", "unaltered")
        audits.append(next((one for one in compared if not one.passed), first))
        audits.append(repeats_are_computed(measured.repeated))
        audits.append(no_background_work(measured.background))
        audits.append(one_core(measured.cores, hidden=measured.hides_cores))
        audits.append(_time_audit(plan, predicted, measured))
        audits += _memory_audits(plan, predicted, measured)
    if predicted is not None and predicted.operators.flops is not None:
        # the worker chooses these names, so they could carry data out of a task whose data is secret
        uncounted = "not published" if plan.is_secret else ", ".join(predicted.operators.uncounted) or "nothing"
        detail = f"claimed by the worker; uncounted: {uncounted}"
        audits.append(Audit(name="operators counted in FLOPs", passed=True, severity="warn", detail=detail))
    return tuple(audits)


def _reaches_baseline(plan: Plan, reached: StageResults) -> bool:
    """Return whether the score is no chance result, which the order of scores may be that differ only by rounding."""
    baseline, scored = plan.data.source.baseline, reached.scored
    return scored is not None and plan.task.primary.at_least_as_good(scored.scores[0].value, baseline.value)


def _memory_audits(plan: Plan, predicted: Predicted, measured: Measured) -> list[Audit]:
    """Audit whether the model looks answers up by the exact input."""
    task, truth = plan.task, plan.data.scored
    if predicted.altered is None:
        return [skipped_without_jitter("altered inputs keep their answers", task, "a table of answers")]
    timed = None if measured.altered is None else measured.altered.first(len(truth))  # not one item many times
    asked = [one for one in (timed, predicted.altered.once) if one is not None]
    items = np.concatenate([one.items for one in asked])
    altered = Answered(items, join_predictions([one.answers for one in asked]))
    as_well = altered_inputs_score_as_well(task, truth, predicted.predictions, altered, predicted.altered)
    keep = altered_inputs_keep_answers(task, truth, predicted.predictions, predicted.altered)
    return [*([as_well] if as_well else []), keep]


def _time_audit(plan: Plan, predicted: Predicted, measured: Measured) -> Audit:
    if predicted.altered is None:
        return skipped_without_jitter("altered inputs take as long", plan.task, "a model that knows the public items")
    return altered_inputs_take_as_long(measured.turns)


def fail_on_audits(audits: tuple[Audit, ...]) -> None:
    """Raise if an audit of severity `fail` did not pass.

    Raises:
        SubmissionError: `audit_failed`.
    """
    for one in audits:
        if not one.passed and one.severity == "fail":
            raise SubmissionError(
                "audit_failed",
                "audit",
                f"{one.name}: {one.detail}; predictions must not depend on chance, batch, order, phase or the number "
                "of threads",
            )
