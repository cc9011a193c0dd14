"""How often each result has each rank when items are drawn anew."""

import numpy as np
import pytest

from harness.leaderboard._standing import Ranked, rank_shares
from harness.record import Compared
from tests.records import ACCURACY, RECORD

pytestmark = pytest.mark.unit


def ranked(*outcomes):
    return [Ranked(RECORD, ACCURACY, Compared(np.asarray(one, bool), None)) for one in outcomes]


def test_shares_of_ranks_sum_to_one_over_results_and_over_ranks():
    shares = rank_shares(ranked(np.arange(40) % 3 > 0, np.arange(40) % 4 > 0, np.arange(40) % 2 > 0))
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_the_best_model_is_always_first_and_equal_models_share_ranks():
    same = np.arange(40) % 2 > 0
    shares = rank_shares(ranked(np.ones(40), same, same))
    assert shares[0].tolist() == [1, 0, 0]
    assert 0.4 < shares[1, 1] < 0.6
