"""Read Brightspace's download of an assignment: ``12345-678 - Ann Ark - Jan 30, 2026 1015 AM/model.py``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.gradebook import Roster
from harness.lms._members import Member, why_skipped
from harness.lms._moments import parse_moment
from harness.lms._uploads import Parsed, Skipped, System, Upload, strip_wrapper, unread

_FOLDER = re.compile(r"(?P<one>\d+)-(?P<two>\d+) - (?P<who>.+) - (?P<when>[^-]*\d{4}[^-]*)")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read a download. A folder has the person's and the assignment's number; the latter is the same in all folders.

    A person who handed in several times has several folders; the last one counts.
    """
    del roster
    pairs = strip_wrapper(members, _FOLDER.fullmatch)
    matches = {path.parts[0]: match for _, path in pairs if (match := _FOLDER.fullmatch(path.parts[0]))}
    ones = {match["one"] for match in matches.values()}
    people = {match["who"] for match in matches.values()}
    number = "two" if len(ones) == 1 and len(people) > 1 else "one"
    newest: dict[str, Upload] = {}
    parsed = [_read(member, path, matches.get(path.parts[0]), number) for member, path in pairs]
    for one in parsed:
        if isinstance(one, Upload) and one.order >= newest.get(one.owner, one).order:
            newest[one.owner] = one
    return [
        Skipped(one.member, "an earlier hand-in")
        if isinstance(one, Upload) and one.order != newest[one.owner].order
        else one
        for one in parsed
    ]


SYSTEM = System("brightspace", "Brightspace", parse)


def _read(member: Member, path: PurePosixPath, match: re.Match[str] | None, number: str) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    if path == PurePosixPath("index.html"):
        return Skipped(member, "Brightspace's table of contents")
    if match is None or len(path.parts) < 2:
        return unread(member, "Brightspace")
    moment = parse_moment(match["when"])
    return Upload(
        member=member,
        who=match["who"],
        number=match[number],
        path=PurePosixPath(*path.parts[1:]),
        order=0 if moment is None else int(moment.timestamp()),
        moment=moment,
    )
