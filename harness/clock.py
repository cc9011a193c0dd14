"""Latency by the host's clock: a callable, a timer, and the plan of when to stop.

Follows MLPerf Inference's single-stream scenario (Reddi et al. 2020, ISCA): one request in flight, timed from
sent to complete answer received, quantiles bounded by the binomial rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from harness.statistics import interquartile_ratio, quantile_bound_rank

Prepare = Callable[[int], Callable[[], object]]
"""Makes request number i ready, untimed; calling what it returns sends it and waits for the answer."""
Timer = Callable[[], float]
"""Seconds, monotonic."""

NOISY = 0.10
_BLOCK = 16
_READY = 64
_STABLE = 0.05


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to measure: `seconds`, within the bounds on requests, in `rounds` with the yardstick between."""

    seconds: float = 0.3
    least: int = 64
    most: int = 2000
    rounds: int = 3
    warm_up_seconds: float = 1.0

    def requests(self, typical_seconds: float, available: int) -> int:
        """Return how many requests of `typical_seconds` to make; `available` inputs are there at most."""
        affordable = int(self.seconds / max(typical_seconds, 1e-9))
        return min(max(self.least, min(self.most, affordable)), available)


@dataclass(frozen=True)
class Timing:
    """Raw samples in seconds, in the order they were taken."""

    model: tuple[float, ...]
    yardstick: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the samples say."""

    n: int
    p50_seconds: float
    net_p50_seconds: float | None
    p90_bound_seconds: float | None
    iqr_ratio: float
    noisy: bool
    channel_seconds: float
    ratio_to_yardstick: float | None


def sample(prepare: Prepare, numbers: range, timer: Timer) -> list[float]:
    """Time the requests with these numbers, one after the other, made ready some at a time.

    Work between two requests would cool the caches that the model's next one finds.
    """
    samples = []
    for first in range(numbers.start, numbers.stop, _READY):
        for send in [prepare(number) for number in range(first, min(first + _READY, numbers.stop))]:
            start = timer()
            send()
            samples.append(timer() - start)
    return samples


def warm_up(prepare: Prepare, available: int, timer: Timer, seconds: float) -> float:
    """Make requests until two blocks' medians agree within 5 % or `seconds` have passed; return the last median."""
    end = timer() + seconds
    former: float | None = None
    done = 0
    while True:
        block = range(done, min(done + _BLOCK, available))
        if not block:  # each input once only
            return former or 0.0
        latest = median(sample(prepare, block, timer))
        done = block.stop
        if (former is not None and abs(latest - former) <= _STABLE * former) or timer() >= end:
            return latest
        former = latest


def measure(prepare: Prepare, yardstick: Prepare, n: int, rounds: int, timer: Timer) -> Timing:
    """Take `n` samples of the model and as many of the yardstick, in turns."""
    edges = [round(n * step / rounds) for step in range(rounds + 1)]
    model: list[float] = []
    reference: list[float] = []
    for start, stop in pairwise(edges):
        model += sample(prepare, range(start, stop), timer)
        reference += sample(yardstick, range(start, stop), timer)
    return Timing(tuple(model), tuple(reference))


def summarise(timing: Timing, channel: float, yardstick_channel: float) -> Summary:
    """Summarise samples, given what the channels alone cost."""
    samples = np.sort(np.array(timing.model))
    p50 = float(np.median(samples))
    yardstick_p50 = float(np.median(timing.yardstick))
    net = p50 - channel if p50 >= 2 * channel else None
    yardstick_net = yardstick_p50 - yardstick_channel if yardstick_p50 >= 2 * yardstick_channel else None
    ratio_iqr = interquartile_ratio(samples)
    rank = quantile_bound_rank(len(samples))
    return Summary(
        n=len(samples),
        p50_seconds=p50,
        net_p50_seconds=net,
        p90_bound_seconds=None if rank is None else float(samples[-rank]),
        iqr_ratio=ratio_iqr,
        noisy=ratio_iqr > NOISY,
        channel_seconds=channel,
        ratio_to_yardstick=None if net is None or yardstick_net is None else net / yardstick_net,
    )
