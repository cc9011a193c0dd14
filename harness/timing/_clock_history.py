"""How much the ratio of the same model varies on this machine, from the measurements that were made there before.

The rounds of one measurement cannot show in which state the machine is, or how a model's process lies in memory: either
may last longer than the measurement. But each measurement also times two programs of the harness: the channel, which is
Python code and system calls, and the yardstick, which computes. How much their ratio differs from measurement to
measurement, in other processes and at other times, shows how much such states change the ratio of two programs.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from harness.files import write_atomically
from harness.statistics import NORMAL_95, student_of_normal

_log = logging.getLogger(__name__)

PROCESS_DEVIATION = 0.15
"""The relative standard deviation that is assumed until there are enough measurements. It is that of an unsteady
machine: .12 to .15 was measured on a virtual machine whose host is shared with others."""
LEAST_DEVIATION = 0.02
"""The smallest one that is assumed. With it, 75 of 80 pairs of processes with the same PyTorch network were held equal
on a steady machine."""
ENOUGH_MEASUREMENTS = 8
_MOST_MEASUREMENTS = 200
_MODELS_VARY = 1.25
"""How many times as much a model's ratio varies as that of the channel. A PyTorch network's varied 1.05 and .9 times as
much without and with other work on an unsteady machine; with this factor, 97 and 99 % of pairs of its processes were
held equal (docs/measurement.md)."""
_SHARE = 0.9
_SHARE_OF_NORMAL = 2.3262
"""The difference that this share of pairs of independent values does not exceed, if their standard deviation is 1."""
_LARGEST = 10.0
_NAME = "clock.json"


def process_deviation(history: Sequence[float]) -> float:
    """Return the relative standard deviation of a ratio between processes and over time, given the earlier ratios.

    `history` has the logarithms of the ratios of channel to yardstick. The deviation is the one at which nine in ten
    pairs of them would differ as little as they do: a few outliers count little, but a machine with two speeds is seen.
    It is larger if there are few, as Student's t is.
    """
    if len(history) < ENOUGH_MEASUREMENTS:
        return PROCESS_DEVIATION
    values = np.asarray(history)
    first, second = np.triu_indices(len(values), 1)
    spread = float(np.quantile(np.abs(values[first] - values[second]), _SHARE)) / _SHARE_OF_NORMAL
    few = student_of_normal(NORMAL_95, len(values) - 1) / NORMAL_95
    return max(LEAST_DEVIATION, _MODELS_VARY * spread * few)


class ClockHistory:
    """The history of this user's measurements, in a folder that is emptied when the machine restarts."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME

    def read(self) -> tuple[float, ...]:
        """Return the logarithms of the earlier ratios of channel to yardstick, the newest last; none if unreadable."""
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            found = msgspec.json.decode(self._path.read_bytes(), type=tuple[float, ...])
            return tuple(value for value in found if abs(value) < _LARGEST)[-_MOST_MEASUREMENTS:]
        return ()

    def add(self, channel_to_yardstick: float | None) -> None:
        """Add the ratio of a measurement; None if it has none.

        If two processes do that at the same moment, one of the ratios is lost, which changes nothing much.
        """
        if channel_to_yardstick is None or channel_to_yardstick <= 0:
            return
        kept = (*self.read(), round(math.log(channel_to_yardstick), 4))[-_MOST_MEASUREMENTS:]
        try:
            write_atomically(self._path, msgspec.json.encode(kept), 0o600)
        except OSError as error:
            _log.info("%s cannot be written, so this measurement does not widen later intervals: %s", self._path, error)
