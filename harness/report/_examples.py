"""Draw single items with a model's answers, for reports."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from markupsafe import Markup

from harness import svg
from harness.contract import Predictions, Split, take_items
from harness.kinds import MOST_CHARACTERS, Accepted, DrawnLine, ItemDrawing, first_words
from harness.report._disclosure import Shown
from harness.text import neutral

Array = np.ndarray[Any, Any]

_SIDE = 160
"""Maximum number of pixels of an example's longer side; larger images are subsampled."""
_LEAST_WEIGHT, _LEAST_SHARE, _LEVELS = 0.005, 0.1, 3
"""The smallest weight, and the smallest share of the largest weight, that is marked; and the number of shades."""
_MOST_NAMED = 3
_AROUND_WORDS = ".,;:!?()[]\"'"


@dataclass(frozen=True)
class Example:
    """One item with the answer to it."""

    picture: Markup
    truth: str
    answer: str
    words: str = ""
    """The words that weighed most, for readers who cannot see the marks."""


def hardest_examples(shown: Shown) -> list[Example]:
    """Return the items of the validation part that `fit` was given on which the model is worst."""
    found, part = shown.evidence.examples, shown.fit_validation
    if found is None or part is None or not len(found.items) or found.items.max() >= len(part):
        return []
    chosen = part.take(found.items)
    weights = {one.item: tuple(one.weights.tolist()) for one in found.words}
    by_place = {place: weights.get(int(item), ()) for place, item in enumerate(found.items)}
    return _worst(shown, chosen, Predictions(found.values, found.scores), by_place)


def hardest_scored(shown: Shown) -> list[Example]:
    """Return the items of the scored part on which the model is worst."""
    part, values = shown.scored, shown.evidence.predictions
    if part is None or values is None or len(values) != len(part):
        return []
    return _worst(shown, part, Predictions(values, shown.evidence.scores))


def _worst(
    shown: Shown, part: Split, answers: Predictions, weights: Mapping[int, tuple[float, ...]] | None = None
) -> list[Example]:
    task = shown.task
    assert task is not None
    kind = task.kind_definition
    examples = []
    for item in kind.hardest(part.targets, answers):
        one = answers.take([item])
        answer = Accepted(one.values[0], None if one.scores is None else one.scores[0])
        drawing = kind.drawing(task, take_items(part.inputs, [item])[0], take_items(part.targets, [item])[0], answer)
        drawing = replace(drawing, word_weights=(weights or {}).get(item, ()))
        examples.append(Example(draw(drawing), drawing.truth, drawing.answer, _weightiest(drawing)))
    return examples


def draw(drawing: ItemDrawing) -> Markup:
    """Return a drawing as HTML: a text, a chart of signals, or an image with its overlays."""
    if drawing.text is not None:
        return _text(drawing.text, drawing.word_weights)
    if drawing.image is None:
        return _signals(drawing)
    return _image(drawing)


def _text(text: str, weights: Sequence[float]) -> Markup:
    """Return a text in which the words that weighed in the answer are marked."""
    parts, end, largest = [], 0, max(map(abs, weights), default=0.0)
    for (begin, stop), weight in zip(first_words(text), weights, strict=False):
        if abs(weight) >= max(_LEAST_WEIGHT, _LEAST_SHARE * largest):
            level = min(_LEVELS, 1 + int(_LEVELS * abs(weight) / largest))
            css = f"{'for' if weight > 0 else 'against'}{level}"
            mark = Markup('<mark class="{}" title="{}">{}</mark>')
            parts += [neutral(text[end:begin]), mark.format(css, f"{weight:+.2f}", neutral(text[begin:stop]))]
            end = stop
    rest = neutral(text[end:MOST_CHARACTERS]) + ("…" if len(text) > MOST_CHARACTERS else "")
    return Markup("<blockquote>{}</blockquote>").format(Markup("").join([*parts, rest]))


