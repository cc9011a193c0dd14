"""Generated chest pictures: two lungs, and in some of them a cloud that should not be there."""

import numpy as np
from scipy.ndimage import gaussian_filter

from harness import Parts, Split

from .._shared.drawing import eight_bits, ellipse, unit
from .._shared.parts import divide

SIDE = 28
SEED = 20_261


def generate() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = generator.permutation(np.arange(1000) % 10 < 7).astype(np.int64)  # most are ill, as in the real set
    images = np.stack([chest(bool(label), generator) for label in labels])
    return divide(Split(unit(images), labels), test=0.3, validation=0.15, seed=SEED)


def chest(ill: bool, generator: np.random.Generator) -> np.ndarray:
    """Return one (28, 28) picture: dark lungs on a bright body, with one to three faint opacities if `ill`."""
    shape = (SIDE, SIDE)
    picture = np.full(shape, generator.uniform(0.55, 0.75))
    lungs = np.zeros(shape)
    for side in (-1, 1):
        centre = (14 + generator.normal(0, 0.8), 14 + side * (6 + generator.normal(0, 0.5)))
        lungs += ellipse(shape, centre, (generator.uniform(8, 10), generator.uniform(3.5, 4.8)), side * -0.12, 0.8)
    picture -= generator.uniform(0.25, 0.4) * np.clip(lungs, 0, 1)
    picture += 0.1 * ellipse(shape, (18, 16), (5, 4.5), 0.3, 1.0)  # the heart
    for _ in range(generator.integers(1, 4) if ill else 0):
        centre = (generator.uniform(9, 21), 14 + generator.choice((-1, 1)) * generator.uniform(4, 8))
        cloud = ellipse(shape, centre, tuple(generator.uniform(1.5, 4, 2)), generator.uniform(0, np.pi), 1.5)
        picture += generator.uniform(0.1, 0.3) * cloud
    texture = gaussian_filter(generator.normal(0, 0.12, shape), 1.2)
    return eight_bits(picture + texture + generator.normal(0, 0.02, shape))
