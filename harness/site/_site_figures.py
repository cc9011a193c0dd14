"""The pictures of boards: scores, ranks, score against speed, progress, and performance profiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from harness import svg
from harness.leaderboard import CourseBoard, CourseRow
from harness.site._board_sections import REFERENCE, BoardSection, SiteRow
from harness.text import as_percent

_MOST_ROWS = 40
_MOST_NAMED = 25
_LEAST_SHARE = 0.005
_MOST_PROFILES, _PROFILE_END = 6, 0.2
_FIRST_DAY = date(1970, 1, 1)
_STYLES = ("a", "b", "c", "d", "e", "f")


def forest_of(section: BoardSection) -> Markup | None:
    """Draw the scores of the first rows with their intervals, and the baseline."""
    rows = section.ranked[:_MOST_ROWS]
    if not rows:
        return None
    estimates = [
        svg.ForestRow(row.name, row.score.value, row.score.low, row.score.high, "c" if _is_reference(row) else "a")
        for row in rows
    ]
    best = rows[0]
    description = (
        f"{section.metric} of {len(rows)} models with 95 % intervals; the best is {best.name} with "
        f"{best.score.value:.4g}; the baseline is {section.baseline:g}"
    )
    return svg.forest(estimates, section.metric, description, (section.baseline, f"baseline {section.baseline:g}"))


def strip_of(section: BoardSection) -> Markup | None:
    """Draw all scores on one line with the baseline; those far below it at the end."""
    rows = section.ranked[:_MOST_ROWS]
    if not rows:
        return None
    best, base = rows[0].score.value, section.baseline
    values = [row.score.value for row in rows]
    reach = 1.5 * abs(best - base) or abs(base) or 1.0
    ends = (max(min(values), base - reach), max(base, *values))
    if not section.higher_is_better:
        ends = (min(base, *values), min(max(values), base + reach))
    dots = [
        (row.score.value, f"{row.name}: {svg.tidy(row.score.value)}", "c" if _is_reference(row) else "a")
        for row in reversed(rows)
    ]
    description = f"{section.metric} of {len(rows)} models; the best is {best:.4g}, the baseline {base:g}"
    return svg.strip(dots, base, svg.room_around((*ends, base)), description)


def ranks_of(section: BoardSection) -> Markup | None:
    """Draw how often each model has each rank when the scored items are resampled, as challengeR does."""
    shares = section.rank_shares
    if not shares:
        return None
    last = max(rank for row in shares for rank, share in enumerate(row, 1) if share >= _LEAST_SHARE)
    names = [row.name for row in section.ranked[: len(shares)]]
    first = f"{names[0]} is first in {as_percent(shares[0][0])} of resamples"
    description = f"Distribution of the ranks of {len(names)} models; {first}"
    return svg.blobs(names, [row[:last] for row in shares], description)


def speed_of(section: BoardSection) -> Markup | None:
    """Draw score against latency with intervals of both, and the Pareto front."""
    rows = [row for row in section.ranked if _ratio(row) is not None]
    if len(rows) < 2:
        return None
    bars = " thin" if len(rows) > _MOST_ROWS else ""
    spots = [_spot(row, bars, named=number < _MOST_NAMED) for number, row in enumerate(rows)]
    times = [time for spot in spots for time in (*spot.x_interval, spot.x)]
    scores = [value for spot in spots for value in spot.y_interval]
    axes = svg.frame(
        (min(times) / 1.3, max(times) * 1.6),
        svg.room_around(scores),
        x_name="latency, in times of the yardstick's (left is faster)",
        y_name=section.metric,
        log_x=True,
        height=300,
    )
    front, best = [], -math.inf
    sign = 1 if section.higher_is_better else -1
    for spot in sorted(spots, key=lambda one: (one.x, -sign * one.y)):
        if sign * spot.y > best:
            best = sign * spot.y
            front.append((spot.x, spot.y))
    description = f"{section.metric} against latency of {len(spots)} models; {len(front)} of them are on the front"
    return svg.scatter(spots, svg.SteppedLine(tuple(front)), axes, svg.ScatterTypes("log"), description)


def progress_of(section: BoardSection) -> Markup | None:
    """Draw the scores of the submissions on the board by date, and how the best one grew."""
    dated = sorted(
        ((day, row) for row in section.submissions if (day := _day(row)) is not None),
        key=lambda one: (one[0], one[1].score.value, one[1].name),
    )
    days = sorted({day for day, _ in dated})
    if len(days) < 2:
        return None
    sign = 1 if section.higher_is_better else -1
    best: list[tuple[float, float]] = []
    for day, row in dated:
        if not best or sign * row.score.value > sign * best[-1][1]:
            best = [*(point for point in best if point[0] != day), (float(day), row.score.value)]
    spots = [_dated(day, row) for day, row in dated]
    values = [spot.y for spot in spots] + [section.baseline]
    room = max((days[-1] - days[0]) * 0.04, 0.3)
    axes = svg.frame(
        (days[0] - room, days[-1] + room),
        svg.room_around(values),
        y_name=section.metric,
        x_ticks=[(day, _date(day)) for day in _some_days(days)],
        height=260,
    )
    description = (
        f"Best {section.metric} from {_date(days[0])} to {_date(days[-1])}: {best[0][1]:.4g} to {best[-1][1]:.4g}, "
        f"of {len(spots)} submissions"
    )
    line = svg.SteppedLine(tuple(best), "curve a")
    return svg.scatter(spots, line, axes, svg.ScatterTypes("time", section.baseline), description)


def _day(row: SiteRow) -> int | None:
    """Return the day of the evaluation, counted since 1970."""
    try:
        return (date.fromisoformat(row.record.run.started[:10]) - _FIRST_DAY).days
    except ValueError:
        return None


def _date(day: int) -> str:
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


def _some_days(days: Sequence[int]) -> list[int]:
    """Return the first and the last day, and some between them."""
    first, last = days[0], days[-1]
    count = min(4, last - first + 1)
    return [first + round((last - first) * number / (count - 1)) for number in range(count)]


def _dated(day: int, row: SiteRow) -> svg.Spot:
    value = row.score.value
    return svg.Spot(row.name, day, value, (day, day), (value, value), "faint")


def profiles_of(board: CourseBoard) -> Markup | None:
    """Draw the performance profiles of the first models of the course."""
    shown = [row for row in board.rows if len(row.scored) > 1][:_MOST_PROFILES]
    tasks = len(board.tasks)
    if tasks < 2 or len(shown) < 2:
        return None
    axes = svg.frame(
        (0, _PROFILE_END),
        (0, 1),
        x_name="how far below the best score",
        y_name=f"share of {tasks} tasks",
        height=260,
        x_ticks=[(share, as_percent(share)) for share in (0, 0.05, 0.1, 0.15, 0.2)],
    )
    curves = [svg.PlottedLine(row.submission, _profile(row), css) for css, row in zip(_STYLES, shown, strict=False)]
    description = "; ".join(f"{row.submission} in {as_percent(row.profile(0.05))}" for row in shown)
    return svg.curves(
        curves, axes, f"Performance profiles; within 5 % of the best score are {description} of the tasks"
    )


def _profile(row: CourseRow) -> tuple[tuple[float, float], ...]:
    """Return the steps of a profile."""
    points = [(0.0, row.profile(0))]
    for distance in row.distances:
        if 0 < distance <= _PROFILE_END:
            points += [(distance, points[-1][1]), (distance, row.profile(distance))]
    return (*points, (_PROFILE_END, points[-1][1]))


def _spot(row: SiteRow, bars: str, *, named: bool) -> svg.Spot:
    latency = row.record.cost.latency
    assert latency is not None
    ratio = latency.ratio_to_yardstick
    assert ratio is not None
    low = ratio if latency.ratio_low is None else max(latency.ratio_low, ratio / 100)
    high = ratio if latency.ratio_high is None else latency.ratio_high
    css = f"{'c' if _is_reference(row) else 'a'}{bars}"
    score = row.score
    label = row.name.removeprefix(REFERENCE) if named else ""
    return svg.Spot(row.name, ratio, score.value, (low, high), (score.low, score.high), css, label)


def _ratio(row: SiteRow) -> float | None:
    latency = row.record.cost.latency
    ratio = None if latency is None else latency.ratio_to_yardstick
    return ratio if ratio is not None and ratio > 0 else None


def _is_reference(row: SiteRow) -> bool:
    return row.name.startswith(REFERENCE)
