"""The timeline of an evaluation: its phases, and the memory of its workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from harness.record import MemoryUse, PhaseSpan, Timeline
from harness.sandbox import MemoryTrace

WAIT = "wait"
"""The phase in which an evaluation waits for the machine."""
_MOST_PHASES = 100


class TimelineRecorder:
    """Records the first repeat until `finish` is called."""

    def __init__(self) -> None:
        self._spans: list[PhaseSpan] = []
        self._traces: list[MemoryTrace] = []
        self._finished = False

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record when the body began and ended."""
        begin = time.monotonic()
        try:
            yield
        finally:
            if not self._finished and len(self._spans) < _MOST_PHASES:
                self._spans.append(PhaseSpan(name, begin, time.monotonic()))

    def follow(self, memory: MemoryTrace) -> None:
        """Record the memory of one more worker."""
        if not self._finished:
            self._traces.append(memory)

    def finish(self) -> None:
        """Record nothing from now on."""
        self._finished = True

    def timeline(self) -> Timeline:
        """Return what was recorded, with the time spent waiting left out."""
        waits = [span for span in self._spans if span.name == WAIT]
        spans = [span for span in self._spans if span.name != WAIT]
        if not spans:
            return Timeline()
        start = self._when(spans[0].begin, waits)

        def seconds(moment: float) -> float:
            return round(self._when(moment, waits) - start, 3)

        return Timeline(
            phases=tuple(PhaseSpan(span.name, seconds(span.begin), seconds(span.end)) for span in spans),
            memory=tuple(
                MemoryUse(
                    tuple(seconds(point.moment) for point in trace.points),
                    tuple(point.used_bytes for point in trace.points),
                )
                for trace in self._traces
            ),
        )

    @staticmethod
    def _when(moment: float, waits: list[PhaseSpan]) -> float:
        """Return a moment on a clock that is stopped while the evaluation waits."""
        return moment - sum(max(0.0, min(moment, one.end) - one.begin) for one in waits)
