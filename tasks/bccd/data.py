"""Blood cells to be found and named: the BCCD set in VOC's format, and generated smears."""

import xml.etree.ElementTree as ET  # the instructor's own files
from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.drawing import eight_bits, ellipse

HEIGHT, WIDTH = 240, 320
CLASSES = ("RBC", "WBC", "Platelets")
SEED = 20_264
GENERATED = (40, 10, 20)
FOLDERS = ("JPEGImages", "Annotations", "ImageSets")


def read(folder: Path) -> Parts:
    """Return the publisher's train, validation and test images at half their size, boxes with them.

    Raises:
        ValueError: a list, picture or annotation is missing or broken, or an image is in two lists; names file and row.
    """
    lists = {name: _names(folder / "ImageSets" / "Main" / f"{name}.txt") for name in ("train", "val", "test")}
    seen: dict[str, str] = {}
    for part, names in lists.items():
        for row, name in enumerate(names, 1):
            if name in seen:
                raise ValueError(f"{part}.txt, row {row}: {name} is in {seen[name]} as well")
            seen[name] = f"{part}.txt, row {row}"
    return Parts(*(_read_part(folder, names) for names in lists.values()))


def generate() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    return Parts(*(_generated_part(count, generator) for count in GENERATED))


def smear(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return one (240, 320, 3) uint8 picture and its (k, 5) boxes: red cells, a white one or two, a few platelets."""
    picture = np.broadcast_to(np.array([0.86, 0.84, 0.80]) + generator.normal(0, 0.03, 3), (HEIGHT, WIDTH, 3)).copy()
    boxes: list[list[float]] = []
    kinds = [0] * generator.integers(6, 15) + [1] * generator.integers(0, 3) + [2] * generator.integers(0, 4)
    for kind in kinds:
        radius = (22, 34, 7)[kind] * generator.uniform(0.85, 1.15)
        centre = _free_place(radius, boxes, generator)
        if centre is None:
            continue
        radii = radius * generator.uniform(0.9, 1.1, 2)
        _draw(picture, kind, centre, radii, generator)
        low = np.maximum(centre - radii, 0)
        high = np.minimum(centre + radii, (HEIGHT, WIDTH))
        boxes.append([low[1], low[0], high[1], high[0], kind])
    noisy = eight_bits(picture + generator.normal(0, 0.02, picture.shape))
    return noisy, np.round(np.array(boxes, np.float64).reshape(-1, 5), 1)


def _free_place(radius: float, boxes: list[list[float]], generator: np.random.Generator) -> np.ndarray | None:
    """Return a place where no more than a part of another cell is covered."""
    for _ in range(20):
        centre = np.array([generator.uniform(0, HEIGHT), generator.uniform(0, WIDTH)])
        near = [
            np.hypot((box[1] + box[3]) / 2 - centre[0], (box[0] + box[2]) / 2 - centre[1])
            < 0.75 * (radius + (box[2] - box[0]) / 2)
            for box in boxes
        ]
        inside = min(*centre, HEIGHT - centre[0], WIDTH - centre[1]) > 0.3 * radius
        if inside and not any(near):
            return centre
    return None


def _draw(
    picture: np.ndarray, kind: int, centre: np.ndarray, radii: np.ndarray, generator: np.random.Generator
) -> None:
    stain = generator.normal(0, 0.03, 3)
    layers = {
        0: [((0.80, 0.60, 0.60), 1.0, 1.0), ((0.86, 0.72, 0.70), 0.45, 0.8)],
        1: [((0.76, 0.66, 0.80), 1.0, 1.0), ((0.42, 0.26, 0.58), 0.62, 1.0)],
        2: [((0.52, 0.36, 0.64), 1.0, 0.9)],
    }[kind]
    for colour, size, strength in layers:
        cover = strength * ellipse((HEIGHT, WIDTH), tuple(centre), tuple(radii * size), softness=1.0)[..., None]
        picture += cover * (np.array(colour) + stain - picture)


def _generated_part(count: int, generator: np.random.Generator) -> Split:
    pairs = [smear(generator) for _ in range(count)]
    return Split(np.stack([picture for picture, _ in pairs]), [boxes for _, boxes in pairs])


def _names(path: Path) -> list[str]:
    if not path.is_file():
        raise ValueError(f"{path} is missing: expected one image name a row")
    return path.read_text().split()


def _read_part(folder: Path, names: list[str]) -> Split:
    pairs = [
        (_picture(folder / "JPEGImages" / f"{name}.jpg"), folder / "Annotations" / f"{name}.xml") for name in names
    ]
    return Split(np.stack([picture for picture, _ in pairs]), [_boxes(path) for _, path in pairs])


def _picture(path: Path) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.size != (2 * WIDTH, 2 * HEIGHT):
                raise ValueError(f"it is {image.size} pixels, expected {(2 * WIDTH, 2 * HEIGHT)}")
            return np.asarray(image.convert("RGB").reduce(2))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _boxes(path: Path) -> np.ndarray:
    """Return the (k, 5) boxes of an annotation; those without area, of which the set has a few, are left out."""
    try:
        objects = ET.parse(path).getroot().findall("object")  # noqa: S314 - the instructor's own files
        rows = [
            [*(int(thing.findtext(f"bndbox/{side}") or "") / 2 for side in ("xmin", "ymin", "xmax", "ymax")), label]
            for thing in objects
            for label in [CLASSES.index(thing.findtext("name") or "")]
        ]
    except (OSError, ValueError, ET.ParseError) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    boxes = np.array(rows, np.float64).reshape(-1, 5)
    return boxes[(boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])]
