"""A tree of processes, and whether it is gone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

import psutil

_LOOK_SECONDS = 0.001


def descendants(pid: int) -> list[psutil.Process]:
    """Return the processes that hang from `pid`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)  # type: ignore[no-any-return] # psutil has no types
    return []


def survivors(tree: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until all of `tree` are dead; return those that are not after so many seconds."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in tree if not _is_dead(process)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(_LOOK_SECONDS)
    return []


def _is_dead(process: psutil.Process) -> bool:
    """Tell whether a process is gone; a zombie is, though its new parent may take seconds to notice."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
