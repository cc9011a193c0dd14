"""``harness leaderboard``."""

from __future__ import annotations

import click
from rich.markdown import Markdown

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, course_at, rebuild_board
from harness.leaderboard import board_markdown


@click.command()
@click.option("--show", is_flag=True, help="Show it in the terminal too.")
def leaderboard(show: bool) -> int:
    """Rebuild leaderboard/ from the records; the same records give the same bytes."""
    out = console()
    course = course_at()
    board = rebuild_board(course)
    if show:
        out.print(Markdown(board_markdown(board)))
    for bad in board.unreadable:
        out.print(f"error: {bad}: restore or remove it; it was left as it is")
    records = sum(len(group.rows) for group in board.groups)
    out.print(f"{course.leaderboard / 'README.md'}: {records} records in {len(board.groups)} groups")
    return INFRASTRUCTURE if board.unreadable else PASSED
