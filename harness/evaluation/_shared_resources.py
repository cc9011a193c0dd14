"""What all evaluations of one process use."""

from __future__ import annotations

from dataclasses import dataclass

from harness.evaluation._yardstick import Yardstick
from harness.sandbox import Sandbox
from harness.timing import MachineLock


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedResources:
    """The sandbox that starts workers, the machine-wide lock, and the yardstick that models are timed against."""

    sandbox: Sandbox
    lock: MachineLock
    yardstick: Yardstick
