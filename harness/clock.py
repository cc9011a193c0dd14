"""Latency by the host's clock: a callable, a timer, and the plan of when to stop.

Follows MLPerf Inference's single-stream scenario (Reddi et al. 2020, ISCA): one request in flight, timed from
sent to complete answer received, quantiles bounded by the binomial rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Generic, Protocol, TypeVar

import numpy as np

from harness.statistics import interquartile_ratio, quantile_bound_rank


class Request(Protocol):
    """A request made ready."""

    def send(self) -> None:
        """Send it and wait for the whole answer: this is timed."""

    def take(self) -> object:
        """Take the answer away: this is not."""


Prepare = Callable[[int], Request]
"""Makes request number i ready."""
Timer = Callable[[], float]
"""Seconds, monotonic."""

NOISY = 0.10
_BLOCK = 16
_READY = 64
_LEAST_ROUNDS = 3
_STABLE = 0.05


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to measure: `seconds` for all that take turns, within the bounds on requests to each."""

    seconds: float = 0.3
    least: int = 64
    most: int = 2000
    warm_up_seconds: float = 1.0

    def requests(self, turn_seconds: float, available: int) -> int:
        """Return how many turns to take, each a request to every one that is timed; `available` inputs are there."""
        affordable = int(self.seconds / max(turn_seconds, 1e-9))
        return min(max(self.least, min(self.most, affordable)), available)


T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, kw_only=True)
class Four(Generic[T]):
    """What is timed in turns: the model and the yardstick, and for each the channel alone."""

    model: T
    channel: T
    yardstick: T
    yardstick_channel: T

    def map(self, function: Callable[[T], U]) -> Four[U]:
        """Return what `function` makes of each."""
        return Four(
            model=function(self.model),
            channel=function(self.channel),
            yardstick=function(self.yardstick),
            yardstick_channel=function(self.yardstick_channel),
        )


Round = Four[Sequence[float]]
"""Raw samples in seconds, in the order they were taken."""


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
        for request in [prepare(number) for number in range(first, min(first + _READY, numbers.stop))]:
            start = timer()
            request.send()
            samples.append(timer() - start)
            request.take()
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


def measure(timed: Four[Prepare], n: int, timer: Timer) -> list[Round]:
    """Take `n` samples of the model and as many of the others, in at least three rounds.

    The rounds are short: a machine that changes its speed, as one shared with others does, changes it for all four.
    """
    rounds = max(_LEAST_ROUNDS, math.ceil(n / _READY))
    edges = [round(n * step / rounds) for step in range(rounds + 1)]
    return [
        timed.map(lambda prepare, numbers=range(start, stop): sample(prepare, numbers, timer))  # type: ignore[misc]
        for start, stop in pairwise(edges)
    ]


def summarise(rounds: Sequence[Round]) -> Summary:
    """Summarise samples: medians over all rounds, and the median of the rounds' ratios to the yardstick."""
    samples = np.sort(np.concatenate([one.model for one in rounds]))
    p50 = float(np.median(samples))
    channel = float(np.median(np.concatenate([one.channel for one in rounds])))
    net = p50 - channel if p50 >= 2 * channel else None
    ratios = [ratio for one in rounds if (ratio := _ratio(one.map(median))) is not None]
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
        ratio_to_yardstick=None if net is None or 2 * len(ratios) < len(rounds) else median(ratios),
    )


def _ratio(medians: Four[float]) -> float | None:
    """Return net over net; None where the channel drowns the yardstick."""
    if medians.yardstick < 2 * medians.yardstick_channel:
        return None
    return (medians.model - medians.channel) / (medians.yardstick - medians.yardstick_channel)
