"""Limits a worker puts on itself before the first line of student code; none can be raised again."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.contract import Limits

try:
    import resource
except ImportError:  # Windows has no such limits: the host's watch holds memory and time
    resource = None  # type: ignore[assignment] # a module or nothing


def confine(limits: Limits, processes: int) -> None:
    """Cap what the system can of memory, file size, core dumps and `processes` (threads included), children's too."""
    if sys.platform != "win32" and resource is not None:
        for kind, value in _caps(limits, processes).items():
            _, hard = resource.getrlimit(kind)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def _caps(limits: Limits, processes: int) -> dict[int, int]:
    caps: dict[int, int] = {}
    if sys.platform != "win32":
        caps |= {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: limits.scratch_bytes}
    if sys.platform == "linux":  # elsewhere threads are not counted as processes, nor what may be written to
        # RLIMIT_AS would count torch's untouched reservations; RLIMIT_DATA counts what may be written to
        caps |= {resource.RLIMIT_NPROC: processes, resource.RLIMIT_DATA: _data_bytes() + limits.memory_bytes}
    return caps


def _data_bytes() -> int:
    """Return the private writable bytes mapped so far; 0 where that is not told."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData")), 0)
