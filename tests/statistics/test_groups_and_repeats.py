"""Intervals over groups of items and over repeated trainings, against the formulas they come from."""

import numpy as np
import pytest

from harness.statistics import (
    Interval,
    above_p_value,
    bootstrap,
    percentile_interval,
    proportion_interval,
    seed_noise,
    wilson_interval,
    with_repeats,
)

pytestmark = pytest.mark.unit

RIGHT = np.random.default_rng(0).random(120) < 0.8
PEOPLE = np.repeat(np.arange(12), 10)


def width(interval):
    return interval.high - interval.low


def test_one_repeat_without_groups_has_the_wilson_interval():
    assert proportion_interval(RIGHT) == wilson_interval(int(RIGHT.sum()), 120)


def test_copies_of_an_item_in_its_group_do_not_narrow_the_interval():
    copied = proportion_interval(np.repeat(RIGHT, 5), np.repeat(np.arange(120), 5))
    assert width(copied) == pytest.approx(width(wilson_interval(int(RIGHT.sum()), 120)), rel=0.03)
    assert width(proportion_interval(np.repeat(RIGHT, 5))) < width(copied) / 2


def test_groups_that_are_alike_by_chance_do_not_count_as_more_items():
    alternating = np.tile([True, False], 60)
    assert width(proportion_interval(alternating, PEOPLE)) >= width(wilson_interval(60, 120))


def test_where_everything_is_right_groups_count_and_not_items():
    low, high = proportion_interval(np.ones(120, bool), PEOPLE)
    assert high == 1
    assert low < wilson_interval(12, 12).low


def test_repeats_that_err_on_the_same_items_do_not_narrow_the_interval():
    same = proportion_interval(np.tile(RIGHT, (3, 1)))
    assert width(same) == pytest.approx(width(proportion_interval(RIGHT)), rel=0.02)


def test_repeats_that_err_on_different_items_narrow_the_interval():
    other = np.stack([np.random.default_rng(seed).permutation(RIGHT) for seed in range(3)])
    assert width(proportion_interval(other)) < 0.75 * width(proportion_interval(RIGHT))


def test_the_interval_over_repeats_adds_the_variance_of_seeds():
    from scipy.stats import t

    values = [0.8, 0.9, 0.85]
    low, high = with_repeats(0.85, Interval(0.82, 0.89), values)
    own = t.ppf(0.975, 2) * np.std(values, ddof=1) / np.sqrt(3)
    assert (low, high) == pytest.approx((0.85 - np.hypot(0.03, own), 0.85 + np.hypot(0.04, own)), abs=0.006)


def test_one_training_leaves_the_interval_unchanged():
    assert with_repeats(0.85, Interval(0.82, 0.89), [0.85]) == (0.82, 0.89)


def test_the_bootstrap_draws_whole_groups():
    seen = []
    bootstrap(lambda items: seen.append(np.bincount(items, minlength=120).reshape(12, 10)) or 0.0, 120, 0, 20, PEOPLE)
    assert all((counts == counts[:, :1]).all() and counts[:, 0].sum() == 12 for counts in seen)


def test_few_groups_widen_the_percentiles():
    draws = np.random.default_rng(0).normal(size=1000)
    assert width(percentile_interval(draws, 6)) > 1.3 * width(percentile_interval(draws, 10_000))


def test_the_p_value_at_an_end_of_the_interval_is_its_tail_probability():
    assert above_p_value(0.9, Interval(0.8, 0.95), 0.8) == pytest.approx(0.025)
    assert above_p_value(0.9, Interval(0.8, 0.95), 0.95) == pytest.approx(0.975)
    assert above_p_value(1.0, Interval(1.0, 1.0), 0.9) == 0


def test_the_noise_of_seeds_is_pooled_over_models_trained_repeatedly():
    steady, shaky, once = [0.9] * 5, [0.85, 0.9, 0.95, 0.88, 0.92], [0.8]
    noise = seed_noise([steady, shaky, once], seed=0, resamples=4000)
    expected = np.sqrt(np.var(shaky, ddof=1) / np.array([2, 1]) / 5)
    assert noise[:2].std(axis=1) == pytest.approx(expected * np.sqrt(8 / 6), rel=0.1)
    assert not noise[2].any()
    assert not seed_noise([once, once], seed=0).any()
