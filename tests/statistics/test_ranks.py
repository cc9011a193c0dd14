"""Intervals of ranks: what they say of clear cases, and that their limits are those of their definitions."""

import numpy as np
import pytest

from harness.statistics import (
    RankInterval,
    holm,
    mcnemar_p_value,
    probability_better,
    rank_intervals,
    resampled_means,
)
from harness.statistics._intervals import student_of_normal


def a_class(*shares, items=600, seed=0):
    """Return (M, N) whether each model is right on each item; all find the same items hard."""
    hardness = np.random.default_rng(seed).normal(size=items)
    own = np.random.default_rng(seed + 1).normal(size=(len(shares), items))
    latent = 0.7 * hardness + 0.7 * own
    limits = [np.quantile(row, 1 - share) for row, share in zip(latent, shares, strict=True)]
    return latent > np.array(limits)[:, None]


def ranks(outcomes, groups=None):
    draws = resampled_means(outcomes, groups, seed=0)
    units = outcomes.shape[1] if groups is None else len(set(groups))
    found = rank_intervals(outcomes.mean(axis=1), draws, units)
    return [(rank.low, rank.high) for rank in found.ranks]


def test_models_far_apart_have_one_rank_each():
    assert ranks(a_class(0.95, 0.8, 0.6)) == [(1, 1), (2, 2), (3, 3)]


def test_models_that_answer_alike_share_all_ranks():
    assert ranks(np.tile(a_class(0.9), (3, 1))) == [(1, 3)] * 3


def test_a_model_with_a_superset_of_the_errors_is_worse():
    right = np.arange(600)[None] < np.array([[560], [540]])
    assert ranks(right) == [(1, 1), (2, 2)]


@pytest.mark.parametrize(("items", "told_apart"), [(1, False), (4, False), (100, True)])
def test_few_items_do_not_separate_models_however_clear_they_are(items, told_apart):
    right = np.array([np.ones(items, bool), np.zeros(items, bool)])
    assert ranks(right) == ([(1, 1), (2, 2)] if told_apart else [(1, 2), (1, 2)])


def test_without_differences_beyond_noise_every_rank_is_possible():
    assert ranks(a_class(0.9, 0.9, 0.89, 0.89)) == [(1, 4)] * 4


def test_a_single_model_has_rank_one():
    found = rank_intervals(np.array([0.9]), np.full((1, 50), 0.9), 10)
    assert found.ranks == (RankInterval(1, 1, 1),)
    assert found.resolution is None


def test_intervals_are_narrower_than_holms_over_all_pairs():
    right = a_class(*np.linspace(0.97, 0.8, 12))
    pairs = [(one, two) for one in range(12) for two in range(one + 1, 12)]
    adjusted = holm([mcnemar_p_value(right[one], right[two]) for one, two in pairs])
    told_apart = sum(p <= 0.05 for p in adjusted)
    width = sum(high - low for low, high in ranks(right))
    assert width < 2 * (len(pairs) - told_apart)


@pytest.mark.compute
def test_copies_of_items_in_one_group_do_not_narrow_ranks():
    right = a_class(0.9, 0.85, items=60)
    assert ranks(right) == [(1, 2)] * 2
    copied, groups = np.repeat(right, 20, axis=1), np.repeat(np.arange(60), 20)
    assert ranks(copied) == [(1, 1), (2, 2)], "taken for items of their own, copies look like evidence"
    assert ranks(copied, groups) == [(1, 2)] * 2


def test_a_draw_of_groups_is_the_mean_of_what_they_hold():
    items, groups = np.array([[1.0, 0.0, 0.0, 1.0]]), np.array(["a", "a", "a", "b"])
    assert set(np.round(resampled_means(items, groups, seed=0)[0], 6)) == {0.333333, 0.5, 1.0}


@pytest.mark.compute
def test_poor_models_do_not_widen_the_ranks_of_the_others():
    few = a_class(*np.linspace(0.99, 0.5, 8), items=2000)
    many = np.concatenate([few, np.zeros((300, 2000), bool)])
    assert ranks(many)[:8] == ranks(few)


def test_ties_count_as_half_and_no_p_value_is_zero():
    assert probability_better(np.zeros(99), 0.0) == pytest.approx(0.5)
    assert probability_better(np.ones(99), 0.0) == pytest.approx(0.995)
    assert probability_better(np.array([1.0, 1.0, -1.0]), np.zeros(3)) == pytest.approx(2.5 / 4)


@pytest.mark.compute
@pytest.mark.parametrize("degrees", [4, 9, 29, 200])
@pytest.mark.parametrize("z", [1.0, 1.96, 3.0, 4.5])
def test_the_quantile_of_student_is_that_of_scipy_or_a_little_more(z, degrees):
    from scipy.stats import norm, t

    expected = t.isf(norm.sf(z), degrees)
    assert expected - 0.01 <= student_of_normal(z, degrees) <= 1.15 * expected


@pytest.mark.parametrize(("interval", "text"), [((3, 9, 30), "3–9 of 30"), ((1, 1, 4), "1 of 4")])
def test_an_interval_of_ranks_is_written_as_a_range(interval, text):
    assert str(RankInterval(*interval)) == text
