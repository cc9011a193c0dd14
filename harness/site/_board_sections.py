"""Divide records into rankings that compare like with like, and make the rows of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.leaderboard import (
    Board,
    BoardRow,
    RankedGroup,
    distribution_of_ranks,
    percent,
    resolution_sentence,
)
from harness.record import EvidenceStore, Latency, Machine, Record, Score, to_reach
from harness.report import SOURCES, Audience, disclosed_record, disclosure_for, failure_in_words
from harness.text import as_duration, as_p_value

REFERENCE = "reference/"
_MOST_RANKED, _MOST_RANKS = 25, 60
"""Number of results whose distribution of ranks is drawn, and number of ranks for which a picture has room."""


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
    """Its record, without anything that must not be shown."""
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
    ranked: tuple[SiteRow, ...]
    """Submissions and references together, the best first."""
    failed: tuple[FailedRow, ...]
    resolution: str
    """A sentence that says how large a difference must be to be told apart."""
    rank_shares: tuple[tuple[float, ...], ...]
    """How often each of the first results has each rank when items are resampled; empty for more ranks than fit."""

    @property
    def submissions(self) -> tuple[SiteRow, ...]:
        """The rows of submissions."""
        return tuple(row for row in self.ranked if not row.name.startswith(REFERENCE))

    @property
    def references(self) -> tuple[SiteRow, ...]:
        """The rows of references."""
        return tuple(row for row in self.ranked if row.name.startswith(REFERENCE))

    @property
    def heading(self) -> str:
        """The source of the ranked data, in words."""
        return SOURCES[self.source]


@dataclass(frozen=True)
class SiteColumn:
    """A column of a table."""

    name: str
    about: str
    """An explanation of the column, shown as the tooltip of its heading."""
    css: str = "n"
    """CSS classes: ``n`` for numbers, ``name`` for the name of the row, ``wrap`` to allow line breaks."""


COLUMNS = (
    SiteColumn("rank", "The range of ranks that the model may truly have; ~ if it was compared by its interval alone"),
    SiteColumn("submission", "Who handed it in; the link leads to its report", "name"),
    SiteColumn("score", "The score with half of its 95 % interval"),
    SiteColumn("over baseline", "How much better than the baseline the score is"),
    SiteColumn("truly better", "The probability that the model is truly better than the baseline"),
    SiteColumn("p", "How often a model that is only as good as the baseline would score as well by chance"),
    SiteColumn("parameters", "The number of parameters; ? if it could not be verified"),
    SiteColumn("knowledge", "The size of all arrays in the saved model"),
    SiteColumn(
        "latency ×",
        "The time of one item on one thread, in multiples of a small network timed in the same run",
        "n wrap",
    ),
    SiteColumn("fit", "How long training took"),
    SiteColumn("source", "Where the data came from", ""),
    SiteColumn("date", "When it was evaluated", ""),
    SiteColumn("isolation", "How the submission was isolated from the machine", "wrap"),
)


def machine_name(machine: Machine) -> str:
    """Describe the hardware that decides how fast a machine is."""
    gpu = f", {machine.gpu}" if machine.gpu else ""
    return f"{machine.processor or machine.system}, {machine.cores or '?'} cores{gpu}"


def sections_of(
    boards: Mapping[str, Board],
    evidence: EvidenceStore,
    aliases: Mapping[str, str],
    audience: Audience,
    restricted: Mapping[str, bool],
) -> list[BoardSection]:
    """Return the rankings of all tasks; records from different machines or sources are never ranked together.

    `boards` holds the board of each machine; `restricted` says for each task whether its data must stay private.
    """
    found = [
        _section(group, machine, evidence, aliases, audience, restricted)
        for machine, board in boards.items()
        for group in board.groups
    ]
    order = {"canonical": 0, "local": 1, "embedded": 2}
    return sorted(
        found, key=lambda one: (one.task, order[one.source], one.mode, one.scored_on, one.data_digest, one.machine)
    )


def by_machine(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the records of each machine, by its name."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(machine_name(record.run.machine), []).append(record)
    return dict(sorted(found.items()))


def _section(
    group: RankedGroup,
    machine: str,
    evidence: EvidenceStore,
    aliases: Mapping[str, str],
    audience: Audience,
    restricted: Mapping[str, bool],
) -> BoardSection:
    key = group.key
    names = {row.record.submission.name: row.record.submission.name for row in group.rows}
    if audience is not Audience.INSTRUCTOR:
        names |= {name: aliases[name] for name in names if name in aliases}
    rows = [(names[row.record.submission.name], row) for row in group.rows]
    shown = [
        disclosed_record(
            row.record, disclosure_for(audience, row.record, restricted=restricted.get(key.task, True)), name
        )
        for name, row in rows
    ]
    first, base = shown[0], shown[0].baseline
    scores = [score for record in shown if (score := record.primary or record.public_score) is not None]
    higher = all(score.higher_is_better for score in scores)
    made = [
        SiteRow(name=name, record=record, board=row, cells=_cells(row, record, name, higher=higher))
        for record, (name, row) in zip(shown, rows, strict=True)
        if row.has_score and record.primary is not None
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
        ranked=tuple(made),
        failed=tuple(
            FailedRow(name, _why_without_score(record), record.run.started[:10])
            for record, (name, row) in zip(shown, rows, strict=True)
            if not row.has_score
        ),
        resolution=resolution_sentence(group),
        rank_shares=_shares(group, evidence) if len(made) > 1 else (),
    )


def _why_without_score(record: Record) -> str:
    """Return why there is no score, or what is released before the final board."""
    failed = "" if record.failure is None else failure_in_words(record.failure)
    note = f"{record.public_score_note[0].upper()}{record.public_score_note[1:]}." if record.public_score_note else ""
    return f"{failed} {note}".strip()


def _shares(group: RankedGroup, evidence: EvidenceStore) -> tuple[tuple[float, ...], ...]:
    shares = [row[:_MOST_RANKS] for row in distribution_of_ranks(group, evidence)[:_MOST_RANKED]]
    fits = all(sum(row) > 0.99 for row in shares)
    return tuple(tuple(round(share, 3) for share in row) for row in shares) if fits else ()


def _cells(row: BoardRow, record: Record, name: str, *, higher: bool) -> tuple[SiteCell, ...]:
    score, base, cost = record.primary, record.baseline, record.cost
    assert score is not None
    better = score.value - base.value if higher else base.value - score.value
    verified = "" if cost.parameters_verified else " ?"
    return (
        SiteCell(_rank(row), None if row.rank is None else (row.rank.low * 10_000 + row.rank.high)),
        SiteCell(name),
        SiteCell(f"{score.value:.4f} ± {(score.high - score.low) / 2:.4f}", score.value),
        SiteCell(f"{'+' if better >= 0 else '−'}{abs(better):.4f}", better),
        SiteCell(percent(row.better_than_baseline), row.better_than_baseline),
        SiteCell("" if base.p_value is None else as_p_value(base.p_value), base.p_value),
        SiteCell("" if cost.parameters is None else f"{cost.parameters:,}{verified}", cost.parameters),
        SiteCell("" if cost.knowledge_bytes is None else _size(cost.knowledge_bytes), cost.knowledge_bytes),
        SiteCell(*_latency(cost.latency)),
        SiteCell("" if cost.fit_seconds is None else as_duration(cost.fit_seconds), cost.fit_seconds),
        SiteCell(record.task.source),
        SiteCell(record.run.started[:10]),
        SiteCell(record.run.isolation.level),
    )


def _rank(row: BoardRow) -> str:
    if row.rank is None:
        return ""
    ranks = f"{row.rank.low}" if row.rank.low == row.rank.high else f"{row.rank.low}–{row.rank.high}"
    return f"{ranks}{'' if row.paired else ' ~'}"


def _latency(latency: Latency | None) -> tuple[str, float | None]:
    """Return the ratio to the yardstick, or an upper bound of the time if the channel's own time hides it."""
    if latency is None:
        return "", None
    if latency.ratio_to_yardstick is None:
        return f"< {as_duration(latency.p50_seconds)}", 0.0
    ratio = latency.ratio_to_yardstick
    if latency.ratio_low is None or latency.ratio_high is None:
        return _ratio(ratio, ratio), ratio
    half = (latency.ratio_high - latency.ratio_low) / 2
    return f"{_ratio(ratio, ratio)} ± {_ratio(half, ratio)}", ratio


def _ratio(value: float, ratio: float) -> str:
    """Return a part of a ratio with the decimals that fit the size of the ratio."""
    return f"{value:.{2 if ratio < 10 else 1 if ratio < 100 else 0}f}"


def _size(count: int) -> str:
    for scale, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def best_of(sections: Sequence[BoardSection], task: str) -> SiteRow | None:
    """Return the best submission of a task on the most official data for which there are records."""
    for section in sections:
        if section.task == task and section.submissions:
            return min(
                section.submissions,
                key=lambda row: -row.score.value if section.higher_is_better else row.score.value,
            )
    return None
