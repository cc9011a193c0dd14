"""``harness new``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from harness.cli import PASSED
from harness.cli._common import Group
from harness.cli._options import console, opened
from harness.scaffold import new_course, new_notebook, new_submission, new_task

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
    "--harness", default="", metavar="REQUIREMENT", help="The requirement by which pip installs the harness in CI."
)
def course(folder: Path, harness: str) -> int:
    """Write a course into FOLDER: a task, and the files that GitHub and GitLab need to grade pull requests."""
    _print_written(
        new_course(folder, harness),
        f"cd {folder}; git init; "
        + ("" if harness else "write the requirement by which pip installs the harness into .github/harness.txt; ")
        + "harness new submission NAME --task clouds",
    )
    return PASSED


def _print_written(written: list[Path], following: str) -> None:
    out = console()
    for path in written:
        out.print(f"wrote {path}")
    out.print(f"next: {following}")
