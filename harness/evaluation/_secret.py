"""What of an evaluation must not be published."""

from __future__ import annotations

from harness.evaluation._plan import Plan


def is_restricted(plan: Plan) -> bool:
    """Tell whether the data must not leave: what was generated in place of restricted data may."""
    return plan.task.restricted and plan.data.source.kind != "embedded"


def is_secret(plan: Plan) -> bool:
    """Tell whether what the model said of the scored part must not be published."""
    return is_restricted(plan) or plan.data.private
