"""Evaluate one (task, submission): plan, run in isolation, measure, give a record."""

from harness.evaluate._check import Check
from harness.evaluate._observe import Observer, Silent
from harness.evaluate._plan import Plan, WeightsPolicy
from harness.evaluate._run import Outcome
from harness.evaluate._submission import Evaluation, Evaluator, Settings, Stores

__all__ = [
    "Check",
    "Evaluation",
    "Evaluator",
    "Observer",
    "Outcome",
    "Plan",
    "Settings",
    "Silent",
    "Stores",
    "WeightsPolicy",
]
