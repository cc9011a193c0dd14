"""Compile the gradebook of a course from its files, compare it with the previous one, and store it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from types import MappingProxyType

import msgspec

from harness.contract import Task, check_name
from harness.course import Course
from harness.errors import HarnessError, InfrastructureError
from harness.evaluation import read_contents
from harness.files import write_atomically
from harness.gradebook._changes import GradeChange, changes
from harness.gradebook._gradebook import Attempt, Attempted, Entry, Rules, make_gradebook
from harness.gradebook._hand_in_times import Times
from harness.gradebook._roster import Mismatch, Person, Roster, compare
from harness.record import Record, Store, Unreadable


@dataclass(frozen=True)
class Gradebook:
    """All grades, and the mismatch between roster and submissions."""

    entries: tuple[Entry, ...]
    mismatch: Mismatch


def compile_gradebook(
    course: Course,
    records: Store,
    rules: Rules,
    now: datetime,
    only: Sequence[str] | None = None,
    current: Mapping[tuple[str, str], Record] = MappingProxyType({}),
) -> Gradebook:
    """Return the grades of everybody in the roster, or of every submission if there is none, for all tasks or `only`.

    A task that does not load does not affect the others. `current` has newest records, by submission and task, that
    were just found to be those of the current files; these are not read again.
    """
    submissions = [name for name in course.submission_names() if _is_name(name)]
    roster = rules.roster or Roster.of(submissions)
    mismatch = compare(roster, submissions)
    tasks = _load(course, course.task_names() if only is None else only)
    times = Times(course, rules.handed_in, rules.policy.staff)
    finder = _Finder(
        course=course, records=records, rules=rules, tasks=tasks, mismatch=mismatch, times=times, current=current
    )
    entries = make_gradebook(roster, tasks, finder.attempts, rules, now)
    times.save()
    return Gradebook(entries, mismatch)


def keep_gradebook(course: Course, entries: tuple[Entry, ...]) -> list[GradeChange]:
    """Store `entries` as the current gradebook, and return the changes.

    Raises:
        InfrastructureError: the stored gradebook cannot be read; it is left unchanged.
    """
    path = course.private / "grade" / "gradebook.json"
    try:
        before = msgspec.json.decode(path.read_bytes(), type=tuple[Entry, ...])
    except FileNotFoundError:
        before = ()
    except (OSError, msgspec.DecodeError) as error:
        raise InfrastructureError(
            f"{path} cannot be read ({error}): it is unknown which grades changed; move it away"
        ) from error
    if before != entries:
        write_atomically(path, msgspec.json.encode(entries), 0o600)
    return changes(before, entries)


def _load(course: Course, names: Sequence[str]) -> dict[str, Task | None]:
    """Return the tasks by name; one that does not load is None."""
    tasks: dict[str, Task | None] = {}
    for name in names:
        if not _is_name(name):
            continue  # no submission can belong to a folder of this name
        try:
            tasks[name] = course.task(name)
        except HarnessError:
            tasks[name] = None
    return tasks


def _is_name(name: str) -> bool:
    try:
        check_name(name, "name")
    except HarnessError:
        return False
    return True


@dataclass(frozen=True, kw_only=True, eq=False)
class _Finder:
    """Finds the attempts of people."""

    course: Course
    records: Store
    rules: Rules
    tasks: Mapping[str, Task | None]
    mismatch: Mismatch
    times: Times
    current: Mapping[tuple[str, str], Record]

    @cached_property
    def _state(self) -> Callable[[str, str], tuple[tuple[Record, ...], str]]:
        return cache(self._read)  # because the members of a group share a submission

    def attempts(self, person: Person, name: str) -> Attempted:
        """Return the attempts of `person` at the task `name`, or the reason why the newest has no record."""
        records, problem = self._state(person.submission, name)
        if problem:
            return Attempted(problem=problem)
        if not records:
            close = self.mismatch.meant.get(person.submission)
            if close is not None and (self.course.submissions_folder / close / name).is_dir():
                return Attempted(problem=f"not in the class list as it is called: submissions/{close} may be theirs")
            return Attempted(problem=self._lost(person, name))
        *earlier, newest = records
        return Attempted(
            (
                *(self._attempt(person, name, one) for one in earlier),
                Attempt(record=newest, handed_in=self.times.newest(person, name, newest.submission.digest)),
            )
        )

    def _lost(self, person: Person, name: str) -> str:
        """Return a sentence about work that only the learning system has; '' if there is none."""
        hand_in = self.times.told_by_table(person, name)
        if not hand_in.is_known:
            return ""
        return (
            f"{hand_in.source} says that it was handed in, and no files of it are here: import them, or give {person} "
            "in the roster the submission of their group, or decide in adjustments.csv"
        )

    def _attempt(self, person: Person, name: str, record: Record) -> Attempt:
        return Attempt(record=record, handed_in=self.times.earlier(person, name, record.submission.digest))

    def _read(self, submission: str, name: str) -> tuple[tuple[Record, ...], str]:
        """Return the records of a submission, newest last, or the reason why the current files have no record."""
        current, task = self.current.get((submission, name)), self.tasks[name]
        if current is not None and task is not None:
            return self._with_earlier(current)
        folder = self.course.submissions_folder / submission / name
        found, is_there = self.records.read(name, submission), folder.is_dir()
        if task is None:
            reason = (
                f"task {name} has a mistake, which `harness tasks check {name}` names"  # the mistake is reported once
            )
            return (), reason if is_there or found else ""
        if isinstance(found, Unreadable):
            return (), f"its record cannot be read ({found.reason}): grade it again"
        if found is None:
            return (), "it has not been graded yet: run `harness grade`" if is_there else ""
        try:
            has_changed = is_there and read_contents(folder, task.limits).digest != found.submission.digest
        except (OSError, HarnessError) as error:
            return (), f"its files cannot be read: {error}"
        if has_changed:
            return (), "it has changed since it was graded: run `harness grade`"
        return self._with_earlier(found)

    def _with_earlier(self, found: Record) -> tuple[tuple[Record, ...], str]:
        """Return the record of the current files after those of earlier files, or the reason why it does not count."""
        name, submission = found.task.name, found.submission.name
        if found.task.scored_on == "validation" and not self.rules.on_validation:
            return (
                (),
                "it was scored on the validation part, for the test part is not here: --count-validation counts it",
            )
        earlier = {one.submission.digest: one for one in self.records.history(name, submission)}
        earlier.pop(found.submission.digest, None)
        return (*earlier.values(), found), ""
