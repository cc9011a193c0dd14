"""Shapes with soft edges, for generated pictures."""

import numpy as np


def ellipse(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float = 0.0,
    softness: float = 0.7,
) -> np.ndarray:
    """Return (H, W) coverage: 1 inside, 0 outside, an edge `softness` pixels wide; rows first, `angle` in radians."""
    reach = max(radii) + 12 * softness  # beyond it there is nothing to see
    spans = [slice(max(0, int(c - reach)), max(0, int(c + reach) + 2)) for c in centre]
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    rows, columns = rows[spans[0]], columns[:, spans[1]]
    down, right = rows - centre[0], columns - centre[1]
    along = (down * np.cos(angle) + right * np.sin(angle)) / radii[0]
    across = (right * np.cos(angle) - down * np.sin(angle)) / radii[1]
    outside = (np.hypot(along, across) - 1) * min(radii)
    cover = np.zeros(shape)
    cover[spans[0], spans[1]] = 1 / (1 + np.exp(np.clip(outside / softness, -30, 30)))
    return cover


def eight_bits(image: np.ndarray) -> np.ndarray:
    """Return an image in [0, 1] as uint8: its digest is the same on every machine."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def unit(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float32 in [0, 1]."""
    return images.astype(np.float32) / 255
