"""The table over all tasks of a course."""

from __future__ import annotations

from dataclasses import dataclass

from harness.leaderboard import WITHIN, CourseBoard, CourseRow
from harness.site._board_sections import REFERENCE, SiteCell, SiteColumn
from harness.text import as_percent, count_of


@dataclass(frozen=True)
class SiteCourse:
    """The tables over all tasks, from the records of one machine; names are those that may be shown."""

    machine: str
    board: CourseBoard

    @property
    def about(self) -> str:
        """A sentence that says how many tasks and which machine the tables cover."""
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
"""Maximum number of missing tasks that are named; if more are missing, only their number is shown."""

COURSE_COLUMNS = (
    SiteColumn("submission", "The table is ordered by the Borda count", "name"),
    SiteColumn("Borda", "How many models score lower, summed over tasks"),
    SiteColumn("baselines met", "How many of the tasks' baselines it meets"),
    SiteColumn("mean rank", "The mean over the tasks with a score, and the means of both ends of its ranges of ranks"),
    *(
        SiteColumn(
            f"within {as_percent(share)}",
            f"The share of all tasks in which its score is at most {as_percent(share)} below the best one",
        )
        for share in WITHIN
    ),
    SiteColumn("no score", "The tasks for which it has no score", "wrap"),
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
