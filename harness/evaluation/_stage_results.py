"""The results of the stages that an evaluation has reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.contract import Predictions
from harness.evaluation._altered import Altered
from harness.evaluation._measure import Measured
from harness.evaluation._score import Scored
from harness.evaluation._timeline import TimelineRecorder
from harness.evaluation._weigh import Weight
from harness.record import Audit, ExampleAnswers
from harness.wire import Operators

MAX_POINTS = 10_000
"""The largest number of points in a learning curve, more than a chart can show."""
MAX_CURVE_BYTES = 1 << 20
"""The largest size of a learning curve in the evidence; ten thousand losses and accuracies fit."""
_VALUE_BYTES = 24  # a number, a colon and a comma as JSON


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
    """What a fresh worker predicted from the artifact alone."""

    predictions: Predictions
    operators: Operators
    batch_seconds: float
    """The longest time that a batch took, multiplied by the number of cores that it could use."""
    load_cpu_seconds: float
    """CPU time of import and load."""
    altered: Altered | None
    """Answers to the altered scored items; None if the task has no `perturb`, and in later repeats."""
    peak_memory_bytes: int
    peak_device_bytes: int | None
    examples: ExampleAnswers | None
    """Answers to a few items that `fit` gets; None in later repeats."""


class LearningCurve:
    """What a model logs with `Model.log`, of bounded size over all workers of one evaluation.

    It keeps points until it is full, then counts those that it leaves out.
    """

    def __init__(self) -> None:
        self._points: list[dict[str, float]] = []
        self._bytes = 0
        self.left_out = 0
        """The number of points for which there was no room."""

    @property
    def points(self) -> tuple[dict[str, float], ...]:
        """The points that were kept, in order."""
        return tuple(self._points)

    def add(self, values: dict[str, float]) -> bool:
        """Keep one point if there is room, and return whether there was."""
        size = sum(len(name.encode()) + _VALUE_BYTES for name in values)
        if self.left_out or len(self._points) >= MAX_POINTS or self._bytes + size > MAX_CURVE_BYTES:
            self.left_out += 1
            return False
        self._points.append(values)
        self._bytes += size
        return True


@dataclass(kw_only=True)
class StageResults:
    """The result of each stage of the first repeat; None for stages that were not reached."""

    fitted: Fitted | None = None
    weight: Weight | None = None
    predicted: Predicted | None = None
    scored: Scored | None = None
    repeats: list[Scored] = field(default_factory=list)
    measured: Measured | None = None
    audits: tuple[Audit, ...] = ()
    phases: dict[str, float] = field(default_factory=dict)
    timeline: TimelineRecorder = field(default_factory=TimelineRecorder)
    curve: LearningCurve = field(default_factory=LearningCurve)
    answers_after_fit: Predictions | None = None
    """Answers to a few inputs, by the model in the process that trained it."""
    changed_after_load: int = 0
    """How many of these answers changed after save and load."""
    printed_in_fit: list[str] = field(default_factory=list)
    """The output of workers that ran `fit`."""
    printed: list[str] = field(default_factory=list)
    """The output of workers that had seen the scored part."""
