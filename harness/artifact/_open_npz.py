"""Open an npz file that a student wrote, within limits that hold before anything in it is read."""

from __future__ import annotations

import os
import zipfile
from typing import BinaryIO

MAX_MEMBERS = 10_000
"""The largest number of members of an npz file that is read."""
MAX_DIRECTORY_BYTES = 4 << 20
"""The largest directory of members of an npz file that is read."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. `zipfile` unpacks the other methods in pieces of any size: a few KB become gigabytes of memory."""
_END, _END_BYTES, _MAX_COMMENT_BYTES = b"PK\x05\x06", 22, (1 << 16) - 1
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20


def open_npz(file: BinaryIO) -> zipfile.ZipFile:
    """Open an npz file whose members can be read within the limits.

    Raises:
        ValueError: there are too many members, or one is compressed by a method that NumPy does not use.
        zipfile.BadZipFile: it is not an archive.
    """
    _require_short_directory(file)
    archive = zipfile.ZipFile(file)
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ValueError("there are too many members")
    if any(member.compress_type not in _METHODS for member in members):
        raise ValueError("a member is neither stored nor deflated")
    return archive


def _require_short_directory(file: BinaryIO) -> None:
    """Refuse an archive with a long directory of members, without reading the directory.

    The end of the directory is searched as `zipfile` does. An archive that states the size of the directory a second
    time, as only archives of more than 4 GiB do, is refused.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LOCATOR_BYTES - _END_BYTES - _MAX_COMMENT_BYTES))
    end = file.read()
    place = len(end) - _END_BYTES
    if place < 0 or end[place : place + 4] != _END or end[-2:] != b"\0\0":
        place = end.rfind(_END)
    stated = int.from_bytes(end[place + 12 : place + 16], "little")
    again = end[max(0, place - _LOCATOR_BYTES) :].startswith(_LOCATOR)
    if place < 0 or len(end) < place + _END_BYTES or again or stated > MAX_DIRECTORY_BYTES:
        raise ValueError("the directory of members is too long or missing")
