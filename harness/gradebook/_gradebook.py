"""Grades of people: scores, cut-offs, lateness and instructors' decisions; a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from harness.contract import Task
from harness.gradebook._adjustments import Adjustment, HandedIn
from harness.gradebook._extensions import extensions_by_person
from harness.gradebook._hand_in_times import UNKNOWN, HandIn
from harness.gradebook._points import fewest_points, most_points, points_for
from harness.gradebook._policy import Lateness, Policy
from harness.gradebook._roster import Person, Roster
from harness.record import Record

NOT_GRADED = "not graded"
MISSING = "missing"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One person's grade for one task."""

    person: Person
    task: str
    status: str
    """The record's status, ``missing``, or ``not graded`` if the staff has to act, in which case there is no grade."""
    score: float | None
    points: float | None
    """The points before lateness; None if the task has no cut-offs, or if missing work is not due yet."""
    days_late: int
    grace_days: int
    """The number of the person's grace days that were spent on this task."""
    factor: float
    """The share of the points that remains after lateness."""
    final: float | None
    """The points that count; None if there are none yet, or none at all."""
    maximum: float | None
    excused: bool
    submitted: str
    """The hand-in time, or ``unknown``; '' if nothing was handed in."""
    submission_digest: str
    task_digest: str
    run: str
    source: str = ""
    """The source of the hand-in time."""
    deadline: str = ""
    """The deadline for this person."""
    penalty: float = 0.0
    """The points that were deducted for lateness."""
    adjustment: float = 0.0
    """The points that an instructor added or deducted, including parts that were graded manually."""
    reason: str = ""
    """The instructor's reason, in the instructor's words."""
    note: str = ""
    """Why there is no score or no grade."""
    dropped: bool = False
    """Whether the task does not count, for a reason that has nothing to do with the person."""
    late_rules: str = ""
    """The rules for lateness, in the words of the policy; '' if there are none."""
    attempt: str = "last"
    """The attempt that counts, in the words of the policy, or the one that an instructor chose."""

    @property
    def is_graded(self) -> bool:
        """Whether there is a grade that can be exported to another system."""
        return self.final is not None and not self.excused and not self.dropped


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One record of a submission, and the hand-in time of its files."""

    record: Record
    handed_in: HandIn = UNKNOWN

    @property
    def value(self) -> float | None:
        """The primary score; None for a failure."""
        score = None if self.record.status == "failed" else self.record.primary
        return None if score is None else score.value


@dataclass(frozen=True)
class Attempted:
    """A person's attempts at a task, newest last, or the reason why the newest has no record."""

    attempts: tuple[Attempt, ...] = ()
    problem: str = ""


Attempts = Callable[[Person, str], Attempted]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything that decides grades, except the records."""

    roster: Roster | None = None
    policy: Policy = field(default_factory=Policy)
    adjustments: tuple[Adjustment, ...] = ()
    handed_in: HandedIn = field(default_factory=lambda: HandedIn({}))
    on_validation: bool = False
    """Whether scores on the validation part count for grades if this machine lacks a task's test part."""


def make_gradebook(
    roster: Roster, tasks: Mapping[str, Task | None], attempts: Attempts, rules: Rules, now: datetime
) -> tuple[Entry, ...]:
    """Return all grades, by person in the roster's order and then by task. A task that does not load is None.

    A person's grace days are spent on the earliest deadline first. Missing work has 0 points after its deadline and no
    grade before it. Work that could not be graded has no grade.
    """
    policy = extensions_by_person(rules.policy, roster)
    rules = replace(rules, policy=policy)
    order = sorted(tasks, key=lambda name: (policy.deadline(name) or datetime.max.replace(tzinfo=UTC), name))
    entries = []
    for person in roster.people:
        left = policy.grace_days if person.grace_days is None else person.grace_days
        for name in order:
            entry = _PersonAndTask(person, name, tasks[name], rules, left, now).grade(attempts(person, name))
            left -= entry.grace_days
            entries.append(entry)
    return tuple(entries)


