"""Compute the share of each limit that a submission used."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contract import Limits
from harness.record import Record


@dataclass(frozen=True)
class Used:
    """One limit, and the share of it that was used."""

    name: str
    used: str
    limit: str
    share: float


def limits_used(record: Record, limits: Limits) -> list[Used]:
    """Return the limits for which the use is known."""
    cost, phases = record.cost, record.run.phases
    seconds = [
        ("import, wall clock", phases.get("import"), limits.wall_clock_seconds("import_seconds")),
        ("fit, CPU", cost.cpu_seconds, limits.fit_cpu_seconds),
        ("fit, wall clock", cost.fit_seconds, limits.fit_seconds),
        ("save, wall clock", phases.get("save"), limits.wall_clock_seconds("save_seconds")),
        ("load, wall clock", phases.get("load"), limits.wall_clock_seconds("load_seconds")),
        ("predict", phases.get("predict"), limits.predict_seconds),
    ]
    sizes = [
        ("memory", cost.peak_memory_bytes, limits.memory_bytes),
        ("artifact", cost.artifact_bytes, limits.artifact_bytes),
    ]
    used = [
        Used(name, f"{found:.1f} s", f"{most:g} s", found / most) for name, found, most in seconds if found is not None
    ]
    used += [Used(name, _mib(found), _mib(most), found / most) for name, found, most in sizes if found is not None]
    if cost.parameters is not None and limits.parameters is not None:
        share = cost.parameters / limits.parameters
        used.append(Used("parameters", f"{cost.parameters:,}", f"{limits.parameters:,}", share))
    return used


def _mib(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
