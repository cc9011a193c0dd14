"""How other systems name the files in their bulk downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

_CANVAS = re.compile(r"(?P<who>anon_[^_]+|[^_]+)(?P<late>_LATE)?(?:_(?P<user>\d+))?_(?P<file>\d+)_(?P<name>.+)")
_RENAMED = re.compile(r"(?P<stem>.+)-\d+(?P<suffix>\.(?:py|zip))")
_MOODLE = re.compile(r"(?P<who>.+)_(?P<user>\d+)_assignsubmission_file_?(?:/(?P<path>.+)|(?P<flat>[^/]+))")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One file as somebody handed it in."""

    who: str
    """The name in the download."""
    user: str
    """The other system's number of the person or the group."""
    path: PurePosixPath
    order: int
    """Of two copies of a file the one with the greater number is the later."""
    late: bool
    """Whether the other system says so."""


Parse = Callable[[str], Upload | None]
"""Reads the name of an archive's member; None for what is no upload."""


def canvas(member: str) -> Upload | None:
    """Read ``arkann_LATE_<user>_<attachment>_model-1.py``; Canvas adds ``-1`` to what is handed in again."""
    match = _CANVAS.fullmatch(member)
    if match is None or "/" in member:
        return None
    renamed = _RENAMED.fullmatch(match["name"])
    return Upload(
        who=match["who"],
        user=match["user"] or match["who"],
        path=PurePosixPath(renamed["stem"] + renamed["suffix"] if renamed else match["name"]),
        order=int(match["file"]),
        late=match["late"] is not None,
    )


def moodle(member: str) -> Upload | None:
    """Read ``Ann Ark_<participant>_assignsubmission_file_/model.py``, or the same without folders.

    A group's name comes first: ``Team 1-Ann Ark_…``.
    """
    match = _MOODLE.fullmatch(member)
    if match is None:
        return None
    return Upload(
        who=match["who"],
        user=match["user"],
        path=PurePosixPath(match["path"] or match["flat"]),
        order=0,
        late=False,
    )
