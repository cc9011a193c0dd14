"""Whose upload it is: the roster says, or a name made from the upload's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import permutations

from harness.grade import Person, Roster
from harness.intake._unpack import Refused

_WORDS = re.compile(r"\w+")


def find_submission(who: str, user: str, roster: Roster) -> str:
    """Return the submission that the person or group `who`, numbered `user`, hands in.

    Raises:
        Refused: the roster does not know them, or knows two.
    """
    tries: Sequence[Callable[[Person], bool]] = (
        lambda person: bool(person.canvas_id) and person.canvas_id == user,
        lambda person: _plain(who) in _spellings(person.name),
        lambda person: _plain(who) == _plain(person.submission),
        lambda person: any(_plain(part) in _spellings(person.name) for part in _after_dashes(who)),
    )
    for fits in tries:
        found = {person.submission for person in roster.people if fits(person)}
        if len(found) == 1:
            return found.pop()
        if found:
            raise Refused(f"the roster has {len(found)} people called so: give them canvas_id")
    raise Refused("not in the roster")


def make_name(who: str, user: str, taken: dict[str, str]) -> str:
    """Return a name for the submission of `who`; two people of one name are told apart by their numbers."""
    ascii_only = unicodedata.normalize("NFKD", who).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:48] or f"user-{user}"
    name = f"{name}-1" if name == "reference" else name
    if taken.setdefault(name, user) != user:
        name = f"{name}-{user}"[:64]
        taken[name] = user
    return name


def _plain(name: str) -> str:
    return "".join(_WORDS.findall(name)).lower()


def _spellings(name: str) -> set[str]:
    """Return a full name without what is between its words, in any order: Canvas puts the family's first."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return {"".join(order) for order in permutations(words)} if 0 < len(words) <= 5 else {"".join(words)} - {""}


def _after_dashes(who: str) -> list[str]:
    """Return what may be a person's name after a group's."""
    parts = who.split("-")
    return ["-".join(parts[start:]) for start in range(1, len(parts))]
