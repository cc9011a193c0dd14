"""Ranks by speed, and the front of accuracy and speed; both respect what cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.record import Latency, Record
from harness.statistics import Interval, tie_groups, unpaired_p_value


def speed_ranks(records: Sequence[Record]) -> list[int | None]:
    """Return the rank of each record by its ratio to the yardstick, equal where two cannot be told apart.

    None without a ratio or its interval. Rounds and processes are what two models of one task can differ by chance in;
    the error of the channel's cost is common to both, for they are asked the same inputs through the same channel.
    """
    timed = [(place, record.cost.latency) for place, record in enumerate(records)]
    sure = sorted(
        ((place, *_log_ratio(latency)) for place, latency in timed if latency is not None and _is_sure(latency)),
        key=lambda one: one[1],
    )

    def p_value(best: int, other: int) -> float:
        return unpaired_p_value(sure[best][1:], sure[other][1:])

    ranks: list[int | None] = [None] * len(records)
    for (place, *_), rank in zip(sure, tie_groups(len(sure), p_value), strict=True):
        ranks[place] = rank
    return ranks


def front(ranks: Sequence[tuple[int | None, int | None]]) -> list[bool]:
    """Tell who is on the Pareto front of ranks by score and speed: nobody is better at one and as good at the other.

    Who cannot be told apart is equally good. Without both ranks nobody is on the front.
    """
    ranked = [(score, speed) for score, speed in ranks if score is not None and speed is not None]
    return [
        score is not None
        and speed is not None
        and not any(
            other_score <= score and other_speed <= speed and (other_score, other_speed) != (score, speed)
            for other_score, other_speed in ranked
        )
        for score, speed in ranks
    ]


def _is_sure(latency: Latency) -> bool:
    return bool(latency.ratio_to_yardstick and latency.ratio_to_yardstick > 0 and latency.uncertainty is not None)


def _log_ratio(latency: Latency) -> tuple[float, Interval]:
    assert latency.ratio_to_yardstick is not None
    assert latency.uncertainty is not None
    value = math.log(latency.ratio_to_yardstick)
    half = math.hypot(latency.uncertainty.rounds, latency.uncertainty.processes)
    return value, Interval(value - half, value + half)
