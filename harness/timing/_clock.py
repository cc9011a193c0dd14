"""The clock: the time of a request from sending it until its complete answer has been received.

It follows the single-stream scenario of MLPerf Inference (Reddi et al. 2020, ISCA): one request at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol, TypeVar

Taken = TypeVar("Taken", covariant=True)
T = TypeVar("T")


class Request(Protocol[Taken]):
    """A request that is ready to be sent."""

    def send(self) -> None:
        """Send it and wait for the complete answer; this is timed."""

    def take(self) -> Taken:
        """Return the answer; this is not timed."""


Prepare = Callable[[int], Request[T]]
"""A function that prepares request number i."""
Timer = Callable[[], float]
"""A function that returns monotonic seconds."""

BLOCK = 16
_STABLE = 0.05
LATENCY_SECONDS = 0.3
"""The longest time that latency is measured by default, in seconds."""
_WARM_UP = 1 / LATENCY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much to measure: up to `seconds` for all turns together, with bounds on the number of requests to the model.

    If a model is too slow for the `least` requests, as many are sent as `limit_seconds` allow.
    """

    seconds: float = LATENCY_SECONDS
    least: int = 64
    most: int = 2000
    limit_seconds: float = math.inf

    @property
    def warm_up_seconds(self) -> float:
        """The longest time for warming up."""
        return _WARM_UP * self.seconds


def sample(
    prepare: Prepare[T],
    numbers: range,
    timer: Timer,
    primers: Sequence[Request[object]] = (),
    end: float = math.inf,
) -> tuple[list[float], list[T]]:
    """Time the requests with these numbers, one after another; return the seconds and the answers.

    All are prepared before the first is sent, because work between two requests would evict the model from the caches.
    If another process was running before, `primers` are sent before them and are not timed. The request whose answer
    comes when `timer` has passed `end` is the last one.
    """
    requests = [prepare(number) for number in numbers]
    for primer in primers:
        primer.send()
        primer.take()
    samples, taken = [], []
    for request in requests:
        start = timer()
        request.send()
        now = timer()
        samples.append(now - start)
        taken.append(request.take())
        if now >= end:
            break
    return samples, taken


@dataclass(frozen=True)
class WarmUp:
    """The number of requests for warming up, and the median time of the last ones; 0 seconds if there were none."""

    requests: int
    seconds: float


def warm_up(prepare: Prepare[object], available: int, timer: Timer, seconds: float, block: int = BLOCK) -> WarmUp:
    """Send requests until the medians of two successive blocks agree within 5 % or `seconds` have passed."""
    end = timer() + seconds
    done, latest = 0, 0.0
    while done < available:  # each input is sent only once
        samples, _ = sample(prepare, range(done, min(done + block, available)), timer, end=end)
        former, latest = latest, median(samples)
        done += len(samples)
        if (former and abs(latest - former) <= _STABLE * former) or timer() >= end:
            break
    return WarmUp(done, latest)
