"""The properties of a machine that affect how steady its timings are."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from harness.record import ClockFacts

_CPU = Path("/sys/devices/system/cpu")


def clock_facts(cpu: Path = _CPU) -> ClockFacts:
    """Return the facts that the system reports; None for each one that it does not."""
    times = psutil.cpu_times()
    return ClockFacts(
        governor=_text(cpu / "cpu0/cpufreq/scaling_governor"),
        turbo=_turbo(cpu),
        multithreading=_flag(cpu / "smt/active"),
        swap_bytes=psutil.swap_memory().used,
        steal=times.steal / (sum(times) or 1.0) if hasattr(times, "steal") else None,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    )


def _turbo(cpu: Path) -> bool | None:
    off = _flag(cpu / "intel_pstate/no_turbo")
    return _flag(cpu / "cpufreq/boost") if off is None else not off


def _flag(path: Path) -> bool | None:
    text = _text(path)
    return None if text is None else text == "1"


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
