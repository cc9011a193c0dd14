"""What an evaluation hands back: a record, the evidence behind it, and what is published nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.errors import SubmissionError
from harness.record import Evidence, Record


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """What is shown to the person who runs the command, and published nowhere."""

    failure: SubmissionError | None = None
    """The failure in full, where the record hides what a model said of restricted data."""
    attributes: str = ""
    """What the attributes of the model hold, and how many numbers each."""
    notes: tuple[str, ...] = ()
    """What the author of the submission should know."""
    printed: str = ""
    """What the submission printed."""


@dataclass(frozen=True)
class EvaluationResult:
    """A record and the evidence behind it."""

    record: Record
    evidence: Evidence
    remarks: Remarks = field(default_factory=Remarks)
