"""The result of an evaluation: a record, the evidence behind it, and unpublished remarks."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.errors import SubmissionError
from harness.record import Evidence, Record


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """What is shown to the person who runs the command and never published."""

    failure: SubmissionError | None = None
    """The failure in full, even if the record hides what a model reported about restricted data."""
    attributes: str = ""
    """What the attributes of the model hold, with the number of values in each."""
    notes: tuple[str, ...] = ()
    """What the author of the submission should know."""
    printed: str = ""
    """What the submission printed."""


@dataclass(frozen=True)
class EvaluationResult:
    """A record, the evidence behind it, and remarks for the person who runs the command."""

    record: Record
    evidence: Evidence
    remarks: Remarks = field(default_factory=Remarks)
