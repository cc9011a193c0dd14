"""Options that decide grades, and shared output of the commands that use the gradebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from harness.api import KeptGradebook, OpenCourse
from harness.cli._options import console, known_task
from harness.gradebook import Entry
from harness.text import count_of, neutral_line

_SHOWN = 50
_F = TypeVar("_F", bound=Callable[..., object])

roster_option = click.option(
    "--roster", type=click.Path(path_type=Path, dir_okay=False), help="CSV file that lists the people in the class."
)
deadline_option = click.option(
    "--deadline",
    metavar="WHEN",
    help="One deadline for every task, in ISO 8601. By default those of gradebook.toml.",
)
validation_option = click.option(
    "--count-validation",
    is_flag=True,
    help="Let scores on validation count for grades if a private test part is not on this machine.",
)


def grades_options(command: _F) -> _F:
    """Add the options that decide grades."""
    for option in (validation_option, deadline_option, roster_option):
        command = option(command)
    return command


def entries_of(
    course: OpenCourse, roster: Path | None, deadline: str | None, *, count_validation: bool, task: str | None = None
) -> Sequence[Entry]:
    """Print warnings about the rules, and return everybody's grades, only for `task` if it is given.

    Raises:
        UsageError: there is no such task, or a file that decides grades has a mistake.
    """
    known_task(course, task)
    asked = course.rules(roster, deadline, count_validation=count_validation)
    warn(console(), asked.warnings)
    return course.gradebook(asked.rules, None if task is None else [task]).entries


def warn(out: Console, warnings: Sequence[str]) -> None:
    """Print warnings."""
    for warning in warnings:
        out.print(f"warning: {neutral_line(warning)}", style="yellow")


def show_changes(out: Console, kept: KeptGradebook) -> None:
    """Print the grades that changed."""
    if kept.changes:
        out.print(f"{count_of(len(kept.changes), 'grade', 'grades')} changed:")
    for change in kept.changes[:_SHOWN]:
        out.print(f"  {neutral_line(str(change))}")
    if len(kept.changes) > _SHOWN:
        out.print(f"  … and {len(kept.changes) - _SHOWN} more, in {kept.path}")
