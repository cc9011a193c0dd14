"""The resource limits that a worker sets for itself before any student code runs; they cannot be raised again."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.contract import Limits

try:
    import resource
except ImportError:  # Windows has no such limits; there the host's watchdog checks memory and time
    resource = None  # type: ignore[assignment] # a module or nothing


def confine(limits: Limits, processes: int) -> None:
    """Limit memory, file sizes, core dumps and `processes` (which include threads), as far as the system can."""
    if sys.platform != "win32" and resource is not None:
        for kind, value in _caps(limits, processes).items():
            _, hard = resource.getrlimit(kind)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def _caps(limits: Limits, processes: int) -> dict[int, int]:
    caps: dict[int, int] = {}
    if sys.platform != "win32":
        caps |= {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: limits.scratch_bytes}
    if sys.platform == "linux":  # other systems count neither threads nor writable memory
        # RLIMIT_AS would count address space that torch only reserves; RLIMIT_DATA counts writable memory
        caps |= {resource.RLIMIT_NPROC: processes, resource.RLIMIT_DATA: _data_bytes() + limits.memory_bytes}
    return caps


def _data_bytes() -> int:
    """Return how many private writable bytes are mapped so far; 0 if that is unknown."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData")), 0)
