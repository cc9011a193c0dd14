"""Decide what a page may show to its audience. Every page is made only from what `show` returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, get_args

import msgspec
import numpy as np

from harness.contract import Split, Task
from harness.errors import FailureKind, Phase
from harness.record import Audit, Evidence, Failure, Machine, Record

Array = np.ndarray[Any, Any]


class Audience(StrEnum):
    """The intended readers of a page."""

    PUBLIC = "public"
    """Everybody, on the site that workflows publish."""
    STUDENT = "student"
    """The author of the submission."""
    INSTRUCTOR = "instructor"
    """The people who mark; pages for them are never published."""


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """The contents that one page may show."""

    messages: bool
    """Whether to show what the submission's code reported or claimed, which may quote data, names and paths."""
    logs: bool
    own_words: bool
    """Whether to show names that the author chose, such as those of logged quantities."""
    run_details: bool
    """Whether to show the time, the identity and the packages of the run, and the details of audits."""
    history: bool
    """Whether to show earlier results, and the place in the class."""
    learning: bool
    """Whether to show what the model logged while it learned: numbers that it may derive from its training data."""
    aggregates: bool
    """Whether to show detailed times, and figures about the scored part that reveal more than scores do, such as a
    confusion matrix."""
    fit_examples: bool
    """Whether to show items of the parts that `fit` was given, with the model's predictions."""
    scored_examples: bool
    """Whether to show items of the scored part, with their targets."""


