"""Summarise the rounds: latency, ratio to the yardstick, and the uncertainty of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

import numpy as np

from harness.statistics import (
    NORMAL_95,
    Interval,
    interquartile_ratio,
    quantile_bound_rank,
    trimmed_mean,
)
from harness.timing._clock_history import PROCESS_DEVIATION
from harness.timing._rounds import Rounds, Stopped, interval_of_rounds, ratios_of

NOISY = 0.10
CHANNEL_SHARE = 0.25
"""The possible error of the cost of the channel, as a share of it. It cannot be measured from outside how much colder
the caches are when a request reaches a model than when one reaches the yardstick."""


@dataclass(frozen=True, kw_only=True)
class IntervalTerms:
    """The parts of the interval: half widths at 95 %, as shares of the figure."""

    rounds: float
    """Differences between rounds, of which neighbours may be correlated."""
    processes: float
    """Differences between processes that run the same code, for example in memory layout, and between states of the
    machine that last long. One measurement cannot show either."""
    channel: float
    """The possible error of the cost of the channel."""

    @property
    def whole(self) -> float:
        """The half width of the interval; the first two parts are random and independent, the third is systematic."""
        return math.hypot(self.rounds, self.processes) + self.channel

    def around(self, value: float) -> Interval:
        """Return the interval of the figure `value`."""
        return Interval(value * max(0.0, 1 - self.whole), value * (1 + self.whole))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The summary of the samples."""

    n: int
    p50_seconds: float
    net_p50_seconds: float | None
    net_terms: IntervalTerms | None
    p90_bound_seconds: float | None
    iqr_ratio: float
    noisy: bool
    channel_seconds: float
    ratio_to_yardstick: float | None
    ratio_terms: IntervalTerms | None
    rounds: int
    void_rounds: int
    stopped: Stopped


def summarise(rounds: Rounds, process_deviation: float = PROCESS_DEVIATION) -> Summary:
    """Summarise the rounds: the median of all samples, and trimmed means of the net times and ratios of rounds.

    A median below twice the cost of the channel is unresolved.
    """
    samples = np.sort(np.concatenate([one.model for one in rounds.valid]))
    p50 = float(np.median(samples))
    channel = median(one.channel for one in rounds.valid)
    nets = [one.net for one in rounds.valid]
    resolved = p50 >= 2 * channel and trimmed_mean(nets) > 0
    ratios = ratios_of(rounds.valid) if resolved else []
    iqr_ratio = interquartile_ratio(samples)
    rank = quantile_bound_rank(len(samples))

    def terms(values: list[float]) -> IntervalTerms | None:
        interval = interval_of_rounds(values) if resolved else None
        if interval is None:
            return None
        return IntervalTerms(
            rounds=(interval.high - interval.low) / 2 / trimmed_mean(values),
            processes=NORMAL_95 * process_deviation,
            channel=CHANNEL_SHARE * channel / trimmed_mean(nets),
        )

    return Summary(
        n=len(samples),
        p50_seconds=p50,
        net_p50_seconds=trimmed_mean(nets) if resolved else None,
        net_terms=terms(nets),
        p90_bound_seconds=None if rank is None else float(samples[-rank]),
        iqr_ratio=iqr_ratio,
        noisy=iqr_ratio > NOISY or rounds.stopped == "limit" or any(one.disturbance for one in rounds.valid),
        channel_seconds=channel,
        ratio_to_yardstick=trimmed_mean(ratios) if ratios else None,
        ratio_terms=terms(ratios),
        rounds=len(rounds.valid),
        void_rounds=rounds.void,
        stopped=rounds.stopped,
    )
