"""Unpack archives that need libarchive, in a worker, where a vulnerability of the parser cannot do harm."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_LIBRARY = "libarchive.so.13"


def read_archive(content: bytes, files: int, nbytes: int) -> Iterator[tuple[str, Bytes]]:
    """Yield the name and the content of each regular file in an archive.

    Raises:
        ValueError: it is not an archive, is broken or encrypted, or contains entries other than regular files and
            folders, more than `files` files or more than `nbytes` bytes.
    """
    if sys.platform == "linux":
        os.environ.setdefault("LIBARCHIVE", _LIBRARY)  # searching for it would need programs that a worker lacks
    import libarchive

    try:
        with libarchive.memory_reader(content) as archive:
            for entry in archive:
                if entry.isdir:
                    continue
                if not entry.isfile or entry.linkpath or not entry.pathname:
                    raise ValueError(f"{entry.pathname!r} is not a regular file")
                pieces = []
                files -= 1
                for piece in entry.get_blocks():
                    nbytes -= len(piece)
                    if nbytes < 0 or files < 0:
                        raise ValueError("it contains more than is permitted")
                    pieces.append(piece)
                yield entry.pathname, np.frombuffer(b"".join(pieces), np.uint8)
    except libarchive.ArchiveError as error:
        reason = error.msg or "libarchive gives no reason"
        raise ValueError(f"it is incomplete, encrypted or not an archive ({reason})") from error
