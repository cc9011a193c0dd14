"""Group comparable records, and rank the records within each group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from harness.leaderboard._kept_standings import KeptStandings
from harness.leaderboard._speed import front, speed_ranks
from harness.leaderboard._standing import Ranked, Standings, rank_shares, stand
from harness.record import EvidenceStore, Record, Score, Unreadable
from harness.statistics import RankInterval


@dataclass(frozen=True)
class BoardRow:
    """One record, and the facts about its rank."""

    record: Record
    rank: RankInterval | None
    """The ranks that it may have; None for a failure, and for a single result if it is below the baseline."""
    paired: bool
    """Whether it was compared item by item; otherwise its evidence is missing, and only its interval was compared."""
    better_than_next: float | None = None
    """The probability that it is truly better than the next row; None for the last row with a score."""
    better_than_baseline: float | None = None
    """The probability that it is truly better than the baseline; None for a failure."""
    speed_rank: int | None = None
    """The rank by ratio to the yardstick, which statistically equal records share; None without an interval."""
    on_front: bool = False
    """Whether no record is significantly better in score or speed without being significantly worse in the other."""

    @property
    def has_score(self) -> bool:
        """Whether the evaluation did not fail."""
        return self.better_than_baseline is not None

    def under(self, aliases: Mapping[str, str]) -> BoardRow:
        """Return this row with its submission renamed by `aliases`."""
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
    """Comparable records, best first and failures last."""

    key: BoardKey
    rows: tuple[BoardRow, ...]
    resolution: float | None = None
    """The difference of scores from which on half of the pairs can be told apart, all at once; None without a pair."""

    def row_of(self, submission: str) -> BoardRow | None:
        """Return the row of `submission`, or None."""
        return next((row for row in self.rows if row.record.submission.name == submission), None)

    def under(self, aliases: Mapping[str, str]) -> RankedGroup:
        """Return this group with submissions renamed by `aliases`."""
        return replace(self, rows=tuple(row.under(aliases) for row in self.rows))


@dataclass(frozen=True)
class Board:
    """All groups of comparable records, and the records that could not be read."""

    groups: tuple[RankedGroup, ...]
    unreadable: tuple[Unreadable, ...]

    def group_of(self, record: Record) -> RankedGroup | None:
        """Return the group in which `record` is ranked."""
        return next((group for group in self.groups if group.key == _key(record)), None)

    def under(self, aliases: Mapping[str, str]) -> Board:
        """Return this board with submissions renamed by `aliases`."""
        return Board(tuple(group.under(aliases) for group in self.groups), self.unreadable)

    def of_task(self, task: str) -> Board:
        """Return this board with the groups of one task."""
        return Board(tuple(group for group in self.groups if group.key.task == task), self.unreadable)

    def tasks(self) -> list[str]:
        """Return the names of the tasks that have records."""
        return sorted({group.key.task for group in self.groups})


def build(found: Iterable[Record | Unreadable], evidence: EvidenceStore, kept: KeptStandings | None = None) -> Board:
    """Build the board from the newest records `found`; computed ranks are cached in `kept`."""
    read = list(found)
    unreadable = tuple(one for one in read if isinstance(one, Unreadable))
    groups = _comparable(one for one in read if isinstance(one, Record))
    return Board(tuple(_rank(key, records, evidence, kept) for key, records in groups), unreadable)


def best_first(records: Iterable[Record]) -> list[tuple[Record, ...]]:
    """Return groups of comparable records with a score, each sorted best first, without computing ranks."""
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


def _rank(key: BoardKey, records: list[Record], store: EvidenceStore, kept: KeptStandings | None) -> RankedGroup:
    ranked = _ranked(records, store)
    standings = _standings(ranked, kept)
    speeds = speed_ranks([one.record for one in ranked])
    on_front = front([(standing.rank, speed) for standing, speed in zip(standings.of, speeds, strict=True)])
    placed = {one.record.submission.name for one in ranked}
    failed = sorted((record for record in records if record.submission.name not in placed), key=_public_first)
    rows = (
        *(
            BoardRow(
                record=one.record,
                rank=_never_first(standing.rank) if one.record.status == "below_baseline" else standing.rank,
                paired=one.items is not None,
                better_than_next=standing.better_than_next,
                better_than_baseline=standing.better_than_baseline,
                speed_rank=speed,
                on_front=is_on_front,
            )
            for one, standing, speed, is_on_front in zip(ranked, standings.of, speeds, on_front, strict=True)
        ),
        *(BoardRow(record=record, rank=None, paired=False) for record in failed),
    )
    return RankedGroup(key, rows, standings.resolution)


def _ranked(records: list[Record], store: EvidenceStore) -> list[Ranked]:
    """Return the records that have a score, best first."""
    return [
        Ranked(
            record=record,
            score=score,
            items=store.compared(record.task.name, record.submission.name, record.run.evidence_digest),
        )
        for score, record in _in_order(records)
    ]


def distribution_of_ranks(group: RankedGroup, store: EvidenceStore) -> list[list[float]]:
    """Return the share of resamples in which each result of a group has each rank, best result first."""
    ranked = _ranked([row.record for row in group.rows], store)
    found: list[list[float]] = rank_shares(ranked).tolist() if ranked else []
    return found


def _standings(ranked: list[Ranked], kept: KeptStandings | None) -> Standings:
    if not ranked:
        return Standings()
    return stand(ranked) if kept is None else kept.get(ranked, stand)


def _public_first(record: Record) -> tuple[float, str]:
    """Order records without a score by the public score if there is one, best first, and then by name."""
    score, name = record.public_score, record.submission.name
    if score is None:
        return (math.inf, name)
    return (-score.value if score.higher_is_better else score.value, name)


def _never_first(rank: RankInterval) -> RankInterval | None:
    """Return the ranks that a result below the baseline may have, which never include the first."""
    if rank.of == 1:
        return None
    low = max(rank.low, 2)
    return RankInterval(low=low, high=max(low, rank.high), of=rank.of)


def _in_order(records: Iterable[Record]) -> list[tuple[Score, Record]]:
    """Return the records with a score, each with its score, best first."""
    scored = ((record.primary, record) for record in records if record.status != "failed" and record.primary)
    return sorted(scored, key=lambda pair: _order(*pair))


def _order(score: Score, record: Record) -> tuple[float, float, str]:
    """Order by score, then by bytes of knowledge: numbers can be packed into fewer, bytes cannot."""
    value = -score.value if score.higher_is_better else score.value
    knowledge = record.cost.knowledge_bytes
    return (value, float("inf") if knowledge is None else knowledge, record.submission.name)
