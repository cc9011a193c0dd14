"""What a class says about the items: labels that may be wrong, items that separate, and what a vote needs."""

import numpy as np
import pytest

from harness.leaderboard import analyse_items, build
from harness.record import Evidence, EvidenceStore
from tests.leaderboard.test_leaderboard import make_record, with_evidence

pytestmark = pytest.mark.unit

TRUTH = np.arange(40) % 3


def labels(*wrong):
    """Return the labels of a model that is wrong on these items, by one class."""
    given = TRUTH.copy()
    given[list(wrong)] = (given[list(wrong)] + 1) % 3
    return given


def analysed(tmp_path, models, **more):
    store = EvidenceStore(tmp_path)
    records = []
    for name, given in models.items():
        right = given == TRUTH
        evidence = Evidence(outcomes=right, predictions=given, **more)
        records.append(with_evidence(store, name, float(right.mean()), evidence))
    return analyse_items(build(records, store).groups[0], store)


CLASS = {
    "ann": labels(0, 1),
    "bob": labels(0, 2, 3, 4, 5),
    "cem": labels(0, 2, 3, 4, 6, 7, 8, 9),
    "dan": labels(0, *range(10, 30)),
}


def test_items_that_every_model_gets_wrong_are_named(tmp_path):
    assert [one.item for one in analysed(tmp_path, CLASS).nobody] == [0]


def test_items_that_only_the_best_or_only_the_worst_miss_are_listed(tmp_path):
    found = analysed(tmp_path, CLASS)
    assert found.reversed[0].item == 1
    assert {one.item for one in found.separating} <= set(range(10, 30))
    assert found.separating[0].discrimination > 0.9


def test_correlations_with_all_other_items_equal_those_of_numpy(tmp_path):
    right = np.stack([given == TRUTH for given in CLASS.values()])
    found = analysed(tmp_path, CLASS).separating[0]
    others = np.delete(right, found.item, axis=1).sum(axis=1)
    assert found.discrimination == pytest.approx(np.corrcoef(right[:, found.item], others)[0, 1])


def test_a_majority_vote_is_scored_with_what_each_model_adds(tmp_path):
    three = {"ann": labels(0, 1), "bob": labels(2, 3, 4), "cem": labels(0, 5, 6)}
    found = analysed(tmp_path, three).ensemble
    assert found.score == 39 / 40
    assert found.best == 38 / 40
    assert dict(found.added)["bob"] == pytest.approx(1 / 40), "without bob the vote misses what ann or cem misses"


def test_too_few_models_give_no_analysis(tmp_path):
    found = analysed(tmp_path, {"ann": labels(0), "bob": labels(1)})
    assert found.models == ("ann", "bob")
    assert not found.nobody
    assert found.ensemble is None


def test_a_model_whose_evidence_is_missing_is_named(tmp_path):
    store = EvidenceStore(tmp_path)
    found = analyse_items(build([make_record("ann", 0.9)], store).groups[0], store)
    assert found.without_evidence == ("ann",)
