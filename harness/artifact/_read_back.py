"""Read the files that `save` wrote, in a worker, in order to send them to the host."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from harness.artifact._saved_form import MAX_DEPTH, MAX_PATH_BYTES

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]


class NotAFileError(ValueError):
    """An entry of an artifact is not a regular file, or has a name that cannot be sent."""


def read_files(folder: Path) -> Iterator[tuple[str, Bytes]]:
    """Yield path (relative, with slashes) and content of each file below `folder`, in the order of the paths.

    Raises:
        NotAFileError: an entry is not a regular file, or has a name that cannot be sent.
    """
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names + [entry for entry in folders if Path(parent, entry).is_symlink()]):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if not stat.S_ISREG(path.lstat().st_mode):
                raise NotAFileError(f"save wrote {relative!r}, which is not a regular file: write files only")
            raw = os.fsencode(relative)
            if len(raw) > MAX_PATH_BYTES or relative.encode("utf-8", "replace") != raw:
                raise NotAFileError(
                    f"save wrote a file called {relative[:MAX_PATH_BYTES]!a}: "
                    f"use a name in UTF-8 of at most {MAX_PATH_BYTES} bytes"
                )
            if len(path.relative_to(folder).parts) > MAX_DEPTH:
                raise NotAFileError(
                    f"save wrote {relative[:100]!a}, which is nested too deep: use at most {MAX_DEPTH - 1} folders"
                )
            yield relative, np.frombuffer(path.read_bytes(), np.uint8)
