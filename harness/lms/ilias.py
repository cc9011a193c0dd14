"""Read ILIAS's download of an exercise: ``Ark_Ann_aark_4711/20260130101533_model.py``, and ``Team_12`` for teams."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from harness.gradebook import Roster
from harness.lms._members import Member, why_skipped
from harness.lms._moments import parse_moment
from harness.lms._uploads import Parsed, Skipped, System, Upload, ending_login, unread

_PERSON = re.compile(r"(?P<last>[^/]+?)_(?P<first>[^/_]+)_(?P<login>[^/_]+)_(?P<number>\d+)")
_TEAM = re.compile(r"(?P<who>Team|Gruppe|Équipe|Equipo|Squadra)[_ ](?P<number>\d+)", re.IGNORECASE)
_STAMPED = re.compile(r"(?P<stamp>20\d{12})_(?P<name>.+)")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read a download. A folder's last number is that of the person or team; a file's name begins with its time."""
    return [_read(member, member.path, roster) for member in members]


SYSTEM = System("ilias", "ILIAS", parse)


def _read(member: Member, path: PurePosixPath, roster: Roster | None) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    for at, part in enumerate(path.parts[:-1]):
        team, person = _TEAM.fullmatch(part), _PERSON.fullmatch(part)
        match = team or person
        if match is None:
            continue
        inner, moment = _unstamped(PurePosixPath(*path.parts[at + 1 :]))
        name, login = (part, "") if person is None else _name_and_login(person, roster)
        return Upload(
            member=member,
            who=name,
            number=f"team-{match['number']}" if team else match["number"],
            login=login,
            path=inner,
            order=0 if moment is None else int(moment.timestamp()),
            moment=moment,
        )
    if len(path.parts) == 1:
        return Skipped(member, "ILIAS's table of contents") if path.suffix == ".xlsx" else unread(member, "ILIAS")
    return unread(member, "ILIAS")


def _name_and_login(person: re.Match[str], roster: Roster | None) -> tuple[str, str]:
    """Return the name, ``<first> <last>``, and the login; a login in the roster may contain underscores."""
    start = person[0].removesuffix(f"_{person['number']}")
    login = ending_login(start, roster)
    if not login:
        return f"{person['first']} {person['last']}", person["login"]
    last, _, first = start[: -len(login) - 1].rpartition("_")
    return f"{first} {last}".strip(), login


def _unstamped(path: PurePosixPath) -> tuple[PurePosixPath, datetime | None]:
    match = _STAMPED.fullmatch(path.name)
    if match is None:
        return path, None
    stamp = match["stamp"]
    day, clock = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}", f"{stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}"
    return path.with_name(match["name"]), parse_moment(f"{day} {clock}")
