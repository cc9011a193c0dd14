"""USPS through torchvision, and scikit-learn's digits as a stand-in that needs no download."""

from pathlib import Path

import numpy as np

from harness import Parts, Split

SEED = 0
VALIDATION = 0.1


def read_usps(folder: Path) -> Parts:
    everything = _read(folder, train=True)
    train, validation = everything.hold_out(VALIDATION, SEED)
    return Parts(train, validation, _read(folder, train=False))


def read_digits() -> Parts:
    """Bring the 8×8 digits to 16×16 by repeating each pixel twice along both axes."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images.repeat(2, axis=1).repeat(2, axis=2) / 16
    everything = Split(images.astype(np.float32), digits.target.astype(np.int64))
    rest, test = everything.hold_out(0.25, SEED)
    train, validation = rest.hold_out(VALIDATION, SEED)
    return Parts(train, validation, test)


def shift(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Move a digit by up to a fifth of a pixel, and add a little noise: nobody would read it differently."""
    moved = image
    for axis in (0, 1):
        part = np.float32(generator.uniform(0, 0.2))
        moved = (1 - part) * moved + part * np.roll(moved, generator.choice((-1, 1)), axis)
    noise = generator.normal(0, 0.01, image.shape).astype(np.float32)
    return np.clip(moved + noise, 0, 1)


def _read(folder: Path, *, train: bool) -> Split:
    from torchvision.datasets import USPS

    name = USPS.split_list["train" if train else "test"][1]
    try:
        usps = USPS(folder, train=train, download=False)
    except Exception as error:
        raise ValueError(f"{folder / name} is no whole USPS file: {type(error).__name__}: {error}") from error
    return Split(usps.data.astype(np.float32) / 255, np.array(usps.targets, np.int64))
