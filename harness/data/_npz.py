"""Read trusted npz archives of plain arrays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np


class BadArchiveError(Exception):
    """The file exists but cannot be read as an archive of plain arrays."""


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays in the npz file at `path`.

    Raises:
        FileNotFoundError: there is no such file.
        BadArchiveError: the file is damaged, or not such an archive.
    """
    content = path.read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return dict(archive)
    except Exception as error:  # zip, deflate and NumPy raise many kinds of error
        raise BadArchiveError(f"{type(error).__name__}: {error}") from error
