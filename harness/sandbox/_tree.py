"""The tree of processes below a process: its CPU time, stopping it, and waiting for its end."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.001
_LOOKS = 2000
"""How many times to look for processes that still run before continuing without waiting for them; on a busy machine a
signal may take a while to arrive."""
_AGREEING_LOOKS = 8
_CHUNK = 1 << 16
_AT_REST = {psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


def descendants(pid: int) -> list[psutil.Process]:
    """Return all processes below `pid`, parents first."""
    below = _below(pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        if below is None:
            return psutil.Process(pid).children(recursive=True)  # type: ignore[no-any-return] # psutil has no types
    found = []
    for one in below or ():
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(one))
    return found


def tree_cpu_seconds(pid: int) -> float:
    """Return the CPU time of `pid`, of all processes below it, and of the children that these waited for.

    If the kernel lists the children of a process (Linux), only these processes are examined, so that models that are
    timed meanwhile are not disturbed.
    """
    below = _below(pid)
    if below is not None:
        return sum(map(_cpu_seconds_of, (pid, *below)))
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in (psutil.Process(pid), *descendants(pid)):
            with contextlib.suppress(psutil.Error):
                total += cpu_seconds(process)
    return total


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and of the children that it waited for."""
    times = process.cpu_times()
    own = _of_its_clock(process.pid, times.user + times.system)
    return float(own + times.children_user + times.children_system)


def _cpu_seconds_of(pid: int) -> float:
    """Return the same as `cpu_seconds`, read from /proc alone; 0 if the process has ended."""
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()  # the name of a program may contain blanks
    except OSError:
        return 0.0
    user, system, of_children_user, of_children_system = (int(ticks) / _ticks() for ticks in fields[11:15])
    return _of_its_clock(pid, user + system) + of_children_user + of_children_system


def _of_its_clock(pid: int, otherwise: float) -> float:
    """Return the CPU time of a process with a resolution of nanoseconds, or `otherwise` if there is no such clock.

    This is the clock of clock_getcpuclockid(3); /proc counts hundredths of a second.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return time.clock_gettime(~pid << 3 | 2)
    return otherwise


@cache
def _ticks() -> int:
    if sys.platform == "win32":
        ticks = 100
    else:
        ticks = os.sysconf("SC_CLK_TCK")
    return ticks


def _below(pid: int) -> list[int] | None:
    """Return the processes below `pid`, parents first; None if the kernel does not list the children of a process.

    A list may lack a child if another one exits while it is read (proc_pid_children(5)), so it is read until two lists
    in a row agree. This takes a tenth of a millisecond; examining all processes of the machine takes several.
    """
    if not _lists_children():
        return None
    before, found = None, _look_below(pid)
    for _ in range(_AGREEING_LOOKS):
        if found == before:
            break
        before, found = found, _look_below(pid)
    return found


@cache
def _lists_children() -> bool:
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").exists()


def _look_below(pid: int) -> list[int]:
    found, looked = [pid], 0
    while looked < len(found):
        found += _children(found[looked])
        looked += 1
    return found[1:]


def _children(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # the process has ended
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - only names are needed
            with contextlib.suppress(OSError):
                found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def _read(name: str) -> bytes:
    """Return the content of a file of /proc, with as few system calls as possible."""
    descriptor = os.open(name, os.O_RDONLY)
    try:
        text = b""
        while chunk := os.read(descriptor, _CHUNK):
            text += chunk
        return text
    finally:
        os.close(descriptor)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop all processes below `pid` while the body runs; a stopped process cannot refuse, and cannot start others."""
    suspended: dict[int, psutil.Process] = {}
    try:
        for _ in range(_LOOKS):  # repeated until none is found running: a process may wake another before it is stopped
            running = [process for process in descendants(pid) if not _is_at_rest(process)]
            if not running:
                break
            for process in running:
                suspended[process.pid] = process
                with contextlib.suppress(psutil.Error):
                    process.suspend()
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        for process in suspended.values():
            with contextlib.suppress(psutil.Error):
                process.resume()


def _is_at_rest(process: psutil.Process) -> bool:
    try:
        return process.status() in _AT_REST
    except psutil.Error:
        return True


def survivors(tree: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait up to `seconds` until all processes of `tree` are dead; return those that are still alive."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in tree if not _is_dead(process)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(_LOOK_SECONDS)
    return []


def _is_dead(process: psutil.Process) -> bool:
    """Return whether a process is dead; a zombie counts as dead, even if its parent has not reaped it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
