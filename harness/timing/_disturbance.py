"""Disturbances that spoil a round: other work on the machine, as the kernel's counters show it.

Only disturbances from outside the model's processes count, because a model must not be able to have its slow rounds
dropped. The time that a process waited for its core is first compared with the CPU time of the model's other processes
and threads; if these can explain the wait, the round counts.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_WAITED = 0.05
"""The time that the host and the workers together may wait for their cores, as a share of a round."""
_OWN = 0.1
"""The CPU time of the model's other processes and threads that can explain a wait, as a share of the wait."""
_STEAL = 8
"""The position of this number in a line of /proc/stat."""


@dataclass(frozen=True)
class _Counters:
    at: float
    stolen: int
    throttled: int
    waited_seconds: float


@dataclass(frozen=True)
class Threads:
    """Counters of the main threads of the model and the yardstick, and of this thread; 0 if nothing is counted."""

    model: int
    yardstick: int

    def worked_in_main(self) -> float:
        """Return the CPU time so far of the model's main thread, which answers requests."""
        return _nanoseconds(Path(f"/proc/{self.model}/schedstat"), 0) / 1e9

    def kept_waiting(self) -> float:
        """Return the time so far that this thread and the yardstick waited for their cores."""
        host = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        return sum(_nanoseconds(path, 1) for path in (host, Path(f"/proc/{self.yardstick}/schedstat"))) / 1e9


class Disturbance:
    """Watches the counters of some cores, of this thread, and of the main threads of the model and the yardstick."""

    def __init__(self, cores: Sequence[int], model: int, yardstick: int, worked: Callable[[], float]) -> None:
        self._cores, self._worked = frozenset(cores), worked
        self._throttles = [path for path in map(_throttle, cores) if path.exists()]
        self._model = Path(f"/proc/{model}/schedstat")
        host = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._threads = (host, self._model, Path(f"/proc/{yardstick}/schedstat"))
        self._others_worked = self._others()
        self._last = self._read()

    def __call__(self) -> str:
        """Return what disturbed the machine since the last call; "" for nothing, or if it cannot be observed."""
        before, now = self._last, self._read()
        self._last = now
        if now.stolen > before.stolen:
            return "steal"
        if now.throttled > before.throttled:
            return "throttling"
        waited = now.waited_seconds - before.waited_seconds
        if waited > _WAITED * (now.at - before.at) and self._is_foreign(waited):
            return "preemption"
        return ""

    def _is_foreign(self, waited: float) -> bool:
        """Return whether the model's other processes and threads cannot explain the wait."""
        before, self._others_worked = self._others_worked, self._others()
        return self._others_worked - before <= _OWN * waited

    def _others(self) -> float:
        """Return the CPU time of the model's processes and threads, except for the main thread, which answers."""
        return self._worked() - _nanoseconds(self._model, 0) / 1e9

    def _read(self) -> _Counters:
        return _Counters(
            at=time.perf_counter(),
            stolen=sum(_stolen(self._cores)),
            throttled=sum(map(_throttled, self._throttles)),
            waited_seconds=sum(_nanoseconds(path, 1) for path in self._threads) / 1e9,
        )


def _nanoseconds(path: Path, field: int) -> int:
    """Return a field of a thread's ``schedstat``: 0 is the time it ran, 1 is the time it waited for its core."""
    try:
        return int(path.read_bytes().split()[field])
    except (OSError, ValueError, IndexError):
        return 0


def _stolen(cores: frozenset[int]) -> list[int]:
    """Return for each of these cores the ticks that the hypervisor gave to other machines."""
    found = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/stat").read_bytes().splitlines()[1:]:
            name, *numbers = line.split()
            if not name.startswith(b"cpu"):
                break
            if int(name[len(b"cpu") :]) in cores:
                found.append(int(numbers[_STEAL - 1]))
    return found


def _throttle(core: int) -> Path:
    return Path(f"/sys/devices/system/cpu/cpu{core}/thermal_throttle/core_throttle_count")


def _throttled(counter: Path) -> int:
    """Return how often a core was slowed down because of its temperature."""
    try:
        return int(counter.read_bytes())
    except (OSError, ValueError):
        return 0
