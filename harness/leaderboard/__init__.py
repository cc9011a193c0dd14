"""Build and render the leaderboard, a pure function of records and evidence."""

from harness.leaderboard._build import Board, BoardRow, RankedGroup, best_first, build
from harness.leaderboard._write_board import board_markdown, format_seconds, ratio_with_interval, write_board

__all__ = [
    "Board",
    "BoardRow",
    "RankedGroup",
    "best_first",
    "board_markdown",
    "build",
    "format_seconds",
    "ratio_with_interval",
    "write_board",
]
