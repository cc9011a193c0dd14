"""The tree of processes below one, and waiting for its end."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.001


def descendants(pid: int) -> list[psutil.Process]:
    """Return all processes below `pid`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)  # type: ignore[no-any-return] # psutil has no types
    return []


def tree_cpu_seconds(pid: int) -> float:
    """Return the CPU time of `pid` and all below it, and of the children that these waited for.

    Where the kernel lists a process's children (Linux), nothing else is looked at: models are timed meanwhile.
    """
    total, left = 0.0, [pid]
    while left:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(left.pop())
            children = _children(process.pid)
            left += [child.pid for child in process.children()] if children is None else children
            total += cpu_seconds(process)
    return total


def _children(pid: int) -> list[int] | None:
    """Return the children of a process; None where the system does not list them."""
    found: list[int] = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_bytes().split())
    except OSError:
        return None
    return found


def cpu_seconds(process: psutil.Process) -> float:
    """Return its CPU time and that of the children it waited for."""
    times = process.cpu_times()
    own = times.user + times.system
    if sys.platform == "linux":
        # the clock of clock_getcpuclockid(3) counts nanoseconds, /proc hundredths of a second
        with contextlib.suppress(OSError):
            own = time.clock_gettime(~process.pid << 3 | 2)
    return float(own + times.children_user + times.children_system)


def survivors(tree: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait up to `seconds` until all of `tree` are dead; return those that are not."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in tree if not _is_dead(process)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(_LOOK_SECONDS)
    return []


def _is_dead(process: psutil.Process) -> bool:
    """Return whether a process is dead; a zombie is, even if its parent has not reaped it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
