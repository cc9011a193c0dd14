"""``harness new``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from harness.bundled import chosen_tasks
from harness.cli import PASSED
from harness.cli._common import Group
from harness.cli._options import console, opened
from harness.scaffold import new_course, new_notebook, new_submission, new_task

_SHOWN = 24
"""Files that are named; a course with all tasks has some hundred."""
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
def task(name: str) -> int:
    """Write tasks/NAME/: a task with generated data, for you to change."""
    _print_written(new_task(opened().folders, name), f"put your data into task.py; harness tasks check {name}")
    return PASSED


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
        f"cd {folder}; git init; "
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
