"""Statistics against the libraries people trust, and against their own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics import (
    Interval,
    binomial_p_value,
    bootstrap,
    holm,
    interquartile_ratio,
    mcnemar_p_value,
    paired_bootstrap_p_value,
    percentile_interval,
    quantile_bound_rank,
    rank_sum_p_value,
    tie_groups,
    unpaired_p_value,
    wilson_interval,
)

proportions = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80).map(lambda rows: np.array(rows).T)


@pytest.mark.compute
@given(proportions, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_wilson_interval_equals_that_of_statsmodels(proportion, confidence):
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(*proportion, alpha=1 - confidence, method="wilson")
    assert wilson_interval(*proportion, confidence) == pytest.approx(expected, abs=1e-9)


@given(proportions)
def test_the_wilson_interval_contains_the_proportion_within_zero_and_one(proportion):
    low, high = wilson_interval(*proportion)
    assert 0 <= low <= proportion[0] / proportion[1] <= high <= 1


@pytest.mark.compute
@given(proportions, st.floats(0.01, 0.99))
def test_the_exact_binomial_test_equals_that_of_scipy(proportion, share):
    from scipy.stats import binomtest

    expected = binomtest(*proportion, share, alternative="greater").pvalue
    assert binomial_p_value(*proportion, share) == pytest.approx(expected, rel=1e-6, abs=1e-300)


@pytest.mark.compute
@pytest.mark.parametrize("successes", [1, 30_400, 90_500, 100_000])
def test_the_exact_binomial_test_is_exact_for_large_counts(successes):
    from scipy.stats import binomtest

    expected = binomtest(successes, 100_000, 0.3 if successes < 50_000 else 0.9, alternative="greater").pvalue
    found = binomial_p_value(successes, 100_000, 0.3 if successes < 50_000 else 0.9)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-300)


@pytest.mark.parametrize(("share", "p_value"), [(0.0, 0.0), (1.0, 1.0)])
def test_probabilities_of_zero_and_one_have_p_values(share, p_value):
    assert binomial_p_value(5, 9, share) == p_value


@pytest.mark.compute
@given(outcomes)
def test_the_mcnemar_test_equals_that_of_statsmodels(pair):
    from statsmodels.stats.contingency_tables import mcnemar

    first, second = pair
    table = [[np.sum(first & second), np.sum(first & ~second)], [np.sum(~first & second), np.sum(~first & ~second)]]
    expected = 1.0 if table[0][1] + table[1][0] == 0 else mcnemar(table, exact=True).pvalue
    assert mcnemar_p_value(first, second) == pytest.approx(expected, abs=1e-12)
    assert mcnemar_p_value(second, first) == mcnemar_p_value(first, second)


@pytest.mark.thorough
@pytest.mark.compute
@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
def test_holms_correction_equals_that_of_statsmodels(count):
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(count).random(count) ** 3
    assert holm(p_values.tolist()) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_equal_p_values_stay_equal():
    assert holm([0.01, 0.5, 0.01]) == pytest.approx([0.03, 0.5, 0.03])


def test_holms_correction_of_no_p_values_is_empty():
    assert holm([]) == []


@pytest.mark.compute
@given(st.integers(0, 3000), st.sampled_from([0.05, 0.1, 0.5]), st.sampled_from([0.01, 0.05]))
def test_the_bound_is_the_largest_rank_that_mlperfs_rule_allows(n, share, error):
    from scipy.stats import binom

    rank = quantile_bound_rank(n, share, error)
    allowed = np.flatnonzero(binom.cdf(np.arange(1, n + 1), n, share) <= error) + 1
    assert rank == (allowed[-1] if len(allowed) else None)


def test_sixty_four_samples_are_the_fewest_that_bound_a_percentile():
    assert quantile_bound_rank(63) is None
    assert quantile_bound_rank(64) == 1


def test_the_bound_is_above_the_quantile_as_often_as_it_says():
    generator = np.random.default_rng(5)
    samples = np.sort(generator.exponential(size=(4000, 300)), axis=1)
    bounds = samples[:, -quantile_bound_rank(300)]
    assert np.mean(bounds >= np.log(10)) >= 0.985  # .99, less four standard errors


def mean_of(values):
    return lambda indices: float(values[indices].mean())


def test_the_bootstrap_depends_on_its_seed_alone():
    values = np.arange(50.0)
    before = np.random.get_state()[1].tolist()
    first, again, other = (bootstrap(mean_of(values), 50, seed, 40) for seed in (1, 1, 2))
    assert np.random.get_state()[1].tolist() == before
    assert first.tolist() == again.tolist() != other.tolist()
    assert len(first) == 40


def test_equal_seeds_resample_the_same_items_for_everybody():
    values = np.random.default_rng(0).random(50)
    assert bootstrap(mean_of(values + 1), 50, 3) - bootstrap(mean_of(values), 50, 3) == pytest.approx(np.ones(1000))


def test_the_percentile_interval_of_a_mean_is_about_that_of_the_normal():
    values = np.random.default_rng(0).normal(size=2000)
    low, high = percentile_interval(bootstrap(mean_of(values), 2000, 0), 2000)
    error = values.std() / np.sqrt(2000)
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.2 * error)


def test_two_figures_without_a_difference_cannot_be_told_apart():
    draws = np.linspace(0, 1, 1000)
    assert paired_bootstrap_p_value(draws, draws) == 1.0


def test_a_bootstrap_p_value_is_never_zero():
    assert paired_bootstrap_p_value(np.ones(999), np.zeros(999)) == pytest.approx(0.002)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_a_bootstrap_p_value_does_not_depend_on_the_order_of_models(differences):
    draws = np.array(differences)
    zero = np.zeros(len(draws))
    assert 0 < paired_bootstrap_p_value(draws, zero) == paired_bootstrap_p_value(zero, draws) <= 1


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [
        ((0.9, Interval(0.88, 0.92)), (0.9, Interval(0.88, 0.92)), 1.0),
        ((0.9, Interval(0.9, 0.9)), (0.9, Interval(0.9, 0.9)), 1.0),
        ((0.9, Interval(0.9, 0.9)), (0.8, Interval(0.8, 0.8)), 0.0),
        ((0.9, Interval(0.9, 0.9)), (0.88, Interval(0.86, 0.90)), 0.05),
        ((0.9, Interval(0.88, 0.92)), (0.9 - 0.02 * 2**0.5, Interval(0.8517157, 0.8917157)), 0.05),
    ],
)
def test_without_pairs_a_difference_is_compared_with_both_errors(first, second, p_value):
    assert unpaired_p_value(first, second) == pytest.approx(p_value, abs=1e-9)


def by_distance(*scores, apart=10):
    """A test that tells two apart if their scores are `apart`, and is sure of it."""
    return len(scores), lambda best, other: 0.0 if abs(scores[best] - scores[other]) >= apart else 1.0


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [
        ((), []),
        ((5,), [1]),
        ((5, 5, 5), [1, 1, 1]),
        ((50, 30, 10), [1, 2, 3]),
        ((50, 45, 30, 25, 5), [1, 1, 3, 3, 5]),
        ((50, 45, 36, 35, 30), [1, 1, 3, 3, 3]),  # 36 is far from the best, not from its neighbour
    ],
)
def test_a_tie_group_ends_at_the_first_that_differs_from_its_best(scores, ranks):
    assert tie_groups(*by_distance(*scores)) == ranks


def test_a_later_p_value_does_not_extend_a_tie_group():
    assert tie_groups(3, lambda best, other: {(0, 1): 0.001, (0, 2): 0.9, (1, 2): 0.9}[best, other]) == [1, 2, 2]


def test_more_comparisons_need_larger_differences():
    assert tie_groups(2, lambda *_: 0.03) == [1, 2]
    assert tie_groups(3, lambda *_: 0.03) == [1, 1, 1]


@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_ranks_begin_at_one_never_decrease_and_count_those_before(count, seed):
    table = np.random.default_rng(seed).random((count, count)) ** 4
    ranks = tie_groups(count, lambda best, other: table[best, other])
    assert ranks == sorted(ranks)
    assert all(rank == ranks.index(rank) + 1 for rank in ranks)


def share_of_classes_cut(models, *, classes=400, items=1000, accuracy=0.9, seed=0):
    """How often equally good models are told apart."""
    generator = np.random.default_rng(seed)
    cut = 0
    for _ in range(classes):
        right = generator.random((models, items)) < accuracy
        right = right[np.argsort(-right.sum(axis=1), kind="stable")]
        ranks = tie_groups(models, lambda best, other, right=right: mcnemar_p_value(right[best], right[other]))
        cut += max(ranks) > 1
    return cut / classes


@pytest.mark.compute
@pytest.mark.parametrize("models", [2, 4, 12])
def test_equal_models_differ_in_at_most_one_class_of_twenty(models):
    assert share_of_classes_cut(models) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_a_better_model_has_a_better_rank():
    generator = np.random.default_rng(0)
    right = [generator.random(1000) < accuracy for accuracy in (0.95, 0.85, 0.84)]
    assert tie_groups(3, lambda best, other: mcnemar_p_value(right[best], right[other])) == [1, 2, 2]


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=30), st.floats(0.01, 100))
def test_the_interquartile_ratio_has_no_unit(values, scale):
    ratio = interquartile_ratio(np.array(values) * scale)
    assert ratio == pytest.approx(interquartile_ratio(values), abs=1e-9)
    assert ratio == pytest.approx((np.quantile(values, 0.75) - np.quantile(values, 0.25)) / np.median(values))


def test_a_median_of_zero_gives_an_interquartile_ratio_of_zero():
    assert interquartile_ratio([0.0, 0.0, 1.0]) == 0.0


@pytest.mark.compute
def test_rank_sums_agree_with_scipy() -> None:
    from scipy.stats import mannwhitneyu

    generator = np.random.default_rng(0)
    for shift in (0.0, 0.5, 2.0):
        first, second = generator.normal(0, 1, 30).round(1), generator.normal(shift, 1, 12).round(1)
        expected = mannwhitneyu(first, second, method="asymptotic").pvalue
        assert rank_sum_p_value(first, second) == pytest.approx(expected, rel=1e-6)
    assert rank_sum_p_value(np.ones(9), np.ones(9)) == 1
