"""Nuclei under the fluorescence microscope: a subset of BBBC038, and generated ones."""

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from harness import Parts, Split

from .._shared.archive import array, read_arrays
from .._shared.drawing import eight_bits, ellipse, unit
from .._shared.parts import shuffled

SIDE = 256
SEED = 20_263
FILE = "dsb2018_fluo256.npz"
SIZES = (200, 50, 84)
GENERATED = (40, 12, 24)


def read(folder: Path) -> Parts:
    """Return the 334 images, divided by image with a fixed seed; the instances' labels become one foreground.

    Raises:
        ValueError: the file is cut short, or what it holds has another form.
    """
    path = folder / FILE
    arrays = read_arrays(path)
    images, labels, ids = (array(arrays, name, path) for name in ("images", "labels", "ids"))
    if images.dtype != np.uint8 or images.shape != (len(ids), SIDE, SIDE) or labels.shape != images.shape:
        raise ValueError(f"{path}: images {images.shape}, labels {labels.shape}, expected ({len(ids)}, {SIDE}, {SIDE})")
    names, rows = np.unique(ids, return_index=True)
    if len(names) != len(ids):
        twice = next(name for name in names if (ids == name).sum() > 1)
        raise ValueError(f"{path}: image {twice} is there twice, in rows {np.flatnonzero(ids == twice).tolist()}")
    return _parts(images[rows], labels[rows] > 0, SIZES)


def generate() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    pairs = [field(generator) for _ in range(sum(GENERATED))]
    return _parts(np.stack([image for image, _ in pairs]), np.stack([mask for _, mask in pairs]), GENERATED)


def field(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return one picture and its mask: nuclei of unequal brightness on an uneven glow, blurred, with debris."""
    shape = (SIDE, SIDE)
    light, mask = np.zeros(shape), np.zeros(shape, bool)
    size, bright = generator.uniform(7, 15), generator.uniform(0.15, 0.6)
    texture = 1 + 1.5 * gaussian_filter(generator.normal(0, 1, shape), 3)
    for _ in range(generator.integers(10, 35)):
        centre, radii = generator.uniform(0, SIDE, 2), size * generator.uniform(0.7, 1.3, 2)
        cover = ellipse(shape, tuple(centre), tuple(radii), generator.uniform(0, np.pi))
        light = np.maximum(light, cover * bright * generator.uniform(0.25, 1.3) * texture)
        mask |= cover > 0.5
    for _ in range(generator.integers(0, 6)):  # bright specks that are no nuclei
        light += ellipse(shape, tuple(generator.uniform(0, SIDE, 2)), (1.5, 1.5)) * generator.uniform(0.2, 0.8)
    glow = gaussian_filter(generator.normal(0, 1, shape), 50) * 100
    light = gaussian_filter(light, generator.uniform(0.8, 2)) + 0.04 + bright * 0.15 * np.clip(glow, -0.3, 1.5)
    return eight_bits(light + generator.normal(0, generator.uniform(0.01, 0.04), shape)), mask


def _parts(images: np.ndarray, masks: np.ndarray, sizes: tuple[int, int, int]) -> Parts:
    return Parts(
        *(Split(unit(images[rows]), masks[rows].astype(np.uint8)) for rows in shuffled(len(images), sizes, SEED))
    )
