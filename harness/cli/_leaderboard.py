"""``harness leaderboard``."""

from __future__ import annotations

import click
from rich.markdown import Markdown

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, opened
from harness.errors import UsageError
from harness.leaderboard import board_markdown
from harness.text import count_of


@click.command()
@click.option("--show", is_flag=True, help="Also show it in the terminal.")
@click.option(
    "--withdraw",
    multiple=True,
    metavar="NAME[/TASK]",
    help="Move the records of a submission, with their history and evidence, to .harness/withdrawn. Repeatable.",
)
def leaderboard(show: bool, withdraw: tuple[str, ...]) -> int:
    """Rebuild leaderboard/ from the records. The same records give the same bytes."""
    out, course = console(), opened()
    for name in withdraw:
        try:
            moved = course.records.withdraw(name)
        except UsageError as error:
            raise UsageError(f"--withdraw {name}: {error}") from error
        for path in moved:
            task = path.relative_to(course.folders.private).parts[2]
            out.print(f"withdrawn: {path.name} · {task}, moved to {path}")
    board = course.leaderboard()
    if show:
        out.print(Markdown(board_markdown(board)))
    for bad in board.unreadable:
        out.error(f"error: {bad}: restore or remove it; it was left as it is")
    records = count_of(sum(len(group.rows) for group in board.groups), "record", "records")
    groups = count_of(len(board.groups), "group", "groups")
    out.conclude(f"{course.folders.leaderboard / 'README.md'}: {records} in {groups}")
    return INFRASTRUCTURE if board.unreadable else PASSED
