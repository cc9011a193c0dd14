"""The common form of all downloads: uploads of people, and members that belong to nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from harness.gradebook import UNKNOWN, HandIn, Roster
from harness.lms._members import Member, why_skipped


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One file that somebody handed in."""

    member: Member
    who: str
    """The name of the person or the group in the download."""
    number: str = ""
    """The other system's own number of them; '' if it gives none."""
    path: PurePosixPath
    order: int = 0
    """Of two copies of a file the one with the greater number is the later; 0 if it is not known."""
    late: bool | None = None
    """Whether the other system marks it as late; None if it does not say."""
    moment: datetime | None = None
    """The time of handing in, if the other system has it, often without an offset; never that of an archive's entry."""
    is_text: bool = False
    """A text typed into the other system."""
    email: str = ""
    login: str = ""

    @property
    def owner(self) -> str:
        """What identifies its owner."""
        return self.number or self.who


@dataclass(frozen=True)
class Skipped:
    """A member that is nobody's work."""

    member: Member
    reason: str
    is_harmless: bool = True
    """False where it may be somebody's work that could not be read."""


Parsed = Upload | Skipped
Parse = Callable[[Sequence[Member], Roster | None], list[Parsed]]
"""Reads the members of a download; accounts for every one."""


@dataclass(frozen=True)
class System:
    """How a system's downloads are read."""

    name: str
    title: str
    parse: Parse
    has_numbers: bool = True
    """Whether the system's own number of a person is part of the folder's name if no roster names it."""
    hand_in_of: Callable[[Path, Upload], HandIn] = lambda _source, _upload: UNKNOWN
    """Returns the time of handing in that an imported folder has, apart from its files' names."""


def strip_wrapper(
    members: Sequence[Member], is_theirs: Callable[[str], object] = lambda _: False
) -> list[tuple[Member, PurePosixPath]]:
    """Return each member with its path below the folders that contain everything, if there are such.

    A folder of which `is_theirs` says that the system named it stays, as does what an operating system added.
    """
    paths = {member: member.path for member in members}
    theirs = [member for member in members if not why_skipped(member.path)]
    while theirs and all(len(paths[member].parts) > 1 for member in theirs):
        tops = {paths[member].parts[0] for member in theirs}
        if len(tops) > 1 or is_theirs(next(iter(tops))):
            break
        paths |= {member: PurePosixPath(*paths[member].parts[1:]) for member in theirs}
    return [(member, paths[member]) for member in members]


def ending_login(text: str, roster: Roster | None) -> str:
    """Return the login of the roster's people that `text` ends with, after an underscore; '' for none.

    A login may hold an underscore itself, so that of several the longest is meant.
    """
    logins = {person.sis_login_id for person in roster.people} if roster is not None else set()
    fitting = [login for login in logins - {""} if text.lower().endswith(f"_{login.lower()}")]
    return max(fitting, key=len, default="")


def unread(member: Member, title: str) -> Skipped:
    """Return the remark about a member whose name does not have the form that the system gives."""
    return Skipped(member, f"not named as in a download of {title}", is_harmless=False)
