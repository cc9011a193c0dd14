"""The leaderboard is built once by a command, and again only if somebody else added records meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.api._board import BuiltBoard, rebuild_board, stores_of
from harness.course import Course
from tests.records import RECORD, changed

pytestmark = pytest.mark.unit


def test_a_board_that_is_shown_is_written_unless_records_came_since(tmp_path: Path) -> None:
    course = Course(tmp_path)
    stores_of(course).records.write(RECORD)
    built = BuiltBoard.of(course)
    assert rebuild_board(course, built) is built.board
    written = (course.leaderboard / "README.md").read_text()
    rebuild_board(course)
    assert (course.leaderboard / "README.md").read_text() == written
    stores_of(course).records.write(changed(submission={"name": "zoe"}))
    newer = rebuild_board(course, built)
    assert newer is not built.board
    assert "zoe" in (course.leaderboard / "README.md").read_text()
