"""Read a folder or an archive with one folder, archive or file a person: ``ann/…``, ``ann.zip``, ``ann.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

from harness.gradebook import Roster, plain, spellings
from harness.lms._members import ARCHIVE_ENDINGS, Member, why_skipped
from harness.lms._uploads import Parsed, Skipped, System, Upload, strip_wrapper, unread

_SOURCES = (".py", ".ipynb")
_MODELS = ("model.py", "model.ipynb")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read members whose first folder, or whose name without the ending, is the name of a person or a group."""
    stripped = strip_wrapper(members)
    if all(member.path == path for member, path in stripped):
        return [_read(member, path) for member, path in stripped]
    match _holds([path for member, path in stripped if not why_skipped(member.path)], roster):
        case "people":
            return [_read(member, path) for member, path in stripped]
        case "files":
            return [_read(member, member.path) for member in members]
    return [_unclear(member) for member in members]


SYSTEM = System("plain", "plain folders", parse, has_numbers=False)


def _holds(paths: Sequence[PurePosixPath], roster: Roster | None) -> Literal["people", "files", "either"]:
    """Return whether the entries of a folder that contains everything are one for each person, or one person's files.

    Several source files may be either. Then the names in the roster decide, if there is one.
    """
    top = [path for path in paths if len(path.parts) == 1]
    if any(path.name.lower() in _MODELS for path in top):
        return "files"
    if any(path.name.lower().endswith(ARCHIVE_ENDINGS) for path in top) or not top:
        return "people"
    sources = [path for path in top if path.name.lower().endswith(_SOURCES)]
    if len(sources) < 2:
        return "files"
    if roster is None:
        return "either"
    known = {plain(name) for person in roster.people for name in (person.submission, *spellings(person.name))}
    return "people" if any(plain(path.stem) in known for path in sources) else "files"


def _unclear(member: Member) -> Skipped:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    why = "one person's file, or a person? Give a roster, or put each person's files into a folder of their own"
    return Skipped(member, why, is_harmless=False)


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
    """Return the upload of a file; folders may be named by people's names, logins, addresses or numbers."""
    return Upload(member=member, who=who, login=who, email=who, path=path)
