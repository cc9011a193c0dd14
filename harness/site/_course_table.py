"""The table over all tasks of a course."""

from __future__ import annotations

from dataclasses import dataclass

from harness.leaderboard import WITHIN, CourseBoard, CourseRow
from harness.site._board_sections import REFERENCE, SiteCell, SiteColumn
from harness.text import as_percent, count_of


@dataclass(frozen=True)
class SiteCourse:
    """What is shown of all tasks together, from the records of one machine, under the names that may be shown."""

    machine: str
    board: CourseBoard

    @property
    def about(self) -> str:
        """What the tables are over."""
        return f"Over {count_of(len(self.board.tasks), 'task', 'tasks')}, from the records of {self.machine}."

    @property
    def submissions(self) -> list[tuple[SiteCell, ...]]:
        """The cells of each row of a submission, the best first."""
        return [_cells(self.board, row) for row in self.board.rows if not row.submission.startswith(REFERENCE)]

    @property
    def references(self) -> list[tuple[SiteCell, ...]]:
        """The cells of each row of a reference, the best first."""
        return [_cells(self.board, row) for row in self.board.rows if row.submission.startswith(REFERENCE)]


_MOST_NAMED = 4
"""How many missing tasks are named; of more only the number is said."""

COURSE_COLUMNS = (
    SiteColumn("submission", "The table is ordered by the Borda count", "name"),
    SiteColumn("Borda", "How many models score lower, summed over tasks"),
    SiteColumn("baselines met", "How many of the tasks' baselines it meets"),
    SiteColumn("mean rank", "Over the tasks with a score, with the means of the ends of its ranges of ranks"),
    *(
        SiteColumn(
            f"within {as_percent(share)}",
            f"The share of all tasks in which it is at most {as_percent(share)} below the best score",
        )
        for share in WITHIN
    ),
    SiteColumn("no score", "The tasks that it has no score for", "wrap"),
)


def _cells(board: CourseBoard, row: CourseRow) -> tuple[SiteCell, ...]:
    rank = row.mean_rank
    missing = row.missing if len(row.missing) <= _MOST_NAMED else (f"{len(row.missing)} tasks",)
    lacking = [*(f"{task} (failed)" for task in row.failed), *missing]
    shares = [row.profile(share) for share in WITHIN]
    return (
        SiteCell(row.submission),
        SiteCell(str(row.borda), row.borda),
        SiteCell(f"{row.met} of {len(board.tasks)}", row.met),
        SiteCell("") if rank is None else SiteCell(f"{rank.value:.1f} ({rank.low:.1f}–{rank.high:.1f})", rank.value),
        *(SiteCell(as_percent(share), share) for share in shares),
        SiteCell(", ".join(lacking)),
    )
