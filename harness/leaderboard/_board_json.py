"""Render a board as JSON."""

from __future__ import annotations

import msgspec

from harness.leaderboard._build import Board, BoardRow, RankedGroup
from harness.record import BaselineResult, PublicScore, Score, Status
from harness.statistics import RankInterval


class JsonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its figures and its rank."""

    submission: str
    run_id: str
    status: Status
    rank: RankInterval | None
    paired: bool
    better_than_next: float | None
    better_than_baseline: float | None
    speed_rank: int | None
    on_front: bool
    scores: tuple[Score, ...]
    public_score: PublicScore | None
    """The released score on a private part, whose other results are withheld until the final board."""
    baseline: BaselineResult
    parameters: int | None
    ratio_to_yardstick: float | None


class JsonGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Comparable records, best first and failures last."""

    task: str
    source: str
    scored_on: str
    mode: str
    metric: str
    data_digest: str
    resolution: float | None
    rows: tuple[JsonRow, ...]


def board_json(board: Board) -> bytes:
    """Return the groups of `board` as a JSON list; equal boards give equal bytes."""
    return msgspec.json.encode([_group(group) for group in board.groups])


def _group(group: RankedGroup) -> JsonGroup:
    return JsonGroup(**group.key._asdict(), resolution=group.resolution, rows=tuple(map(_row, group.rows)))


def _row(row: BoardRow) -> JsonRow:
    record, latency = row.record, row.record.cost.latency
    return JsonRow(
        submission=record.submission.name,
        run_id=record.run.id,
        status=record.status,
        rank=row.rank,
        paired=row.paired,
        better_than_next=row.better_than_next,
        better_than_baseline=row.better_than_baseline,
        speed_rank=row.speed_rank,
        on_front=row.on_front,
        scores=record.scores,
        public_score=record.public_score,
        baseline=record.baseline,
        parameters=record.cost.parameters,
        ratio_to_yardstick=None if latency is None else latency.ratio_to_yardstick,
    )
