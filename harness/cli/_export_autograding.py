"""``harness export autograding``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import PASSED
from harness.cli._options import console, data_option, opened, output_option
from harness.data import DataChoice
from harness.lms.classroom import MOST_SECONDS

_FOLDER = ".github/classroom"


@click.command()
@click.option("--task", "name", required=True, metavar="TASK", help="The task of the assignment.")
@data_option("auto")
@click.option("--points", type=click.IntRange(0, 1000), help="Points of the assignment. By default the task's maximum.")
@output_option(f"Folder to write to. By default {_FOLDER} of the course.", folder=True)
def autograding(name: str, data: DataChoice, points: int | None, output: Path | None) -> int:
    """Write autograding.json and Classroom 50's tests for repositories that are copies of the course.

    Two tests: the model keeps the contract (0 points), and it meets the baseline (all points). They run in the
    student's own repository, so their points are not grades: import the repositories and use `harness grade`.
    """
    out = console()
    written = opened().platforms.write_autograding(name, data=data, points=points, folder=output)
    if written.longest_seconds > MOST_SECONDS:
        out.print(
            f"note: the limits of {name} let an evaluation take {written.longest_seconds:g} s, and Classroom 50 stops "
            f"it after {MOST_SECONDS} s"
        )
    out.print(f"{', '.join(map(str, written.paths))}: 2 tests of task {name}")
    return PASSED
