"""The errors that the harness raises deliberately, with the person whose mistake each of them reports.

`UsageError`
    A mistake of the caller. Raised by commands, by `harness.open_course` and its methods. Nothing was done; the exit
    status is 2.
`TaskError`
    A mistake of the instructor. Raised by declarations in ``task.py``, by the data that they load and by plug-ins of
    the course. No record is written; the exit status is 3.
`InfrastructureError`
    Nobody's mistake. Raised if data, sandbox, disk or network of this machine fail. No record is written; the exit
    status is 3.
`SubmissionError`
    A mistake of the student. Raised while a submission is evaluated; its record says what went wrong; the exit status
    is 1.

All of them are subclasses of `HarnessError`. Their messages say what was found, what was expected and what to do next;
a program shows them without a traceback. Any other exception that leaves the harness is a mistake in the harness.
"""

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
"""The kind of a submission's failure, as in its record."""
Phase = Literal["import", "fit", "save", "weigh", "load", "predict", "measure", "audit"]
"""The step of an evaluation in which a submission failed."""


class HarnessError(Exception):
    """Base class of all errors below, whose messages are sentences for a person."""


class UsageError(HarnessError):
    """A command or a call names something that does not exist or is not allowed."""


class TaskError(HarnessError):
    """A task's declaration, its data or a plug-in of the course is wrong.

    The instructor can correct it; it is never a student's failure.

    Attributes
    ----------
    fields : tuple of str
        The wrong fields of a declaration, as ``task.py`` names them; empty if the error is not about fields.
    """

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class InfrastructureError(HarnessError):
    """The machine, the data or the sandbox failed. This is nobody's mistake, and no record is written."""


class SubmissionError(HarnessError):
    """A submission failed; this is a result, which is written to its record.

    Attributes
    ----------
    kind : str
        The kind of failure, one of `FailureKind`.
    phase : str
        The step of the evaluation in which it happened; one of `Phase`.
    message : str
        What was found, what was expected and what to do next.
    file : str or None
        The student's file that the message is about, relative to the submission; None if it is not known.
    line : int or None
        The line in `file`, counted from 1; None if it is not known.
    log_tail : str
        The last lines that the student's code printed; "" if it printed nothing.
    """

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


__all__ = [
    "FailureKind",
    "HarnessError",
    "InfrastructureError",
    "Phase",
    "SubmissionError",
    "TaskError",
    "UsageError",
]
