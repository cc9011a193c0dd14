"""Test whether a score was learned from the data: fit a submission again on changed data, and compare the answers."""

from harness.learning._choose import worth_testing
from harness.learning._trials import OUTCOMES, Learning, Outcome, Refit, Refitted, Trial, audit_learning

__all__ = ["OUTCOMES", "Learning", "Outcome", "Refit", "Refitted", "Trial", "audit_learning", "worth_testing"]
