"""Read back what `save` wrote, to be sent to the host."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from harness.wire import File
from harness.worker._explain import ArtifactError

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]


def files_of(folder: Path) -> Iterator[tuple[File, Bytes]]:
    """Yield each file below `folder` in the order of its path.

    Raises:
        ArtifactError: something there is not a regular file.
    """
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names + [entry for entry in folders if Path(parent, entry).is_symlink()]):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode):
                raise ArtifactError(f"save wrote {relative!r}, which is not a regular file: write files only")
            yield File(relative), np.frombuffer(path.read_bytes(), np.uint8)
