"""A learning platform: a folder of ``<name>--<number>/<file>``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.gradebook import Roster
from harness.lms import Member, Parsed, Skipped, System, Upload, why_skipped

_FOLDER = re.compile(r"(?P<who>.+)--(?P<number>\d+)")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Say of every member of a download whose it is, or why it is nobody's."""
    return [_read(member) for member in members]


def _read(member: Member) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    folder, *rest = member.path.parts
    match = _FOLDER.fullmatch(folder)
    if match is None or not rest:
        return Skipped(member, "not in a folder <name>--<number>", is_harmless=False)
    return Upload(member=member, who=match["who"], number=match["number"], path=PurePosixPath(*rest))


SYSTEM = System("letterbox", "the letterbox", parse)
