"""Render the table over all tasks as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from tabulate import tabulate

from harness.leaderboard._course_board import WITHIN, CourseBoard, CourseRow
from harness.text import neutral_markdown

COURSE_EXPLANATION = (
    "The table is ordered by the Borda count: the number of models that score lower, summed over tasks. A mean rank is "
    "over the tasks for which a submission has a score, with the means of the ends of its ranges of ranks. *In 1 %* is "
    "the share of all tasks in which a score is at most 1 % below the best one; a missing task counts as not close. "
    "*Met* counts baselines. Points come from the tasks' cut-offs, before lateness and instructors' decisions."
)


def course_header(points: Mapping[str, float]) -> list[str]:
    """Return the names of the columns, including points if any are known."""
    within = [f"in {100 * share:.0f} %" for share in WITHIN]
    return [
        "submission",
        *(["points"] if points else []),
        "met",
        "mean rank",
        "Borda",
        *within,
        "no score",
    ]


def course_cells(board: CourseBoard, row: CourseRow, points: Mapping[str, float]) -> list[str]:
    """Return the cells of one row; `points` holds those of each submission, if tasks have cut-offs."""
    rank = row.mean_rank
    lacking = [*(f"{task} (failed)" for task in row.failed), *row.missing]
    return [
        neutral_markdown(row.submission),
        *([f"{points.get(row.submission, 0.0):.1f}"] if points else []),
        f"{row.met} of {len(board.tasks)}",
        "" if rank is None else f"{rank.value:.1f} ({rank.low:.1f}\N{EN DASH}{rank.high:.1f})",
        str(row.borda),
        *(f"{100 * share:.0f} %" for share in map(row.profile, WITHIN)),
        ", ".join(lacking) or "none",
    ]


def course_markdown(board: CourseBoard) -> str:
    """Return the page of the course, without points."""
    rows, header = [course_cells(board, row, {}) for row in board.rows], course_header({})
    align = ("left", *("right" for _ in header[1:-1]), "left")
    table = tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)
    withheld = f" Withheld until the final board: {', '.join(board.withheld)}." if board.withheld else ""
    return f"# All tasks\n\nOver {', '.join(board.tasks)}.{withheld}\n\n{table}\n\n{COURSE_EXPLANATION}\n"
