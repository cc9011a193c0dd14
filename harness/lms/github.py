"""Read a folder of clones, as ``gh`` and Classroom 50 make them: one repository a person, named after the login."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from harness.gradebook import UNKNOWN, HandIn, Roster, claim_of_clone
from harness.lms._members import Member, why_skipped
from harness.lms._uploads import Parsed, Skipped, System, Upload, unread

_NOT_WORK = frozenset({".github", ".devcontainer", ".vscode"})


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read the work trees of clones. Their names consist of a common beginning, the assignment, and the login."""
    names = sorted({member.path.parts[0] for member in members if len(member.path.parts) > 1})
    logins = {person.github.lower() for person in roster.people if person.github} if roster is not None else set()
    start = _common_start(names)
    parsed: list[Parsed] = []
    for member in members:
        parts = member.path.parts
        if len(parts) > 1 and (parts[1] == ".git" or parts[1] in _NOT_WORK):
            parsed.append(Skipped(member, "part of the repository, not of the work"))
        elif reason := why_skipped(member.path):
            parsed.append(Skipped(member, reason))
        elif len(parts) == 1:
            parsed.append(unread(member, "a folder of clones"))
        else:
            login = _login(parts[0], start, logins)
            # the name of the repository is unique; the login depends on the beginning that all names share
            parsed.append(
                Upload(member=member, who=login, number=parts[0], login=login, path=PurePosixPath(*parts[1:]))
            )
    return parsed


def hand_in_of(source: Path, upload: Upload) -> HandIn:
    """Return the hand-in time that a clone's commits claim."""
    claim = claim_of_clone(source / upload.member.path.parts[0]) if source.is_dir() else None
    return UNKNOWN if claim is None else HandIn(moment=claim.moment, source=claim.words)


SYSTEM = System("github", "a folder of clones", parse, has_numbers=False, hand_in_of=hand_in_of)


def _common_start(names: Sequence[str]) -> str:
    """Return the common beginning of all names, up to a hyphen: ``<classroom>-<assignment>-``."""
    if len(names) < 2:
        return ""
    parts = [name.split("-") for name in names]
    shared = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*(one[:-1] for one in parts), strict=False))
    return "".join(f"{column[0]}-" for column in shared)


def _login(name: str, start: str, logins: set[str]) -> str:
    """Return the login at the end of a repository's name: one of the roster's, or else all after the common start."""
    known = [login for login in logins if name.lower() == login or name.lower().endswith(f"-{login}")]
    return max(known, key=len) if known else (name.removeprefix(start) or name)
