"""Turn a worker's exception, end or breach of the protocol into the error for the submission."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from harness.contract import Limits
from harness.errors import FailureKind, HarnessError, Phase, SubmissionError
from harness.evaluation._exchange import Stage
from harness.sandbox import Exceeded, Folder, Process
from harness.wire import Raised

_LOG_TAIL_CHARACTERS = 64 * 1024


class ProtocolError(SubmissionError):
    """The worker sent something that is not a reply: its copy of the harness or its descriptors were tampered with."""


def failure_of_exception(stage: Stage, raised: Raised, process: Process, limits: Limits) -> HarnessError:
    """Return the error for an exception that the worker reported; `raised` has been through `plausible`."""
    exceeded = process.exceeded
    if exceeded is not None and exceeded.kind == "out_of_memory":  # a killed child process, reported by its parent
        return SubmissionError(
            "out_of_memory", stage.phase, _limit_exceeded(exceeded, stage.phase), log_tail=raised.traceback
        )
    kind, message = _kind_and_message(stage.kind, raised, limits)
    return SubmissionError(
        kind,
        stage.phase,
        message,
        file=raised.file,
        line=raised.line,
        log_tail=f"{process.log_tail}\n{raised.traceback}".strip()[-_LOG_TAIL_CHARACTERS:],
    )


def failure_of_end(stage: Stage, process: Process) -> HarnessError:
    """Return the error for a worker that has ended, because it exceeded a limit or by itself."""
    how = process.exit_description()
    exceeded, tail = process.exceeded, process.log_tail
    if exceeded is not None:
        return SubmissionError(exceeded.kind, stage.phase, _limit_exceeded(exceeded, stage.phase), log_tail=tail)
    return SubmissionError(
        stage.kind, stage.phase, f"the process {how} during {stage.phase}: let it return", log_tail=tail
    )


def failure_of_protocol(stage: Stage, problem: str, process: Process) -> ProtocolError:
    """Return the error for a worker that sent something that is not a reply."""
    return ProtocolError(
        stage.kind,
        stage.phase,
        f"the worker did not keep to the protocol during {stage.phase} ({problem}): "
        "leave the harness's own file descriptors alone",
        log_tail=process.log_tail,
    )


def plausible(raised: Raised, folders: Iterable[Folder]) -> Raised:
    """Return `raised` without a file that was not submitted or a line that does not exist; workers are not trusted."""
    submission = next(folder.source for folder in folders if folder.name == "submission")
    path = PurePosixPath(raised.file or "..")
    lines = 0 if ".." in path.parts or path.is_absolute() else _lines(submission / path)
    line = raised.line if raised.line and raised.line <= lines else None
    return msgspec.structs.replace(raised, file=str(path) if lines else None, line=line)


def _kind_and_message(kind: FailureKind, raised: Raised, limits: Limits) -> tuple[FailureKind, str]:
    said = ": ".join(part for part in (raised.exception, raised.message) if part)
    match raised.reason:
        case "predictions":
            return "bad_predictions", said
        case "memory":
            return "out_of_memory", f"out of memory ({said}); limit memory_bytes {limits.memory_bytes:,}"
        case "processes":
            return "resource_limit", f"no more processes or threads ({said}); limit processes {limits.processes}"
        case "scratch":
            return "resource_limit", f"no more disk ({said}); limit scratch_bytes {limits.scratch_bytes:,}"
        case _:
            return kind, said


def _limit_exceeded(exceeded: Exceeded, phase: Phase) -> str:
    unit, remedy = ("bytes", "use less") if exceeded.limit.endswith("_bytes") else ("s", "make it faster")
    if exceeded.limit == "import_seconds":
        remedy = (
            "model.py is still busy at its top level: training belongs in fit; from a script exported from a notebook "
            "delete the cells that train, or hand in the notebook itself"
        )
    more = "" if exceeded.times == 1 else f", and {exceeded.times:g} times as many of wall-clock time"
    return (
        f"{phase} went over the limit {exceeded.limit}: {exceeded.observed:,.1f} {unit} observed, "
        f"{exceeded.value:,.10g} {unit} allowed{more}; {remedy}"
    )


def _lines(path: Path) -> int:
    """Return how many lines the file at `path` has, 0 if there is none."""
    try:
        return path.read_bytes().count(b"\n") + 1 if path.is_file() else 0
    except (OSError, ValueError):  # not a valid file name
        return 0
