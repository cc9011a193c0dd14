"""Draw the pictures beside the hand-outs, from the embedded sources: ``python tasks/_shared/samples.py [TASK…]``.

One row a class where there are classes of pictures; else pictures with their masks or boxes below. Tasks whose
inputs are no pictures are passed over.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import harness
from harness import Split, Task
from harness.kinds import KINDS

TASKS = Path(__file__).parents[1]
ACROSS = 8
COLOURS = ((220, 40, 40), (40, 90, 220), (20, 150, 60), (200, 120, 0))


def main(names: list[str]) -> None:
    course = harness.open_course(TASKS)
    for name in names or course.tasks:
        task = course.task(name)
        if task.inputs.shape is not None and len(task.inputs.shape) > 1:
            train, _ = course.data(name, data="embedded")
            path = TASKS / name / "samples.png"
            sheet(task, train).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size:,} bytes")


def sheet(task: Task, split: Split) -> Image.Image:
    """Return the picture of a task."""
    if KINDS[task.kind].has_one_class_per_item:
        rows = [np.flatnonzero(split.targets == label)[:ACROSS] for label in range(len(task.classes))]
        grid = [[picture(split.inputs[item]) for item in row] for row in rows]
        bigger = max(1, 56 // grid[0][0].width)
    else:
        items, bigger = range(4), 0.6
        plain = [picture(split.inputs[item]) for item in items]
        marked = boxed if isinstance(split.targets, list) else masked
        grid = [plain, [marked(one, split.targets[item]) for one, item in zip(plain, items, strict=True)]]
    return tiled(grid, bigger)


def picture(array: np.ndarray) -> Image.Image:
    """Return an array as a picture, its brightest value white."""
    scaled = array if array.dtype == np.uint8 else array / max(float(array.max()), 1.0) * 255
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")


def masked(plain: Image.Image, mask: np.ndarray) -> Image.Image:
    """Outline the foreground."""
    inner = mask > 0
    edge = inner & ~(np.roll(inner, 1, 0) & np.roll(inner, -1, 0) & np.roll(inner, 1, 1) & np.roll(inner, -1, 1))
    marked = np.array(plain)
    marked[edge] = (255, 200, 0)
    return Image.fromarray(marked)


def boxed(plain: Image.Image, boxes: np.ndarray) -> Image.Image:
    """Draw the boxes, a colour a class."""
    marked = plain.copy()
    draw = ImageDraw.Draw(marked)
    for *corners, label in boxes.tolist():
        draw.rectangle(corners, outline=COLOURS[int(label) % len(COLOURS)], width=2)
    return marked


def tiled(grid: list[list[Image.Image]], bigger: float) -> Image.Image:
    """Return pictures of one size side by side, `bigger` times as large, in 256 colours; rare ones keep their own."""
    size = (round(grid[0][0].width * bigger), round(grid[0][0].height * bigger))
    wide, high = (side + 4 for side in size)
    how = Image.Resampling.NEAREST if bigger >= 1 else Image.Resampling.LANCZOS
    whole = Image.new("RGB", (wide * max(map(len, grid)), high * len(grid)), "white")
    for row, pictures in enumerate(grid):
        for column, one in enumerate(pictures):
            whole.paste(one.resize(size, how), (column * wide + 2, row * high + 2))
    return whole.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main(sys.argv[1:])
