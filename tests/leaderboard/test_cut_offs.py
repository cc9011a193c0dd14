"""What share of a class passes each cut-off, and for how many it is a close call."""

import pytest

from harness.leaderboard import build, cut_offs
from harness.record import EvidenceStore, Score
from tests.leaderboard.test_leaderboard import make_record

pytestmark = pytest.mark.unit


def group(tmp_path, **values):
    records = [make_record(name.replace("ref_", "reference/"), value) for name, value in values.items()]
    return build(records, EvidenceStore(tmp_path)).groups[0]


def test_each_cut_off_counts_those_who_reach_it_and_close_cases(tmp_path):
    found = cut_offs(group(tmp_path, ann=0.95, bob=0.90, cem=0.895, dan=0.70, ref_mlp=0.99), ((0.9, 6.0), (0.96, 10.0)))
    assert [(one.score, one.points, one.reached, one.undecided, one.of) for one in found] == [
        (0.5, None, 4, 0, 4),
        (0.9, 6.0, 2, 2, 4),
        (0.96, 10.0, 0, 1, 4),
    ]
    assert str(found[1]) == "0.9 (6 points): 2 of 4 reach it (50 %), 2 of them or of the rest within their interval"
    assert str(found[0]) == "0.5 (the baseline): 4 of 4 reach it (100 %)"


def test_where_lower_is_better_lower_scores_reach_a_cut_off(tmp_path):
    errors = [
        Score(name="mae", value=v, low=v - 1, high=v + 1, higher_is_better=False, unit="mm", primary=True)
        for v in (5.0, 9.0, 12.0)
    ]
    records = [make_record(f"s{number}", scores=(one,)) for number, one in enumerate(errors)]
    found = cut_offs(build(records, EvidenceStore(tmp_path)).groups[0], ((14, 0.0), (9.5, 6.0), (5, 10.0)))
    assert [(one.score, one.reached) for one in found] == [(14, 3), (9.5, 2), (5, 1), (0.5, 0)]


def test_a_class_without_scores_has_no_cut_offs(tmp_path):
    assert cut_offs(group(tmp_path, ann=None), ((0.9, 6.0),)) == ()
    assert cut_offs(group(tmp_path, ref_mlp=0.9), ((0.9, 6.0),)) == ()
