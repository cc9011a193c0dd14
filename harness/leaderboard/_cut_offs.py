"""Cut-offs against the distribution of scores: what share of a class passes each, and how many are close to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.leaderboard._build import RankedGroup
from harness.text import as_percent

_OF_STAFF = "reference/"


@dataclass(frozen=True)
class CutOff:
    """A score from which on there are points, or the baseline, and how a class stands to it."""

    score: float
    points: float | None
    """What it earns; None for the baseline."""
    reached: int
    """How many submissions score at least as well."""
    undecided: int
    """How many have it within the 95 % interval of their score: other items might have decided otherwise."""
    of: int

    def __str__(self) -> str:
        what = "the baseline" if self.points is None else f"{self.points:g} points"
        share = as_percent(self.reached / self.of)
        close = f", {self.undecided} of them or of the rest within their interval" if self.undecided else ""
        return f"{self.score:g} ({what}): {self.reached} of {self.of} reach it ({share}){close}"


def cut_offs(group: RankedGroup, points: Iterable[tuple[float, float]]) -> tuple[CutOff, ...]:
    """Return how the submissions of `group` stand to the baseline and to each pair (score, points), by score.

    Solutions of the staff are left out; without a submission that has a score there is nothing to tell.
    """
    scores = [
        row.record.primary
        for row in group.rows
        if row.has_score and row.record.primary and not row.record.submission.name.startswith(_OF_STAFF)
    ]
    if not scores:
        return ()
    sign = 1 if scores[0].higher_is_better else -1
    asked = [(group.rows[0].record.baseline.value, None), *points]
    found = [
        CutOff(
            score=score,
            points=earned,
            reached=sum(sign * one.value >= sign * score for one in scores),
            undecided=sum(one.low <= score <= one.high for one in scores),
            of=len(scores),
        )
        for score, earned in asked
    ]
    return tuple(sorted(found, key=lambda one: (sign * one.score, one.points or 0.0)))
