"""One table over all tasks: what is missing is said and not guessed."""

import pytest

from harness.leaderboard import WITHIN, MeanRank, board_markdown, build, course_board, write_board
from harness.record import EvidenceStore
from tests.leaderboard.test_leaderboard import make_record

pytestmark = pytest.mark.unit


def a_board(tmp_path):
    found = [
        *(make_record("alice", value, task=task) for task, value in (("usps", 0.9), ("spect", 0.5), ("bccd", 0.6))),
        make_record("bob", 0.895, task="usps"),
        make_record("bob", task="spect"),
        make_record("carl", 0.7, task="usps"),
        make_record("carl", 0.9, task="spect"),
        make_record("dan", 0.99, task="usps", source="canonical"),
    ]
    return build(found, EvidenceStore(tmp_path / "evidence"))


def rows(tmp_path):
    return {row.submission: row for row in course_board(a_board(tmp_path)).rows}


def test_each_task_counts_with_its_real_data_only(tmp_path):
    found = rows(tmp_path)
    assert found["dan"].scored == ("usps",)
    assert found["alice"].missing == ("usps",)


def test_missing_and_failed_tasks_are_named(tmp_path):
    bob = rows(tmp_path)["bob"]
    assert (bob.scored, bob.failed, bob.missing) == ((), ("spect",), ("bccd", "usps"))
    assert bob.mean_rank is None
    assert bob.borda == 0


def test_borda_counts_the_models_that_score_lower_and_orders_the_table(tmp_path):
    found = course_board(a_board(tmp_path)).rows
    assert [(row.submission, row.borda) for row in found] == [("carl", 1), ("alice", 0), ("dan", 0), ("bob", 0)]


def test_the_mean_rank_is_over_scored_tasks_and_has_the_ends_of_ranges(tmp_path):
    found = rows(tmp_path)
    assert found["alice"].mean_rank == MeanRank(value=1.5, low=1.5, high=1.5)
    close = [
        make_record(name, value, task=task) for task in ("usps", "bccd") for name, value in (("a", 0.9), ("b", 0.895))
    ]
    board = build(close, EvidenceStore(tmp_path / "evidence"))
    first, second = course_board(board).rows
    assert (first.mean_rank, second.mean_rank) == (MeanRank(1, 1, 2), MeanRank(2, 1, 2))


def test_the_profile_is_the_share_of_all_tasks_close_to_the_best(tmp_path):
    found = rows(tmp_path)
    assert [found["alice"].profile(share) for share in (0, 0.4, 0.5)] == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert found["bob"].profile(1) == 0
    near = [make_record(name, value, task="usps") for name, value in (("a", 0.9), ("b", 0.87), ("c", 0.5))]
    board = build(near, EvidenceStore(tmp_path / "evidence"))
    assert [[row.profile(share) for share in WITHIN] for row in course_board(board).rows] == [[1, 1], [0, 1], [0, 0]]


def test_a_page_of_all_tasks_is_written_where_there_are_several(tmp_path):
    board = a_board(tmp_path)
    write_board(tmp_path / "several", board)
    page = (tmp_path / "several" / "ALL_TASKS.md").read_text()
    assert "spect (failed), bccd, usps" in page
    assert "ALL_TASKS.md" in board_markdown(board)
    write_board(tmp_path / "one", build([make_record("alice", 0.9)], EvidenceStore(tmp_path / "evidence")))
    assert not (tmp_path / "one" / "ALL_TASKS.md").exists()
