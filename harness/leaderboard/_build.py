"""Group comparable records, and rank the records within each group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from harness.leaderboard._speed import front, speed_ranks
from harness.record import EvidenceStore, Record, Score, Unreadable
from harness.statistics import (
    Interval,
    paired_p_value,
    tie_groups,
    unpaired_p_value,
)


@dataclass(frozen=True)
class BoardRow:
    """One record and its rank, which statistically equal records share; the rank is None for a failure."""

    rank: int | None
    record: Record
    paired: bool
    """Whether it was compared item by item, with the best of its tie group or with the tie group before."""
    speed_rank: int | None = None
    """The rank by ratio to the yardstick, which statistically equal records share; None without an interval."""
    on_front: bool = False
    """Whether no record is better in one of score and speed and at least as good in the other."""

    def under(self, aliases: Mapping[str, str]) -> BoardRow:
        """Return this row under the name that `aliases` gives its submission."""
        part = self.record.submission
        if part.name not in aliases:
            return self
        published = msgspec.structs.replace(part, name=aliases[part.name])
        return replace(self, record=msgspec.structs.replace(self.record, submission=published))


class BoardKey(NamedTuple):
    """The values that records must share to be ranked together."""

    task: str
    source: str
    scored_on: str
    mode: str
    metric: str
    data_digest: str


@dataclass(frozen=True)
class RankedGroup:
    """Comparable records, the best first and failures last."""

    key: BoardKey
    rows: tuple[BoardRow, ...]

    def row_of(self, submission: str) -> BoardRow | None:
        """Return the row of `submission`, or None."""
        return next((row for row in self.rows if row.record.submission.name == submission), None)

    def under(self, aliases: Mapping[str, str]) -> RankedGroup:
        """Return this group with submissions under the names that `aliases` gives them."""
        return RankedGroup(self.key, tuple(row.under(aliases) for row in self.rows))


@dataclass(frozen=True)
class Board:
    """All groups, and the records that could not be read."""

    groups: tuple[RankedGroup, ...]
    unreadable: tuple[Unreadable, ...]

    def group_of(self, record: Record) -> RankedGroup | None:
        """Return the group that `record` is ranked in."""
        return next((group for group in self.groups if group.key == _key(record)), None)

    def under(self, aliases: Mapping[str, str]) -> Board:
        """Return this board with submissions under the names that `aliases` gives them."""
        return Board(tuple(group.under(aliases) for group in self.groups), self.unreadable)

    def tasks(self) -> list[str]:
        """Return the names of the tasks that have records."""
        return sorted({group.key.task for group in self.groups})


def build(found: Iterable[Record | Unreadable], evidence: EvidenceStore) -> Board:
    """Build the board from the newest records `found`."""
    read = list(found)
    unreadable = tuple(one for one in read if isinstance(one, Unreadable))
    groups = _comparable(one for one in read if isinstance(one, Record))
    return Board(tuple(RankedGroup(key, _rank(records, evidence)) for key, records in groups), unreadable)


def best_first(records: Iterable[Record]) -> list[tuple[Record, ...]]:
    """Return groups of comparable records that have a score, each with the best first, without comparing them."""
    return [tuple(record for _, record in _in_order(group)) for _, group in _comparable(records)]


def _comparable(records: Iterable[Record]) -> list[tuple[BoardKey, list[Record]]]:
    """Return the groups of records that are ranked together, in the order of the board."""
    groups: dict[BoardKey, list[Record]] = {}
    for record in records:
        groups.setdefault(_key(record), []).append(record)
    order = {"canonical": 0, "local": 1, "embedded": 2}
    return sorted(groups.items(), key=lambda group: (group[0].task, order[group[0].source], *group[0][2:]))


def _key(record: Record) -> BoardKey:
    task = record.task
    metric = record.baseline.metric if record.primary is None else record.primary.name
    return BoardKey(task.name, task.source, task.scored_on, record.submission.mode, metric, task.data_digest)


def _rank(records: list[Record], store: EvidenceStore) -> tuple[BoardRow, ...]:
    scored = _in_order(records)
    evidence = [
        store.compared(record.task.name, record.submission.name, record.run.evidence_digest) for _, record in scored
    ]

    unpaired: set[int] = set()

    def p_value(best: int, other: int) -> float:
        one, two = evidence[best], evidence[other]
        p = None if one is None or two is None else paired_p_value(one, two)
        if p is None:
            unpaired.add(other)
            p = _unpaired_p_value(scored[best][0], scored[other][0])
        return p

    ranks = tie_groups(len(scored), p_value)
    speeds = speed_ranks([record for _, record in scored])
    on_front = front(list(zip(ranks, speeds, strict=True)))
    placed = {record.submission.name for _, record in scored}
    failed = sorted(
        (record for record in records if record.submission.name not in placed),
        key=lambda record: record.submission.name,
    )
    return (
        *(
            BoardRow(
                rank,
                record,
                paired=place not in unpaired and evidence[place] is not None,
                speed_rank=speeds[place],
                on_front=on_front[place],
            )
            for place, (rank, (_, record)) in enumerate(zip(ranks, scored, strict=True))
        ),
        *(BoardRow(None, record, paired=False) for record in failed),
    )


def _in_order(records: Iterable[Record]) -> list[tuple[Score, Record]]:
    """Return the records that have a score, with it, the best first."""
    scored = ((record.primary, record) for record in records if record.status != "failed" and record.primary)
    return sorted(scored, key=lambda pair: _order(*pair))


def _order(score: Score, record: Record) -> tuple[float, float, str]:
    """Order by score, then by bytes of knowledge: a model can pack its numbers into fewer, but not its bytes."""
    value = -score.value if score.higher_is_better else score.value
    knowledge = record.cost.knowledge_bytes
    return (value, float("inf") if knowledge is None else knowledge, record.submission.name)


def _unpaired_p_value(first: Score, second: Score) -> float:
    return unpaired_p_value(
        (first.value, Interval(first.low, first.high)), (second.value, Interval(second.low, second.high))
    )
