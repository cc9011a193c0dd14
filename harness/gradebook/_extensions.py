"""Extensions: find the people in the class to whom the names in the policy's file belong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from harness.course import suggest
from harness.errors import UsageError
from harness.gradebook._policy import POLICY_FILE, Policy
from harness.gradebook._roster import Roster


def extensions_by_person(policy: Policy, everybody: Roster) -> Policy:
    """Return `policy` with its extensions keyed by person instead of by names from the file.

    Raises:
        UsageError: a name belongs to nobody, or to several people who do not share a submission.
    """
    found: dict[str, dict[str, datetime]] = {}
    for name, moments in policy.extensions.items():
        people = everybody.find(name)
        if not people:
            known = [person.submission for person in everybody.people]
            no_addresses = "@" in name and not any(person.email for person in everybody.people)
            why = ": the roster has no e-mail addresses; name the submission or a number" if no_addresses else None
            raise UsageError(
                f"{POLICY_FILE}: an extension for {name!r}, who is not in the class{why or suggest(name, known)}"
            )
        if len({person.submission for person in people}) > 1:
            raise UsageError(
                f"{POLICY_FILE}: an extension for {name!r}, who is {', '.join(map(str, people))}: name the submission "
                "or a number"
            )
        for person in people:
            _take_later(found.setdefault(person.key, {}), moments)
    return replace(policy, extensions=found)


def useless_extensions(policy: Policy, everybody: Roster) -> Iterator[str]:
    """Yield a warning for each extension that ends before everybody's deadline, which is probably a mistake.

    The extensions of `policy` are keyed by person.
    """
    for person in everybody.people:
        for task, moment in {**policy.extensions.get(person.key, {}), **person.deadlines}.items():
            common = policy.deadline(task)
            if common is not None and moment < common:
                yield (
                    f"the extension of {person} for task {task} ({moment.isoformat(timespec='minutes')}) ends before "
                    f"everybody's deadline ({common.isoformat(timespec='minutes')}): it changes nothing"
                )


def _take_later(kept: dict[str, datetime], moments: Mapping[str, datetime]) -> None:
    for task, moment in moments.items():
        kept[task] = max(moment, kept.get(task, moment))
