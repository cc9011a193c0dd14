"""Limits a worker puts on itself before the first line of student code; none can be raised again."""

from __future__ import annotations

import resource
from pathlib import Path

from harness.contract import Limits


def confine(limits: Limits, processes: int) -> None:
    """Cap memory, file size, core dumps and `processes` (threads included) of this process and its children."""
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_FSIZE, limits.scratch_bytes)
    _cap(resource.RLIMIT_NPROC, processes)
    # RLIMIT_AS would count torch's untouched reservations; RLIMIT_DATA counts what may be written to
    _cap(resource.RLIMIT_DATA, _data_bytes() + limits.memory_bytes)


def _cap(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _data_bytes() -> int:
    """Return the private writable bytes mapped so far (Linux; 0 elsewhere)."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData")), 0)
