"""The gradebook of a course: put together from its files, compared with the last one, kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from harness.contract import HarnessError, InfrastructureError
from harness.course import Course
from harness.files import write_atomically
from harness.grade._gradebook import Attempt, Change, Entry, changes, make_gradebook
from harness.grade._policy import Policy
from harness.grade._roster import Person, Roster
from harness.grade._times import Times
from harness.record import Record, Store


def compile_gradebook(
    course: Course, records: Store, roster: Roster | None, policy: Policy, now: datetime
) -> tuple[Entry, ...]:
    """Return the grades of everybody in `roster`, else of every submission, for every task."""
    times = Times(course)

    def attempts(person: Person, task: str) -> Sequence[Attempt]:
        newest = records.read(task, person.submission)
        if not isinstance(newest, Record):
            return ()
        earlier = {one.submission.digest: one for one in _earlier(records, person, task, policy)}
        earlier.pop(newest.submission.digest, None)
        return (
            *(Attempt(record=one, submitted=times.earlier(person, task, key)) for key, one in earlier.items()),
            Attempt(record=newest, submitted=times.newest(person, task, newest.submission.digest)),
        )

    tasks = {}
    for name in course.task_names():
        with contextlib.suppress(HarnessError):  # a task that does not load was told of, and stops no other
            tasks[name] = course.task(name)
    entries = make_gradebook(roster or Roster.of(course.submission_names()), tasks, attempts, policy, now)
    times.save()
    return entries


def keep_gradebook(course: Course, entries: tuple[Entry, ...]) -> list[Change]:
    """Make `entries` the gradebook last seen; return what changed in it.

    Raises:
        InfrastructureError: the one last seen cannot be read; it is left as it is.
    """
    path = course.private / "grade" / "gradebook.json"
    try:
        before = msgspec.json.decode(path.read_bytes(), type=tuple[Entry, ...])
    except FileNotFoundError:
        before = ()
    except (OSError, msgspec.DecodeError) as error:
        raise InfrastructureError(
            f"{path} cannot be read ({error}): what changed cannot be told; move it away"
        ) from error
    if before != entries:
        write_atomically(path, msgspec.json.encode(entries), 0o600)
    return changes(before, entries)


def _earlier(records: Store, person: Person, task: str, policy: Policy) -> Sequence[Record]:
    """Return the earlier records where they may count."""
    return tuple(records.history(task, person.submission)) if policy.attempt == "best" else ()
