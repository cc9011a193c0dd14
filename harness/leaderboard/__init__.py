"""Build and render the leaderboard, a pure function of records and evidence."""

from harness.leaderboard._build import Board, BoardRow, RankedGroup, best_first, build, distribution_of_ranks
from harness.leaderboard._kept_standings import KeptStandings
from harness.leaderboard._write_board import (
    EXPLANATION,
    NOTHING_YET,
    BoardTable,
    board_markdown,
    format_seconds,
    group_facts,
    group_title,
    percent,
    ratio_with_interval,
    resolution_sentence,
    short_table,
    task_markdown,
    write_board,
)

__all__ = [
    "EXPLANATION",
    "NOTHING_YET",
    "Board",
    "BoardRow",
    "BoardTable",
    "KeptStandings",
    "RankedGroup",
    "best_first",
    "board_markdown",
    "build",
    "distribution_of_ranks",
    "format_seconds",
    "group_facts",
    "group_title",
    "percent",
    "ratio_with_interval",
    "resolution_sentence",
    "short_table",
    "task_markdown",
    "write_board",
]
