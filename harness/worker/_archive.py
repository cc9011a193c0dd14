"""Archives that only libarchive reads: opened here, where what it parses can do no harm."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_LIBRARY = "libarchive.so.13"


def read_archive(content: bytes, files: int, nbytes: int) -> Iterator[tuple[str, Bytes]]:
    """Yield the name and the content of each plain file of an archive, at most so many and so large all together.

    Raises:
        ValueError: it is none, broken or encrypted, or it holds more, or something else than plain files.
    """
    if sys.platform == "linux":
        os.environ.setdefault("LIBARCHIVE", _LIBRARY)  # to look for it would take programs that are not here
    import libarchive

    try:
        with libarchive.memory_reader(content) as archive:
            for entry in archive:
                if entry.isdir:
                    continue
                if not entry.isfile or entry.linkpath or not entry.pathname:
                    raise ValueError(f"{entry.pathname!r} is no plain file")
                pieces = []
                files -= 1
                for piece in entry.get_blocks():
                    nbytes -= len(piece)
                    if nbytes < 0 or files < 0:
                        raise ValueError("it holds more than may come out of it")
                    pieces.append(piece)
                yield entry.pathname, np.frombuffer(b"".join(pieces), np.uint8)
    except libarchive.ArchiveError as error:
        raise ValueError(f"it is no whole archive, or encrypted ({error.msg or 'libarchive says no more'})") from error
