"""Read back what `save` wrote, to be sent to the host."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]


class NotAFileError(ValueError):
    """Something in an artifact is not a regular file."""


def read_files(folder: Path) -> Iterator[tuple[str, Bytes]]:
    """Yield path (relative, with slashes) and content of each file below `folder`, in the order of the paths.

    Raises:
        NotAFileError: something there is not a regular file.
    """
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names + [entry for entry in folders if Path(parent, entry).is_symlink()]):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode):
                raise NotAFileError(f"save wrote {relative!r}, which is not a regular file: write files only")
            yield relative, np.frombuffer(path.read_bytes(), np.uint8)
