"""Compare two gradebooks: the grades that changed, and the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.gradebook._gradebook import MISSING, NOT_GRADED, Entry
from harness.text import count_of


@dataclass(frozen=True)
class GradeChange:
    """A grade that has changed."""

    name: str
    task: str
    before: str
    after: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} · {self.task}: {self.before} → {self.after} ({self.why})"


def changes(before: Iterable[Entry], after: Iterable[Entry]) -> list[GradeChange]:
    """Return the grades that differ, with reasons. A person who is new has no changes."""
    known = {_whose(entry): entry for entry in before}
    found = []
    for entry in after:
        former = known.get(_whose(entry))
        if former is not None and _shown(former) != _shown(entry):
            who = entry.person.name or entry.person.submission
            found.append(GradeChange(who, entry.task, _shown(former), _shown(entry), _why(former, entry)))
    return found


def _whose(entry: Entry) -> tuple[str, ...]:
    return (entry.person.submission, entry.person.name, entry.person.email, entry.task)


def _shown(entry: Entry) -> str:
    if entry.excused:
        return "excused"
    if entry.dropped:
        return "dropped"
    if entry.status == NOT_GRADED and entry.final is None:
        return NOT_GRADED
    return "none" if entry.final is None else f"{entry.final:g}"


def _why(before: Entry, after: Entry) -> str:
    """Return every possible reason for the change of a grade, the most decisive first."""
    reasons = list(_reasons_by_hand(before, after))
    if not any(entry.excused or entry.dropped for entry in (before, after)):
        if {before.status, after.status} & {NOT_GRADED, MISSING}:
            reasons += _reasons_of_status(before, after)
        else:
            reasons += [*_reasons_of_score(before, after), *_reasons_of_lateness(before, after)]
    return "; ".join(reasons) or "changed rules"


def _reasons_by_hand(before: Entry, after: Entry) -> Iterator[str]:
    if before.excused != after.excused:
        yield "excused" if after.excused else "no longer excused"
    if (before.adjustment, before.reason, before.dropped) != (after.adjustment, after.reason, after.dropped):
        yield f"by hand: {after.reason or 'no longer'}"


def _reasons_of_status(before: Entry, after: Entry) -> Iterator[str]:
    """Yield the reasons if one of the two entries has no score of a submission."""
    if after.status == NOT_GRADED:
        yield after.note
    elif before.status == NOT_GRADED:
        yield "graded"
    elif after.status != MISSING:
        yield "submitted"
    elif before.status != MISSING:
        yield "the work has been removed"
    elif before.note != after.note:
        yield after.note or "the mistake in the task is mended"
    elif before.deadline != after.deadline:
        yield _moved(before, after)
    elif before.maximum != after.maximum:
        yield "other cut-offs"
    else:
        yield "deadline passed"


def _reasons_of_score(before: Entry, after: Entry) -> Iterator[str]:
    if before.submission_digest != after.submission_digest:
        if before.attempt == after.attempt:
            yield "changed submission"
        else:
            yield f"another attempt counts: {after.attempt}, was {before.attempt}"
    if before.task_digest != after.task_digest:
        yield "changed task"
    if after.score is None and before.score is not None:
        yield f"failed: {after.note}"
    elif before.score != after.score:
        yield f"score {_number(after.score)}, was {_number(before.score)}"
    elif before.points != after.points:
        yield f"other cut-offs: {_number(after.points)} points for the same score, were {_number(before.points)}"


def _reasons_of_lateness(before: Entry, after: Entry) -> Iterator[str]:
    """Yield the changes in lateness, if it costs or cost points."""
    if not (before.penalty or after.penalty):
        return
    if before.days_late != after.days_late:
        yield f"{count_of(after.days_late, 'day', 'days')} late, was {before.days_late}"
        if before.deadline != after.deadline:
            yield _moved(before, after)
    if before.grace_days != after.grace_days:
        yield f"{count_of(after.grace_days, 'grace day', 'grace days')} spent, was {before.grace_days}"
    if before.late_rules != after.late_rules:
        yield f"rules for lateness: {after.late_rules or 'none'}, were {before.late_rules or 'none'}"


def _moved(before: Entry, after: Entry) -> str:
    return f"the deadline is {after.deadline or 'none'}, was {before.deadline or 'none'}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
