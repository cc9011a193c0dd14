"""``harness new``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Literal

import click

from harness.api import Follower, NewTask, OpenCourse, make_task
from harness.bundled import chosen_tasks
from harness.cli import PASSED
from harness.cli._common import Group
from harness.cli._options import console, opened
from harness.scaffold import (
    DataQuestions,
    UnclearDataError,
    new_course,
    new_notebook,
    new_submission,
    new_task,
    parse_size,
)

_SHOWN = 24
"""Maximum number of files to list; a course with all tasks has some hundred."""
Form = Literal["source", "notebook"]


@click.group(cls=Group)
def new() -> None:
    """Start a submission, a task or a course."""


@new.command()
@click.argument("name")
@click.option("--task", required=True, metavar="TASK", help="The task that it is for; `harness tasks` lists them.")
@click.option("--notebook", "form", flag_value="notebook", default="source", help="Write a notebook, model.ipynb.")
def submission(name: str, task: str, form: Form) -> int:
    """Write submissions/NAME/TASK/model.py, the simplest model that passes `harness check`."""
    course = opened().folders
    write = {"source": new_submission, "notebook": new_notebook}[form]
    _print_written(write(course, name, course.task(task)), f"harness check submissions/{name}/{task}")
    return PASSED


@new.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Your data: a CSV file, an .npz file, or a folder of images with a folder for each class.",
)
@click.option("--target", metavar="COLUMN", help="The column to predict, if its name is not target, label or similar.")
@click.option(
    "--group",
    metavar="COLUMN",
    help="The column that names the person whom a row comes from; all rows of a person are in the same part.",
)
@click.option("--kind", metavar="KIND", help="classification, regression, multilabel or forecasting.")
@click.option("--leave-out", metavar="COLUMN", multiple=True, help="A column that is not an input. Repeatable.")
@click.option("--size", metavar="HEIGHTxWIDTH", help="The size that images are scaled to.")
def task(  # noqa: PLR0913, PLR0917 - one argument an option
    name: str,
    source: Path | None,
    target: str | None,
    group: str | None,
    kind: str | None,
    leave_out: tuple[str, ...],
    size: str | None,
) -> int:
    """Write tasks/NAME/: a task of generated data, for you to change, or of your own.

    With --from the task is made from your data: what you do not specify is inferred and printed, and what cannot be
    inferred is asked. A nearest-neighbour and a linear model are written and evaluated; the better one is the baseline.
    """
    course, out = opened(), console()
    if source is None:
        given = any((target, group, kind, leave_out, size))
        if given:
            raise click.UsageError("--target, --group, --kind, --leave-out and --size need --from FILE")
        _print_written(new_task(course.folders, name), f"put your data into task.py; harness tasks check {name}")
        return PASSED
    asked = DataQuestions(
        target=target, group=group, kind=kind, leave_out=leave_out, size=None if size is None else parse_size(size)
    )
    made = _made(course, name, source, asked)
    for sentence in made.notes:
        out.print(sentence)
    _print_written(list(made.written), f"harness tasks check {name}; write the hand-out, tasks/{name}/README.md")
    return PASSED


def _made(course: OpenCourse, name: str, source: Path, asked: DataQuestions) -> NewTask:
    """Make the task; at a terminal, ask what cannot be inferred from the data."""
    while True:
        try:
            with console().status(f"{name}: reading the data and evaluating two references"):
                return make_task(course, name, source, asked, Follower())
        except UnclearDataError as unclear:
            if not sys.stdin.isatty():
                raise
            answer = click.prompt(unclear.question, type=click.Choice(unclear.choices))
            asked = asked.answered(unclear.option, answer)


@new.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--tasks",
    metavar="TASK,…|all",
    help="Tasks to copy into the course, with their references; `harness tasks --available` lists them. By default one "
    "task of generated points, to be changed.",
)
@click.option(
    "--harness", default="", metavar="REQUIREMENT", help="The requirement by which pip installs the harness in CI."
)
def course(folder: Path, tasks: str | None, harness: str) -> int:
    """Write a course into FOLDER: tasks, and the files that GitHub and GitLab need to grade pull requests."""
    names = [] if tasks is None else chosen_tasks(tasks)
    _print_written(
        new_course(folder, harness, names),
        ("" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))}; ")
        + "git init; "
        + ("" if harness else "write the requirement by which pip installs the harness into .github/harness.txt; ")
        + f"harness new submission NAME --task {names[0] if names else 'clouds'}",
    )
    return PASSED


def _print_written(written: list[Path], following: str) -> None:
    out = console()
    for path in written[:_SHOWN]:
        out.print(f"wrote {path}")
    if len(written) > _SHOWN:
        out.print(f"… and {len(written) - _SHOWN} more files")
    out.print(f"next: {following}")
