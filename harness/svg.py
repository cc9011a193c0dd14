"""Draw charts as SVG with pure functions from numbers to text; the colours come from the style sheet of the page.

The same numbers always give the same text. A chart has a description for people who cannot see it, and neither a script
nor a style, so it can be printed, and a strict content security policy permits it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup, escape

from harness.text import as_percent, neutral

WIDTH = 480.0
"""The width of a chart; on a phone it is shown at three quarters of this size, at which its labels are legible."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 16.0, 14.0, 40.0
_LETTER = 6.6
"""The width of a letter at the size of labels, to compute the width of names."""
_NO_DATA = Markup("")
_NAMED = 28
"""The largest number of letters of a name that are shown; the whole name is in the tooltip."""


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` onto pixels from `begin` to `end`, by their logarithm if `log`."""

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the pixel of `value`, which is moved to the nearest end if it is outside."""
        low, high, value = (self._plain(number) for number in (self.low, self.high, value))
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.begin + min(max(share, 0.0), 1.0) * (self.end - self.begin)

    def _plain(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value

    def ticks(self) -> list[float]:
        """Return round values to label."""
        return _log_ticks(self.low, self.high) if self.log else _ticks(self.low, self.high)


def _ticks(low: float, high: float, most: int = 6) -> list[float]:
    if not high > low:
        return [low]
    raw = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    return [round((first + number) * step, 12) for number in range(count)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5)):
        found = [factor * 10.0**power for power in powers for factor in factors]
        found = [tick for tick in found if low * 0.999 <= tick <= high * 1.001]
        if len(found) >= 3:
            return found
    return found or [low, high]


def tidy(value: float) -> str:
    """Return a number in few digits."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def text(value: object) -> Markup:
    """Return `value` as escaped text."""
    return escape(neutral(str(value)))


def picture(width: float, height: float, description: str, parts: Iterable[str], data: Markup = _NO_DATA) -> Markup:
    """Return a complete SVG, which screen readers describe as `description`; `data` are attributes for scripts."""
    inside = Markup("").join(map(Markup, parts))
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}"{}>{}</svg>').format(
        f"{width:g}", f"{height:g}", neutral(description), data, inside
    )


def data_attributes(values: Mapping[str, object]) -> Markup:
    """Return ``data-`` attributes, from which a script can draw the chart again."""
    return Markup("").join(Markup(' data-{}="{}"').format(name, neutral(str(value))) for name, value in values.items())


def whole_file(width: float, height: float, description: str, parts: Iterable[str], style: str) -> bytes:
    """Return an SVG for a separate file, with its style, which is not escaped and must not come from others."""
    inside = picture(width, height, description, [f"<style>{style}</style>", *parts])
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
    return (str(inside).replace("<svg ", opening, 1) + "\n").encode()


def placed(picture: Markup, x: float, y: float, width: float, height: float) -> str:
    """Return a picture for use inside another one."""
    return str(picture).replace("<svg ", f'<svg x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" ', 1)


def size_of(picture: Markup) -> tuple[float, float]:
    """Return the width and the height of a picture."""
    _, _, width, height = picture.split('viewBox="', 1)[1].split('"', 1)[0].split()
    return float(width), float(height)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return a straight line."""
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{css}"/>'


def circle(x: float, y: float, radius: float, css: str, title: str = "", data: Markup = _NO_DATA) -> str:
    """Return a dot, with a tooltip."""
    tooltip = f"<title>{text(title)}</title>" if title else ""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{css}"{data}>{tooltip}</circle>'


def rectangle(x: float, y: float, width: float, height: float, css: str, title: str = "", opacity: float = 1) -> str:  # noqa: PLR0913, PLR0917 - a rectangle has a place, a size and a look
    """Return a rectangle, with a tooltip."""
    tooltip = f"<title>{text(title)}</title>" if title else ""
    faint = "" if opacity >= 1 else f' fill-opacity="{opacity:.2f}"'
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.5))}" height="{_n(max(height, 0.5))}" '
        f'class="{css}"{faint}>{tooltip}</rect>'
    )


def words(x: float, y: float, content: object, css: str = "label", anchor: str = "start") -> str:
    """Return a label; `anchor` is ``start``, ``middle`` or ``end``."""
    return f'<text x="{_n(x)}" y="{_n(y)}" class="{css}" text-anchor="{anchor}">{text(content)}</text>'


def shortened(name: str, most: int = _NAMED) -> str:
    """Return a name, or its beginning if it is too long for a label."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def polyline(points: Iterable[tuple[float, float]], css: str) -> str:
    """Return a line through points."""
    joined = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    return f'<polyline points="{joined}" class="{css}"/>'


@dataclass(frozen=True)
class Axes:
    """The axes of a chart."""

    x: Scale
    y: Scale
    height: float
    x_name: str = ""
    y_name: str = ""
    x_ticks: Sequence[tuple[float, str]] = field(default=())

    def parts(self) -> list[str]:
        """Return the axes, their ticks and names."""
        bottom = self.height - _BOTTOM
        drawn = []
        for tick in self.y.ticks():
            y = self.y.at(tick)
            drawn += [
                line(self.x.begin, y, self.x.end, y, "grid"),
                words(self.x.begin - 8, y + 4, tidy(tick), anchor="end"),
            ]
        for value, label in self.x_ticks or [(tick, tidy(tick)) for tick in self.x.ticks()]:
            x = self.x.at(value)
            anchor = "end" if x + _LETTER * len(label) / 2 > WIDTH else "middle"
            drawn += [line(x, bottom, x, bottom + 4, "axis"), words(x, bottom + 18, label, anchor=anchor)]
        drawn.append(line(self.x.begin, bottom, self.x.end, bottom, "axis"))
        if self.x_name:
            drawn.append(words(self.x.end, self.height - 6, self.x_name, "name", "end"))
        if self.y_name:
            drawn.append(words(self.x.begin, _TOP - 2, self.y_name, "name"))
        return drawn


def frame(  # noqa: PLR0913 - the ranges and names of two axes
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    height: float = 260.0,
    x_name: str = "",
    y_name: str = "",
    log_x: bool = False,
    x_ticks: Sequence[tuple[float, str]] = (),
) -> Axes:
    """Return axes for values in these ranges."""
    top = _TOP + (10 if y_name else 0)
    return Axes(
        Scale(*x_range, _LEFT, WIDTH - _RIGHT, log_x),
        Scale(*y_range, height - _BOTTOM, top),
        height,
        x_name,
        y_name,
        x_ticks,
    )


def room_around(values: Iterable[float], share: float = 0.06) -> tuple[float, float]:
    """Return the range of `values` with some space on both sides."""
    found = list(values)
    low, high = min(found), max(found)
    room = (high - low) * share or abs(high) * share or 0.5
    return low - room, high + room


@dataclass(frozen=True)
class PlottedLine:
    """A named line in a chart."""

    name: str
    points: tuple[tuple[float, float], ...]
    css: str = "a"


def curves(given: Sequence[PlottedLine], axes: Axes, description: str, extra: Sequence[str] = ()) -> Markup:
    """Draw lines on one pair of axes, with a legend; they differ not only in colour but also in dashes."""
    parts = [*axes.parts(), *extra]
    parts += [polyline(((axes.x.at(x), axes.y.at(y)) for x, y in one.points), f"curve {one.css}") for one in given]
    if len(given) < 2:
        return picture(WIDTH, axes.height, description, parts)
    below, height = _legend(given, axes)
    return picture(WIDTH, height, description, [*parts, *below])


def _legend(given: Sequence[PlottedLine], axes: Axes) -> tuple[list[str], float]:
    """Return a legend below the axes, in as many rows as necessary, and the position of its end."""
    parts: list[str] = []
    x, y = axes.x.begin, axes.height + 10
    for one in given:
        name = shortened(one.name)
        width = 26 + len(name) * _LETTER
        if x > axes.x.begin and x + width > axes.x.end:
            x, y = axes.x.begin, y + 18
        parts += [line(x, y, x + 20, y, f"curve {one.css}"), words(x + 26, y + 4, name)]
        x += width + 16
    return parts, y + 12


@dataclass(frozen=True)
class ForestRow:
    """A value with its interval, drawn in a separate row."""

    name: str
    value: float
    low: float
    high: float
    css: str = "a"
    note: str = ""


def forest(
    rows: Sequence[ForestRow],
    axis_name: str,
    description: str,
    line_at: tuple[float, str] | None = None,
    width: float = WIDTH,
) -> Markup:
    """Draw values with intervals, one below the other, and a line at a value that they are compared with."""
    step, top = 22.0, 26.0
    left = 20 + _LETTER * max(len(shortened(row.name)) for row in rows)
    height = top + step * len(rows) + _BOTTOM
    values = [number for row in rows for number in (row.low, row.high)] + ([line_at[0]] if line_at else [])
    scale = Scale(*room_around(values), left, width - _RIGHT - 50)
    bottom, parts = height - _BOTTOM, []
    for tick in scale.ticks():
        x = scale.at(tick)
        parts += [line(x, top - 6, x, bottom, "grid"), words(x, bottom + 18, tidy(tick), anchor="middle")]
    if line_at is not None:
        x = scale.at(line_at[0])
        anchor = "end" if x > width * 0.7 else "start"
        parts += [line(x, top - 10, x, bottom, "mark"), words(x, top - 13, line_at[1], "name", anchor)]
    for number, row in enumerate(rows):
        y = top + step * (number + 0.5)
        parts += [
            words(left - 12, y + 4, shortened(row.name), anchor="end"),
            line(scale.at(row.low), y, scale.at(row.high), y, f"whisker {row.css}"),
            circle(
                scale.at(row.value),
                y,
                4,
                f"dot {row.css}",
                f"{row.name}: {tidy(row.value)} [{tidy(row.low)}, {tidy(row.high)}] {row.note}".strip(),
            ),
            words(width - _RIGHT, y + 4, tidy(row.value), anchor="end"),
        ]
    parts.append(words(scale.end, height - 6, axis_name, "name", "end"))
    return picture(width, height, description, parts)


@dataclass(frozen=True)
class Spot:
    """A point with an interval in both directions."""

    name: str
    x: float
    y: float
    x_interval: tuple[float, float]
    y_interval: tuple[float, float]
    css: str = "a"
    label: str = ""
    """The text next to the point."""

    @property
    def data(self) -> Markup:
        """The attributes from which a script draws it."""
        x, y = (" ".join(f"{number:.6g}" for number in numbers) for numbers in (self._xs, self._ys))
        return data_attributes({"name": self.name, "x": x, "y": y})

    @property
    def _xs(self) -> tuple[float, ...]:
        return (self.x, *self.x_interval) if any(end != self.x for end in self.x_interval) else (self.x,)

    @property
    def _ys(self) -> tuple[float, ...]:
        return (self.y, *self.y_interval) if any(end != self.y for end in self.y_interval) else (self.y,)


@dataclass(frozen=True)
class SteppedLine:
    """A line in steps, which continues from its last point to the end of the axis."""

    points: tuple[tuple[float, float], ...]
    css: str = "front"

    def steps(self, end: float) -> list[tuple[float, float]]:
        """Return the corners of the line."""
        if not self.points:
            return []
        ended = [*self.points, (end, self.points[-1][1])]
        return [point for (x, y), (next_x, _) in pairwise(ended) for point in ((x, y), (next_x, y))]


@dataclass(frozen=True)
class ScatterTypes:
    """The type of the horizontal axis for scripts: ``log``, ``linear`` or ``time``, which counts days since 1970."""

    x: str = "log"
    level: float | None = None
    """A value of the vertical axis that the points are compared with."""


def scatter(spots: Sequence[Spot], steps: SteppedLine, axes: Axes, types: ScatterTypes, description: str) -> Markup:
    """Draw points with error bars and a line in steps; a script can draw the same from the attributes."""
    parts = axes.parts()
    if types.level is not None:
        y = axes.y.at(types.level)
        parts.append(line(axes.x.begin, y, axes.x.end, y, "mark"))
    corners = [(axes.x.at(x), axes.y.at(y)) for x, y in steps.steps(axes.x.high)]
    if corners:
        parts.append(polyline(corners, steps.css))
    for spot in spots:
        parts += [
            *_error_bars(spot, axes),
            circle(axes.x.at(spot.x), axes.y.at(spot.y), 4.5, f"dot {spot.css}", "", spot.data),
        ]
    parts += _names(spots, axes)
    data = {
        "scale": types.x,
        "x-name": axes.x_name,
        "y-name": axes.y_name,
        "steps": ";".join(f"{x:.6g} {y:.6g}" for x, y in steps.points),
        "level": "" if types.level is None else f"{types.level:.6g}",
    }
    return picture(WIDTH, axes.height, description, parts, data_attributes(data))


def _error_bars(spot: Spot, axes: Axes) -> list[str]:
    """Return the intervals of a point as one path, which is shorter than two lines; empty intervals are left out."""
    x, y = axes.x.at(spot.x), axes.y.at(spot.y)
    (left, right), (low, high) = map(axes.x.at, spot.x_interval), map(axes.y.at, spot.y_interval)
    across = f"M{_n(left)},{_n(y)}H{_n(right)}" if left != right else ""
    upright = f"M{_n(x)},{_n(low)}V{_n(high)}" if low != high else ""
    return [f'<path d="{across}{upright}" class="whisker {spot.css}"/>'] if across or upright else []


@dataclass(frozen=True)
class _Area:
    """A rectangle that something in a chart occupies."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Area) -> bool:
        """Return whether two areas overlap."""
        apart = self.right < other.left or other.right < self.left
        return not apart and self.top < other.bottom and other.top < self.bottom


def _names(spots: Sequence[Spot], axes: Axes) -> list[str]:
    """Return names next to points that overlap neither dots nor other names, and if possible no error bars.

    A name without a free place is left out; a script shows it.
    """
    places = [(axes.x.at(spot.x), axes.y.at(spot.y)) for spot in spots]
    taken = [_Area(x - 6, y - 6, x + 6, y + 6) for x, y in places]
    bars = [
        _Area(x - 1, axes.y.at(spot.y_interval[1]), x + 1, axes.y.at(spot.y_interval[0]))
        for spot, (x, _) in zip(spots, places, strict=True)
    ]
    parts = []
    for spot, (x, y) in zip(spots, places, strict=True):
        if not spot.label:
            continue
        name = shortened(spot.label, 20)
        width = len(name) * _LETTER
        found = [
            _Area(begin, middle - 7, begin + width, middle + 7)
            for begin in (x + 9, x - 9 - width)
            for middle in (y - 10, y + 10, y - 24, y + 24)
            if begin >= axes.x.begin and begin + width <= WIDTH
        ]
        free = [box for box in found if not any(map(box.overlaps, taken))]
        if free:
            box = min(free, key=lambda one: sum(map(one.overlaps, bars)) + (one.left < x))
            taken.append(box)
            parts.append(words(box.left, box.bottom - 3, name, "label small"))
    return parts


def bars(
    values: Sequence[tuple[float, float, float, str]], axes: Axes, description: str, extra: Sequence[str] = ()
) -> Markup:
    """Draw bars, given as (from, to, height, tooltip), from the bottom of the frame."""
    floor = axes.height - _BOTTOM
    parts = axes.parts()
    for begin, end, height, title in values:
        x, y = axes.x.at(begin), axes.y.at(height)
        parts.append(rectangle(x, y, axes.x.at(end) - x - 1, floor - y, "fill a", title))
    return picture(WIDTH, axes.height, description, [*parts, *extra])


def matrix(names: Sequence[str], counts: Sequence[Sequence[int]], description: str) -> Markup:
    """Draw a confusion matrix, in which rows are true classes and shades are shares of the row."""
    count = len(names)
    longest = max(len(shortened(name, 22)) for name in names)
    left = max(24 + _LETTER * longest, 56.0)
    cell = min(72.0, (WIDTH - left - 8) / count)
    upright = longest * _LETTER <= cell
    top = 40.0 if upright else 30 + _LETTER * longest * 0.75
    parts = [words(left, 14, "predicted →", "name"), words(left - 12, top - 8, "true ↓", "name", "end")]
    for number, name in enumerate(names):
        shown = shortened(name, 22)
        x = left + cell * (number + 0.5)
        parts.append(words(left - 12, top + cell * (number + 0.5) + 4, shown, anchor="end"))
        turn = "" if upright else f' transform="rotate(-45 {_n(x)} {_n(top - 8)})"'
        anchor = "middle" if upright else "start"
        parts.append(
            f'<text x="{_n(x)}" y="{_n(top - 8)}" class="label" text-anchor="{anchor}"{turn}>{text(shown)}</text>'
        )
    for row, found in enumerate(counts):
        total = max(sum(found), 1)
        for column, number in enumerate(found):
            share = number / total
            css = "fill a" if row == column else "fill b"
            x, y = left + cell * column, top + cell * row
            title = f"{names[row]}, predicted {names[column]}: {number} of {total} ({as_percent(share)})"
            parts.append(rectangle(x, y, cell - 1, cell - 1, "cell"))
            if number:
                parts.append(rectangle(x, y, cell - 1, cell - 1, css, title, 0.15 + 0.75 * share))
            if cell >= 18 and number:
                strong = "count over" if share > 0.45 else "count"
                parts.append(words(x + cell / 2 - 0.5, y + cell / 2 + 4, number, strong, "middle"))
    return picture(WIDTH, top + cell * count + 8, description, parts)


def blobs(names: Sequence[str], shares: Sequence[Sequence[float]], description: str) -> Markup:
    """Draw the distribution of each model's rank as circles whose area is proportional to the share of a rank."""
    step, top = 24.0, 30.0
    left = 20 + _LETTER * max(len(shortened(name)) for name in names)
    ranks = max(map(len, shares))
    width = (WIDTH - left - _RIGHT) / ranks
    most = max(max(row) for row in shares)
    largest = min(step, max(width, 9.0)) / 2 / math.sqrt(most)
    height = top + step * len(names) + 12
    every = max(1, math.ceil(ranks / (14 if width >= 8 else 10)))
    parts = [words(left - 12, top - 12, "rank", "name", "end")]
    parts += [
        words(left + width * (rank + 0.5), top - 12, rank + 1, anchor="middle") for rank in range(0, ranks, every)
    ]
    for number, (name, row) in enumerate(zip(names, shares, strict=True)):
        y = top + step * (number + 0.5)
        parts += [words(left - 12, y + 4, shortened(name), anchor="end"), line(left, y, WIDTH - _RIGHT, y, "grid")]
        for rank, share in enumerate(row):
            if share >= 0.005:
                x = left + width * (rank + 0.5)
                parts.append(
                    circle(
                        x, y, largest * math.sqrt(share), "blob a", f"{name}: rank {rank + 1} in {as_percent(share)}"
                    )
                )
    return picture(WIDTH, height, description, parts)


def strip(dots: Sequence[tuple[float, str, str]], level: float, ends: tuple[float, float], description: str) -> Markup:
    """Draw values, given as (value, tooltip, CSS class), on one line with a mark at `level`.

    Values outside `ends` are drawn at the nearest end.
    """
    width, height, middle = 320.0, 22.0, 11.0
    scale = Scale(*ends, 6, width - 6)
    parts = [line(0, middle, width, middle, "grid"), line(scale.at(level), 1, scale.at(level), height - 1, "mark")]
    parts += [circle(scale.at(value), middle, 4.5, f"dot {css}", title) for value, title, css in dots]
    return picture(width, height, description, parts)


@dataclass(frozen=True)
class TimelineRow:
    """One row of a timeline, with the begin and end of each time span."""

    name: str
    spans: tuple[tuple[float, float], ...]

    @property
    def total(self) -> float:
        """The total length of all spans."""
        return math.fsum(end - begin for begin, end in self.spans)


def timeline(
    rows: Sequence[TimelineRow],
    below: Sequence[Sequence[tuple[float, float]]],
    below_name: str,
    description: str,
) -> Markup:
    """Draw time spans in seconds, and below on the same axis lines for the use of a resource."""
    step, top = 22.0, 8.0
    left = 20 + _LETTER * max(max(len(row.name) for row in rows), 7)
    last = max(end for row in rows for _, end in row.spans)
    scale = Scale(0, max(last, 1e-3), left, WIDTH - _RIGHT - 60)
    floor = top + step * len(rows)
    points = [point for line_points in below for point in line_points]
    bottom = floor + (_MEMORY_HEIGHT if points else 0)
    parts = []
    for tick in scale.ticks():
        x = scale.at(tick)
        parts += [line(x, top, x, bottom, "grid"), words(x, bottom + 16, f"{tidy(tick)} s", anchor="middle")]
    for number, row in enumerate(rows):
        y = top + step * number
        parts.append(words(left - 12, y + 15, row.name, anchor="end"))
        for begin, end in row.spans:
            width = scale.at(end) - scale.at(begin)
            parts.append(
                rectangle(scale.at(begin), y + 4, width, step - 8, "fill a", f"{row.name}: {_seconds(end - begin)}")
            )
        parts.append(words(scale.at(row.spans[-1][1]) + 6, y + 15, _seconds(row.total), "haloed"))
    if points:
        y_scale = Scale(0, max(value for _, value in points) * 1.05 or 1.0, bottom, floor + 22)
        parts.append(words(left, floor + 14, below_name, "name"))
        for tick in y_scale.ticks()[::2]:
            y = y_scale.at(tick)
            parts += [line(left, y, scale.end, y, "grid"), words(left - 8, y + 4, tidy(tick), anchor="end")]
        for line_points in below:
            drawn = [(scale.at(x), y_scale.at(value)) for x, value in line_points]
            parts.append(polyline(drawn, "curve a") if len(drawn) > 1 else circle(*drawn[0], 2, "dot a"))
    return picture(WIDTH, bottom + 24, description, parts)


_MEMORY_HEIGHT = 110.0


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"
