"""Time: the clock, its plan and budget, the cores, the yardstick, the machine's lock, and the audits of time."""

from harness.timing._audits import MAX_BACKGROUND, Repeated, no_background_work, repeats_are_computed
from harness.timing._clock import (
    LATENCY_SECONDS,
    NOISY,
    Budget,
    Round,
    Summary,
    Timed,
    background_share,
    measure,
    sample,
    summarise,
    warm_up,
)
from harness.timing._cores import Cores, pinned, quickest_cores
from harness.timing._draw import Draw, Perturb
from harness.timing._machine_lock import MachineLock, machine_lock

__all__ = [
    "LATENCY_SECONDS",
    "MAX_BACKGROUND",
    "NOISY",
    "Budget",
    "Cores",
    "Draw",
    "MachineLock",
    "Perturb",
    "Repeated",
    "Round",
    "Summary",
    "Timed",
    "background_share",
    "machine_lock",
    "measure",
    "no_background_work",
    "pinned",
    "quickest_cores",
    "repeats_are_computed",
    "sample",
    "summarise",
    "warm_up",
]
