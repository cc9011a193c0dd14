"""The ranks of comparable results: intervals, and the probability that one is better than another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.record import Compared, Record, Score
from harness.statistics import (
    NORMAL_95,
    Draws,
    RankInterval,
    probability_better,
    rank_intervals,
    resampled_means,
    seed_noise,
)

_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Ranked:
    """A record with a score, and its results for each item; None if the evidence is missing."""

    record: Record
    score: Score
    items: Compared | None

    @property
    def sign(self) -> int:
        """1 if higher is better, and -1 if lower is."""
        return 1 if self.score.higher_is_better else -1


@dataclass(frozen=True)
class Standing:
    """The facts about one rank."""

    rank: RankInterval
    better_than_next: float | None
    """The probability that it is truly better than the next one; None for the last."""
    better_than_baseline: float


@dataclass(frozen=True)
class Standings:
    """The facts about the ranks of comparable results, best first."""

    of: tuple[Standing, ...] = ()
    resolution: float | None = None
    """The difference of scores from which on half of the pairs can be told apart; None without a pair."""


def stand(ranked: Sequence[Ranked]) -> Standings:
    """Return the standing of each of the comparable results, best first."""
    with np.errstate(over="ignore", invalid="ignore"):  # squares of the largest predictions
        draws = _draws(ranked)
        values = np.array([one.sign * one.score.value for one in ranked])
        found = rank_intervals(values, draws, _units(ranked))
        standings = [
            Standing(
                rank=found.ranks[place],
                better_than_next=probability_better(draws[place], draws[place + 1])
                if place + 1 < len(ranked)
                else None,
                better_than_baseline=probability_better(draws[place], one.sign * one.record.baseline.value),
            )
            for place, one in enumerate(ranked)
        ]
        return Standings(tuple(standings), found.resolution)


def rank_shares(ranked: Sequence[Ranked]) -> NDArray[np.float64]:
    """Return (M, M), the share of resamples of the items in which each result has each rank.

    Results that are equal in a resample take their ranks in random order, by a fixed seed.
    """
    draws = _draws(ranked)
    ties = np.random.Generator(np.random.PCG64(0)).random(draws.shape)
    order = np.lexsort((ties, -draws), axis=0)
    shares = np.zeros((len(ranked), len(ranked)))
    for rank, who in enumerate(order):
        shares[:, rank] = np.bincount(who, minlength=len(ranked)) / draws.shape[1]
    return shares


def _draws(ranked: Sequence[Ranked]) -> Draws:
    """Return (M, B) draws of the scores over items and seeds, larger is better."""
    repeats = [[repeat.value for repeat in one.record.run.repeats] for one in ranked]
    return _draws_of_items(ranked) + seed_noise(repeats, 1, _RESAMPLES)


def _draws_of_items(ranked: Sequence[Ranked]) -> Draws:
    """Return (M, B) draws of the scores, larger is better, on the same resampled items for all with evidence."""
    draws = np.empty((len(ranked), _RESAMPLES))
    items = {place: found for place, one in enumerate(ranked) if (found := _items(one)) is not None}
    length = max(map(len, items.values()), default=0)
    alike = [place for place, found in items.items() if len(found) == length]
    if alike:
        groups = None if (first := ranked[alike[0]].items) is None else first.groups
        draws[alike] = resampled_means(np.stack([items[place] for place in alike]), groups, 0, _RESAMPLES)
    for place, one in enumerate(ranked):
        if place in alike:
            continue
        stored = None if one.items is None else one.items.draws
        if stored is not None and len(stored) == _RESAMPLES:
            draws[place] = one.sign * stored
        else:
            draws[place] = _independent(one)
    return draws


def _items(one: Ranked) -> NDArray[Any] | None:
    return None if one.items is None else one.items.items


def _independent(one: Ranked) -> Draws:
    """Return (B,) draws from the interval of a score alone."""
    name = hashlib.sha256(one.record.submission.name.encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(name[:8])))
    deviation = (one.score.high - one.score.low) / 2 / NORMAL_95
    return generator.normal(one.sign * one.score.value, deviation, _RESAMPLES)


def _units(ranked: Sequence[Ranked]) -> int:
    """Return the number of items, or of groups of items, on which the scores are based."""
    task = ranked[0].record.task
    if task.n_groups is not None:
        return task.n_groups
    return task.n_test if task.scored_on == "test" else task.n_validation
