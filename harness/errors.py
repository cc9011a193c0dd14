"""The errors that the harness raises on purpose, and whose mistake each of them says it is.

`UsageError`
    Whoever typed it. Raised by commands, `harness.open_course` and its methods; nothing was done; exit status 2.
`TaskError`
    The instructor's. Raised by declarations in ``task.py``, by the data they load and by plug-ins of the course; no
    record; exit status 3.
`InfrastructureError`
    Nobody's. Raised where data, sandbox, disk or network of this machine fail; no record; exit status 3.
`SubmissionError`
    The student's. Raised while a submission is evaluated; its record says what went wrong; exit status 1.

All of them are a `HarnessError`. Their messages say what was found, what was expected and what to do next; a program
shows them without a traceback. Any other exception that leaves the harness is a mistake in the harness.
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
"""What kind of failure a submission's is, as its record says it."""
Phase = Literal["import", "fit", "save", "weigh", "load", "predict", "measure", "audit"]
"""The step of an evaluation in which a submission failed."""


class HarnessError(Exception):
    """Base of all errors below: a message for a person, in one or more full sentences."""


class UsageError(HarnessError):
    """A command or a call names something that does not exist or is not allowed."""


class TaskError(HarnessError):
    """A task's declaration, its data or a plug-in of the course is wrong.

    The instructor can mend it; it is never a student's failure.

    Attributes
    ----------
    fields : tuple of str
        The wrong fields of a declaration, as ``task.py`` names them; empty where the error is about none.
    """

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class InfrastructureError(HarnessError):
    """The machine, the data or the sandbox failed. It is nobody's failure, and no record is written."""


class SubmissionError(HarnessError):
    """A submission failed: a result like any other, which is written to its record.

    Attributes
    ----------
    kind : str
        What kind of failure it is; one of `FailureKind`.
    phase : str
        The step of the evaluation in which it happened; one of `Phase`.
    message : str
        What was found, what was expected and what to do next.
    file : str or None
        The student's file that the message is about, relative to the submission; None where none is known.
    line : int or None
        The line in `file`, counted from 1; None where none is known.
    log_tail : str
        The last lines that the student's code printed; "" where it printed nothing.
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
