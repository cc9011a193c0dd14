"""Read an npz file of plain arrays."""

import io
from pathlib import Path

import numpy as np


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the file at `path`.

    Raises:
        ValueError: it is cut short, or no archive of plain arrays; names it.
    """
    content = path.read_bytes()  # NumPy forgets to close a file that it finds broken
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return dict(archive)
    except Exception as error:  # zip, deflate and NumPy fail in a dozen ways
        raise ValueError(f"{path} is no whole npz file: {type(error).__name__}: {error}") from error


def array(arrays: dict[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    """Return one array of the file at `path`.

    Raises:
        ValueError: there is none of this name; says what there is.
    """
    if name not in arrays:
        raise ValueError(f"{path} has no array {name}: found {', '.join(sorted(arrays)) or 'none'}")
    return arrays[name]
