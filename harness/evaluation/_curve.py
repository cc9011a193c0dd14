"""The learning curve that a model logs with `Model.log`, of bounded size over all workers of one evaluation."""

from __future__ import annotations

MAX_POINTS = 10_000
"""More points than a chart can show."""
MAX_CURVE_BYTES = 1 << 20
"""The size of what the evidence keeps; a curve of ten thousand losses and accuracies fits."""
_VALUE_BYTES = 24  # a number, a colon and a comma as JSON


class LearningCurve:
    """Keeps logged points until it is full, then counts those that it leaves out."""

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
