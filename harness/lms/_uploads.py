"""The common form of all downloads: uploads by people, and members that belong to nobody."""

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
    """The other system's number for the person or the group; '' if it gives none."""
    path: PurePosixPath
    order: int = 0
    """The order of copies of a file: a greater number is later; 0 if the order is unknown."""
    late: bool | None = None
    """Whether the other system marks it as late; None if it does not say."""
    moment: datetime | None = None
    """The hand-in time that the other system states, often without an offset; never the time of an archive's entry."""
    is_text: bool = False
    """Whether it is a text that was typed into the other system."""
    email: str = ""
    login: str = ""

    @property
    def owner(self) -> str:
        """The owner's number, or else the owner's name."""
        return self.number or self.who


@dataclass(frozen=True)
class Skipped:
    """A member that is not read as anybody's work."""

    member: Member
    reason: str
    is_harmless: bool = True
    """False if it may be somebody's work that could not be read."""


Parsed = Upload | Skipped
Parse = Callable[[Sequence[Member], Roster | None], list[Parsed]]
"""Reads the members of a download, and returns one result for each of them."""


@dataclass(frozen=True)
class System:
    """A learning system whose downloads can be read."""

    name: str
    title: str
    parse: Parse
    has_numbers: bool = True
    """Whether to make the system's number for a person part of the submission's name if there is no roster."""
    hand_in_of: Callable[[Path, Upload], HandIn] = lambda _source, _upload: UNKNOWN
    """Returns the hand-in time of an imported folder, for systems whose file names do not contain it."""


def strip_wrapper(
    members: Sequence[Member], is_theirs: Callable[[str], object] = lambda _: False
) -> list[tuple[Member, PurePosixPath]]:
    """Return each member with its path below the folders that contain everything, if there are any.

    A folder that the system named, according to `is_theirs`, is kept, and so are files that an operating system added.
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
    """Return the login in the roster with which `text` ends, after an underscore; '' if there is none.

    A login may contain underscores, so the longest one that fits is meant.
    """
    logins = {person.sis_login_id for person in roster.people} if roster is not None else set()
    fitting = [login for login in logins - {""} if text.lower().endswith(f"_{login.lower()}")]
    return max(fitting, key=len, default="")


def unread(member: Member, title: str) -> Skipped:
    """Return the remark about a member whose name is not of the system's form."""
    return Skipped(member, f"not named as in a download of {title}", is_harmless=False)
