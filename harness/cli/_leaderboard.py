"""``harness leaderboard``."""

from __future__ import annotations

from datetime import datetime

import click
from rich.console import Console
from rich.markdown import Markdown

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, course_at, rebuild_board, stores_of
from harness.course import Course, suggest
from harness.errors import UsageError
from harness.leaderboard import board_markdown


@click.command()
@click.option("--show", is_flag=True, help="Show it in the terminal too.")
@click.option(
    "--withdraw",
    multiple=True,
    metavar="NAME[/TASK]",
    help="Take the records of a submission away, with their history and evidence. Repeatable.",
)
def leaderboard(show: bool, withdraw: tuple[str, ...]) -> int:
    """Rebuild leaderboard/ from the records; the same records give the same bytes."""
    out = console()
    course = course_at()
    for name in withdraw:
        _withdraw(out, course, name)
    board = rebuild_board(course)
    if show:
        out.print(Markdown(board_markdown(board)))
    for bad in board.unreadable:
        out.print(f"error: {bad}: restore or remove it; it was left as it is")
    records = sum(len(group.rows) for group in board.groups)
    out.print(f"{course.leaderboard / 'README.md'}: {records} records in {len(board.groups)} groups")
    return INFRASTRUCTURE if board.unreadable else PASSED


def _withdraw(out: Console, course: Course, asked: str) -> None:
    """Move the records of one submission out of the leaderboard, all its tasks' or one's.

    Raises:
        UsageError: there is none.
    """
    stores = stores_of(course)
    folder = course.leaderboard / "records"
    kept = {
        ("/".join(path.relative_to(folder).with_suffix("").parts[1:]), path.relative_to(folder).parts[0])
        for path in (*folder.glob("*/*.json"), *folder.glob("*/reference/*.json"))
    }
    wanted = {(name, task) for name, task in kept if asked in (name, f"{name}/{task}")}
    if not wanted:
        raise UsageError(f"--withdraw {asked}: there is no such record{suggest(asked, {name for name, _ in kept})}")
    to = course.private / "withdrawn" / f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S.%f}"
    for name, task in sorted(wanted):
        stores.withdraw(task, name, to)
        out.print(f"withdrawn: {name} · {task}, moved to {to / task / name}")
