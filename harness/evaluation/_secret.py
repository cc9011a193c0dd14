"""Decide whether the data of an evaluation, or what models say about it, must stay secret."""

from __future__ import annotations

from harness.evaluation._plan import Plan


def is_restricted(plan: Plan) -> bool:
    """Tell whether the data must not be published; data generated in place of restricted data may be."""
    return plan.task.restricted and plan.data.source.kind != "embedded"


def is_secret(plan: Plan) -> bool:
    """Tell whether the model's output about the scored part must not be published."""
    return is_restricted(plan) or plan.data.private
