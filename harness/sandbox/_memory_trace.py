"""The memory use of a worker over time, as a bounded number of points."""

from __future__ import annotations

from typing import NamedTuple

MOST_POINTS = 200
"""The largest number of points, more than a chart can show."""


class MemoryPoint(NamedTuple):
    """The memory of a worker at one moment."""

    moment: float
    """Seconds as `time.monotonic` counts them."""
    used_bytes: int


class MemoryTrace:
    """Keeps the highest memory use in each span of time; when there are too many spans, their length is doubled."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._most = most
        self._points: list[MemoryPoint] = []
        self._samples_per_point, self._samples = 1, 0

    @property
    def points(self) -> tuple[MemoryPoint, ...]:
        """The points so far, in order."""
        return tuple(self._points)

    def add(self, point: MemoryPoint) -> None:
        """Add one more sample of the worker's memory."""
        if self._samples % self._samples_per_point == 0:
            self._points.append(point)
        else:
            self._points[-1] = _higher(self._points[-1], point)
        self._samples += 1
        if len(self._points) > self._most:
            pairs = zip(self._points[::2], [*self._points[1::2], self._points[-1]], strict=False)
            self._points = [_higher(one, other) for one, other in pairs]
            self._samples_per_point *= 2


def _higher(one: MemoryPoint, other: MemoryPoint) -> MemoryPoint:
    return max(one, other, key=lambda point: point.used_bytes)
