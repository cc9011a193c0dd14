"""``harness leaderboard``."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.api import OpenCourse
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, opened, task_option
from harness.course import published_folder, suggest
from harness.errors import UsageError
from harness.leaderboard import (
    COURSE_EXPLANATION,
    EXPLANATION,
    NOTHING_YET,
    PUBLIC_SCORES,
    Board,
    RankedGroup,
    course_board,
    course_cells,
    course_header,
    group_facts,
    group_title,
    public_table,
    resolution_sentence,
    short_table,
)
from harness.terminal import Screen
from harness.text import count_of, neutral_line

_WIDEST_HEADING = 16


@click.command()
@task_option
@click.option("--show", is_flag=True, help="Also show it in the terminal.")
@click.option("--course", "course_table", is_flag=True, help="Also show one table over all tasks, with points.")
@click.option(
    "--final",
    is_flag=True,
    help='Publish all results on private test parts that were withheld (public_score="ladder"). Needs HARNESS_PRIVATE.',
)
@click.option(
    "--withdraw",
    multiple=True,
    metavar="NAME[/TASK]",
    help="Move the records of a submission, with their history and evidence, to .harness/withdrawn. Repeatable.",
)
def leaderboard(task: str | None, show: bool, course_table: bool, final: bool, withdraw: tuple[str, ...]) -> int:
    """Rebuild leaderboard/ from the records. The same records give the same bytes."""
    out, course = console(), opened()
    for name in withdraw:
        try:
            moved = course.records.withdraw(name if task is None else f"{name}/{task}")
        except UsageError as error:
            raise UsageError(f"--withdraw {name}: {error}") from error
        for path in moved:
            task = path.relative_to(course.folders.private).parts[2]
            out.print(f"withdrawn: {path.name} · {task}, moved to {path}")
    missing = _publish_withheld(out, course, task) if final else 0
    board = course.leaderboard()
    if show:
        if task is not None and task not in board.tasks():
            raise UsageError(f"there is no record of task {task!r}{suggest(task, board.tasks())}")
        _show(out, board if task is None else board.of_task(task))
    if course_table:
        _show_course(out, board, course.points(board))
    for bad in board.unreadable:
        out.error(f"error: {bad}: restore or remove it; it was left as it is")
    records = count_of(sum(len(group.rows) for group in board.groups), "record", "records")
    groups = count_of(len(board.groups), "group", "groups")
    out.conclude(f"{course.folders.leaderboard / 'README.md'}: {records} in {groups}")
    return INFRASTRUCTURE if board.unreadable or missing else PASSED


def _publish_withheld(out: Screen, course: OpenCourse, task: str | None) -> int:
    """Publish what was withheld; return the number of full records that are not on this machine."""
    found = course.publish_withheld(task)
    for record in found.published:
        out.print(f"published in full: {record.submission.name} · {record.task.name}")
    for record in found.missing:
        folder = published_folder(record.submission.name, record.task.name)
        out.error(
            f"error: {record.submission.name} · {record.task.name}: its full record is not in HARNESS_PRIVATE here: "
            f"`harness evaluate --force {folder}` makes it anew, then call --final again"
        )
    return len(found.missing)


def _show(out: Console, board: Board) -> None:
    """Print the board in tables that fit 80 columns; long names are continued on the next line."""
    for group in board.groups:
        out.print()
        out.print(Text(f"{group.key.task} · {neutral_line(group_title(group)).replace('**', '')}", style="bold"))
        _print_wrapped(out, group_facts(group).replace("`", ""))
        table, shown = short_table(group), Table(box=None, padding=(0, 1, 0, 0))
        for number, name in enumerate(table.header):
            is_name = number == 1
            shown.add_column(
                _heading(name), justify="left" if is_name else "right", overflow="fold", no_wrap=not is_name
            )
        for row in table.rows:
            shown.add_row(*(Text(cell.strip("*").replace("\\", "")) for cell in row))
        if table.rows:
            out.print(shown)
            _print_wrapped(out, resolution_sentence(group))
        _show_public(out, group)
        for failed in (row.record for row in group.rows if row.record.status == "failed"):
            why = "" if failed.failure is None else f"{failed.failure.kind} in {failed.failure.phase}"
            out.print(Text(neutral_line(f"failed: {failed.submission.name}: {why}")))
    out.print()
    _print_wrapped(out, EXPLANATION if board.groups else NOTHING_YET)


def _show_public(out: Console, group: RankedGroup) -> None:
    """Print the results on a private part that have been released."""
    table, shown = public_table(group), Table(box=None, padding=(0, 1, 0, 0))
    for number, name in enumerate(table.header):
        shown.add_column(_heading(name), justify="right" if number else "left", overflow="fold", no_wrap=bool(number))
    for row in table.rows:
        shown.add_row(*(Text(cell.strip("*").replace("\\", "")) for cell in row))
    if table.rows:
        out.print(shown)
        _print_wrapped(out, PUBLIC_SCORES)


def _heading(name: str) -> str:
    """Return the heading of a column, broken into short lines to leave room for the others."""
    lines = [""]
    for part in name.split("_"):
        if lines[-1] and len(lines[-1]) + len(part) > _WIDEST_HEADING:
            lines.append("")
        lines[-1] += f"{part}_"
    return "\n".join(lines)[:-1]


def _show_course(out: Console, board: Board, points: dict[str, float]) -> None:
    """Print one table over all tasks."""
    whole, shown = course_board(board), Table(box=None, padding=(0, 1, 0, 0))
    header = course_header(points)
    for number, name in enumerate(header):
        is_text = number in (0, len(header) - 1)
        shown.add_column(name, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text)
    for row in whole.rows:
        shown.add_row(*(Text(cell.replace("\\", "")) for cell in course_cells(whole, row, points)))
    out.print()
    if whole.rows:
        out.print(shown)
    elif not whole.withheld:
        out.print(NOTHING_YET)
    if whole.withheld:
        out.print(f"withheld until the final board: {', '.join(whole.withheld)}")
    _print_wrapped(out, COURSE_EXPLANATION.replace("*", ""))


def _print_wrapped(out: Console, text: str) -> None:
    out.print(Text(neutral_line(text), style="dim"), soft_wrap=False)
