"""Which cores a measurement has: one for the workers, and another for the host that times them."""

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
_AS_IDLE = 0.75  # of the idlest core's time: few ticks are counted in so short a look
_IDLE = 0.5
_TRIED, _TRIALS, _TRIAL = 4, 5, 10_000


@dataclass(frozen=True)
class Cores:
    """Where the workers are, and where the host is; None where the system gives no choice."""

    workers: int | None
    host: int | None

    @property
    def apart(self) -> bool:
        """Whether host and workers have a core each."""
        return self.workers != self.host


@dataclass(frozen=True)
class IdleCores:
    """How idle cores were when they were looked at; there are none where the system gives no choice."""

    by_idleness: tuple[int, ...] = ()
    """The idlest first."""
    candidates: tuple[int, ...] = ()
    """Those that were about as idle as the idlest."""
    some: bool = False
    """Whether any was idle at all."""

    def quickest(self, *, paused: bool) -> Cores:
        """Choose the quickest of the cores that were idle for the workers, and another for the host.

        Host and worker take turns. On one core each finds its caches taken by the other. So the host has the next
        quickest idle core, and without one the idlest: beside somebody's work it waits for its turn now and then, which
        spoils a sample in fifty, where sharing slows them all down. A host that looks for answers on the other thread
        of the workers' core would, too; and where no core is idle none is better than another, unless the work that was
        seen has been `paused` since, as that of other evaluations is under the machine's lock.
        """
        if not self.candidates:
            return Cores(None, None)
        with pinned(self.candidates[0]):
            tried = sorted(self.candidates, key=_seconds_on)
        workers, beside = tried[0], _siblings(tried[0])
        apart = [core for core in (*tried, *self.by_idleness) if core != workers and core not in beside]
        return Cores(workers, apart[0] if apart and (self.some or paused) else workers)


def look_for_idle_cores() -> IdleCores:
    """Look which cores are idle, for 50 ms: nobody else should wait meanwhile."""
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
    """Look which cores are idle, and choose among them at once."""
    return look_for_idle_cores().quickest(paused=False)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this thread, and what it starts, on one core; None leaves it where it is."""
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
    """Keep all threads of these processes, which may have ended, on one core; None leaves them where they are."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        return
    for process in processes:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208 - names are all that is wanted
                os.sched_setaffinity(int(thread), {core})


def _allowed() -> set[int]:
    """Return the cores that this thread may be on; none where the system gives no choice."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _move_to(cores: set[int]) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def _idle_shares() -> list[float]:
    """Look for a while; return which share of it each core was idle."""
    # psutil's percents of so short a look add up to much less than 100
    looked = psutil.cpu_times_percent(_LOOK_SECONDS, percpu=True)
    return [core.idle / (sum(core) or 1.0) for core in looked]


def _seconds_on(core: int) -> float:
    """Move to `core` and time a little work there.

    On a machine that is shared, a core that looks as idle as another may take a third longer for seconds on end.
    """
    _move_to({core})
    seconds = []
    for _ in range(_TRIALS):
        begin = time.perf_counter()
        sum(number & 1 for number in range(_TRIAL))
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


def _siblings(core: int, told: Path = Path("/sys/devices/system/cpu")) -> set[int]:
    """Return which logical cores share a physical one with `core`; where that is not told, none."""
    try:
        text = (told / f"cpu{core}" / "topology" / "thread_siblings_list").read_text()
        spans = [[int(number) for number in span.split("-")] for span in text.split(",")]
    except (OSError, ValueError):
        return set()
    return {sibling for span in spans for sibling in range(span[0], span[-1] + 1)}
