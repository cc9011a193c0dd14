"""Records made for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

import harness
from harness.record import (
    BaselineResult,
    Cost,
    Evidence,
    Failure,
    IsolationPart,
    Machine,
    Record,
    Repeat,
    Run,
    Score,
    SubmissionPart,
    TaskPart,
)
from harness.report import ReportMaterial
from tests import declared

ACCURACY = Score(name="accuracy", value=0.9, low=0.85, high=0.95, higher_is_better=True, unit="", primary=True)

RECORD = Record(
    task=TaskPart(
        name="blobs",
        digest="sha256:t",
        source="embedded",
        data_digest="sha256:d",
        scored_on="validation",
        test_labels="public",
        n_train=10,
        n_validation=10,
        n_test=0,
    ),
    submission=SubmissionPart(name="bob", digest="sha256:s", mode="trained"),
    status="passed",
    failure=None,
    scores=(ACCURACY,),
    baseline=BaselineResult(metric="accuracy", value=0.8, strict=False, met=True, p_value=0.01),
    cost=Cost(),
    audits=(),
    run=Run(
        id="0123456789abcdef",
        started="2026-11-22T02:00:00+00:00",
        seconds=3.0,
        phases={"import": 0.5, "fit": 1.0, "save": 0.25, "load": 0.25, "predict": 0.5, "measure": 0.5},
        seed=0,
        repeats=(Repeat(seed=1, value=0.9),),
        harness_version="0",
        isolation=IsolationPart(level="namespaces", detail=""),
        machine=Machine(system="Linux", processor="", cores=2, memory_bytes=1, python="3.11"),
        packages={},
        git=None,
        evidence_digest=None,
    ),
)


def changed(record: Record = RECORD, **parts: Any) -> Record:
    """Return `record` with other values; a dictionary changes some values of a part."""
    values = {
        name: msgspec.structs.replace(getattr(record, name), **value)
        if isinstance(value, dict) and isinstance(getattr(record, name), msgspec.Struct)
        else value
        for name, value in parts.items()
    }
    return msgspec.structs.replace(record, **values)


def failing(kind: str = "fit_error", phase: str = "fit", message: str = "no", **more: Any) -> Record:
    """Return the record of a failure."""
    given: dict[str, Any] = {"file": "submissions/bob/blobs/model.py", "line": 7, "log_tail": ""} | more
    return changed(
        status="failed",
        scores=(),
        failure=Failure(kind=kind, phase=phase, message=message, **given),
        baseline={"met": None, "p_value": None},
    )


FOUR = harness.Split(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
TWO_CLOUDS = declared.task(title="Two clouds", classes=("<left>", "right"), sources=(declared.source(part=FOUR),))


def material(record: Record = RECORD, evidence: Evidence | None = None, **more: Any) -> ReportMaterial:
    """Return what a report is made from; four items were scored unless `more` says otherwise."""
    return replace(ReportMaterial(record=record, task=TWO_CLOUDS, evidence=evidence or Evidence(), scored=FOUR), **more)
