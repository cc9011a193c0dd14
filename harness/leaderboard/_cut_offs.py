"""Compare cut-offs with the scores of a class: the share that reaches each, and the number of results close to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.leaderboard._build import RankedGroup
from harness.text import as_percent

_OF_STAFF = "reference/"


@dataclass(frozen=True)
class CutOff:
    """A score that earns points, or the baseline, and how many submissions reach it."""

    score: float
    points: float | None
    """The points that it earns; None for the baseline."""
    reached: int
    """The number of submissions that score at least as well."""
    undecided: int
    """The number of submissions whose 95 % interval contains it, so that other items might decide otherwise."""
    of: int

    def __str__(self) -> str:
        what = "the baseline" if self.points is None else f"{self.points:g} points"
        share = as_percent(self.reached / self.of)
        close = f", {self.undecided} of them or of the rest within their interval" if self.undecided else ""
        return f"{self.score:g} ({what}): {self.reached} of {self.of} reach it ({share}){close}"


def cut_offs(group: RankedGroup, points: Iterable[tuple[float, float]]) -> tuple[CutOff, ...]:
    """Compare the submissions of `group` with the baseline and with each pair (score, points), sorted by score.

    The staff's solutions are left out. Without a submission with a score the result is empty.
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
