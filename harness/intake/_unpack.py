"""Read archives that anybody may have made: nothing is written, nothing followed, everything counted."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO

from harness.contract import UsageError

MOST_BYTES = 512 << 20
"""Of one person's files, unpacked."""
_MOST_FILES = 2_000
_DEPTH = 3
_IGNORED = frozenset({"__MACOSX", "__pycache__"})


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """An upload that is not taken in; the message says why."""


def open_archive(path: IO[bytes] | str) -> zipfile.ZipFile:
    """Open a zip file.

    Raises:
        UsageError: it is none.
    """
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no zip file ({error}): download it again") from error


def check_member(info: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of a member that stays inside the archive's folder and is a file.

    Raises:
        Refused: it leads elsewhere, or is a link, a device, or encrypted.
    """
    name = info.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in info.orig_filename or ":" in path.parts[0]:
        raise Refused(f"{name!r} leads out of its folder")
    if kind not in (0, stat.S_IFREG):
        raise Refused(f"{name!r} is no plain file")
    if info.flag_bits & 1:
        raise Refused(f"{name!r} is encrypted")
    return path


def moment_of(info: zipfile.ZipInfo) -> datetime | None:
    """Return the local time that the archive gives a member; None for the epoch of zip files, which means nothing."""
    try:
        moment = datetime(*info.date_time)
    except ValueError:
        return None
    return moment.astimezone() if moment.year > 1980 else None


class Unpacked:
    """One person's files, archives among them opened."""

    def __init__(self) -> None:
        self.files: dict[PurePosixPath, bytes] = {}
        self._left = MOST_BYTES

    def add(self, path: PurePosixPath, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        """Add a member; if it is an archive add what is in it.

        Raises:
            Refused: it is too much, broken, or leads elsewhere.
        """
        self._add(path, self._read(archive, info), depth=1)

    def _add(self, path: PurePosixPath, content: bytes, depth: int) -> None:
        if any(part in _IGNORED or part.startswith(".") for part in path.parts):
            return
        if path.suffix.lower() == ".zip":
            for inner, inside in self._members(path, content, depth):
                self._add(path.parent / inner, inside, depth + 1)
            return
        self.files[path] = content
        if len(self.files) > _MOST_FILES:
            raise Refused(f"more than {_MOST_FILES} files")

    def _members(self, path: PurePosixPath, content: bytes, depth: int) -> Iterator[tuple[PurePosixPath, bytes]]:
        if depth > _DEPTH:
            raise Refused(f"{str(path)!r}: archives within archives within archives")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for info in archive.infolist():
                    if not info.is_dir():
                        yield check_member(info), self._read(archive, info)
        except zipfile.BadZipFile as error:
            raise Refused(f"{str(path)!r} is no whole zip file ({error})") from error

    def _read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        """Read a member, whatever size it claims to have."""
        try:
            with archive.open(info) as stream:
                content = stream.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise Refused(f"{info.filename!r} cannot be unpacked ({error})") from error
        self._left -= len(content)
        if self._left < 0:
            raise Refused(f"more than {MOST_BYTES:,} bytes")
        return content
