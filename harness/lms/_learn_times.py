"""Read hand-in times from the files of other systems: a table of submissions, or a git host's list of pushes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.course import Course
from harness.evaluation import read_contents
from harness.gradebook import POLICY_FILE, Policy, Roster, Times
from harness.lms._origins import Origins
from harness.lms.pushes import read_pushes
from harness.lms.submission_tables import Table, read_table


@dataclass(frozen=True)
class LearnedPushes:
    """The numbers of pushes and merges in a file, and the number of pushes that were new."""

    pushes: int
    new: int
    merges: int


@dataclass(frozen=True)
class LearnedTable:
    """A table of submissions, and the number of people whose hand-in times were stored from it."""

    table: Table
    times: int


def learn_pushes(course: Course, path: Path) -> LearnedPushes:
    """Store the times of the pushes in a JSON file.

    Raises:
        UsageError: the file does not hold pushes.
    """
    times, found = Times(course), read_pushes(path)
    new = times.learn_pushes(found.moments, found.merged)
    times.save()
    return LearnedPushes(len(found.moments), new, len(found.merged))


def learn_table(course: Course, path: Path, task: str, people: Roster | None) -> LearnedTable:
    """Store the hand-in times for `task` from a learning system's table of submissions.

    Raises:
        UsageError: the table cannot be read, or comes from an unknown system.
    """
    roster = people or Roster.of(course.submission_names())
    policy = Policy.read(course.root / POLICY_FILE, course.task_names())
    table = read_table(path, roster, _participants(course, task), policy.zone)
    times, limits, count = Times(course), course.task(task).limits, 0
    for line in table.lines:
        folder = course.submissions_folder / line.person.submission / task
        if line.moment is not None:
            digest = read_contents(folder, limits).digest if folder.is_dir() else ""
            times.learn_table(line.person, task, digest, line.moment, table.source)
            count += 1
    times.save()
    return LearnedTable(table, count)


def _participants(course: Course, task: str) -> Mapping[str, str]:
    """Return the submission that each number in a download stands for."""
    origins = Origins(course)
    found = {name: origins.of(name, task) for name in course.submission_names()}
    return {origin.number: name for name, origin in found.items() if origin is not None and origin.number}
