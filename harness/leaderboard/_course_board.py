"""One table over all tasks of a course."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.leaderboard._build import Board, BoardRow, RankedGroup

WITHIN = (0.01, 0.05)
"""The distances to the best score, as shares of it, that tables show: two points of the profile."""


@dataclass(frozen=True)
class MeanRank:
    """The mean of a submission's ranks over the tasks with a score, and the means of both ends of their ranges."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CourseRow:
    """The results of one submission over all tasks. Missing results are listed, and never estimated."""

    submission: str
    scored: tuple[str, ...]
    """The tasks for which it has a score."""
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    """The tasks without a comparable record."""
    met: int
    """The number of baselines that it meets."""
    borda: int
    """The number of models that score lower, summed over tasks."""
    mean_rank: MeanRank | None
    distances: tuple[float, ...]
    """The distances of its scores to the best score of the task, as shares of that, smallest first."""

    def profile(self, share: float) -> float:
        """Return the share of all tasks in which its distance to the best score is at most `share`.

        Tasks without a score count as not close. This is Dolan & Moré's performance profile (2002, Math. Program.
        91:201), of scores instead of times.
        """
        return bisect_right(self.distances, share) / (len(self.scored) + len(self.failed) + len(self.missing))


@dataclass(frozen=True)
class CourseBoard:
    """All submissions over all tasks, sorted by the Borda count, highest first."""

    groups: tuple[RankedGroup, ...]
    """The results of each task that are used."""
    rows: tuple[CourseRow, ...]
    withheld: tuple[str, ...] = ()
    """The tasks whose scores are withheld until the final board, and which are therefore not used."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks."""
        return tuple(group.key.task for group in self.groups)


def course_board(board: Board) -> CourseBoard:
    """Return the table over all tasks of `board`, from the first group of each task that has scores.

    The Borda count is that of voters who rank candidates, here tasks that rank models (Colombo et al. 2022, NeurIPS;
    used by MTEB).
    """
    found = _groups(board)
    tasks = [_TaskScores.of(group) for group in found if not _is_withheld(group)]
    names = sorted({name for task in tasks for name in task.rows})
    rows = [_row(name, tasks) for name in names]
    order = sorted(rows, key=lambda row: (-row.borda, -row.met, row.submission))
    withheld = tuple(group.key.task for group in found if _is_withheld(group))
    return CourseBoard(tuple(task.group for task in tasks), tuple(order), withheld)


@dataclass(frozen=True)
class _TaskScores:
    """The results of one task, sorted so that a place is found quickly."""

    group: RankedGroup
    rows: Mapping[str, BoardRow]
    values: Sequence[float]
    """All scores in ascending order; larger is better."""

    @classmethod
    def of(cls, group: RankedGroup) -> _TaskScores:
        rows = {row.record.submission.name: row for row in group.rows}
        return cls(group, rows, sorted(_value(row) for row in rows.values() if row.has_score))

    @property
    def name(self) -> str:
        return self.group.key.task

    def has_public_result(self, name: str) -> bool:
        """Return whether the submission `name` has a result that is not withheld."""
        return name in self.rows and self.rows[name].record.status != "withheld"

    def better_than(self, row: BoardRow) -> int:
        """Return the number of better scores."""
        return len(self.values) - bisect_right(self.values, _value(row))

    def worse_than(self, row: BoardRow) -> int:
        """Return the number of worse scores."""
        return bisect_left(self.values, _value(row))

    def distance(self, row: BoardRow) -> float:
        """Return the distance of a score to the best one, as a share of that."""
        best = self.values[-1]
        below = best - _value(row)
        return below / abs(best) if best else (math.inf if below else 0.0)


def _groups(board: Board) -> list[RankedGroup]:
    """Return one group for each task: the first with scores, real data before practice."""
    first: dict[str, RankedGroup] = {}
    for group in board.groups:
        kept = first.get(group.key.task)
        if kept is None or (not _has_scores(kept) and _has_scores(group)):
            first[group.key.task] = group
    return list(first.values())


def _has_scores(group: RankedGroup) -> bool:
    return any(row.has_score for row in group.rows)


def _is_withheld(group: RankedGroup) -> bool:
    return not _has_scores(group) and any(row.record.public_score_note for row in group.rows)


def _row(name: str, tasks: Sequence[_TaskScores]) -> CourseRow:
    found = [(task, task.rows[name]) for task in tasks if name in task.rows]
    scored = [(task, row) for task, row in found if row.has_score]
    return CourseRow(
        submission=name,
        scored=tuple(task.name for task, _ in scored),
        failed=tuple(task.name for task, row in found if row.record.status == "failed"),
        missing=tuple(task.name for task in tasks if not task.has_public_result(name)),
        met=sum(bool(row.record.baseline.met) for _, row in scored),
        borda=sum(task.worse_than(row) for task, row in scored),
        mean_rank=_mean_rank(scored),
        distances=tuple(sorted(task.distance(row) for task, row in scored)),
    )


def _mean_rank(scored: Sequence[tuple[_TaskScores, BoardRow]]) -> MeanRank | None:
    if not scored:
        return None
    places = [task.better_than(row) + 1 for task, row in scored]
    ranges = [
        (row.rank.low, row.rank.high) if row.rank is not None else (place, place)
        for (_, row), place in zip(scored, places, strict=True)
    ]
    low, high = (fmean(ends) for ends in zip(*ranges, strict=True))
    return MeanRank(value=fmean(places), low=low, high=high)


def _value(row: BoardRow) -> float:
    """Return the primary score, larger is better."""
    score = row.record.primary
    assert score is not None
    return score.value if score.higher_is_better else -score.value
