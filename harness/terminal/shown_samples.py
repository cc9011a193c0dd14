"""Draw sample inputs in a terminal: images as half blocks, signals as lines, and the beginnings of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from harness.contract import Split, Task
from harness.kinds import ItemDrawing
from harness.text import neutral

Array = np.ndarray[Any, Any]

_SHADES = " ░▒▓█"
_BARS = "▁▂▃▄▅▆▇█"
_MAX_SIDE = 32
_GAP = 2
_WIDEST = 64


def draw_samples(out: Console, task: Task, split: Split) -> None:
    """Print one input of each class, or a few inputs if there are no classes."""
    kind = task.kind_definition
    chosen = _one_of_each(task, split)
    drawn = [kind.drawing(task, split.inputs[item], split.targets[item]) for item in chosen]
    images = [one for one in drawn if one.image is not None]
    for one in drawn:
        if one.text is not None:
            named = f"{neutral(one.truth)}: " if one.truth else ""
            out.print(f"  {named}{neutral(one.text)[:100]}…")
        elif one.image is None:
            out.print(f"  {_signal(one)}")
    if images:
        names = [one.truth if _labelled(task) else "" for one in images]
        _draw_images(out, names, [_grey(one.image) for one in images])


def _signal(drawn: ItemDrawing) -> str:
    known = drawn.lines[0].values
    coming = next((line.values for line in drawn.lines if line.role == "truth"), None)
    return f"{_line(known)} {drawn.truth}".rstrip() if coming is None else _forecast(known, coming)


def draw_picture(out: Console, path: Path) -> bool:
    """Print the picture in a file across the width of the terminal; return False if it cannot be read here."""
    try:
        from PIL import Image

        with Image.open(path) as picture:
            grey = picture.convert("L")
            wide = min(out.width - _GAP, _WIDEST)
            tall = max(2, round(grey.height * wide / grey.width) // 2 * 2)
            pixels = np.asarray(grey.resize((wide, tall)), np.float64) / 255
    except (ImportError, OSError):
        return False
    _draw_rows(out, [pixels])
    return True


def _labelled(task: Task) -> bool:
    return task.kind_definition.has_one_class_per_item


def _one_of_each(task: Task, split: Split) -> list[int]:
    if not _labelled(task):
        return [int(item) for item in np.linspace(0, len(split) - 1, min(4, len(split)))]
    _, first = np.unique(split.targets, return_index=True)
    return [int(item) for item in first]


def _grey(image: Array) -> Array:
    """Return an image as grey values in [0, 1], with its longer side at most 32 and an even number of rows."""
    grey = image.mean(axis=2) if image.ndim == 3 else image
    step = -(-max(grey.shape) // _MAX_SIDE)
    grey = grey[::step, ::step]
    spread = grey.max() - grey.min()
    grey = (grey - grey.min()) / (spread if spread else 1)
    return np.pad(grey, ((0, grey.shape[0] % 2), (0, 0)))


def _draw_images(out: Console, names: Sequence[str], images: Sequence[Array]) -> None:
    width = images[0].shape[1] + _GAP
    in_a_row = max(1, (min(out.width, 120) - _GAP) // width)
    for start in range(0, len(images), in_a_row):
        row = images[start : start + in_a_row]
        out.print("  " + "".join(f"{name:<{width}.{width - 1}}" for name in names[start : start + in_a_row]))
        _draw_rows(out, row)


def _draw_rows(out: Console, images: Sequence[Array]) -> None:
    """Print images of one height side by side."""
    for top in range(0, images[0].shape[0], 2):
        line = Text("  ")
        for image in images:
            for upper, lower in zip(image[top], image[top + 1], strict=True):
                _pixel(out, line, upper, lower)
            line.append(" " * _GAP)
        out.print(line)


def _pixel(out: Console, line: Text, upper: float, lower: float) -> None:
    """Append two pixels, one above the other, in grey values if the terminal has colours, or else as one shade."""
    if out.color_system is None:
        line.append(_SHADES[round((upper + lower) / 2 * (len(_SHADES) - 1))])
        return
    above, below = (round(value * 255) for value in (upper, lower))
    line.append("▀", style=f"rgb({above},{above},{above}) on rgb({below},{below},{below})")


def _line(signal: Array) -> str:
    step = -(-len(signal) // 60)
    thinned = signal[::step].astype(np.float64)
    spread = thinned.max() - thinned.min()
    places = (thinned - thinned.min()) / (spread if spread else 1) * (len(_BARS) - 1)
    return "".join(_BARS[round(place)] for place in places)


def _forecast(known: Array, coming: Array) -> str:
    """Return the known values and, after a bar, the values to be predicted, on one scale."""
    both = _line(np.concatenate([known, coming]))
    behind = round(len(both) * len(coming) / (len(known) + len(coming)))
    return f"{both[:-behind]}│{both[-behind:]}  {known[0]:.4g} … {known[-1]:.4g} │ {coming[-1]:.4g}"
