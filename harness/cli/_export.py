"""`harness export`: results in the forms that other systems read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from harness.cli._export_gradescope import gradescope
from harness.cli._export_result import comment, junit
from harness.cli._gradebook import gradebook, grades_options, read_rules, warn
from harness.cli._options import console, course_at
from harness.course import Course, suggest
from harness.errors import UsageError
from harness.files import write_atomically
from harness.gradebook import Entry, Person, gradebook_csv
from harness.lms import Filled, Manner, Origins
from harness.lms.canvas import canvas_csv
from harness.lms.moodle import moodle_csv, moodle_worksheet
from harness.tables import Sheet
from harness.text import neutral_line

_F = TypeVar("_F", bound=Callable[..., object])
_SHOWN = 50

_into = click.option(
    "--into", type=click.Path(path_type=Path, dir_okay=False), help="The system's own file, to be filled in."
)
_scale = click.option("--scale", is_flag=True, help="Scale the points to the other side's maximum.")
_overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace grades and feedback that somebody typed in the file."
)
_skip_missing = click.option(
    "--skip-missing", is_flag=True, help="Leave out, and name, graded people who are not in the file."
)
_output = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write; else below .harness/export.",
)


@click.group()
def export() -> None:
    """Write results in the forms other systems read."""


def _filling(command: _F) -> _F:
    """Add the options that say how a file of the system's own is filled in."""
    for option in (_skip_missing, _overwrite, _scale, _into):
        command = option(command)
    return command


@export.command()
@click.option("--task", required=True, help="The task whose grades are written.")
@click.option("--assignment", required=True, metavar="'TITLE (ID)'", help="As Canvas heads its column.")
@_filling
@grades_options
@_output
def canvas(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    assignment: str,
    into: Path | None,
    scale: bool,
    overwrite: bool,
    skip_missing: bool,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    output: Path | None,
) -> None:
    """Write Canvas's gradebook CSV for one task."""
    course = course_at()
    entries = _entries(course, task, roster, deadline, count_validation=count_validation)
    memory = _Memory(course, f"canvas-{task}")
    manner = Manner(overwrite=overwrite, skip_missing=skip_missing, former=memory.former)
    sheet = None if into is None else Sheet.read(into)
    _write(course, memory, output, canvas_csv(entries, assignment, sheet, manner, scale=scale), entries)


@export.command()
@click.option("--task", required=True, help="The task whose grades are written.")
@click.option("--item", help="Name of the grade item; else the task's.")
@click.option("--maximum", default="100", show_default=True, help="The grade item's maximum in Moodle.")
@_filling
@grades_options
@_output
def moodle(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    item: str | None,
    maximum: str,
    into: Path | None,
    scale: bool,
    overwrite: bool,
    skip_missing: bool,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    output: Path | None,
) -> None:
    """Write Moodle's gradebook CSV, or fill in a grading worksheet, for one task."""
    course = course_at()
    entries = _entries(course, task, roster, deadline, count_validation=count_validation)
    memory = _Memory(course, f"moodle-{task}")
    if into is None:
        filled = moodle_csv(entries, item or task, maximum)
    else:
        manner = Manner(overwrite=overwrite, skip_missing=skip_missing, former=memory.former)
        filled = moodle_worksheet(entries, Sheet.read(into), manner, _participants(course, task), scale=scale)
    _write(course, memory, output, filled, entries)


@export.command()
@grades_options
@_output
def csv(roster: Path | None, deadline: str | None, count_validation: bool, output: Path | None) -> None:
    """Write the whole gradebook as CSV: a row a person and task."""
    course, out = course_at(), console()
    asked = read_rules(course, roster, deadline, count_validation=count_validation)
    warn(out, asked.warnings)
    entries = gradebook(course, asked.rules).entries
    path = output or course.private / "export" / "gradebook.csv"
    write_atomically(path, gradebook_csv(entries).encode(), 0o600)
    out.print(f"{path}: {len(entries)} grades{_not_graded(entries)}")


for _command in (comment, gradescope, junit):
    export.add_command(_command)


def _entries(
    course: Course, task: str, roster: Path | None, deadline: str | None, *, count_validation: bool
) -> Sequence[Entry]:
    """Return everybody's grade for `task`."""
    if task not in course.task_names():
        raise UsageError(f"there is no task {task!r}{suggest(task, course.task_names())}")
    asked = read_rules(course, roster, deadline, count_validation=count_validation)
    warn(console(), asked.warnings)
    return [entry for entry in gradebook(course, asked.rules).entries if entry.task == task]


def _participants(course: Course, task: str) -> Callable[[Person], str]:
    """Return what tells a person's number in Moodle, if an import of this assignment told it."""
    origins = Origins(course)

    def number_of(person: Person) -> str:
        origin = origins.of(person.submission, task)
        return origin.number if origin is not None and origin.system == "moodle" else ""

    return number_of


@dataclass(frozen=True)
class _Memory:
    """What the last export of a task wrote: its own cells may be replaced, nobody else's."""

    course: Course
    name: str

    @property
    def _path(self) -> Path:
        return self.course.private / "export" / f"{self.name}.json"

    @property
    def former(self) -> Mapping[str, str]:
        """What was written, by the person's key."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}

    def keep(self, written: Mapping[str, str]) -> None:
        """Take note of what was written."""
        if written:
            write_atomically(self._path, msgspec.json.encode({**self.former, **written}), 0o600)


def _write(course: Course, memory: _Memory, output: Path | None, filled: Filled, entries: Sequence[Entry]) -> None:
    """Write the file, after saying what changes in it and what does not."""
    out = console()
    for title, lines in (("changed", filled.changes), ("kept", filled.kept), ("left out", filled.left_out)):
        for line in lines[:_SHOWN]:
            out.print(f"  {neutral_line(str(line)) if title != 'left out' else f'left out: {neutral_line(str(line))}'}")
        if len(lines) > _SHOWN:
            out.print(f"  … and {len(lines) - _SHOWN} more {title}")
    path = output or course.private / "export" / f"{memory.name}.csv"
    write_atomically(path, filled.content, 0o600)
    memory.keep(filled.written)
    graded = sum(entry.is_graded or entry.excused for entry in entries)
    parts = [f"{path}: {graded} grades"]
    parts += [f"{len(filled.changes)} cells changed"] if filled.changes else []
    parts += [f"{len(filled.kept)} kept as they were"] if filled.kept else []
    out.print(", ".join(parts) + _not_graded(entries))


def _not_graded(entries: Sequence[Entry]) -> str:
    count = sum(entry.status == "not graded" and entry.final is None for entry in entries)
    return f"; {count} not graded, left blank" if count else ""