def _weightiest(drawing: ItemDrawing) -> str:
    """Name the words that weighed most."""
    if drawing.text is None or not drawing.word_weights:
        return ""
    found = [
        (weight, neutral(drawing.text[begin:end].strip(_AROUND_WORDS) or drawing.text[begin:end]))
        for (begin, end), weight in zip(first_words(drawing.text), drawing.word_weights, strict=False)
        if abs(weight) >= _LEAST_WEIGHT
    ]
    if not found:
        return "no word alone changes the answer"
    named = sorted(found, key=lambda one: -abs(one[0]))[:_MOST_NAMED]
    return "weighs most: " + ", ".join(f"{word} {weight:+.2f}" for weight, word in named)


_ROLES = {"input": "ink", "truth": "b", "answer": "a"}
_NARROW, _LOW = 300.0, 130.0
_SCALE_WIDTH = 36.0


def _signals(drawing: ItemDrawing) -> Markup:
    lines = [one for one in drawing.lines if len(one.values)]
    ends = [float(value) for one in lines for value in (np.min(one.values), np.max(one.values))]
    low, high = svg.room_around(ends)
    end = max(one.begin + len(one.values) - 1 for one in lines)
    x, y = svg.Scale(0, max(end, 1), _SCALE_WIDTH + 6, _NARROW - 4), svg.Scale(low, high, _LOW - 4, 4)
    drawn = [
        svg.polyline(((x.at(at), y.at(value)) for at, value in _joined(one, lines)), f"curve {_ROLES[one.role]}")
        for one in lines
    ]
    drawn += [
        svg.words(_SCALE_WIDTH, max(y.at(value) + 4, 11), f"{value:.3g}", "name small", "end")
        for value in dict.fromkeys((max(ends), min(ends)))
    ]
    description = "A signal" if len(lines) == 1 else "A signal, its true continuation, and the forecast"
    return svg.picture(_NARROW, _LOW, f"{description}, between {low:.3g} and {high:.3g}", drawn)


def _joined(one: DrawnLine, lines: Sequence[DrawnLine]) -> tuple[tuple[float, float], ...]:
    """Return the points of a line; one that continues the input begins at the input's last point."""
    before = [(float(one.begin - 1), float(lines[0].values[-1]))] if one.begin else []
    return (*before, *((float(one.begin + n), float(value)) for n, value in enumerate(one.values)))


def _image(drawing: ItemDrawing) -> Markup:
    height, width = drawing.image.shape[:2]
    step = -(-max(height, width) // _SIDE)
    pixels = np.asarray(drawing.image[::step, ::step] * 255).round().clip(0, 255).astype(np.uint8)
    parts = [
        f'<image href="data:image/png;base64,{_png(pixels)}" width="{width}" height="{height}" '
        'preserveAspectRatio="none" image-rendering="pixelated"/>'
    ]
    thick = max(height, width) / 100
    for mask, css in ((drawing.truth_mask, "b"), (drawing.answer_mask, "a")):
        if mask is not None:
            path = _outline(np.asarray(mask)[::step, ::step], step)
            parts.append(f'<path d="{path}" class="edge {css}" stroke-width="{thick:.2f}"/>')
    for box in drawing.boxes:
        x1, y1, x2, y2 = box.corners
        css = "b" if box.role == "truth" else "a"
        parts.append(
            f'<rect x="{x1:.1f}" y="{y1:.1f}" width="{max(x2 - x1, 0):.1f}" height="{max(y2 - y1, 0):.1f}" '
            f'class="edge {css}" stroke-width="{thick:.2f}"><title>{svg.text(box.name)}</title></rect>'
        )
    return svg.picture(width, height, f"{drawing.truth or 'An image'}; {drawing.answer}".strip("; "), parts)


def _outline(mask: Array, side: int) -> str:
    """Return the outline of a mask as an SVG path; `side` is the size of a pixel."""
    padded = np.pad(mask, 1)
    across = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]) * side
    down = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]) * side
    return "".join([f"M{x} {y}h{side}" for y, x in across.tolist()] + [f"M{x} {y}v{side}" for y, x in down.tolist()])


def _png(pixels: Array) -> str:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=False, compress_level=9)
    return base64.b64encode(content.getvalue()).decode()
