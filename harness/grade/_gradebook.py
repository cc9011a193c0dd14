"""Points of people: scores through cut-offs, lateness, excuses; a pure function of records, roster and policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from harness.contract import Task
from harness.grade._points import most_points, points_for
from harness.grade._policy import Policy
from harness.grade._roster import Person, Roster
from harness.record import Record


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One person's grade for one task."""

    person: Person
    task: str
    status: str
    """The record's, or ``missing``."""
    score: float | None
    points: float | None
    """Before lateness; None for a task without cut-offs, or what is not due yet."""
    days_late: int
    grace_days: int
    """Of the person's own, spent on this task."""
    factor: float
    """What lateness left of the points."""
    final: float | None
    """What counts; None for nothing, yet or ever."""
    maximum: float | None
    excused: bool
    submitted: str
    submission_digest: str
    task_digest: str
    run: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One record of a submission, and when its files were handed in."""

    record: Record
    submitted: datetime | None

    @property
    def value(self) -> float | None:
        """The primary score; None for a failure."""
        score = None if self.record.status == "failed" else self.record.primary
        return None if score is None else score.value


Attempts = Callable[[Person, str], Sequence[Attempt]]
"""Gives a person's attempts at a task, the newest last."""


def make_gradebook(
    roster: Roster, tasks: Mapping[str, Task], attempts: Attempts, policy: Policy, now: datetime
) -> tuple[Entry, ...]:
    """Return everybody's grades, by person in the roster's order, then by task.

    A person's grace days are spent on the earliest deadline first. What is missing earns the fewest points once its
    deadline has passed, and nothing before.
    """
    order = sorted(tasks, key=lambda name: (policy.deadline(name) or datetime.max.replace(tzinfo=UTC), name))
    entries = []
    for person in roster.people:
        left = policy.grace_days if person.grace_days is None else person.grace_days
        for name in order:
            entry = _grade(person, tasks[name], attempts(person, name), policy, left, now)
            left -= entry.grace_days
            entries.append(entry)
    return tuple(entries)


def _grade(person: Person, task: Task, attempts: Sequence[Attempt], policy: Policy, left: int, now: datetime) -> Entry:
    if not attempts:
        return _missing(person, task, policy, now)
    comparable = [one for one in attempts if _same_terms(one.record, attempts[-1].record)]
    candidates = comparable if policy.attempt == "best" else comparable[-1:]
    graded = [_attempted(person, task, one, policy, left) for one in reversed(candidates)]
    return max(graded, key=lambda entry: (entry.final or 0.0, -entry.grace_days))


def _same_terms(one: Record, other: Record) -> bool:
    return all(getattr(one.task, name) == getattr(other.task, name) for name in ("digest", "data_digest", "scored_on"))


def _attempted(person: Person, task: Task, attempt: Attempt, policy: Policy, left: int) -> Entry:
    excused = person.is_excused(task.name)
    late = policy.days_late(task.name, attempt.submitted)
    points = points_for(task, attempt.value)
    grace = 0 if excused else min(late, left)
    factor = policy.factor ** (late - grace)
    return Entry(
        person=person,
        task=task.name,
        status=attempt.record.status,
        score=attempt.value,
        points=points,
        days_late=late,
        grace_days=grace,
        factor=factor,
        final=None if points is None or excused else round(points * factor, 2),
        maximum=most_points(task),
        excused=excused,
        submitted="" if attempt.submitted is None else attempt.submitted.isoformat(timespec="seconds"),
        submission_digest=attempt.record.submission.digest,
        task_digest=attempt.record.task.digest,
        run=attempt.record.run.id,
    )


def _missing(person: Person, task: Task, policy: Policy, now: datetime) -> Entry:
    deadline = policy.deadline(task.name)
    excused = person.is_excused(task.name)
    points = points_for(task, None) if deadline is not None and now > deadline else None
    return Entry(
        person=person,
        task=task.name,
        status="missing",
        score=None,
        points=points,
        days_late=0,
        grace_days=0,
        factor=1.0,
        final=None if excused else points,
        maximum=most_points(task),
        excused=excused,
        submitted="",
        submission_digest="",
        task_digest="",
        run="",
    )


@dataclass(frozen=True)
class Change:
    """A grade that is not what it was."""

    name: str
    task: str
    before: str
    after: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} · {self.task}: {self.before} → {self.after} ({self.why})"


def changes(before: Iterable[Entry], after: Iterable[Entry]) -> list[Change]:
    """Return the grades that differ, and why; who was not there before is no change."""
    known = {_whose(entry): entry for entry in before}
    found = []
    for entry in after:
        former = known.get(_whose(entry))
        if former is not None and _shown(former) != _shown(entry):
            who = entry.person.name or entry.person.submission
            found.append(Change(who, entry.task, _shown(former), _shown(entry), _why(former, entry)))
    return found


def _whose(entry: Entry) -> tuple[str, ...]:
    return (entry.person.submission, entry.person.name, entry.person.email, entry.task)


def _shown(entry: Entry) -> str:
    if entry.excused:
        return "excused"
    return "none" if entry.final is None else f"{entry.final:g}"


def _why(before: Entry, after: Entry) -> str:
    reasons = (
        ("excused" if after.excused else "no longer excused", before.excused != after.excused),
        ("submitted", before.status == "missing" != after.status),
        ("nothing is there any more", after.status == "missing" != before.status),
        ("deadline passed", before.status == after.status == "missing"),
        ("changed submission", before.submission_digest != after.submission_digest),
        ("changed task", before.task_digest != after.task_digest),
        (f"{after.days_late} days late, were {before.days_late}", before.days_late != after.days_late),
        ("other rules for lateness", before.factor != after.factor),
        (f"score {before.score}, now {after.score}", before.score != after.score),
    )
    return next((reason for reason, holds in reasons if holds), "other points for the same score")
