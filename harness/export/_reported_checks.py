"""Convert a record to a list of checks, each passed, failed or not reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.record import Failure, Record

Outcome = Literal["passed", "failed", "error", "skipped"]

_PHASES = ("import", "fit", "save", "weigh", "load", "predict", "measure", "audit")
_BY_PHASE = {
    "import": "loads",
    "fit": "trains",
    "save": "trains",
    "weigh": "trains",
    "load": "predicts",
    "predict": "predicts",
    "measure": "predicts",
    "audit": "contract",
}
_BY_KIND = {
    "bad_predictions": "contract",
    "rule_violation": "contract",
    "audit_failed": "contract",
    "timeout": "within the time limits",
    "out_of_memory": "within the memory limit",
    "resource_limit": "within the other limits",
}
_UNMET = frozenset({"bad_predictions", "rule_violation", "audit_failed", "resource_limit"})
_STEPS = (("loads", ("import",)), ("trains", ("fit", "save", "weigh")), ("predicts", ("load", "predict", "measure")))
_AT_THE_END = ("contract", *dict.fromkeys(kind for kind in _BY_KIND.values() if kind != "contract"))
_BASELINE = "beats baseline"

NAMES = (*(name for name, _ in _STEPS), *_AT_THE_END, _BASELINE)


@dataclass(frozen=True, kw_only=True)
class ReportedCheck:
    """One requirement for a submission, and whether it was met."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    kind: str = ""
    """The kind of failure if it did not pass, as in the record."""
    message: str = ""


def checks_of(record: Record) -> list[ReportedCheck]:
    """Return the checks of `record` in the order of `NAMES`, without training if nothing was trained.

    A crash or a timeout is an `error`, an unmet requirement is `failed`, and checks that were not reached because of
    either are `skipped`.
    """
    return list(_passed_or_not(record) if record.failure is None else _with_failure(record, record.failure))


def _passed_or_not(record: Record) -> Iterator[ReportedCheck]:
    for name, phases in _steps(record):
        yield ReportedCheck(name=name, outcome="passed", seconds=_seconds(record, phases))
    for name in _AT_THE_END:
        yield ReportedCheck(name=name, outcome="passed")
    if record.status == "withheld":
        yield ReportedCheck(name=_BASELINE, outcome="skipped", message=record.public_score_note)
        return
    base, score = record.baseline, record.primary
    found = "" if score is None else f"{score.name} {score.value:.4f}, baseline {base.value:g}"
    if base.met:
        yield ReportedCheck(name=_BASELINE, outcome="passed", message=found)
    else:
        yield ReportedCheck(name=_BASELINE, outcome="failed", kind="below_baseline", message=found)


def _with_failure(record: Record, failure: Failure) -> Iterator[ReportedCheck]:
    culprit = _BY_KIND.get(failure.kind) or _BY_PHASE.get(failure.phase, "predicts")
    reached = _PHASES.index(failure.phase) if failure.phase in _PHASES else 0
    where = "" if failure.file is None else f"{failure.file}:{failure.line or 1}: "
    for name, phases in (*_steps(record), *((name, ()) for name in _AT_THE_END), (_BASELINE, ())):
        seconds = _seconds(record, phases)
        if name == culprit:
            yield ReportedCheck(
                name=name,
                outcome="failed" if failure.kind in _UNMET else "error",
                seconds=seconds,
                kind=failure.kind,
                message=where + failure.message,
            )
        elif phases and all(_PHASES.index(phase) < reached for phase in phases):
            yield ReportedCheck(name=name, outcome="passed", seconds=seconds)
        else:
            yield ReportedCheck(
                name=name, outcome="skipped", seconds=seconds, message=f"after {failure.kind} in {failure.phase}"
            )


def _steps(record: Record) -> Iterator[tuple[str, tuple[str, ...]]]:
    return ((name, phases) for name, phases in _STEPS if name != "trains" or record.submission.mode == "trained")


def _seconds(record: Record, phases: tuple[str, ...]) -> float:
    return sum(record.run.phases.get(phase, 0.0) for phase in phases)
