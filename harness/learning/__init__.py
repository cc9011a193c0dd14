"""Was it learned here? Fit a submission again on data that only a learner follows, and compare."""

from harness.learning._choose import worth_asking
from harness.learning._trials import OUTCOMES, Learning, Outcome, Refit, Refitted, Trial, audit_learning

__all__ = ["OUTCOMES", "Learning", "Outcome", "Refit", "Refitted", "Trial", "audit_learning", "worth_asking"]
