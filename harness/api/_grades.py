"""The gradebook of a course: read its rules, compute everybody's grades, and store them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from harness.api._board import stores_of
from harness.api._options import RuleFiles
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import (
    ADJUSTMENTS_FILE,
    POLICY_FILE,
    SUBMITTED_FILE,
    Entry,
    Gradebook,
    GradeChange,
    Policy,
    Roster,
    Rules,
    compare,
    compile_gradebook,
    deadline_of_command,
    extensions_by_person,
    gradebook_csv,
    keep_gradebook,
    read_adjustments,
    read_handed_in,
    useless_extensions,
)
from harness.record import Record


@dataclass(frozen=True)
class GradingRules:
    """The rules of the gradebook, and warnings about them."""

    rules: Rules
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class KeptGradebook:
    """The file of the gradebook, and the grades that changed."""

    path: Path
    changes: tuple[GradeChange, ...]


def read_rules(course: Course, files: RuleFiles) -> GradingRules:
    """Read the roster, the policy for late work and an instructor's adjustments.

    Raises:
        UsageError: one of the files, or the deadline, has a mistake.
    """
    tasks = course.task_names()
    policy = Policy.read(course.root / POLICY_FILE, tasks)
    if files.deadline is not None:
        policy = policy.with_deadline(deadline_of_command(files.deadline, policy.zone))
    people = None if files.roster is None else Roster.read(Path(files.roster), tasks, policy.zone)
    everybody = people or Roster.of(course.submission_names())
    useless = useless_extensions(extensions_by_person(policy, everybody), everybody)
    rules = Rules(
        roster=people,
        policy=policy,
        adjustments=read_adjustments(course.root / ADJUSTMENTS_FILE, everybody, tasks),
        handed_in=read_handed_in(course.root / SUBMITTED_FILE, everybody, tasks, policy.zone),
        on_validation=files.count_validation,
    )
    mismatch = [] if people is None else compare(people, course.submission_names()).lines()
    return GradingRules(rules, (*(() if people is None else people.warnings), *useless, *mismatch))


def make_gradebook(
    course: Course,
    rules: Rules,
    tasks: Sequence[str] | None = None,
    current: Mapping[tuple[str, str], Record] = MappingProxyType({}),
) -> Gradebook:
    """Return everybody's current grades, for every task or only for `tasks`.

    `current` has records, by submission and task, that were just found to be those of the current files.
    """
    now = datetime.now().astimezone()
    return compile_gradebook(course, stores_of(course).records, rules, now, tasks, current)


def keep(course: Course, entries: Sequence[Entry]) -> KeptGradebook:
    """Store the gradebook, and return the grades that changed."""
    found = keep_gradebook(course, tuple(entries))
    path = course.private / "gradebook.csv"
    content = gradebook_csv(entries).encode()
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)
    return KeptGradebook(path, tuple(found))