@dataclass(frozen=True)
class _PersonAndTask:
    """One person and one task."""

    person: Person
    name: str
    task: Task | None
    rules: Rules
    grace_left: int
    now: datetime

    def grade(self, found: Attempted) -> Entry:
        """Return the grade."""
        if found.problem:
            return self._adjusted(self._without_record(NOT_GRADED, None, note=found.problem))
        if not found.attempts or self.task is None:
            note = "" if self.task is not None else f"task {self.name} has a mistake: its points are not known"
            return self._adjusted(self._without_record(MISSING, self._points_of_nothing(), note=note))
        candidates = self._candidates(found.attempts)
        if candidates is None:
            count = len(found.attempts)
            note = f"attempt {self._chosen_attempt} was chosen, but none of the {count} on the current task is that one"
            return self._adjusted(self._without_record(NOT_GRADED, None, note=note))
        released = [one for one in candidates if one.record.status != "withheld"]
        if candidates[-1].record.status == "withheld" or not released:
            return self._adjusted(self._without_record(NOT_GRADED, None, note=candidates[-1].record.public_score_note))
        entries = [self._attempted(self.task, one) for one in released]
        return max(reversed(entries), key=lambda entry: (entry.final or 0.0, -entry.grace_days))

    @property
    def _deadline(self) -> datetime | None:
        return self.rules.policy.deadline(self.name, self.person.key, self.person.deadlines.get(self.name))

    @property
    def _is_extended(self) -> bool:
        return self._deadline != self.rules.policy.deadline(self.name)

    @property
    def _decisions(self) -> list[Adjustment]:
        return [one for one in self.rules.adjustments if one.concerns(self.person, self.name)]

    def _candidates(self, attempts: Sequence[Attempt]) -> Sequence[Attempt] | None:
        """Return the attempts among which the best counts; None if the chosen one does not exist."""
        newest = attempts[-1]
        comparable = [one for one in attempts if _same_terms(one.record, newest.record)]
        if self._chosen_attempt:
            found = _chosen(comparable, self._chosen_attempt)
            return None if found is None else [found]
        match self.rules.policy.attempt:
            case "best":
                return comparable
            case "on_time":
                return [one for one in comparable if self._is_on_time(one.handed_in)][-1:] or [newest]
        return [newest]

    @property
    def _chosen_attempt(self) -> str:
        return next((one.attempt for one in reversed(self._decisions) if one.action == "attempt"), "")

    def _is_on_time(self, handed_in: HandIn) -> bool:
        if handed_in.moment is not None and self._deadline is not None:
            return handed_in.moment <= self._deadline
        return handed_in.late is False

    def _lateness(self, handed_in: HandIn) -> Lateness:
        if handed_in.moment is None and handed_in.late and not self._is_extended and self._deadline is not None:
            return self.rules.policy.lateness_of_mark(self.grace_left)
        return self.rules.policy.lateness(self._deadline, handed_in.moment, self.grace_left)

    def _attempted(self, task: Task, attempt: Attempt) -> Entry:
        record, handed_in = attempt.record, attempt.handed_in
        points, most = points_for(task, attempt.value), most_points(task)
        lateness = Lateness() if self._is_excused else self._lateness(handed_in)
        left = points
        if points is not None and most is not None:
            left = self.rules.policy.points_left(points, most, lateness, fewest_points(task) or 0.0)
        note = _why_failed(record)
        if not lateness.counts:
            note = f"later than day {self.rules.policy.last_day} after the deadline, so it earns nothing; {note}"
        if handed_in.moment is None and handed_in.late and lateness.days:
            note = f"the exact lateness is unknown and counts as one day; {note}"
        moment = "unknown" if handed_in.moment is None else handed_in.moment.isoformat(timespec="seconds")
        return self._adjusted(
            Entry(
                person=self.person,
                task=self.name,
                status=record.status,
                score=attempt.value,
                points=points,
                days_late=lateness.days,
                grace_days=lateness.grace_days,
                factor=1.0 if not points or left is None else round(left / points, 6),
                final=None if left is None else round(left, 2),
                maximum=most,
                excused=self._is_excused,
                submitted=moment,
                submission_digest=record.submission.digest,
                task_digest=record.task.digest,
                run=record.run.id,
                source=handed_in.source or "no source",
                deadline=self._deadline_text,
                penalty=0.0 if points is None or left is None else round(points - left, 2),
                late_rules=self.rules.policy.late_rules,
                attempt=self._chosen_attempt or self.rules.policy.attempt,
                note=note.removesuffix("; "),
            )
        )

    def _without_record(self, status: str, points: float | None, note: str) -> Entry:
        return Entry(
            person=self.person,
            task=self.name,
            status=status,
            score=None,
            points=points,
            days_late=0,
            grace_days=0,
            factor=1.0,
            final=points,
            maximum=None if self.task is None else most_points(self.task),
            excused=self._is_excused,
            submitted="",
            submission_digest="",
            task_digest="",
            run="",
            deadline=self._deadline_text,
            note=note,
        )

    def _points_of_nothing(self) -> float | None:
        is_over = self._deadline is not None and self.now > self._deadline
        has_points = self.task is not None and most_points(self.task) is not None
        return 0.0 if has_points and is_over else None  # the fewest points are only for a failed submission

    @property
    def _is_excused(self) -> bool:
        return self.person.is_excused(self.name) or any(one.action == "excuse" for one in self._decisions)

    @property
    def _deadline_text(self) -> str:
        return "" if self._deadline is None else self._deadline.isoformat(timespec="seconds")

    def _adjusted(self, entry: Entry) -> Entry:
        """Return `entry` with the decisions of instructors applied."""
        decisions = self._decisions
        final, maximum = entry.final, entry.maximum
        added = sum(one.value for one in decisions if one.action in ("points", "part"))
        more = sum(one.maximum for one in decisions if one.action == "part")
        if more:
            maximum = (maximum or 0.0) + more
        if final is not None:
            final = round(max(0.0, final + added), 2)
        for one in decisions:
            if one.action == "set":
                final, added = one.value, one.value - (entry.final or 0.0)
        dropped = any(one.action == "drop" for one in decisions)
        return msgspec.structs.replace(
            entry,
            final=None if entry.excused or dropped else final,
            maximum=maximum,
            adjustment=round(added, 2),
            dropped=dropped,
            reason="; ".join(dict.fromkeys(f"{one.action}: {one.reason}" for one in decisions)),
        )


def _chosen(attempts: Sequence[Attempt], which: str) -> Attempt | None:
    """Return the attempt with the number `which`, from 1, or with a digest of the run or files that begins with it."""
    if which.isdecimal() and 1 <= int(which) <= len(attempts):
        return attempts[int(which) - 1]
    names = ((one, one.record.run.id, one.record.submission.digest.removeprefix("sha256:")) for one in attempts)
    return next((one for one, run, digest in names if run.startswith(which) or digest.startswith(which)), None)


def _same_terms(one: Record, other: Record) -> bool:
    return all(getattr(one.task, name) == getattr(other.task, name) for name in ("digest", "data_digest", "scored_on"))


def _why_failed(record: Record) -> str:
    failure = record.failure
    if failure is None:
        score, base = record.primary, record.baseline
        if score is None or record.status != "below_baseline":
            return ""
        return f"{score.name} {score.value:.4f} does not meet the baseline {base.value:g}"
    where = "" if failure.file is None else f" ({failure.file.rpartition('/')[2]}, line {failure.line or 1})"
    return f"{failure.kind.replace('_', ' ')} in {failure.phase}{where}: {failure.message}"
