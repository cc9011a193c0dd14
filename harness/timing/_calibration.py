"""How different two models must be on this machine, shown by the yardstick, which is timed against itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from harness.record import Latency
from harness.statistics import NORMAL_95
from harness.timing._clock_history import process_deviation

LEAST_PROCESSES = 3


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The result of timing the yardstick against itself."""

    processes: int
    """The number of processes in which it was timed."""
    ratio: float
    """The mean ratio, which is 1 if the cost of the channel is correct."""
    deviation: float
    """The standard deviation of the ratio between processes, without the part that the rounds explain."""
    rounds: float
    """The standard deviation of the ratio of one process, estimated from its rounds."""
    assumed: float
    """The standard deviation between processes and over time that intervals on this machine assume from now on."""
    measurements: int
    """The number of measurements that it is known from."""

    @property
    def resolution(self) -> float:
        """The smallest relative difference between two models that chance causes in fewer than 5 % of cases."""
        return NORMAL_95 * math.sqrt(2) * math.hypot(self.assumed, self.rounds)


def calibration_of(latencies: Sequence[Latency], history: Sequence[float]) -> Calibration | None:
    """Return the calibration from measurements of the yardstick as a model; None if fewer than three have a ratio.

    `history` is that of the machine, with these measurements.
    """
    sure = [one for one in latencies if one.ratio_to_yardstick and one.uncertainty is not None]
    if len(sure) < LEAST_PROCESSES:
        return None
    logs = [math.log(one.ratio_to_yardstick) for one in sure if one.ratio_to_yardstick]
    rounds = math.sqrt(fmean((one.uncertainty.rounds / NORMAL_95) ** 2 for one in sure if one.uncertainty))
    return Calibration(
        processes=len(sure),
        ratio=math.exp(fmean(logs)),
        deviation=math.sqrt(max(stdev(logs) ** 2 - rounds**2, 0.0)),
        rounds=rounds,
        assumed=process_deviation(history),
        measurements=len(history),
    )
