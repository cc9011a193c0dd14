"""``harness export junit`` and ``harness export comment``: results for continuous integration."""

from __future__ import annotations

from pathlib import Path

import click

from harness.ci import ChangePolicy, Outside
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, opened, output_option, task_option
from harness.export.junit import junit_xml, suites_of
from harness.files import write_atomically
from harness.text import count_of


@click.command()
@task_option
@output_option("Where to write.", default="junit.xml")
def junit(task: str | None, output: Path) -> int:
    """Write the newest records as JUnit XML, with a test suite for each record."""
    out, course = console(), opened()
    records, unreadable = course.records.of_task(task), course.records.unreadable
    for bad in unreadable:
        out.error(f"error: {bad}: restore or remove it")
    write_atomically(output, junit_xml(suites_of(records)))
    out.conclude(f"{output}: {count_of(len(records), 'record', 'records')}")
    return INFRASTRUCTURE if unreadable else PASSED


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--base", required=True, metavar="REF", help="The commit that the change is to be merged into.")
@click.option("--head", required=True, metavar="REF", help="The commit with the change.")
@click.option("--author", metavar="NAME", help="The only person whose submissions may change. By default, anybody's.")
@click.option("--outside", type=click.Choice(["refuse", "report"]), default="refuse", show_default=True)
@output_option("Where to write.", default="comment.md")
def comment(result: Path, base: str, head: str, author: str | None, outside: Outside, output: Path) -> int:
    """Write the comment for RESULT of `harness ci`, which somebody else may have written.

    What the change touches is determined again, and a result that does not belong to this change is not shown.
    """
    policy = ChangePolicy(outside, author)
    text = opened().changes.comment(result, base, head, policy=policy)
    write_atomically(output, text.encode())
    console().conclude(f"{output}: {len(text):,} characters")
    return PASSED
