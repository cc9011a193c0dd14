"""The gradebook as the commands ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from rich.console import Console

from harness.cli._options import aliases_path, stores_of
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import (
    ADJUSTMENTS_FILE,
    POLICY_FILE,
    SUBMITTED_FILE,
    Entry,
    Gradebook,
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
from harness.text import count_of, neutral_line

_SHOWN = 50
_F = TypeVar("_F", bound=Callable[..., object])

roster_option = click.option(
    "--roster", type=click.Path(path_type=Path, dir_okay=False), help="CSV file that says who is in the class."
)
deadline_option = click.option(
    "--deadline", metavar="WHEN", help="One deadline for every task, in ISO 8601; else gradebook.toml's."
)
validation_option = click.option(
    "--count-validation",
    is_flag=True,
    help="Let scores on the validation part make grades where a private test part is not here.",
)


def grades_options(command: _F) -> _F:
    """Add the options that decide grades."""
    for option in (validation_option, deadline_option, roster_option):
        command = option(command)
    return command


@dataclass(frozen=True)
class CheckedRules:
    """The rules of the gradebook, and what is odd about them."""

    rules: Rules
    warnings: tuple[str, ...]


def read_rules(
    course: Course, roster: Path | None, deadline: str | None, *, count_validation: bool = False
) -> CheckedRules:
    """Return who is in the class, what lateness costs and what was decided by hand, before anything is done.

    Raises:
        UsageError: one of the files, or the deadline, has a mistake.
    """
    tasks = course.task_names()
    policy = Policy.read(course.root / POLICY_FILE, tasks)
    policy = policy.with_deadline(None if deadline is None else deadline_of_command(deadline, policy.zone))
    people = None if roster is None else Roster.read(roster, tasks, policy.zone)
    everybody = people or Roster.of(course.submission_names())
    useless = useless_extensions(extensions_by_person(policy, everybody), everybody)
    rules = Rules(
        roster=people,
        policy=policy,
        adjustments=read_adjustments(course.root / ADJUSTMENTS_FILE, everybody, tasks),
        handed_in=read_handed_in(course.root / SUBMITTED_FILE, everybody, tasks, policy.zone),
        on_validation=count_validation,
    )
    mismatch = [] if people is None else compare(people, course.submission_names()).lines()
    return CheckedRules(rules, (*(() if people is None else people.warnings), *useless, *mismatch))


def warn(out: Console, warnings: Sequence[str]) -> None:
    """Print what is odd, before anything is done."""
    for warning in warnings:
        out.print(f"warning: {neutral_line(warning)}", style="yellow")


def gradebook(course: Course, rules: Rules, only: Sequence[str] | None = None) -> Gradebook:
    """Return everybody's grades as they stand now, for every task or for `only` these."""
    return compile_gradebook(course, stores_of(course).records, rules, datetime.now().astimezone(), only)


def settle(out: Console, course: Course, entries: Sequence[Entry]) -> None:
    """Keep the gradebook and print which grades changed."""
    found = keep_gradebook(course, tuple(entries))
    path = course.private / "gradebook.csv"
    content = gradebook_csv(entries).encode()
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)
    if found:
        out.print(f"{count_of(len(found), 'grade', 'grades')} changed:")
        for change in found[:_SHOWN]:
            out.print(f"  {neutral_line(str(change))}")
        if len(found) > _SHOWN:
            out.print(f"  … and {len(found) - _SHOWN} more, in {path}")


def keep_aliases(course: Course, roster: Roster) -> None:
    """Let the leaderboard show the roster's aliases from now on."""
    content, path = msgspec.json.encode(roster.aliases()), aliases_path(course)
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)
