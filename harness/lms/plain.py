"""Plain folders and archives: ``ann/…``, ``ann.zip``, ``ann.py``, one for each person, in a folder or an archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from harness.gradebook import Roster
from harness.lms._members import ARCHIVE_ENDINGS, Member, why_skipped
from harness.lms._uploads import Parsed, Skipped, System, Upload, strip_wrapper, unread

_SOURCES = (".py", ".ipynb")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read members whose first folder, or whose name before the ending, is a person's or a group's."""
    del roster
    return [_read(member, path) for member, path in _unwrapped(members)]


SYSTEM = System("plain", "plain folders", parse, has_numbers=False)


def _unwrapped(members: Sequence[Member]) -> list[tuple[Member, PurePosixPath]]:
    """Take a folder around all people away, but not the one of a single person."""
    stripped = strip_wrapper(members)
    is_of_people = all(
        len(path.parts) > 1 or _is_upload(path) for member, path in stripped if not why_skipped(member.path)
    )
    return stripped if is_of_people else [(member, member.path) for member in members]


def _is_upload(path: PurePosixPath) -> bool:
    return path.name.lower().endswith(ARCHIVE_ENDINGS)


def _read(member: Member, path: PurePosixPath) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    if len(path.parts) > 1:
        return _upload(member, path.parts[0], PurePosixPath(*path.parts[1:]))
    name = path.name.lower()
    ending = next((one for one in ARCHIVE_ENDINGS if name.endswith(one)), None)
    if ending is not None:
        return _upload(member, path.name[: -len(ending)], path)
    if name.endswith(_SOURCES) and path.stem != "model":
        inner = PurePosixPath("model.py") if path.suffix.lower() == ".py" else path
        return _upload(member, path.stem, inner)
    return unread(member, "plain folders: <name>/…, <name>.zip or <name>.py")


def _upload(member: Member, who: str, path: PurePosixPath) -> Upload:
    """Return somebody's file; people call folders by their names, their logins, their addresses or their numbers."""
    return Upload(member=member, who=who, login=who, email=who, path=path)
