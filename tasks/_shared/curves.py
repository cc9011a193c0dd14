"""Draw the sample pictures of the hand-outs on signals: ``python tasks/_shared/curves.py ecg200 ecg5000 glucose``."""

import sys
from collections.abc import Iterator
from html import escape

import numpy as np

import harness
from harness import Split, Task

COLUMNS = 4
WIDTH, HEIGHT, GAP, TITLE = 170, 80, 14, 16  # of one curve, in points
INK, TRUTH, GREY = "#1f5fa8", "#c8501e", "#777"


def samples(task: Task, split: Split) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, known values and values to come of four items of each class, or of eight from all over the part."""
    if task.classes:
        for label, name in enumerate(task.classes):
            for item in np.flatnonzero(split.targets == label)[:COLUMNS]:
                yield name, split.inputs[item], np.empty(0)
    else:
        for item in np.linspace(0, len(split) - 1, 2 * COLUMNS).astype(int):
            yield "", split.inputs[item], split.targets[item]


def draw(task: Task, split: Split) -> str:
    """Return an SVG picture, each curve on a scale of its own."""
    shown = list(samples(task, split))
    rows = -(-len(shown) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + TITLE + GAP) + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for place, (name, known, coming) in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        lines += _cell(name, known, coming, GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + TITLE + GAP))
    return "\n".join([*lines, "</svg>", ""])


def _cell(name: str, known: np.ndarray, coming: np.ndarray, left: int, top: int) -> Iterator[str]:
    both = np.concatenate([known, coming]).astype(float)
    low, high = both.min(), both.max()
    across = left + np.arange(len(both)) * WIDTH / (len(both) - 1)
    down = top + TITLE + (1 - (both - low) / (high - low)) * HEIGHT
    title = escape(name) or f"{low:.0f} to {high:.0f}"
    yield f'<text x="{left}" y="{top + 10}" font-size="11" fill="{GREY}">{title}</text>'
    yield _line(across[: len(known)], down[: len(known)], INK)
    if len(coming):
        yield _line(across[len(known) - 1 :], down[len(known) - 1 :], TRUTH)


def _line(across: np.ndarray, down: np.ndarray, colour: str) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>'


def main(names: list[str]) -> None:
    """Write ``samples.svg`` beside each hand-out, from the embedded source."""
    course = harness.open_course()
    for name in names:
        train, _ = course.data(name, data="embedded")
        path = course.root / "tasks" / name / "samples.svg"
        path.write_text(draw(course.task(name), train))
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
