"""Make the figures of a report from the data that may be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from markupsafe import Markup

from harness import svg
from harness.record import Record
from harness.report._disclosure import Shown
from harness.report._learning_curves import Quantity, moment, quantities
from harness.report._report_findings import confidence_of, counts_of, probabilities_of
from harness.statistics import wilson_interval
from harness.text import as_duration, as_percent, count_of

Array = np.ndarray[Any, Any]

_POINTS, _BARS, _BINS = 300, 30, 10
_MOST_CLASSES = 30
_MILLISECONDS_FROM = 0.01
"""An axis that reaches at least this many seconds is in milliseconds, any other in microseconds."""
_SHORTEST_PHASE, _NOTABLE_WAIT = 0.001, 0.1
"""Phases shorter than this, in seconds, are not drawn, and waiting times shorter than the other are not mentioned."""
_STYLES = ("a", "b", "c", "d", "e", "f")


@dataclass(frozen=True)
class Figure:
    """A picture with its heading and a sentence about it."""

    title: str
    pictures: tuple[Markup, ...]
    note: str = ""


def figures(shown: Shown) -> list[Figure]:
    """Return every figure for which there is data."""
    made = (_learning, _confusion, _per_class, _receiver, _reliability, _latency, _timeline, _standing, _history)
    return list(chain.from_iterable(make(shown) for make in made))


def _learning(shown: Shown) -> Iterator[Figure]:
    found = quantities(shown.evidence.curve)
    names = list(dict.fromkeys(one.name for one in found))
    pictures = []
    for name in names[:4]:
        lines = [one for one in found if one.name == name]
        pictures.append(_learning_curve(name, lines, shown.evidence.curve))
    if pictures:
        yield Figure("Learning curves", tuple(pictures), "What the model logged while it learned.")


def _learning_curve(name: str, lines: Sequence[Quantity], curve: Sequence[dict[str, float]]) -> Markup:
    values = [value for one in lines for value in one.values]
    last = len(curve) - 1
    ends = [(0.0, moment(curve, 0)), (float(last), moment(curve, last))]
    axes = svg.frame((0, last), svg.room_around(values), y_name=lines[0].label, x_ticks=ends, height=220)
    drawn = [
        svg.PlottedLine("validation" if one.held_out else "train", _thinned(one), "b" if one.held_out else "a")
        for one in lines
    ]
    description = "; ".join(
        f"{'validation' if one.held_out else 'train'} from {one.values[0]:.3g} to {one.values[-1]:.3g}" for one in lines
    )
    return svg.curves(drawn, axes, f"{name} while learning: {description}")


def _thinned(one: Quantity) -> tuple[tuple[float, float], ...]:
    step = -(-len(one.values) // _POINTS)
    points = list(zip(map(float, one.places), one.values, strict=True))
    return (*points[:-1:step], points[-1])


def _confusion(shown: Shown) -> Iterator[Figure]:
    counted = counts_of(shown)
    if counted is not None and shown.task is not None and len(counted) <= _MOST_CLASSES:
        right = int(counted.trace())
        yield Figure(
            "Confusion matrix",
            (
                svg.matrix(
                    shown.task.classes,
                    counted.tolist(),
                    f"Confusion matrix: {right} of {counted.sum()} items are right",
                ),
            ),
            "Rows are the true classes, and columns the predicted ones. The stronger the colour, the larger the share "
            "of the row.",
        )


def _per_class(shown: Shown) -> Iterator[Figure]:
    counted = counts_of(shown)
    if counted is None or shown.task is None or len(counted) > _MOST_CLASSES:
        return
    rows = []
    for place, (name, found) in enumerate(zip(shown.task.classes, counted, strict=True)):
        own, total = int(found[place]), int(found.sum())
        if total:
            low, high = wilson_interval(own, total)
            rows.append(svg.ForestRow(name, own / total, low, high, note=f"{own} of {total}"))
    if rows:
        description = ", ".join(f"{row.name} {row.value:.2f}" for row in rows)
        yield Figure(
            "Each class",
            (svg.forest(rows, "share that is found (recall)", f"Recall of each class: {description}"),),
            "The share of each class that the model finds, with 95 % intervals.",
        )


def _receiver(shown: Shown) -> Iterator[Figure]:
    rows, targets = probabilities_of(shown), shown.targets
    if rows is None or shown.task is None:
        return
    labels = [1] if rows.shape[1] == 2 else range(rows.shape[1])
    hits = {label: np.asarray(targets) == label for label in labels}
    found = {label: _rates(rows[:, label], hit) for label, hit in hits.items() if hit.any() and not hit.all()}
    chosen = sorted(found, key=lambda label: _area(*found[label][:2]))[: len(_STYLES)]
    receiver, recall = [], []
    for css, label in zip(_STYLES, chosen, strict=False):
        false, true, precision = found[label]
        receiver.append(svg.PlottedLine(shown.task.classes[label], _steps(false, true), css))
        recall.append(svg.PlottedLine(shown.task.classes[label], _steps(true, precision), css))
    if not receiver:
        return
    few = f"the {len(chosen)} hardest classes, each" if len(chosen) < len(found) else "each class"
    of = f"class {shown.task.classes[1]}" if rows.shape[1] == 2 else f"{few} against the others"
    one, two = (
        svg.frame((0, 1), (0, 1), x_name=x, y_name=y, height=300)
        for x, y in (("false positive rate", "true positive rate"), ("recall", "precision"))
    )
    chance = svg.line(one.x.at(0), one.y.at(0), one.x.at(1), one.y.at(1), "mark")
    yield Figure(
        "Thresholds",
        (
            svg.curves(receiver, one, f"ROC curve of {of}", [chance]),
            svg.curves(recall, two, f"Precision and recall of {of}"),
        ),
        f"The effect of other thresholds, for {of}: the ROC curve above, precision against recall below.",
    )


def _rates(scores: Array, positive: Array) -> tuple[Array, Array, Array]:
    """Return the false positive rate, the true positive rate and the precision at each distinct score."""
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], positive[order]
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    true, asked = hits.cumsum()[ends], ends + 1
    return (
        np.insert((asked - true) / (~positive).sum(), 0, 0.0),
        np.insert(true / positive.sum(), 0, 0.0),
        np.insert(true / asked, 0, 1.0),
    )


def _area(false: Array, true: Array) -> float:
    """Return the area under an ROC curve."""
    return float(((true[1:] + true[:-1]) * np.diff(false)).sum() / 2)


def _steps(x: Array, y: Array) -> tuple[tuple[float, float], ...]:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int))
    return tuple(zip(x[keep].tolist(), y[keep].tolist(), strict=True))


def _reliability(shown: Shown) -> Iterator[Figure]:
    found = confidence_of(shown)
    if found is None or len(found[0]) < _BINS * 2:
        return
    confidence, right = found
    least = min(float(np.floor(confidence.min() * 10) / 10), 0.9)
    edges = np.linspace(least, 1, _BINS + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, _BINS - 1)
    axes = svg.frame((least, 1), (0, 1), x_name="confidence of the model", y_name="share that is right", height=280)
    values, spread = [], []
    for number in range(_BINS):
        chosen = place == number
        n, k = int(chosen.sum()), int(right[chosen].sum())
        if n:
            low, high = wilson_interval(k, n)
            middle = axes.x.at((edges[number] + edges[number + 1]) / 2)
            values.append((float(edges[number]), float(edges[number + 1]), k / n, f"{k} of {n} are right"))
            spread.append(svg.line(middle, axes.y.at(low), middle, axes.y.at(high), "whisker ink"))
    diagonal = svg.line(axes.x.at(least), axes.y.at(least), axes.x.at(1), axes.y.at(1), "mark")
    sure, hit = as_percent(confidence.mean()), as_percent(right.mean())
    description = f"Of answers given with {sure} confidence on average, {hit} are right"
    yield Figure(
        "Reliability",
        (svg.bars(values, axes, description, [diagonal, *spread]),),
        "Bars that reach the dashed line mean that the probabilities are right; below it the model is overconfident.",
    )


def _latency(shown: Shown) -> Iterator[Figure]:
    latency, seconds = shown.record.cost.latency, shown.evidence.latencies
    if latency is None or seconds is None or len(seconds) < _BARS:
        return
    top = float(np.quantile(seconds, 0.99))
    unit, scale = ("ms", 1e3) if top >= _MILLISECONDS_FROM else ("µs", 1e6)
    clipped = np.minimum(seconds, top) * scale
    if clipped.min() >= top * scale:
        return
    counts, edges = np.histogram(clipped, bins=_BARS)
    axes = svg.frame(
        (float(edges[0]), float(edges[-1])), (0, float(counts.max())), x_name=unit, y_name="requests", height=220
    )
    values = [
        (float(edges[i]), float(edges[i + 1]), float(n), f"{edges[i]:.3g} to {edges[i + 1]:.3g} {unit}: {n}")
        for i, n in enumerate(counts)
    ]
    middle = axes.x.at(latency.p50_seconds * scale)
    mark = svg.line(middle, axes.y.begin, middle, axes.y.end, "mark ink")
    description = f"Latency of {len(seconds)} requests, median {as_duration(latency.p50_seconds)}"
    yield Figure(
        "Latency",
        (svg.bars(values, axes, description, [mark]),),
        f"{_latency_words(shown.record)} The dashed line is the median.",
    )


def _latency_words(record: Record) -> str:
    latency = record.cost.latency
    assert latency is not None
    text = f"Median {as_duration(latency.p50_seconds)} with the channel"
    if latency.net_p50_seconds is not None:
        text += f", {as_duration(latency.net_p50_seconds)} without"
        if latency.net_low_seconds is not None and latency.net_high_seconds is not None:
            text += (
                f" (95 % interval {as_duration(latency.net_low_seconds)} to {as_duration(latency.net_high_seconds)})"
            )
    if latency.ratio_to_yardstick is not None:
        text += f"; {_figure(latency.ratio_to_yardstick)} times the yardstick"
        if latency.ratio_low is not None and latency.ratio_high is not None:
            text += f" ({_figure(latency.ratio_low)} to {_figure(latency.ratio_high)})"
    if latency.uncertainty is not None:
        terms = latency.uncertainty
        text += (
            f"; of the interval {terms.rounds:.1%} come from differences between rounds, {terms.processes:.1%} from "
            f"differences between processes, and {terms.channel:.1%} from the uncertain cost of the channel"
        )
    text += f"; {latency.n} requests of one item"
    if latency.void_rounds:
        text += f", {latency.void_rounds} rounds discarded"
    if latency.stopped == "limit":
        return text + ": more did not fit into measure_seconds, so that these figures are noisy."
    return text + (", on a noisy machine." if latency.noisy else ".")


def _figure(value: float) -> str:
    """Return a ratio with two decimals if it is small, and without what nobody measures if it is large."""
    return f"{value:.2f}" if value < 10 else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _timeline(shown: Shown) -> Iterator[Figure]:
    rows = _phase_rows(shown)
    if not rows:
        return
    kept = shown.evidence.timeline
    used = () if kept is None else kept.memory
    lines = [[(x, y / 2**20) for x, y in zip(one.seconds, one.used_bytes, strict=True)] for one in used if one.seconds]
    description = ", ".join(f"{row.name} {row.total:.2g} s" for row in rows)
    peak = shown.record.cost.peak_memory_bytes
    memory = "" if peak is None else f" The peak memory use is {peak / 2**20:,.0f} MiB."
    if lines:
        highest = max(value for points in lines for _, value in points)
        description += f"; memory of {count_of(len(lines), 'process', 'processes')}, at most {highest:,.0f} MiB"
        memory += " The lines below show the memory of the processes that fitted, predicted and were timed."
    waited = shown.record.run.phases.get("wait", 0.0)
    left_out = f" {waited:.2g} s of waiting for the machine are not drawn." if waited >= _NOTABLE_WAIT else ""
    yield Figure(
        "Time and memory",
        (svg.timeline(rows, lines, "memory, MiB", f"Time of each phase: {description}"),),
        f"From the start of the first phase to the end of the last.{memory}{left_out}",
    )


def _phase_rows(shown: Shown) -> list[svg.TimelineRow]:
    """Return the start and end of each phase; records of earlier versions hold only the durations."""
    kept = shown.evidence.timeline
    if kept is not None and kept.phases:
        names = list(dict.fromkeys(span.name for span in kept.phases))
        spans = {name: tuple((one.begin, one.end) for one in kept.phases if one.name == name) for name in names}
    else:
        found = {name: seconds for name, seconds in shown.record.run.phases.items() if name != "wait"}
        ends = list(accumulate(found.values()))
        spans = {name: ((end - found[name], end),) for name, end in zip(found, ends, strict=True)}
    rows = [svg.TimelineRow(name, given) for name, given in spans.items()]
    return [row for row in rows if row.total >= _SHORTEST_PHASE]


def _standing(shown: Shown) -> Iterator[Figure]:
    score, others = shown.record.primary, shown.peer_scores
    if score is None or shown.standing is None or len(others) < 3:
        return
    axes = svg.frame(svg.room_around(others), (0, 1), x_name=score.name, height=110)
    dots = [svg.circle(axes.x.at(value), 46, 5, "dot faint") for value in others]
    own = svg.circle(axes.x.at(score.value), 46, 7, "dot b", f"this submission: {svg.tidy(score.value)}")
    bottom = [svg.line(axes.x.begin, 70, axes.x.end, 70, "axis")]
    ticks = [svg.words(axes.x.at(tick), 88, svg.tidy(tick), anchor="middle") for tick in axes.x.ticks()]
    place, of = shown.standing
    description = f"Place {place} of {of} by {score.name}"
    name = svg.words(axes.x.end, 106, score.name, "name", "end")
    yield Figure(
        "Place among all results",
        (svg.picture(svg.WIDTH, 112, description, [*bottom, *ticks, *dots, own, name]),),
        f"{description}, including references; neighbours may differ only by chance.",
    )


def _history(shown: Shown) -> Iterator[Figure]:
    score = shown.record.primary
    runs = [one for one in (*shown.earlier, shown.record) if one.primary is not None and _comparable(one, shown.record)]
    if score is None or len(runs) < 2:
        return
    values = [one.primary for one in runs if one.primary is not None]
    days = [one.run.started[:10] for one in runs]
    ends = [(1, days[0]), (len(runs), days[-1])] if days[0] != days[-1] else [(1, "first"), (len(runs), "last")]
    axes = svg.frame(
        (0.7, len(runs) + 0.3),
        svg.room_around([number for one in values for number in (one.low, one.high)]),
        y_name=score.name,
        height=220,
        x_ticks=ends,
    )
    parts = []
    for number, one in enumerate(values, 1):
        x = axes.x.at(number)
        parts += [
            svg.line(x, axes.y.at(one.low), x, axes.y.at(one.high), "whisker a"),
            svg.circle(x, axes.y.at(one.value), 4, "dot a", f"{svg.tidy(one.value)} on {days[number - 1]}"),
        ]
    curve = svg.PlottedLine(score.name, tuple((float(n), one.value) for n, one in enumerate(values, 1)))
    description = f"{score.name} of {len(runs)} runs, from {values[0].value:.4g} to {values[-1].value:.4g}"
    yield Figure("Earlier runs", (svg.curves([curve], axes, description, parts),), "On the same data, oldest first.")


def _comparable(one: Record, other: Record) -> bool:
    return (one.task.data_digest, one.task.scored_on, one.submission.mode) == (
        other.task.data_digest, other.task.scored_on, other.submission.mode
    )  # fmt: skip
