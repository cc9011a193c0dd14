"""What spoils a round comes from outside of the model's own processes."""

import os
import time

import pytest

from harness.timing import _disturbance
from harness.timing._disturbance import CounterFile, Disturbance, Threads

pytestmark = pytest.mark.unit


class Kernel:
    """Files of counters that a test turns."""

    def __init__(self, folder, monkeypatch):
        self.now, self.worked, self._folder = 0.0, 0.0, folder
        self.ran = self.waited = self.stolen = self.throttled = 0
        self._throttle = folder / "cpu0" / "thermal_throttle" / "core_throttle_count"
        self._throttle.parent.mkdir(parents=True)
        self._write()
        monkeypatch.setattr(_disturbance.time, "perf_counter", lambda: self.now)
        self._threads = Threads(*(CounterFile(folder / name) for name in ("model", "yardstick", "host")))
        self.disturbance = Disturbance([0], self._threads, lambda: self.worked, folder, folder / "stat")

    def _write(self):
        for name, waited in (("model", 0), ("yardstick", 0), ("host", self.waited)):
            (self._folder / name).write_text(f"{self.ran} {waited} 1\n")
        cores = "".join(f"cpu{core} 1 2 3 4 5 6 7 {stolen} 0 0\n" for core, stolen in enumerate([self.stolen, 9]))
        (self._folder / "stat").write_text(f"cpu  1 2 3 4 5 6 7 99 0 0\n{cores}intr 5 0 0\nctxt 7\n")
        self._throttle.write_text(f"{self.throttled}\n")

    def close(self):
        self.disturbance.close()
        for file in (self._threads.model, self._threads.yardstick, self._threads.host):
            file.close()

    def cause(self, **changes):
        """Let a round of ten milliseconds pass in which the counters grow by `changes`."""
        self.now += 0.01
        for name, by in changes.items():
            setattr(self, name, getattr(self, name) + by)
        self._write()
        return self.disturbance()


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    made = Kernel(tmp_path, monkeypatch)
    yield made
    made.close()


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
    with Threads.watched(os.getpid(), 1 << 30) as threads:
        disturbance = Disturbance([0], threads, lambda: 0.0)
        assert disturbance() in {"", "steal", "throttling", "preemption"}
        disturbance.close()


def test_a_thread_that_works_is_seen_and_one_that_is_gone_counts_nothing():
    with Threads.watched(os.getpid(), 1 << 30) as threads:
        sum(range(10_000))
        assert threads.main_thread_seconds() >= 0
        assert threads.run_delay() >= 0
    with Threads.watched(1 << 30, 1 << 30) as threads:
        assert threads.main_thread_seconds() == 0


def test_an_open_counter_tells_what_the_thread_did_since():
    with Threads.watched(os.getpid(), 1 << 30) as threads:
        before = threads.main_thread_seconds()
        if not before:
            pytest.skip("nothing is counted here")
        end = time.process_time() + 0.03
        while time.process_time() < end:
            pass
        assert threads.main_thread_seconds() > before
