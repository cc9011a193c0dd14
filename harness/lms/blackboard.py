"""Read Blackboard's download: ``HW 1_jdoe_attempt_2026-01-30-10-15-33_model.py``, with a text for each attempt."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.gradebook import Roster
from harness.lms._members import Member, Refused, why_skipped
from harness.lms._moments import parse_moment
from harness.lms._uploads import Parsed, Skipped, System, Upload, ending_login, strip_wrapper, unread

_NAME = re.compile(
    r"(?P<before>.+)_attempt_(?P<day>\d{4}-\d\d-\d\d)-(?P<hour>\d\d)-(?P<minute>\d\d)-(?P<second>\d\d)"
    r"(?:_(?P<name>.+)|(?P<info>\.txt))"
)
_PERSON = re.compile(r"[^:：\n]{1,40}[:：]\s*(?P<name>[^\n]+?)\s*\((?P<login>[^()\n]+)\)\s*")
"""The first line of an attempt's text, in any language; the lines after it contain the student's own words."""
_INFO_BYTES = 1 << 16


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read a download. The last of several attempts counts. The text of an attempt contains the name and the login.

    If that text is missing, the login is the part in which the names of the files differ, and the part before
    ``_attempt`` distinguishes people, because a login may contain underscores.
    """
    pairs = strip_wrapper(members)
    people = {}
    for member, path in pairs:
        match = _NAME.fullmatch(path.name)
        if match is not None and match["info"]:
            people[match["before"], *_stamp(match)] = _person(member)
    newest: dict[str, tuple[str, ...]] = {}
    for _, path in pairs:
        if match := _NAME.fullmatch(path.name):
            newest[match["before"]] = max(newest.get(match["before"], ()), _stamp(match))
    logins = _logins(sorted(newest), roster)
    return [_read(member, path, people, newest, logins) for member, path in pairs]


SYSTEM = System("blackboard", "Blackboard", parse)


def _read(
    member: Member,
    path: PurePosixPath,
    people: dict[tuple[str, ...], tuple[str, str] | None],
    newest: dict[str, tuple[str, ...]],
    logins: dict[str, str],
) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    match = _NAME.fullmatch(path.name)
    if match is None:
        return unread(member, "Blackboard")
    if match["info"]:
        return Skipped(member, "Blackboard's text about an attempt")
    stamp = _stamp(match)
    if stamp != newest[match["before"]]:
        return Skipped(member, "an earlier attempt")
    known = people.get((match["before"], *stamp))
    login = known[1] if known else logins[match["before"]]
    return Upload(
        member=member,
        who=known[0] if known else login,
        number=login if known else match["before"],
        login=login,
        path=PurePosixPath(match["name"]),
        order=int("".join(stamp).replace("-", "")),
        moment=parse_moment(f"{stamp[0]} {stamp[1]}:{stamp[2]}:{stamp[3]}"),
    )


def _logins(starts: Sequence[str], roster: Roster | None) -> dict[str, str]:
    """Return the login in each beginning of a file's name, ``<assignment>_<login>``."""
    alike = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*starts, strict=False))
    shared = "".join(column[0] for column in alike) if len(starts) > 1 else ""
    title = shared.rfind("_") + 1
    return {
        start: ending_login(start, roster) or (start[title:] if title else start.rpartition("_")[2]) for start in starts
    }


def _stamp(match: re.Match[str]) -> tuple[str, ...]:
    return (match["day"], match["hour"], match["minute"], match["second"])


def _person(member: Member) -> tuple[str, str] | None:
    try:
        text = member.read(_INFO_BYTES).decode("utf-8", "replace")
    except Refused:
        return None
    match = _PERSON.match(text.removeprefix("\ufeff").replace("\r", "").partition("\n")[0])
    return None if match is None else (match["name"], match["login"])
