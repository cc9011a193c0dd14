"""Find the owner of an upload in the roster."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from harness.gradebook import Person, Roster, folder_name, plain, slug, spellings
from harness.lms._members import Refused
from harness.lms._uploads import Upload

_CLOSE = 0.7


def find_submission(upload: Upload, roster: Roster, *, canvas: bool) -> str:
    """Return the submission of the person who made `upload`, found by number or else by name.

    A number is used only if the roster holds numbers of that system; numbers in Moodle are valid for one assignment.

    Raises:
        Refused: the roster has no such person, or several.
    """
    who, number = upload.who, upload.number.lower()
    login, email = upload.login.lower(), upload.email.lower()
    named = plain(who)
    tries: Sequence[Callable[[Person], bool]] = (
        lambda person: canvas and bool(person.canvas_id) and person.canvas_id == upload.number,
        lambda person: bool(email) and person.email.lower() == email,
        lambda person: bool(login) and login in _logins(person),
        lambda person: bool(login) and login in {person.id_number.lower(), person.sis_user_id.lower()},
        lambda person: bool(number) and not canvas and bool(person.id_number) and person.id_number.lower() == number,
        lambda person: bool(named) and named in spellings(person.name),
        lambda person: plain(person.submission) in {named, plain(folder_name(who, upload.number))},
        lambda person: any(plain(part) in spellings(person.name) for part in _after_dashes(who)),
    )
    for fits in tries:
        found = [person for person in roster.people if fits(person)]
        submissions = {person.submission for person in found}
        if len(submissions) == 1:
            person = found[0]
            other = (
                canvas and len(found) == 1 and upload.number.isdecimal() and person.canvas_id not in ("", upload.number)
            )
            if other:
                raise Refused(f"has the name of {person}, whose canvas_id is {person.canvas_id}, not {upload.number}")
            return submissions.pop()
        if found:
            raise Refused(f"the roster has {len(found)} people with this name: give them {_remedy(canvas=canvas)}")
    raise Refused(f"not in the roster{_suggested(named, roster)}")


def whose_group_it_may_be(upload: Upload, roster: Roster) -> Person | None:
    """Return the person in whose place a group may have handed in; None if the upload has the person's own name.

    Canvas names the files of a group after the group and gives them the number of one member.
    """
    found = [person for person in roster.people if person.canvas_id and person.canvas_id == upload.number]
    if len(found) != 1 or sum(person.submission == found[0].submission for person in roster.people) > 1:
        return None
    named, parts = plain(upload.who), [plain(part) for part in found[0].name.split()]
    return found[0] if parts and not any(part and part in named for part in parts) else None


def _suggested(named: str, roster: Roster) -> str:
    """Suggest the person with the most similar name, for the instructor to decide."""
    spelled = {slug(spelling): person for person in roster.people for spelling in spellings(person.name)}
    close = difflib.get_close_matches(slug(named), spelled, n=1, cutoff=_CLOSE)
    return f": is it {spelled[close[0]]}?" if close else ""


def _remedy(*, canvas: bool) -> str:
    return "canvas_id" if canvas else "numbers, and import with --table"


def _logins(person: Person) -> set[str]:
    names = {person.sis_login_id, person.github, person.submission, person.email.partition("@")[0]}
    return {name.lower() for name in names} - {""}


def _after_dashes(who: str) -> list[str]:
    """Return the parts after dashes, any of which may be a person's name after that of a group."""
    parts = who.split("-")
    return ["-".join(parts[start:]) for start in range(1, len(parts))]