def disclosure_for(audience: Audience, record: Record, *, restricted: bool) -> Disclosure:
    """Return what a page about `record` may show to `audience`. This is the only place that decides it.

    `restricted` means that the task's data must not be published; generated data used in their place may be.
    """
    instructor, public = audience is Audience.INSTRUCTOR, audience is Audience.PUBLIC
    secret_data = restricted and record.task.source != "embedded"
    secret_part = record.task.test_labels == "private" and record.task.scored_on == "test"
    return Disclosure(
        messages=not public,
        logs=not public,
        own_words=not public,
        run_details=not public,
        history=not public,
        learning=instructor or not secret_data,
        aggregates=instructor or not (secret_data or secret_part),
        fit_examples=instructor or not secret_data,
        scored_examples=instructor,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportMaterial:
    """Everything that is known about one submission's result. Pages do not use it directly, but what `show` returns."""

    record: Record
    task: Task | None
    """None if the course no longer has the task, or if it does not load."""
    evidence: Evidence
    scored: Split | None = None
    """The scored part, if this machine has the same data."""
    fit_validation: Split | None = None
    """The validation part that `fit` was given, if this machine has the same data."""
    peers: tuple[Record, ...] = ()
    """The records that are ranked together with this one, including it, best first."""
    earlier: tuple[Record, ...] = ()
    """The submission's own earlier records, oldest first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """The data that a page may use; only `show` makes it."""

    audience: Audience
    may: Disclosure
    name: str
    """The name that the page shows for the submission."""
    record: Record
    task: Task | None
    evidence: Evidence
    targets: Any = None
    """The targets of the scored part, for figures over all of it."""
    scored: Split | None = None
    fit_validation: Split | None = None
    standing: tuple[int, int] | None = None
    """The place by score, and the number of results that are compared."""
    peer_scores: tuple[float, ...] = ()
    earlier: tuple[Record, ...] = ()
    references: tuple[Record, ...] = ()
    """Records of the staff's solutions on the same data, as the public may see them."""


def show(material: ReportMaterial, audience: Audience, alias: str | None = None) -> Shown:
    """Return what a page for `audience` may use; the submission is shown under `alias` if one is given."""
    record, task = material.record, material.task
    # without the declaration it is unknown whether the data are restricted
    may = disclosure_for(audience, record, restricted=task is None or task.restricted)
    name = record.submission.name if alias is None else alias
    scores, standing = _standing(material) if may.history else ((), None)
    return Shown(
        audience=audience,
        may=may,
        name=name,
        record=disclosed_record(record, may, name),
        task=task,
        evidence=_disclosed_evidence(material.evidence, may),
        targets=material.scored.targets if may.aggregates and material.scored is not None else None,
        scored=material.scored if may.scored_examples else None,
        fit_validation=material.fit_validation if may.fit_examples else None,
        standing=standing,
        peer_scores=scores,
        earlier=material.earlier if may.history else (),
        references=tuple(
            disclosed_record(one, disclosure_for(Audience.PUBLIC, one, restricted=True), one.submission.name)
            for one in material.peers
            if one.submission.name.startswith("reference/") and one.submission.name != record.submission.name
        ),
    )


def _standing(material: ReportMaterial) -> tuple[tuple[float, ...], tuple[int, int] | None]:
    """Return the scores with which a result is compared, best first, and its place among them."""
    scored = [(one.submission.name, one.primary) for one in material.peers]
    names = [name for name, score in scored if score is not None]
    name = material.record.submission.name
    standing = (names.index(name) + 1, len(names)) if name in names else None
    return tuple(score.value for _, score in scored if score is not None), standing


def disclosed_record(record: Record, may: Disclosure, name: str) -> Record:
    """Return `record` without anything that must not be shown, and with the submission renamed to `name`."""
    run = record.run
    shown = msgspec.structs.replace(
        record,
        submission=msgspec.structs.replace(record.submission, name=name, digest=""),
        failure=_failure(record, may),
    )
    if may.run_details:
        return shown
    return msgspec.structs.replace(
        shown,
        task=msgspec.structs.replace(record.task, digest=""),
        claims=None,
        audits=tuple(Audit(name="", passed=one.passed, severity=one.severity, detail="") for one in record.audits),
        run=msgspec.structs.replace(
            run,
            id="",
            started=run.started[:10] if _is_date(run.started[:10]) else "",
            harness_version="",
            isolation=msgspec.structs.replace(run.isolation, detail=""),
            machine=public_machine(run.machine),
            packages={},
            git=None,
            evidence_digest=None,
            phases={name: seconds for name, seconds in run.phases.items() if name in _PHASES},
        ),
    )


_PHASES = (*get_args(Phase), "score", "examples", "warm up", "wait", "start")


def public_machine(machine: Machine) -> Machine:
    """Return what the public may know about a machine: the hardware that decides how fast it is."""
    return Machine(
        system=machine.system,
        processor=machine.processor,
        cores=machine.cores,
        memory_bytes=machine.memory_bytes,
        python="",
        gpu=machine.gpu,
    )


def _is_date(text: str) -> bool:
    return len(text) == 10 and all(part.isdecimal() for part in text.split("-")) and text.count("-") == 2


def _failure(record: Record, may: Disclosure) -> Failure | None:
    failure = record.failure
    if failure is None:
        return None
    return Failure(
        kind=failure.kind if failure.kind in get_args(FailureKind) else "failed",
        phase=failure.phase if failure.phase in get_args(Phase) else "",
        message=failure.message if may.messages else "",
        file=failure.file if may.messages else None,
        line=failure.line if may.messages else None,
        log_tail=failure.log_tail if may.logs else "",
    )


def _disclosed_evidence(evidence: Evidence, may: Disclosure) -> Evidence:
    shown = evidence
    if not may.aggregates:
        shown = replace(shown, predictions=None, scores=None, outcomes=None, draws=None, latencies=None, timeline=None)
    if not may.scored_examples:
        shown = replace(shown, drawn=None)
    if not may.fit_examples:
        shown = replace(shown, examples=None)
    if not may.learning:
        shown = replace(shown, curve=())
    elif not may.own_words:
        shown = replace(shown, curve=tuple(map(_usual_quantities, evidence.curve)))
    return shown


COUNTERS = ("epoch", "step")
TOTALS = ("epochs", "steps")
QUANTITIES = ("loss", "accuracy", "acc", "error", "f1", "auc", "mae", "mse", "rmse", "dice", "iou", "lr")
TRAIN_PREFIXES = ("", "train_", "train/", "training_")
VALIDATION_PREFIXES = ("val_", "val/", "valid_", "validation_", "validation/")
_USUAL = {
    *COUNTERS,
    *TOTALS,
    *(prefix + name for prefix in TRAIN_PREFIXES + VALIDATION_PREFIXES for name in QUANTITIES),
}


def _usual_quantities(point: dict[str, float]) -> dict[str, float]:
    """Return the logged values with common names: any other name is text that the author wrote."""
    return {name: value for name, value in point.items() if name in _USUAL}
