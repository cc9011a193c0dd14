"""Compute charts as plain numbers, in the coordinates of the SVG that draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WIDTH, HEIGHT, MARGIN = 560.0, 180.0, 40.0
_COUNTERS = ("epoch", "step")
_TOTALS = ("epochs", "steps")
_LINES, _POINTS, _BARS = 6, 500, 30

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Line:
    """One quantity over time, scaled to the whole height by its own range."""

    name: str
    points: str
    """The points, as in ``<polyline points>``."""
    low: float
    high: float
    last: float
    begin: str
    """The label below the left end."""
    end: str
    """The label below the right end."""


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix: how often each class was predicted as which; rows are true classes."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> list[tuple[str, list[tuple[int, float, bool]]]]:
        """Return each class with its counts, their shares of the row, and whether they are correct predictions."""
        return [
            (name, [(count, count / max(sum(row), 1), place == column) for column, count in enumerate(row)])
            for place, (name, row) in enumerate(zip(self.classes, self.counts, strict=True))
        ]


def learning_curve(curve: Sequence[dict[str, float]]) -> list[Line]:
    """Return lines for up to six quantities that the model logged, each plotted against the number of the log call."""
    names = dict.fromkeys(name for values in curve for name in values if name not in _COUNTERS + _TOTALS)
    lines = []
    for name in list(names)[:_LINES]:
        found = [
            (float(place), values[name])
            for place, values in enumerate(curve)
            if math.isfinite(values.get(name, math.nan))
        ]
        if len(found) > 1:
            lines.append(_line(name, found[:: math.ceil(len(found) / _POINTS)], curve))
    return lines


def histogram(seconds: Array) -> list[Bar]:
    """Return a histogram of the latencies up to their 99th percentile; the last bar also counts the longer ones."""
    if len(seconds) == 0:
        return []
    top = float(np.quantile(seconds, 0.99))
    clipped = np.minimum(seconds, top)
    if clipped.min() >= top:
        return []
    counts, edges = np.histogram(clipped, bins=_BARS, range=(clipped.min(), top))
    width = (WIDTH - 2 * MARGIN) / _BARS
    return [
        Bar(
            x=MARGIN + place * width,
            y=HEIGHT - MARGIN - _height(count / counts.max()),
            width=width - 1,
            height=_height(count / counts.max()),
            label=f"{edges[place] * 1e6:.0f} to {edges[place + 1] * 1e6:.0f} µs: {count}",
        )
        for place, count in enumerate(counts)
    ]


def confusion(targets: Array, predictions: Array, classes: Sequence[str]) -> Confusion:
    """Return the confusion matrix of labels in [0, number of classes)."""
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (targets, predictions), 1)
    return Confusion(tuple(classes), tuple(tuple(int(count) for count in row) for row in counts))


def _line(name: str, found: list[tuple[float, float]], curve: Sequence[dict[str, float]]) -> Line:
    values = [value for _, value in found]
    low, high = min(values), max(values)
    span, last = high - low or 1.0, len(curve) - 1
    points = " ".join(
        f"{MARGIN + place / last * (WIDTH - 2 * MARGIN):.1f},{HEIGHT - MARGIN - _height((value - low) / span):.1f}"
        for place, value in found
    )
    return Line(name, points, low, high, values[-1], begin=_when(curve, 0), end=_when(curve, last))


def _when(curve: Sequence[dict[str, float]], place: int) -> str:
    """Name a log call by the counter that the model logged with it, otherwise by its number."""
    counted = next((name for name in _COUNTERS if name in curve[place]), None)
    return f"report {place + 1}" if counted is None else f"{counted} {curve[place][counted]:g}"


def _height(share: float) -> float:
    return share * (HEIGHT - 2 * MARGIN)
