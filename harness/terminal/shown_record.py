"""Print one record in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from harness.claims import describe_agreement, describe_figures
from harness.evaluation import Remarks
from harness.leaderboard import Board, percent, ratio_with_interval
from harness.record import Audit, Failure, Latency, Record, Score, to_reach
from harness.sandbox import lines_of
from harness.terminal import hanging
from harness.text import as_duration, count_of, neutral, neutral_line

_WIDTH = 40
_STYLES = {"passed": "bold green", "below_baseline": "bold yellow", "failed": "bold red", "withheld": "bold"}
_LOG_LINES, _PRINTED_LINES = 12, 4


def show_record(
    console: Console, record: Record, board: Board | None, remarks: Remarks, output: Path | None = None
) -> None:
    """Print `record`, its rank on `board`, and `remarks`; `output` is the file with the model's output."""
    title = Text(f"{record.submission.name} · {record.task.name}  ", style="bold")
    title.append(record.status.replace("_", " "), style=_STYLES[record.status])
    title.append(
        f"  ({record.submission.mode}{_shown_to_fit(record)}, scored on {record.task.scored_on}, "
        f"{record.task.source} data)"
    )
    console.print()
    console.print(title)
    if record.failure is not None:
        _show_failure(console, record.failure, remarks)
    if record.public_score_note:
        console.print(f"  {record.public_score_note}")
    for score in record.scores:
        _show_score(console, score, record)
    for label, value in (*_costs(record, remarks), *_place(record, board)):
        _show_fact(console, label, value)
    _show_claims(console, record)
    for audit in record.audits:
        if audit.severity == "warn" and not audit.passed:
            _show_warning(console, audit)
    for note in remarks.notes:
        console.print(f"  note: {neutral_line(note)}", style="yellow")
    if record.failure is None:
        _show_printed(console, remarks.printed, output)


def _show_fact(console: Console, label: str, value: str) -> None:
    """Print a fact on one line, or in a terminal as a column of as many lines as it needs."""
    console.print(hanging(console, f"  {label:<17} ", value))


def verdict(record: Record) -> str:
    """Return the outcome on one line."""
    who = f"{record.submission.name} · {record.task.name}"
    if record.failure is not None:
        failure = record.failure
        where = "" if failure.file is None else f" ({_where(failure)})"
        return f"failed: {who}: {failure.kind} in {failure.phase}{where}"
    if record.status == "withheld":
        return f"evaluated: {who}: {record.public_score_note}"
    base, score = record.baseline, record.primary
    assert score is not None
    asked = to_reach(base.value, strict=base.strict, higher_is_better=score.higher_is_better)
    word = "passed" if base.met else "below baseline"
    return f"{word}: {who}: {score.name} {score.value:.4f}, baseline {asked}"


def _show_claims(console: Console, record: Record) -> None:
    """Print the scores that should agree, if they were compared."""
    if record.claims is None:
        return
    figures, agreement = describe_figures(record.claims), describe_agreement(record.claims)
    if not figures and not agreement:
        figures = [("claimed", "nothing, and no weights were handed in to compare")]
    console.print(f"  claims            of {record.claims.metric}; no result depends on them")
    for name, value in figures:
        console.print(f"    {name:<25} {value}")
    for line in agreement:
        console.print(f"    {neutral_line(line)}")


def _shown_to_fit(record: Record) -> str:
    """Describe the data given to `fit` if it differs from what the task declares."""
    task = record.task
    if task.scored_on == "test" or task.n_fit_train is None:
        return ""
    return f" on {task.n_fit_train} and {task.n_fit_validation} items of train"


def _show_failure(console: Console, failure: Failure, remarks: Remarks) -> None:
    where = "" if failure.file is None else f"{_where(failure)}: "
    message, log = failure.message, failure.log_tail
    if remarks.failure is not None:  # the full message: the person who runs the command may see the data
        message, log = remarks.failure.message, remarks.failure.log_tail
    console.print(f"  {where}{failure.kind} in {failure.phase}: {neutral_line(message)}", style="red")
    lines = neutral(log).splitlines()
    if len(lines) > _LOG_LINES:
        kept = " are in the record" if failure.log_tail else ""
        console.print(f"  … {len(lines) - _LOG_LINES} earlier lines{kept}", style="dim")
    _show_lines(console, lines[-_LOG_LINES:])


def _where(failure: Failure) -> str:
    return f"{neutral_line(failure.file or '')}{'' if failure.line is None else f':{failure.line}'}"


def _show_warning(console: Console, audit: Audit) -> None:
    """Print the finding of an audit that only warns; a record of private data has no details of it."""
    console.print(f"  warning: {neutral_line(': '.join(filter(None, (audit.name, audit.detail))))}", style="yellow")


