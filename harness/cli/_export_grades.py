"""Shared parts of the exports of grades: their options, and what they print."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from harness.api import FillingOptions
from harness.gradebook import NOT_GRADED, Entry
from harness.lms import Filled
from harness.text import neutral_line

_R = TypeVar("_R")

into_option = click.option(
    "--into", type=click.Path(path_type=Path, dir_okay=False), help="The other system's own file, which is filled in."
)
graded_task_option = click.option("--task", required=True, metavar="TASK", help="The task whose grades are written.")
_scale = click.option("--scale", is_flag=True, help="Scale the points to the other system's maximum.")
_overwrite = click.option("--overwrite", is_flag=True, help="Replace grades and feedback that somebody entered there.")
_skip_missing = click.option(
    "--skip-missing", is_flag=True, help="Leave out graded people who are not in the file, and list them."
)


def filling_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options that decide how cells are filled in; `command` gets them as `filling`."""

    @functools.wraps(command)
    def with_filling(*arguments: Any, scale: bool, overwrite: bool, skip_missing: bool, **given: Any) -> _R:
        filling = FillingOptions(scale=scale, overwrite=overwrite, skip_missing=skip_missing)
        return command(*arguments, filling=filling, **given)

    for option in (_skip_missing, _overwrite, _scale):
        with_filling = option(with_filling)
    return with_filling


def show_changes(out: Console, filled: Filled) -> None:
    """Print every cell that changes, every cell that is kept, and the people without a cell."""
    for line in (*map(str, filled.changes), *map(str, filled.kept), *(f"left out: {who}" for who in filled.left_out)):
        out.print(f"  {neutral_line(line)}")


def describe_not_graded(entries: Sequence[Entry]) -> str:
    """Return a text with the number of people who have no grade because they were not graded."""
    count = sum(entry.status == NOT_GRADED and entry.final is None for entry in entries)
    return f"; {count} not graded, left blank" if count else ""
