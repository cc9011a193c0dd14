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
from typing import Protocol, TypeVar

import numpy as np

from harness.statistics import interquartile_ratio, quantile_bound_rank

Taken = TypeVar("Taken", covariant=True)
T = TypeVar("T")


class Request(Protocol[Taken]):
    """A request made ready."""

    def send(self) -> None:
        """Send it and wait for the whole answer: this is timed."""

    def take(self) -> Taken:
        """Take the answer away: this is not."""


Prepare = Callable[[int], Request[T]]
"""Makes request number i ready."""
Timer = Callable[[], float]
"""Seconds, monotonic."""

NOISY = 0.10
_BLOCK = 16
_READY = 64
_LEAST_ROUNDS = 3
_STABLE = 0.05
LATENCY_SECONDS = 0.3
"""How long latency is measured if nothing else is said."""
_WARM_UP = 1 / LATENCY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to measure: `seconds` for all that take turns, within the bounds on requests to each."""

    seconds: float = LATENCY_SECONDS
    least: int = 64
    most: int = 2000

    @property
    def warm_up_seconds(self) -> float:
        """The longest that each may take to warm up."""
        return _WARM_UP * self.seconds

    def requests(self, turn_seconds: float, available: int) -> int:
        """Return how many turns to take, each a request to every one that is timed; `available` inputs are there."""
        affordable = int(self.seconds / max(turn_seconds, 1e-9))
        return min(max(self.least, min(self.most, affordable)), available)


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What is timed in turns: a model and the yardstick, and for each an exchange that is answered without either."""

    model: Prepare[object]
    echo: Prepare[object]
    yardstick: Prepare[float]
    """It predicts twice, and answers with the seconds of the second time by the clock of its own worker, in which no
    student code is."""
    yardstick_echo: Prepare[object]
    worked: Timer
    """CPU time of the model's processes so far."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Raw samples in seconds, in the order they were taken, and what the model did when it was not asked."""

    model: Sequence[float]
    echo: Sequence[float]
    yardstick: Sequence[float]
    yardstick_itself: Sequence[float]
    """How long it takes when it was not asked but goes on, as in a loop of its own."""
    yardstick_echo: Sequence[float]
    others_seconds: float
    """How long the model's processes had nothing to do."""
    worked_seconds: float
    """CPU time that they took meanwhile."""


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


def sample(prepare: Prepare[T], numbers: range, timer: Timer) -> tuple[list[float], list[T]]:
    """Time the requests with these numbers, one after the other, made ready some at a time; return what was taken too.

    Work between two requests would cool the caches that the model's next one finds.
    """
    samples, taken = [], []
    for first in range(numbers.start, numbers.stop, _READY):
        for request in [prepare(number) for number in range(first, min(first + _READY, numbers.stop))]:
            start = timer()
            request.send()
            samples.append(timer() - start)
            taken.append(request.take())
    return samples, taken


def warm_up(prepare: Prepare[object], available: int, timer: Timer, seconds: float) -> float:
    """Make requests until two blocks' medians agree within 5 % or `seconds` have passed; return the last median."""
    end = timer() + seconds
    former: float | None = None
    done = 0
    while True:
        block = range(done, min(done + _BLOCK, available))
        if not block:  # each input once only
            return former or 0.0
        latest = median(sample(prepare, block, timer)[0])
        done = block.stop
        if (former is not None and abs(latest - former) <= _STABLE * former) or timer() >= end:
            return latest
        former = latest


def measure(timed: Timed, n: int, timer: Timer) -> list[Round]:
    """Take `n` samples of the model and as many of the others, in at least three rounds.

    The rounds are short: a machine that changes its speed, as one shared with others does, changes it for all four.
    """
    count = min(n, max(_LEAST_ROUNDS, math.ceil(n / _READY)))
    edges = [round(n * step / count) for step in range(count + 1)]
    return [_round(timed, range(start, stop), timer) for start, stop in pairwise(edges)]


def _round(timed: Timed, numbers: range, timer: Timer) -> Round:
    model, _ = sample(timed.model, numbers, timer)
    worked, begin = timed.worked(), timer()
    echo, _ = sample(timed.echo, numbers, timer)
    yardstick, itself = sample(timed.yardstick, numbers, timer)
    yardstick_echo, _ = sample(timed.yardstick_echo, numbers, timer)
    return Round(
        model=model,
        echo=echo,
        yardstick=yardstick,
        yardstick_itself=itself,
        yardstick_echo=yardstick_echo,
        worked_seconds=timed.worked() - worked,
        others_seconds=timer() - begin,
    )


def background_share(rounds: Sequence[Round]) -> float:
    """Return the CPU time that the model's processes took while others were timed, as a share of that time."""
    return sum(one.worked_seconds for one in rounds) / sum(one.others_seconds for one in rounds)


def summarise(rounds: Sequence[Round]) -> Summary:
    """Summarise samples: medians over all rounds, and the median of the rounds' ratios to the yardstick."""
    samples = np.sort(np.concatenate([one.model for one in rounds]))
    p50 = float(np.median(samples))
    channel = median(map(_channel, rounds))
    net = p50 - channel if p50 >= 2 * channel else None
    ratios = [ratio for one in rounds if (ratio := _ratio(one)) is not None]
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


def _channel(one: Round) -> float:
    """Return what being asked costs: an echo, and what more of the yardstick's time was neither echo nor yardstick.

    A worker that only echoes finds its code in the caches; one that has just predicted does not, nor does the model
    when it is asked: what a first time takes longer than a second is the channel's, too. So net is what a loop of the
    model alone would show.
    """
    return median(one.echo) + _around(one) - median(one.yardstick_echo)


def _around(one: Round) -> float:
    return median(whole - 2 * itself for whole, itself in zip(one.yardstick, one.yardstick_itself, strict=True))


def _ratio(one: Round) -> float | None:
    """Return net over the yardstick itself; None where the channel drowns the yardstick."""
    yardstick = median(one.yardstick_itself)
    return None if yardstick < _around(one) else (median(one.model) - _channel(one)) / yardstick
