"""The results of the stages that an evaluation has reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.contract import Predictions
from harness.evaluation._altered import Altered
from harness.evaluation._curve import LearningCurve
from harness.evaluation._measure import Measured
from harness.evaluation._score import Scored
from harness.evaluation._weigh import Weight
from harness.record import Audit
from harness.wire import Operators


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What training cost."""

    fit_seconds: float
    cpu_seconds: float
    """CPU time of import, fit and save."""
    peak_memory_bytes: int
    peak_device_bytes: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What a fresh worker predicted with nothing but the artifact."""

    predictions: Predictions
    operators: Operators
    load_cpu_seconds: float
    """CPU time of import and load."""
    altered: Altered | None
    """Answers to the altered scored items; None if the task has no `perturb`, and in later repeats."""
    peak_memory_bytes: int
    peak_device_bytes: int | None


@dataclass(kw_only=True)
class Reached:
    """The result of each stage of the first repeat; None for stages that were not reached."""

    fitted: Fitted | None = None
    weight: Weight | None = None
    predicted: Predicted | None = None
    scored: Scored | None = None
    repeats: list[Scored] = field(default_factory=list)
    measured: Measured | None = None
    audits: tuple[Audit, ...] = ()
    phases: dict[str, float] = field(default_factory=dict)
    curve: LearningCurve = field(default_factory=LearningCurve)
    answers_after_fit: Predictions | None = None
    """Answers to a few inputs, by the model in the process that trained it."""
    changed_after_load: int = 0
    """How many of these answers changed after save and load."""
    printed_in_fit: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    """What workers printed that had seen the scored part."""
