"""Disturbances that spoil a round: other work on the machine, as the kernel's counters show it.

Only disturbances from outside the model's processes count, because a model must not be able to have its slow rounds
dropped. The time that a process waited for its core is first compared with the CPU time of the model's other processes
and threads; if these can explain the wait, the round counts.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_WAITED = 0.05
"""The time that the host and the workers together may wait for their cores, as a share of a round."""
_OWN = 0.1
"""The CPU time of the model's other processes and threads that can explain a wait, as a share of the wait."""
_STEAL = 8
"""The position of this number in a line of /proc/stat."""
_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class _Counters:
    at: float
    stolen: int
    throttled: int
    waited_seconds: float


class CounterFile:
    """A file of the kernel's counters, which stays open: opening takes eight times as long as reading.

    Where it cannot be read, it is empty.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        with contextlib.suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY)

    def read(self) -> bytes:
        """Return its current content."""
        if sys.platform != "win32" and self._descriptor >= 0:  # which has no such files
            with contextlib.suppress(OSError):  # the thread has ended
                return os.pread(self._descriptor, _MOST_BYTES, 0)
        return b""

    def nanoseconds(self, field: int) -> int:
        """Return a number of a thread's ``schedstat``: 0 the time it ran, 1 the time it waited for its core."""
        try:
            return int(self.read().split()[field])
        except (ValueError, IndexError):
            return 0

    def close(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True)
class Threads:
    """Counters of the main threads of the model and the yardstick, and of this thread; 0 if nothing is counted."""

    model: CounterFile
    yardstick: CounterFile
    host: CounterFile

    @classmethod
    @contextmanager
    def watched(cls, model: int, yardstick: int) -> Iterator[Threads]:
        """Watch these two processes and this thread; nothing is counted of those that are gone."""
        paths = (*(Path(f"/proc/{pid}") for pid in (model, yardstick)), _this_thread())
        with ExitStack() as held:
            files = [held.enter_context(contextlib.closing(CounterFile(path / "schedstat"))) for path in paths]
            yield cls(*files)

    def main_thread_seconds(self) -> float:
        """Return the CPU time so far of the model's main thread, which answers requests."""
        return self.model.nanoseconds(0) / 1e9

    def run_delay(self) -> float:
        """Return the time so far that the host's thread and the yardstick waited for their cores."""
        return (self.host.nanoseconds(1) + self.yardstick.nanoseconds(1)) / 1e9

    def waited(self) -> float:
        """Return the time so far that all three waited for their cores."""
        return self.run_delay() + self.model.nanoseconds(1) / 1e9


def _this_thread() -> Path:
    return Path(f"/proc/self/task/{threading.get_native_id()}")


class Disturbance:
    """Watches the counters of some cores and `threads`; `worked` returns the CPU time of all the model's processes.

    Close it at the end.
    """

    def __init__(
        self,
        cores: Sequence[int],
        threads: Threads,
        worked: Callable[[], float],
        system: Path = Path("/sys/devices/system/cpu"),
        stat: Path = Path("/proc/stat"),
    ) -> None:
        self._cores, self._threads, self._worked = frozenset(cores), threads, worked
        self._stat = CounterFile(stat)
        self._throttles = [CounterFile(system / f"cpu{core}/thermal_throttle/core_throttle_count") for core in cores]
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

    def close(self) -> None:
        """Close the files of the kernel."""
        for file in (self._stat, *self._throttles):
            file.close()

    def _is_foreign(self, waited: float) -> bool:
        """Return whether the model's other processes and threads cannot explain the wait."""
        before, self._others_worked = self._others_worked, self._others()
        return self._others_worked - before <= _OWN * waited

    def _others(self) -> float:
        """Return the CPU time of the model's processes and threads, except for the main thread, which answers."""
        return self._worked() - self._threads.main_thread_seconds()

    def _read(self) -> _Counters:
        return _Counters(
            at=time.perf_counter(),
            stolen=sum(_stolen(self._stat.read(), self._cores)),
            throttled=sum(map(_throttled, self._throttles)),
            waited_seconds=self._threads.waited(),
        )


def _stolen(stat: bytes, cores: frozenset[int]) -> list[int]:
    """Return for each of these cores the ticks that the hypervisor gave to other machines, by ``/proc/stat``."""
    found = []
    with contextlib.suppress(ValueError, IndexError):
        for line in stat[: stat.find(b"\nintr ")].splitlines()[1:]:
            name, *numbers = line.split()
            if int(name[len(b"cpu") :]) in cores:
                found.append(int(numbers[_STEAL - 1]))
    return found


def _throttled(counter: CounterFile) -> int:
    """Return how often a core was slowed down because of its temperature."""
    try:
        return int(counter.read())
    except ValueError:
        return 0
