"""Generated blood cells: eight kinds by the shape of their nucleus, the colour of their granules, and their size."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from harness import Parts, Split

from .._shared.drawing import eight_bits, ellipse, unit
from .._shared.parts import divide

SIDE = 28
SEED = 20_262
PURPLE = np.array([0.40, 0.22, 0.55])
PAPER = np.array([0.93, 0.86, 0.84])


@dataclass(frozen=True)
class Kind:
    """What a kind of cell looks like."""

    name: str
    radius: float
    lobes: int
    """Of the nucleus; 0 for none."""
    nucleus: float
    """Its radius."""
    cytoplasm: tuple[float, float, float]
    grain: float
    """Strength of the granules."""


KINDS = (
    Kind("basophil", 9.0, 2, 4.5, (0.62, 0.50, 0.72), 0.22),
    Kind("eosinophil", 9.5, 2, 3.6, (0.86, 0.58, 0.60), 0.14),
    Kind("erythroblast", 6.5, 1, 4.0, (0.66, 0.62, 0.80), 0.03),
    Kind("immature granulocyte", 10.5, 1, 6.5, (0.74, 0.64, 0.80), 0.10),
    Kind("lymphocyte", 7.5, 1, 6.2, (0.68, 0.70, 0.88), 0.03),
    Kind("monocyte", 11.0, 2, 6.0, (0.74, 0.72, 0.84), 0.04),
    Kind("neutrophil", 9.5, 3, 3.2, (0.86, 0.74, 0.80), 0.06),
    Kind("platelet", 3.0, 0, 0.0, (0.66, 0.52, 0.72), 0.08),
)


def generate() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = generator.permutation(np.arange(1200) % len(KINDS)).astype(np.int64)
    images = np.stack([cell(KINDS[label], generator) for label in labels])
    return divide(Split(unit(images), labels), test=0.3, validation=0.15, seed=SEED)


def cell(kind: Kind, generator: np.random.Generator) -> np.ndarray:
    """Return one (28, 28, 3) picture of a cell in the middle, stained a little differently each time."""
    shape = (SIDE, SIDE)
    middle = 13.5 + generator.normal(0, 1.2, 2)
    size = generator.normal(1, 0.12)
    body = ellipse(shape, tuple(middle), tuple(kind.radius * size * generator.uniform(0.85, 1.1, 2)))
    turn = generator.uniform(0, 2 * np.pi)
    nucleus = np.zeros(shape)
    for lobe in range(kind.lobes):
        angle = turn + 2 * np.pi * lobe / kind.lobes
        away = 0.75 * kind.nucleus * size * (kind.lobes > 1)
        centre = middle + away * np.array([np.sin(angle), np.cos(angle)])
        radii = kind.nucleus * size * generator.uniform(0.8, 1.15, 2)
        nucleus = np.maximum(nucleus, ellipse(shape, tuple(centre), tuple(radii), angle))
    grain = kind.grain * gaussian_filter(generator.normal(0, 1, shape), 0.8) * 2
    picture = np.broadcast_to(PAPER + generator.normal(0, 0.04, 3), (*shape, 3))
    stain = generator.normal(0, 0.05, 3)
    for cover, colour in ((body, np.array(kind.cytoplasm) + stain), (nucleus, PURPLE + stain)):
        picture = picture + cover[..., None] * (colour - picture)
    picture = picture - np.clip(grain * body, 0, None)[..., None]
    return eight_bits(picture + generator.normal(0, 0.03, picture.shape))
