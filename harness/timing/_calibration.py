"""The difference between processes that run the same code on this machine: the yardstick timed against itself."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import msgspec

from harness.record import Latency
from harness.statistics import NORMAL_95

_NAME = "clock.json"
_LEAST = 0.005
"""The smallest deviation that is assumed, because about a dozen processes cannot show a smaller one."""
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

    @property
    def resolution(self) -> float:
        """The smallest relative difference between two models that chance causes in fewer than 5 % of cases."""
        return NORMAL_95 * math.sqrt(2) * math.hypot(self.deviation, self.rounds)


def calibration_of(latencies: Sequence[Latency]) -> Calibration | None:
    """Return the calibration from measurements of the yardstick as a model; None if fewer than three have a ratio."""
    sure = [one for one in latencies if one.ratio_to_yardstick and one.uncertainty is not None]
    if len(sure) < LEAST_PROCESSES:
        return None
    logs = [math.log(one.ratio_to_yardstick) for one in sure if one.ratio_to_yardstick]
    rounds = math.sqrt(fmean((one.uncertainty.rounds / NORMAL_95) ** 2 for one in sure if one.uncertainty))
    between = math.sqrt(max(stdev(logs) ** 2 - rounds**2, 0.0))
    return Calibration(processes=len(sure), ratio=math.exp(fmean(logs)), deviation=max(between, _LEAST), rounds=rounds)


def keep_calibration(folder: Path, calibration: Calibration) -> Path:
    """Write the calibration into a folder of this user that is emptied when the machine restarts."""
    path = folder / _NAME
    path.write_bytes(msgspec.json.encode(calibration))
    return path


def kept_calibration(folder: Path) -> Calibration | None:
    """Return the calibration that is stored in `folder`, if it can be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        found = msgspec.json.decode((folder / _NAME).read_bytes(), type=Calibration)
        if 0 < found.deviation < 1:
            return found
    return None
