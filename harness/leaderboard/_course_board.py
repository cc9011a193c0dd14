"""One table over all tasks of a course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.leaderboard._build import Board, BoardRow, RankedGroup

WITHIN = (0.01, 0.05)
"""How far below the best score, as a share of it, a task still counts in the performance profile."""


@dataclass(frozen=True)
class MeanRank:
    """The mean of a submission's ranks over the tasks that it has a score for, and of both ends of their ranges."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CourseRow:
    """What one submission reached over all tasks. What is missing is named and never guessed."""

    submission: str
    scored: tuple[str, ...]
    """The tasks that it has a score for."""
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    """The tasks without a record that can be compared with others."""
    met: int
    """How many baselines it meets."""
    borda: int
    """How many models score lower, summed over tasks."""
    mean_rank: MeanRank | None
    profile: tuple[float, ...]
    """For each of `WITHIN`, the share of all tasks in which it comes so close to the best; missing tasks do not."""


@dataclass(frozen=True)
class CourseBoard:
    """All submissions over all tasks, the highest Borda count first."""

    groups: tuple[RankedGroup, ...]
    """The results of each task that count."""
    rows: tuple[CourseRow, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks."""
        return tuple(group.key.task for group in self.groups)


def course_board(board: Board) -> CourseBoard:
    """Return the table over all tasks of `board`, from the first group of each task that has scores.

    The Borda count is that of voters who rank candidates, here tasks that rank models (Colombo et al. 2022, NeurIPS;
    used by MTEB). The profile is Dolan & Moré's (2002, Math. Program. 91:201) of scores instead of times.
    """
    groups = _groups(board)
    names = sorted({row.record.submission.name for group in groups for row in group.rows})
    rows = [_row(name, groups) for name in names]
    order = sorted(rows, key=lambda row: (-row.borda, -row.met, row.submission))
    return CourseBoard(tuple(groups), tuple(order))


def _groups(board: Board) -> list[RankedGroup]:
    """Return one group for each task: the first with scores, real data before practice."""
    first: dict[str, RankedGroup] = {}
    for group in board.groups:
        kept = first.get(group.key.task)
        if kept is None or (not _scored(kept) and _scored(group)):
            first[group.key.task] = group
    return list(first.values())


def _row(name: str, groups: Sequence[RankedGroup]) -> CourseRow:
    found = [(group, row) for group in groups if (row := group.row_of(name)) is not None]
    scored = [(group, row) for group, row in found if row.has_score]
    there = {group.key.task for group, _ in found}
    return CourseRow(
        submission=name,
        scored=tuple(group.key.task for group, _ in scored),
        failed=tuple(group.key.task for group, row in found if not row.has_score),
        missing=tuple(group.key.task for group in groups if group.key.task not in there),
        met=sum(bool(row.record.baseline.met) for _, row in scored),
        borda=sum(_beaten(group, row) for group, row in scored),
        mean_rank=_mean_rank(scored),
        profile=tuple(sum(_is_within(group, row, share) for group, row in scored) / len(groups) for share in WITHIN),
    )


def _mean_rank(scored: Sequence[tuple[RankedGroup, BoardRow]]) -> MeanRank | None:
    if not scored:
        return None
    places = [_better(group, row) + 1 for group, row in scored]
    ranges = [
        (row.rank.low, row.rank.high) if row.rank is not None else (place, place)
        for (_, row), place in zip(scored, places, strict=True)
    ]
    low, high = (fmean(ends) for ends in zip(*ranges, strict=True))
    return MeanRank(value=fmean(places), low=low, high=high)


def _scored(group: RankedGroup) -> list[BoardRow]:
    return [row for row in group.rows if row.has_score]


def _value(row: BoardRow) -> float:
    """Return the primary score, larger is better."""
    score = row.record.primary
    assert score is not None
    return score.value if score.higher_is_better else -score.value


def _better(group: RankedGroup, row: BoardRow) -> int:
    return sum(_value(other) > _value(row) for other in _scored(group))


def _beaten(group: RankedGroup, row: BoardRow) -> int:
    return sum(_value(other) < _value(row) for other in _scored(group))


def _is_within(group: RankedGroup, row: BoardRow, share: float) -> bool:
    best = max(map(_value, _scored(group)))
    return best - _value(row) <= share * abs(best)
