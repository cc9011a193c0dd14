"""``harness export autograding``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import PASSED
from harness.cli._options import console, data_option, opened, output_option
from harness.files import write_atomically
from harness.lms.classroom import (
    MOST_SECONDS,
    AutogradingSettings,
    autograding_json,
    classroom50_json,
    longest_seconds,
)

_FOLDER = ".github/classroom"


@click.command()
@click.option("--task", "name", required=True, metavar="TASK", help="The task of the assignment.")
@data_option("auto")
@click.option("--points", type=click.IntRange(0, 1000), help="Points of the assignment. By default the task's maximum.")
@output_option(f"Folder to write to. By default {_FOLDER} of the course.", folder=True)
def autograding(name: str, data: str, points: int | None, output: Path | None) -> int:
    """Write autograding.json and Classroom 50's tests for repositories that are copies of the course.

    Two tests: the model keeps the contract (0 points), and it meets the baseline (all points). They run in the
    student's own repository, so their points are not grades: import the repositories and use `harness grade`.
    """
    out, course = console(), opened().folders
    task = course.task(name)
    settings = AutogradingSettings(data=data, points=points)
    folder = output or course.root / _FOLDER
    written = {"autograding.json": autograding_json(task, settings), "tests.json": classroom50_json(task, settings)}
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in written.items():
        write_atomically(folder / file, content)
    if (seconds := longest_seconds(task.limits)) > MOST_SECONDS:
        out.print(
            f"note: the limits of {name} let an evaluation take {seconds:g} s, and Classroom 50 stops it after "
            f"{MOST_SECONDS} s"
        )
    out.print(f"{folder / 'autograding.json'}, {folder / 'tests.json'}: 2 tests of task {name}")
    return PASSED
