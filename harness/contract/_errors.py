"""Three kinds of failure, the student's, the task's and ours, and a fourth for a mistyped command."""

from __future__ import annotations

from typing import Literal

FailureKind = Literal[
    "invalid_submission",
    "fit_error",
    "save_error",
    "load_error",
    "predict_error",
    "bad_predictions",
    "timeout",
    "out_of_memory",
    "resource_limit",
    "rule_violation",
    "audit_failed",
]
Phase = Literal["import", "fit", "save", "weigh", "load", "predict", "measure", "audit"]


class HarnessError(Exception):
    """Something the person at the keyboard should read; the message says what was found and what to do."""


class UsageError(HarnessError):
    """The command names something that does not exist or is not allowed."""


class TaskError(HarnessError):
    """A task's declaration or data is wrong; the instructor's to mend."""


class InfrastructureError(HarnessError):
    """The machine, the data or the sandbox failed; never the student's fault and never a record."""


class SubmissionError(HarnessError):
    """The submission failed: a result like any other, written to the record."""

    def __init__(
        self,
        kind: FailureKind,
        phase: Phase,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        log_tail: str = "",
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.phase: Phase = phase
        self.message = message
        self.file = file
        self.line = line
        self.log_tail = log_tail
