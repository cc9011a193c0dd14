"""What spoils a round comes from outside of the model's own processes."""

import os
from pathlib import Path

import pytest

from harness.timing import _disturbance
from harness.timing._disturbance import Disturbance, Threads

pytestmark = pytest.mark.unit


class Kernel:
    """Counters that a test turns."""

    def __init__(self, monkeypatch):
        self.now, self.ran, self.waited, self.stolen, self.throttled, self.worked = 0.0, 0, 0, 0, 0, 0.0
        monkeypatch.setattr(_disturbance.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(_disturbance, "_nanoseconds", self.nanoseconds)
        monkeypatch.setattr(_disturbance, "_stolen", lambda _: [self.stolen])
        monkeypatch.setattr(_disturbance, "_throttle", lambda _: Path("/"))
        monkeypatch.setattr(_disturbance, "_throttled", lambda _: self.throttled)
        self.disturbance = Disturbance([0], os.getpid(), os.getpid(), lambda: self.worked)

    def nanoseconds(self, path, field):
        host = "task" in path.parts
        return (self.waited if host else 0) if field else self.ran

    def cause(self, **changes):
        """Let a round of ten milliseconds pass in which the counters grow by `changes`."""
        self.now += 0.01
        for name, by in changes.items():
            setattr(self, name, getattr(self, name) + by)
        return self.disturbance()


@pytest.fixture
def kernel(monkeypatch):
    return Kernel(monkeypatch)


def test_a_round_in_which_nothing_happened_counts(kernel):
    assert kernel.cause() == ""
    assert kernel.cause(waited=400_000) == ""  # 4 % of the time


def test_steal_time_throttling_and_preemption_void_a_round(kernel):
    assert kernel.cause(stolen=1) == "steal"
    assert kernel.cause(throttled=1) == "throttling"
    assert kernel.cause(waited=600_000) == "preemption"
    assert kernel.cause() == ""


def test_disturbance_by_the_models_own_threads_does_not_void_a_round(kernel):
    assert kernel.cause(waited=2_000_000, worked=0.002) == ""
    assert kernel.cause(waited=2_000_000) == "preemption"


def test_the_models_main_thread_is_expected_to_work(kernel):
    assert kernel.cause(waited=2_000_000, worked=0.005, ran=5_000_000) == "preemption"


def test_counters_of_the_system_can_be_read_or_are_empty():
    disturbance = Disturbance([0], os.getpid(), 1 << 30, lambda: 0.0)
    assert disturbance() in {"", "steal", "throttling", "preemption"}


def test_a_thread_that_works_is_seen_and_one_that_is_gone_counts_nothing():
    threads = Threads(os.getpid(), 1 << 30)
    sum(range(10_000))
    assert threads.worked_in_main() >= 0
    assert threads.kept_waiting() >= 0
    assert Threads(1 << 30, 1 << 30).worked_in_main() == 0
