"""The tree of processes below one, and waiting for its end."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.001
_LOOKS = 2000
"""How many times to look for processes that still run before going on without waiting for them: on a busy machine a
signal may take a while to arrive."""
_AT_REST = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


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


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop all processes below `pid` while the body runs; a process can neither refuse nor start others meanwhile."""
    held: dict[int, psutil.Process] = {}
    try:
        for _ in range(_LOOKS):  # repeated until none is found running: a process may wake another before it is stopped
            running = [process for process in descendants(pid) if not _is_at_rest(process)]
            if not running:
                break
            for process in running:
                held[process.pid] = process
                with contextlib.suppress(psutil.Error):
                    process.suspend()
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        for process in held.values():
            with contextlib.suppress(psutil.Error):
                process.resume()


def _is_at_rest(process: psutil.Process) -> bool:
    try:
        return process.status() in _AT_REST
    except psutil.Error:
        return True


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
