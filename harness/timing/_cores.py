"""Choose the cores of a measurement: one for the workers, and another for the host that times them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

_LOOK_SECONDS = 0.05
_AS_IDLE = 0.75  # as a share of the most idle core's time, because only few ticks are counted in such a short time
_IDLE = 0.5
_TRIED, _TRIALS, _TRIAL = 4, 5, 10_000


@dataclass(frozen=True)
class Cores:
    """The core of the workers and the core of the host; None if the system does not let a process choose."""

    workers: int | None
    host: int | None

    @property
    def apart(self) -> bool:
        """Whether host and workers have different cores."""
        return self.workers != self.host


@dataclass(frozen=True)
class IdleCores:
    """How idle the cores were when they were observed; empty if the system does not let a process choose."""

    by_idleness: tuple[int, ...] = ()
    """The cores, with the most idle one first."""
    candidates: tuple[int, ...] = ()
    """The cores that were about as idle as the most idle one."""
    some: bool = False
    """Whether any core was idle at least half of the time."""

    def quickest(self, *, paused: bool) -> Cores:
        """Choose the quickest of the cores that were idle for the workers, and another one for the host.

        Host and worker take turns. On a shared core each would find the caches filled by the other. So the host gets
        the next quickest idle core or, if there is none, the most idle one: there it sometimes has to wait for other
        work, which spoils one sample in fifty, whereas sharing a core slows all samples down. The other hardware thread
        of the workers' core is no better, because the host polls for answers. If no core is idle, the host shares the
        workers' core, unless the observed work has been `paused` since, as other evaluations are under the machine-wide
        lock.
        """
        if not self.candidates:
            return Cores(None, None)
        with pinned(self.candidates[0]):
            tried = sorted(self.candidates, key=_seconds_on)
        workers, siblings = tried[0], _siblings(tried[0])
        apart = [core for core in (*tried, *self.by_idleness) if core != workers and core not in siblings]
        return Cores(workers, apart[0] if apart and (self.some or paused) else workers)


def look_for_idle_cores() -> IdleCores:
    """Observe for 50 ms which cores are idle; to be called while no other evaluation has to wait."""
    allowed = _allowed()
    if not allowed:
        return IdleCores()
    shares = _idle_shares()
    idle = {core: shares[core] if core < len(shares) else 0.0 for core in allowed}
    by_idleness = sorted(allowed, key=idle.__getitem__, reverse=True)
    most = idle[by_idleness[0]]
    candidates = [core for core in by_idleness if idle[core] >= _AS_IDLE * most][:_TRIED]
    return IdleCores(tuple(by_idleness), tuple(candidates), most >= _IDLE)


def quickest_cores() -> Cores:
    """Observe which cores are idle, and choose among them immediately."""
    return look_for_idle_cores().quickest(paused=False)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread and the threads and processes that it starts on one core; with None, do nothing."""
    if core is None:
        yield
        return
    allowed = _allowed()
    try:
        _move_to({core})
        yield
    finally:
        _move_to(allowed)


def move_processes(processes: Sequence[int], core: int | None) -> None:
    """Keep all threads of these processes, which may have ended, on one core; with None, do nothing."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        return
    for process in processes:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208 - only names are needed
                os.sched_setaffinity(int(thread), {core})


def _allowed() -> set[int]:
    """Return the cores that this thread may use; none if the system does not let a process choose."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _move_to(cores: set[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def _idle_shares() -> list[float]:
    """Observe the cores for a short time; return the share of the time that each of them was idle."""
    # the percentages of psutil add up to much less than 100 for such a short time
    looked = psutil.cpu_times_percent(_LOOK_SECONDS, percpu=True)
    return [core.idle / (sum(core) or 1.0) for core in looked]


def _seconds_on(core: int) -> float:
    """Move to `core` and time a little work there.

    On a shared machine, a core that seems as idle as another one may be a third slower for several seconds.
    """
    _move_to({core})
    seconds = []
    for _ in range(_TRIALS):
        begin = time.perf_counter()
        sum(number & 1 for number in range(_TRIAL))
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


def _siblings(core: int, folder: Path = Path("/sys/devices/system/cpu")) -> set[int]:
    """Return the logical cores that share a physical core with `core`; none if the system does not report them."""
    try:
        text = (folder / f"cpu{core}" / "topology" / "thread_siblings_list").read_text()
        spans = [[int(number) for number in span.split("-")] for span in text.split(",")]
    except (OSError, ValueError):
        return set()
    return {sibling for span in spans for sibling in range(span[0], span[-1] + 1)}
