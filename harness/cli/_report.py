"""``harness report``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import INFRASTRUCTURE, PASSED, USAGE
from harness.cli._options import console, opened, output_option, task_option
from harness.errors import HarnessError, UsageError
from harness.files import write_atomically


@click.command()
@click.argument("path", metavar="PATH")
@task_option
@click.option(
    "--audience",
    type=click.Choice(["student", "instructor", "public"]),
    default="student",
    show_default=True,
    help="Who the page is for. instructor adds scored items; public leaves out logs, messages and history.",
)
@output_option("Folder to write to. By default .harness/reports.", folder=True)
def report(path: str, task: str | None, audience: str, output: Path | None) -> int:
    """Write a page about a submission's newest record: verdict, findings, pictures, limits, failure.

    The page may contain unpublished information: it is for the author and the people who mark.
    """
    out, course = console(), opened((path,))
    folder = output or course.folders.private / "reports"
    problems = []
    for submission in course.submissions(path, task=task):
        try:
            page = course.pages.report(submission, audience=audience)
        except (HarnessError, OSError) as error:  # the other submissions still get their pages
            problems.append(error)
            console(stderr=True).error(f"error: {error}")
            continue
        file = folder / f"{submission.name.replace('/', '-')}-{submission.task}.html"
        write_atomically(file, page.encode())
        out.conclude(f"{submission}: {file}")
    if problems:
        return USAGE if all(isinstance(error, UsageError) for error in problems) else INFRASTRUCTURE
    return PASSED
