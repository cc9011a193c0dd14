"""Divide records into rankings that compare like with like, and make the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.leaderboard import BoardRow, RankedGroup, build, format_seconds, ratio_with_interval
from harness.record import EvidenceStore, Latency, Machine, Record, Score, to_reach
from harness.report import SOURCES, Audience, disclosed_record, disclosure_for, failure_in_words

REFERENCE = "reference/"


@dataclass(frozen=True)
class SiteCell:
    """One cell of a table: its text, and the number that it is sorted by; None for texts and unknown numbers."""

    text: str
    number: float | None = None


@dataclass(frozen=True, kw_only=True)
class SiteRow:
    """One submission in a table."""

    name: str
    """The name that may be shown."""
    record: Record
    """What may be shown of its record."""
    board: BoardRow
    cells: tuple[SiteCell, ...]

    @property
    def score(self) -> Score:
        """The primary score; a row of a ranking has one."""
        assert self.record.primary is not None
        return self.record.primary


@dataclass(frozen=True)
class FailedRow:
    """One submission without a score."""

    name: str
    reason: str
    date: str


@dataclass(frozen=True, kw_only=True)
class BoardSection:
    """One ranking: records of one task on the same data, from one machine."""

    task: str
    source: str
    machine: str
    scored_on: str
    mode: str
    data_digest: str
    items: int
    metric: str
    higher_is_better: bool
    baseline: float
    baseline_text: str
    submissions: tuple[SiteRow, ...]
    references: tuple[SiteRow, ...]
    failed: tuple[FailedRow, ...]

    @property
    def ranked(self) -> tuple[SiteRow, ...]:
        """Submissions and references together, the best first."""
        return tuple(
            sorted(
                (*self.submissions, *self.references),
                key=lambda row: (-row.score.value if self.higher_is_better else row.score.value, row.name),
            )
        )

    @property
    def heading(self) -> str:
        """What the ranking is of, in words."""
        return SOURCES[self.source]


COLUMNS: tuple[tuple[str, str], ...] = (
    ("rank", "n"),
    ("submission", ""),
    ("score", "n"),
    ("to the baseline", "n"),
    ("p", "n"),
    ("parameters", "n"),
    ("knowledge", "n"),
    ("latency ×", "n"),
    ("fit", "n"),
    ("isolation", ""),
    ("date", ""),
)
"""The name and the alignment of each column."""


def machine_name(machine: Machine) -> str:
    """Return what decides how fast a machine is, in words."""
    gpu = f", {machine.gpu}" if machine.gpu else ""
    return f"{machine.processor or machine.system}, {machine.cores or '?'} cores{gpu}"


def sections_of(
    records: Iterable[Record],
    evidence: EvidenceStore,
    aliases: Mapping[str, str],
    audience: Audience,
    restricted: Mapping[str, bool],
) -> list[BoardSection]:
    """Return the rankings of all tasks; records from different machines or sources are never in one.

    `restricted` says of each task whether its data must not be published.
    """
    by_machine: dict[str, list[Record]] = {}
    for record in records:
        by_machine.setdefault(machine_name(record.run.machine), []).append(record)
    found = [
        _section(group, machine, aliases, audience, restricted)
        for machine, own in sorted(by_machine.items())
        for group in build(own, evidence).groups
    ]
    order = {"canonical": 0, "local": 1, "embedded": 2}
    return sorted(
        found, key=lambda one: (one.task, order[one.source], one.mode, one.scored_on, one.data_digest, one.machine)
    )


def _section(
    group: RankedGroup, machine: str, aliases: Mapping[str, str], audience: Audience, restricted: Mapping[str, bool]
) -> BoardSection:
    key, rows = group.key, []
    for row in group.rows:
        may = disclosure_for(audience, row.record, restricted=restricted.get(key.task, True))
        name = row.record.submission.name
        name = name if audience is Audience.INSTRUCTOR else aliases.get(name, name)
        rows.append((name, disclosed_record(row.record, may, name), row))
    first = rows[0][1]
    scored = [record for _, record, row in rows if row.rank is not None]
    higher = all(record.primary is None or record.primary.higher_is_better for record in scored)
    base = first.baseline
    made = [
        SiteRow(name=name, record=record, board=row, cells=_cells(row, record, name, higher=higher))
        for name, record, row in rows
        if row.rank is not None and record.primary is not None
    ]
    return BoardSection(
        task=key.task,
        source=key.source,
        machine=machine,
        scored_on=key.scored_on,
        mode=key.mode,
        data_digest=key.data_digest.removeprefix("sha256:")[:12],
        items=first.task.n_test if key.scored_on == "test" else first.task.n_validation,
        metric=base.metric,
        higher_is_better=higher,
        baseline=base.value,
        baseline_text=to_reach(base.value, strict=base.strict, higher_is_better=higher),
        submissions=tuple(row for row in made if not row.name.startswith(REFERENCE)),
        references=tuple(row for row in made if row.name.startswith(REFERENCE)),
        failed=tuple(
            FailedRow(
                name,
                "" if record.failure is None else failure_in_words(record.failure),
                record.run.started[:10],
            )
            for name, record, row in rows
            if row.rank is None
        ),
    )


def _cells(row: BoardRow, record: Record, name: str, *, higher: bool) -> tuple[SiteCell, ...]:
    score, base, cost = record.primary, record.baseline, record.cost
    assert score is not None
    better = score.value - base.value if higher else base.value - score.value
    verified = "" if cost.parameters_verified else " ?"
    return (
        SiteCell(_rank(row), row.rank),
        SiteCell(name),
        SiteCell(f"{score.value:.4f} ± {(score.high - score.low) / 2:.4f}", score.value),
        SiteCell(f"{'+' if better >= 0 else '−'}{abs(better):.4f}", better),
        SiteCell("" if base.p_value is None else f"{base.p_value:.2g}", base.p_value),
        SiteCell("" if cost.parameters is None else f"{cost.parameters:,}{verified}", cost.parameters),
        SiteCell("" if cost.knowledge_bytes is None else _size(cost.knowledge_bytes), cost.knowledge_bytes),
        SiteCell(*_latency(cost.latency)),
        SiteCell("" if cost.fit_seconds is None else format_seconds(cost.fit_seconds), cost.fit_seconds),
        SiteCell(record.run.isolation.level),
        SiteCell(record.run.started[:10]),
    )


def _rank(row: BoardRow) -> str:
    return f"{row.rank}{'' if row.paired else '~'}"


def _latency(latency: Latency | None) -> tuple[str, float | None]:
    """Return the ratio to the yardstick; an upper bound of the time where it cannot be told from the channel."""
    if latency is None:
        return "", None
    if latency.ratio_to_yardstick is None:
        return f"< {format_seconds(latency.p50_seconds)}", 0.0
    return ratio_with_interval(latency), latency.ratio_to_yardstick


def _size(count: int) -> str:
    for scale, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def best_of(sections: Sequence[BoardSection], task: str) -> SiteRow | None:
    """Return the best submission of a task on the most official data there are records of."""
    for section in sections:
        if section.task == task and section.submissions:
            return min(
                section.submissions,
                key=lambda row: -row.score.value if section.higher_is_better else row.score.value,
            )
    return None
