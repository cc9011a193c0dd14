"""Build and render the leaderboard, a pure function of records and evidence."""

from harness.leaderboard._build import Board, BoardRow, RankedGroup, best_first, build, distribution_of_ranks
from harness.leaderboard._course_board import WITHIN, CourseBoard, CourseRow, MeanRank, course_board
from harness.leaderboard._cut_offs import CutOff, cut_offs
from harness.leaderboard._item_analysis import Ensemble, ItemAnalysis, ItemFinding, analyse_items
from harness.leaderboard._kept_standings import KeptStandings
from harness.leaderboard._write_board import (
    EXPLANATION,
    NOTHING_YET,
    PUBLIC_SCORES,
    BoardTable,
    board_markdown,
    group_facts,
    group_title,
    percent,
    public_table,
    ratio_with_interval,
    resolution_sentence,
    short_table,
    task_markdown,
    write_board,
)
from harness.leaderboard._write_course import COURSE_EXPLANATION, course_cells, course_header

__all__ = [
    "COURSE_EXPLANATION",
    "EXPLANATION",
    "NOTHING_YET",
    "PUBLIC_SCORES",
    "WITHIN",
    "Board",
    "BoardRow",
    "BoardTable",
    "CourseBoard",
    "CourseRow",
    "CutOff",
    "Ensemble",
    "ItemAnalysis",
    "ItemFinding",
    "KeptStandings",
    "MeanRank",
    "RankedGroup",
    "analyse_items",
    "best_first",
    "board_markdown",
    "build",
    "course_board",
    "course_cells",
    "course_header",
    "cut_offs",
    "distribution_of_ranks",
    "group_facts",
    "group_title",
    "percent",
    "public_table",
    "ratio_with_interval",
    "resolution_sentence",
    "short_table",
    "task_markdown",
    "write_board",
]
