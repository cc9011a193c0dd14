"""Read a folder that somebody else may write to, without following links.

Where the system supports it, folders are read through descriptors, so that nothing can be exchanged between the check
and the read. On Windows they are read by path: a link created at the right moment would be followed, but ordinary users
cannot create links there.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_PIECE = 1 << 16
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
"""The tag of a junction, which acts like a link on Windows."""


class Opened(Protocol):
    """A folder that is being read."""

    def names(self) -> list[str]:
        """Return the names of its entries."""

    def mode(self, name: str) -> int:
        """Return the type of the entry `name` as `stat` encodes it; links are not followed."""

    def enter(self, name: str) -> AbstractContextManager[Opened]:
        """Open the folder `name` in it."""

    def read(self, name: str, most: int) -> bytes | None:
        """Return the first `most` bytes of the file `name`; None if it is no longer a regular file."""


def open_folder(folder: Path) -> AbstractContextManager[Opened]:
    """Open `folder`.

    Raises:
        OSError: it cannot be read, or is a link.
    """
    if sys.platform != "win32" and hasattr(os, "O_NOFOLLOW") and os.open in os.supports_dir_fd:
        return _by_descriptor(str(folder), None)
    return _by_path(folder)


if sys.platform != "win32":

    @dataclass(frozen=True)
    class _ByDescriptor:
        descriptor: int

        def names(self) -> list[str]:
            return os.listdir(self.descriptor)  # noqa: PTH208 - a path has no descriptor

        def mode(self, name: str) -> int:
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode

        def enter(self, name: str) -> AbstractContextManager[Opened]:
            return _by_descriptor(name, self.descriptor)

        def read(self, name: str, most: int) -> bytes | None:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.descriptor)
            try:
                found = os.fstat(file)
                return _read(file, found.st_size, most) if stat.S_ISREG(found.st_mode) else None
            finally:
                os.close(file)

    def _read(file: int, size: int, most: int) -> bytes:
        """Return the first `most` bytes of a file that had `size` bytes, and may have grown since.

        A stream would take several times as long to make as a small file takes to read.
        """
        pieces, left = list[bytes](), most
        while left > 0 and (piece := os.read(file, min(left, max(size + 1, _PIECE)))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    @contextmanager
    def _by_descriptor(name: str, parent: int | None) -> Iterator[Opened]:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
        try:
            yield _ByDescriptor(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class _ByPath:
    folder: Path

    def names(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()]

    def mode(self, name: str) -> int:
        return _mode(self.folder / name)

    def enter(self, name: str) -> AbstractContextManager[Opened]:
        return _by_path(self.folder / name)

    def read(self, name: str, most: int) -> bytes | None:
        if not stat.S_ISREG(self.mode(name)):
            return None
        with (self.folder / name).open("rb") as stream:
            return stream.read(most)


@contextmanager
def _by_path(folder: Path) -> Iterator[Opened]:
    if not stat.S_ISDIR(_mode(folder)):
        raise NotADirectoryError(f"{folder} is not a folder")
    yield _ByPath(folder)


def _mode(path: Path) -> int:
    found = path.lstat()
    return stat.S_IFLNK if getattr(found, "st_reparse_tag", 0) == _JUNCTION else found.st_mode