def _show_printed(console: Console, printed: str, output: Path | None) -> None:
    lines, were_dropped = lines_of(neutral(printed))
    if not lines:
        return
    where = "" if output is None else f", kept in {output}"
    count = count_of(len(lines), "line", "lines") + where
    console.print(f"  printed           {f'more than is kept: {count}' if were_dropped else count}", style="dim")
    _show_lines(console, lines[-_PRINTED_LINES:])


def _show_lines(console: Console, lines: list[str]) -> None:
    for line in lines:
        console.print(f"  │ {line[:200]}", style="dim")


def _show_score(console: Console, score: Score, record: Record) -> None:
    half = (score.high - score.low) / 2
    value = f"{score.value:.4f} ± {half:.4f}{score.unit and ' ' + score.unit}"
    value += " (approximate)" if score.approximate else ""
    if not score.primary:
        _show_fact(console, score.name, value)
        return
    base = record.baseline
    compared = f"baseline {base.value:g} {'met' if base.met else 'not met'}"
    if base.p_value is not None:
        compared += f" (p {base.p_value:.2g})"
    whole = f"{value}  {_gauge(score, base.value)}  {compared}"
    if not console.is_terminal or len(whole) + len("  ") + 18 <= console.width:
        console.print(f"  {score.name:<17} {whole}")
    else:
        _show_fact(console, score.name, f"{value}, {compared}")
        _show_fact(console, "", _gauge(score, base.value))


def _gauge(score: Score, baseline: float) -> str:
    """Draw the interval ├─●─┤ and the baseline ┃ on one scale."""
    low, high = min(score.low, baseline), max(score.high, baseline)
    margin = (high - low or 1.0) * 0.1

    def column(value: float) -> int:
        return round((value - low + margin) / (high - low + 2 * margin) * (_WIDTH - 1))

    cells = ["·"] * _WIDTH
    for place in range(column(score.low), column(score.high) + 1):
        cells[place] = "─"
    cells[column(score.low)], cells[column(score.high)] = "├", "┤"
    cells[column(baseline)] = "┃"
    cells[column(score.value)] = "●"
    return "".join(cells)


def _costs(record: Record, remarks: Remarks) -> list[tuple[str, str]]:
    cost = record.cost
    rows = []
    if cost.parameters is not None:
        checked = "" if cost.parameters_verified else " (not verified)"
        rows.append(("parameters", f"{cost.parameters:,}{checked}, {cost.knowledge_bytes:,} bytes of knowledge"))
        if remarks.attributes:
            rows.append(("held by", neutral_line(remarks.attributes)))
    if cost.latency is not None:
        rows.append(("latency", _latency(cost.latency)))
    if cost.throughput is not None:
        rows.append(
            (
                "throughput",
                f"{cost.throughput.samples_per_second:,.0f} a second in batches of {cost.throughput.batch}",
            )
        )
    if cost.fit_seconds is not None:
        memory = f", {cost.peak_memory_bytes / 2**20:,.0f} MiB" if cost.peak_memory_bytes else ""
        rows.append(("fit", f"{cost.fit_seconds:.1f} s, {cost.cpu_seconds:.1f} s of CPU{memory}"))
    return rows


def _latency(latency: Latency) -> str:
    noise = " (noisy machine)" if latency.noisy else ""
    if latency.stopped == "limit":
        noise = f" (noisy: only {count_of(latency.n, 'request', 'requests')} fitted into measure_seconds)"
    if latency.net_p50_seconds is None:
        return f"{as_duration(latency.p50_seconds)} with the channel, too short to resolve{noise}"
    text = f"{as_duration(latency.net_p50_seconds)} each"
    if latency.net_low_seconds is not None and latency.net_high_seconds is not None:
        text += f" ({as_duration(latency.net_low_seconds)} to {as_duration(latency.net_high_seconds)})"
    if latency.ratio_to_yardstick is not None:
        text += f", {ratio_with_interval(latency)} × the yardstick"
    return text + noise


def _place(record: Record, board: Board | None) -> list[tuple[str, str]]:
    group = None if board is None else board.group_of(record)
    row = None if group is None else group.row_of(record.submission.name)
    if row is None or row.rank is None or row.better_than_baseline is None:
        return []
    than_next = "" if row.better_than_next is None else f"the next one with {percent(row.better_than_next)}, than "
    probability = f"{than_next}the baseline with {percent(row.better_than_baseline)} probability"
    return [("rank", f"{row.rank} on this data; better than {probability}")]
