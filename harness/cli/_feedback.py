"""``harness feedback``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.api import RuleFiles
from harness.cli import PASSED
from harness.cli._grades_options import ShownWarnings, rule_options
from harness.cli._options import console, opened, output_option
from harness.text import count_of, neutral_line


@click.command()
@click.option("--task", required=True, metavar="TASK", help="The task that the feedback is about.")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Moodle's grading worksheet with everybody's number. By default the numbers of the download are used.",
)
@rule_options
@output_option("Folder to write to. By default .harness/feedback.", folder=True)
def feedback(task: str, worksheet: Path | None, rules: RuleFiles, output: Path | None) -> int:
    """Write a page and a short text for everybody in the class, and zips of them for Moodle and Canvas.

    For the people who mark, .harness/marking/TASK/index.html shows all of them, with the README, pictures, PDF, pages
    and notebooks that were handed in.
    """
    out, course = console(), opened()
    entries = course.grades.entries(task, files=rules, follower=ShownWarnings())
    written = course.grades.write_feedback(task, entries, worksheet=worksheet, folder=output)
    for one in written.zips:
        for who in one.left_out:
            out.print(f"  not in {one.path.name}: {neutral_line(who)}")
        out.print(f"{one.path}: {one.size:,} bytes")
    out.print(f"{written.folder}: feedback for {count_of(written.people, 'person', 'people')}")
    out.print(f"{written.marking}: for the people who mark")
    return PASSED
