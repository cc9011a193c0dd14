"""MedMNIST v2 (Yang et al. 2023, Scientific Data 10:41): one npz a set, in the publisher's own split."""

from functools import partial
from pathlib import Path

import numpy as np

from harness import Baseline, Canonical, Counts, File, Local, Parts, Split

from .archive import array, read_arrays
from .drawing import unit

PUBLISHER = "https://zenodo.org/records/10519652/files"
LICENCE = "CC BY 4.0; cite Yang et al. 2023"


def sources(name: str, md5: str, counts: Counts, shape: tuple[int, ...], baseline: Baseline) -> tuple:
    """Return the official file of the set `name`, and an instructor's own of the same form."""
    file = f"{name}.npz"
    common = {
        "load": partial(read, file=file, shape=shape),
        "licence": LICENCE,
        "baseline": baseline,
        "counts": counts,
    }
    return (
        Canonical(
            title=f"MedMNIST v2, {file}",
            files=(File(name=file, url=f"{PUBLISHER}/{file}", digest=f"md5:{md5}"),),
            **common,
        ),
        Local(title=f"{file} placed by the instructor", files=(file,), **common),
    )


def read(folder: Path, file: str, shape: tuple[int, ...]) -> Parts:
    """Return the parts as the publisher divided them.

    Raises:
        ValueError: the file is cut short, lacks an array, or has one of another form; names it.
    """
    arrays = read_arrays(folder / file)
    return Parts(*(_part(arrays, name, folder / file, shape) for name in ("train", "val", "test")))


def _part(arrays: dict[str, np.ndarray], name: str, path: Path, shape: tuple[int, ...]) -> Split:
    images, labels = (array(arrays, f"{name}_{what}", path) for what in ("images", "labels"))
    if images.dtype != np.uint8 or images.shape[1:] != shape:
        raise ValueError(f"{path}: {name}_images is {images.dtype} {images.shape}, expected uint8 (N, {shape})")
    if labels.shape != (len(images), 1):
        raise ValueError(f"{path}: {name}_labels has shape {labels.shape}, expected ({len(images)}, 1)")
    return Split(unit(images), labels[:, 0].astype(np.int64))
