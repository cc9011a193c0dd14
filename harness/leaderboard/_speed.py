"""Rank records by speed, and find the Pareto front of score and speed; both treat statistical ties as equal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.record import Latency, Record
from harness.statistics import Interval, RankInterval, tie_groups, unpaired_p_value


def speed_ranks(records: Sequence[Record]) -> list[int | None]:
    """Return the rank of each record by its ratio to the yardstick, with equal ranks for statistical ties.

    The rank is None without a ratio or its interval. Two models of one task may differ by chance between rounds and
    between processes. The error in the cost of the channel is common to both, because they get the same inputs through
    the same channel.
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


def front(ranks: Sequence[tuple[RankInterval, int | None]]) -> list[bool]:
    """Return for each pair of ranks by score and speed whether it is on the Pareto front.

    It is if no other pair is significantly better in one rank without being significantly worse in the other. A pair
    without a rank by speed is not on the front.
    """
    timed = [(score, speed) for score, speed in ranks if speed is not None]
    return [speed is not None and not any(_beats(other, (score, speed)) for other in timed) for score, speed in ranks]


def _beats(one: tuple[RankInterval, int], other: tuple[RankInterval, int]) -> bool:
    better_score, better_speed = one[0].high < other[0].low, one[1] < other[1]
    worse_score, worse_speed = other[0].high < one[0].low, other[1] < one[1]
    return (better_score and not worse_speed) or (better_speed and not worse_score)


def _is_sure(latency: Latency) -> bool:
    return bool(latency.ratio_to_yardstick and latency.ratio_to_yardstick > 0 and latency.uncertainty is not None)


def _log_ratio(latency: Latency) -> tuple[float, Interval]:
    assert latency.ratio_to_yardstick is not None
    assert latency.uncertainty is not None
    value = math.log(latency.ratio_to_yardstick)
    half = math.hypot(latency.uncertainty.rounds, latency.uncertainty.processes)
    return value, Interval(value - half, value + half)
