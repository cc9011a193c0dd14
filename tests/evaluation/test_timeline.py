"""When phases were and what workers used: waiting is left out, and nothing after the first repeat is recorded."""

from __future__ import annotations

import time

import pytest

from harness.evaluation._timeline import TimelineRecorder
from harness.sandbox import MemoryPoint, MemoryTrace

pytestmark = pytest.mark.unit


def test_a_timeline_has_phases_and_memory_without_waiting_times():
    recorder, trace = TimelineRecorder(), MemoryTrace()
    recorder.follow(trace)
    with recorder.phase("fit"):
        trace.add(MemoryPoint(time.monotonic(), 10))
    with recorder.phase("wait"):
        time.sleep(0.2)
        trace.add(MemoryPoint(time.monotonic(), 20))
    with recorder.phase("measure"):
        trace.add(MemoryPoint(time.monotonic(), 30))
    recorder.finish()
    with recorder.phase("fit"):
        recorder.follow(MemoryTrace())
    found = recorder.timeline()
    fit, measure = found.phases
    assert (fit.name, fit.begin, measure.name) == ("fit", 0, "measure")
    assert 0 <= fit.end <= measure.begin <= measure.end
    (used,) = found.memory
    assert used.used_bytes == (10, 20, 30)
    assert used.seconds == tuple(sorted(used.seconds))
    real = trace.points[-1].moment - trace.points[0].moment
    assert used.seconds[-1] - used.seconds[0] <= real - 0.19


def test_a_timeline_of_nothing_is_empty():
    assert TimelineRecorder().timeline().phases == ()


@pytest.mark.parametrize("looks", [1, 8, 9, 16, 17, 1000])
def test_a_trace_stays_small_and_keeps_its_peaks(looks):
    trace = MemoryTrace(most=8)
    for number in range(looks):
        trace.add(MemoryPoint(float(number), 5 if number == looks // 2 else 1))
    assert min(looks, 4) <= len(trace.points) <= 8
    assert max(trace.points, key=lambda point: point.used_bytes) == (looks // 2, 5)
    assert [*trace.points] == sorted(trace.points)
