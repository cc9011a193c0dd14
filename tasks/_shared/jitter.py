"""Label-preserving changes of a picture: nobody would read it differently."""

import numpy as np


def shift_and_noise(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Move by up to a fifth of a pixel and add a little noise, for a picture in [0, 1]."""
    return np.clip(_moved(image, generator) + generator.normal(0, 0.01, image.shape).astype(np.float32), 0, 1)


def shift_and_scale(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Move by up to a fifth of a pixel and change the scale of values by up to 1 %, never above what occurs."""
    return np.minimum(_moved(image, generator) * np.float32(generator.uniform(0.99, 1.01)), image.max())


def _moved(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    moved = image
    for axis in (0, 1):
        part = np.float32(generator.uniform(0, 0.2))
        moved = (1 - part) * moved + part * np.roll(moved, generator.choice((-1, 1)), axis)
    return moved


def noise(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Add noise of a hundredth of what is brightest, which dim pictures bear too, and move nothing.

    Masks and boxes stay where they are; float32 in [0, 1] or uint8.
    """
    noisy = image + generator.normal(0, 0.01 * image.max(), image.shape)
    if image.dtype == np.uint8:
        return np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    return np.clip(noisy, 0, 1).astype(image.dtype)
