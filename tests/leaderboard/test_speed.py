"""Ranks by speed respect intervals, and the front respects both ranks."""

import msgspec
import pytest

from harness.leaderboard import board_markdown, build, task_markdown
from harness.leaderboard._speed import front, speed_ranks
from harness.record import EvidenceStore, Latency, Record, Uncertainty
from harness.statistics import RankInterval
from tests.records import RECORD, changed

pytestmark = pytest.mark.unit


def latency(ratio, rounds=0.02, processes=0.02, channel=0.5):
    return Latency(
        batch=1,
        n=64,
        p50_seconds=0.002,
        net_p50_seconds=0.001,
        p90_bound_seconds=0.003,
        iqr_ratio=0.05,
        noisy=False,
        channel_seconds=0.0005,
        ratio_to_yardstick=ratio,
        ratio_low=ratio and 0.9 * ratio,
        ratio_high=ratio and 1.1 * ratio,
        uncertainty=Uncertainty(rounds=rounds, processes=processes, channel=channel),
    )


def timed(name, ratio, value=0.9, **terms):
    scores = (msgspec.structs.replace(RECORD.scores[0], value=value, low=value - 0.001, high=value + 0.001),)
    return changed(submission={"name": name}, scores=scores, cost={"latency": latency(ratio, **terms)})


def test_two_models_with_overlapping_intervals_share_a_rank():
    assert speed_ranks([timed("a", 0.98), timed("b", 1.0), timed("c", 2.0)]) == [1, 1, 3]


def test_an_error_of_the_channel_common_to_both_hides_no_difference():
    assert speed_ranks([timed("a", 1.0, channel=0.5), timed("b", 1.3, channel=0.5)]) == [1, 2]


def test_a_wide_interval_between_rounds_makes_a_tie():
    assert speed_ranks([timed("a", 1.0, rounds=0.3), timed("b", 1.3, rounds=0.3)]) == [1, 1]


def test_without_a_ratio_or_its_interval_there_is_no_rank():
    old = changed(cost={"latency": msgspec.structs.replace(latency(1.0), uncertainty=None)})
    assert speed_ranks([timed("a", None), old, RECORD, timed("b", 1.0)]) == [None, None, None, 1]


def pairs(*ranks):
    return [(RankInterval(low=low, high=high, of=len(ranks)), speed) for low, high, speed in ranks]


def test_the_pareto_front_holds_models_that_none_beats_in_both_ranks():
    ranks = pairs((1, 1, 3), (2, 3, 1), (2, 3, 2), (4, 4, 4), (5, 5, None))
    assert front(ranks) == [True, True, False, False, False]


def test_equal_models_are_all_on_the_pareto_front():
    assert front(pairs((1, 2, 1), (1, 2, 1), (3, 3, 1))) == [True, True, False]


def test_of_two_equal_scores_only_the_faster_model_is_on_the_front():
    assert front(pairs((1, 2, 2), (1, 2, 1))) == [False, True]


def test_the_board_shows_the_interval_the_rank_and_the_front(tmp_path):
    records = [timed("ann", 1.0, value=0.95), timed("bob", 3.0, value=0.90), timed("cem", 1.02, value=0.80)]
    board = build(records, EvidenceStore(tmp_path))
    text = task_markdown("blobs", board.groups)
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    assert {row[1]: row[-2:] for row in cells[1:]} == {
        "ann": ["1.00 ± 0.10", "1 ◆"],
        "bob": ["3.00 ± 0.30", "3"],
        "cem": ["1.02 ± 0.10", "1"],
    }
    assert "1.00 × ◆ |" in board_markdown(board)


def test_a_record_of_an_earlier_version_is_shown_without_an_interval(tmp_path):
    raw = msgspec.to_builtins(timed("old", 1.0))
    for key in ("ratio_low", "ratio_high", "uncertainty", "rounds", "void_rounds", "stopped", "net_low_seconds"):
        del raw["cost"]["latency"][key]
    record = msgspec.convert(raw, Record)
    groups = build([record], EvidenceStore(tmp_path)).groups
    assert "| 1.00 |" in " ".join(task_markdown("blobs", groups).split())
