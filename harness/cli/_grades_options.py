"""Options that decide grades, and shared output of the commands that use the gradebook."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from harness.api import Follower, KeptGradebook, RuleFiles
from harness.cli._options import console
from harness.gradebook import GradeChange
from harness.text import count_of, neutral_line

_SHOWN = 50
_R = TypeVar("_R")

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


def rule_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options that decide grades; `command` gets their values together, as `rules`."""

    @functools.wraps(command)
    def with_rules(
        *arguments: Any, roster: Path | None, deadline: str | None, count_validation: bool, **given: Any
    ) -> _R:
        rules = RuleFiles(roster=roster, deadline=deadline, count_validation=count_validation)
        return command(*arguments, rules=rules, **given)

    for option in (validation_option, deadline_option, roster_option):
        with_rules = option(with_rules)
    return with_rules


class ShownWarnings(Follower):
    """Shows warnings about the class."""

    def warned(self, text: str) -> None:
        warn(console(), [text])


def warn(out: Console, warnings: Sequence[str]) -> None:
    """Print warnings."""
    for warning in warnings:
        out.print(f"warning: {neutral_line(warning)}", style="yellow")


def show_changes(out: Console, kept: KeptGradebook) -> None:
    """Print the grades that changed; a reason that several people share is given once."""
    if kept.changes:
        out.print(f"{count_of(len(kept.changes), 'grade', 'grades')} changed:")
    by_reason: dict[tuple[str, str], list[GradeChange]] = {}
    for change in kept.changes[:_SHOWN]:
        by_reason.setdefault((change.task, change.why), []).append(change)
    for (task, why), alike in by_reason.items():
        if len(alike) == 1:
            out.print(f"  {neutral_line(str(alike[0]))}")
            continue
        out.print(f"  {neutral_line(f'{task}: {why}')}")
        for change in alike:
            out.print(f"    {neutral_line(f'{change.name}: {change.before} → {change.after}')}")
    if len(kept.changes) > _SHOWN:
        out.print(f"  … and {len(kept.changes) - _SHOWN} more, in {kept.path}")
