"""Audit what an evaluation found, and fail a submission that an audit caught."""

from __future__ import annotations

from harness.errors import SubmissionError
from harness.evaluation._answers import altered_inputs_score_as_well, timed_answers_equal_scored
from harness.evaluation._plan import Plan
from harness.evaluation._reached import Reached
from harness.evaluation._secret import is_secret
from harness.record import Audit
from harness.timing import no_background_work, repeats_are_computed


def audit(plan: Plan, reached: Reached) -> tuple[Audit, ...]:
    """Return the audits of what was reached."""
    predicted, measured = reached.predicted, reached.measured
    training = () if predicted is None or is_secret(plan) else predicted.operators.training
    audits = []
    if predicted is not None and measured is not None:
        unaltered, altered = measured.unaltered, measured.altered
        audits.append(
            timed_answers_equal_scored(predicted.predictions.take(unaltered.items), unaltered.answers, training)
        )
        audits.append(repeats_are_computed(measured.repeated))
        audits.append(no_background_work(measured.background))
        memory = altered and altered_inputs_score_as_well(plan.task, plan.data.scored, predicted.predictions, altered)
        audits += [memory] if memory else []
    if predicted is not None and predicted.operators.flops is not None:
        # the names are a claim, too: nothing that could carry data leaves a task whose data must not
        uncounted = "not published" if is_secret(plan) else ", ".join(predicted.operators.uncounted) or "nothing"
        detail = f"claimed by the worker; uncounted: {uncounted}"
        audits.append(Audit(name="operators counted in FLOPs", passed=True, severity="warn", detail=detail))
    return tuple(audits)


def fail_on_audits(audits: tuple[Audit, ...]) -> None:
    """Fail a submission that an audit of severity `fail` caught.

    Raises:
        SubmissionError: `audit_failed`.
    """
    for one in audits:
        if not one.passed and one.severity == "fail":
            raise SubmissionError(
                "audit_failed",
                "audit",
                f"{one.name}: {one.detail}; predictions may not depend on batch, order or phase",
            )
