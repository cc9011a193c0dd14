"""Scores with intervals, and the primary one against the baseline."""

from __future__ import annotations

import numpy as np
import pytest

import harness
from harness.contract import Predictions
from harness.errors import SubmissionError
from harness.evaluation._score import compare, later_outcomes, mean_of, not_reached, score
from tests import declared

TARGETS = np.random.default_rng(0).integers(0, 3, 200)
GUESSES = np.where(np.random.default_rng(1).random(200) < 0.8, TARGETS, 0)
TRUTH = harness.Split(np.zeros((200, 1), np.float32), TARGETS)
PREDICTIONS = Predictions(GUESSES)
RIGHT = int((TARGETS == GUESSES).sum())
ERROR = harness.Metric(
    "error", lambda targets, predictions: float((predictions.values != targets).mean()), higher_is_better=False
)


def task(*metrics: harness.Metric) -> harness.Task:
    inputs = harness.Inputs(shape=(1,))
    return declared.task(
        inputs=inputs, classes=("a", "b", "c"), sources=(declared.source(baseline=0, part=TRUTH),), metrics=metrics
    )


BOTH = task(harness.metrics.accuracy, harness.metrics.macro_f1)


@pytest.mark.compute
def test_accuracy_comes_with_wilsons_interval() -> None:
    from statsmodels.stats.proportion import proportion_confint

    accuracy = score(BOTH, TRUTH, PREDICTIONS).primary
    assert accuracy.value == RIGHT / 200
    assert (accuracy.low, accuracy.high) == pytest.approx(proportion_confint(RIGHT, 200, method="wilson"))
    assert accuracy.primary


@pytest.mark.compute
def test_macro_f1_equals_scikit_learns_with_a_reproducible_interval() -> None:
    from sklearn.metrics import f1_score

    _, macro = score(BOTH, TRUTH, PREDICTIONS).scores
    assert macro.value == pytest.approx(f1_score(TARGETS, GUESSES, average="macro"))
    assert macro.low < macro.value < macro.high
    assert not macro.primary
    assert score(BOTH, TRUTH, PREDICTIONS).scores[1] == macro


@pytest.mark.compute
@pytest.mark.parametrize(
    ("value", "strict", "met"),
    [(RIGHT / 200, False, True), (RIGHT / 200, True, False), (0.5, True, True), (0.999, False, False)],
)
def test_a_baseline_is_met_by_an_equal_or_if_strict_a_better_score(value: float, strict: bool, met: bool) -> None:
    from scipy.stats import binomtest

    scored = score(BOTH, TRUTH, PREDICTIONS)
    result = compare(BOTH, harness.Baseline(value, strict=strict), scored.primary, [scored], None)
    assert (result.metric, result.value, result.strict, result.met) == ("accuracy", value, strict, met)
    assert result.p_value == pytest.approx(binomtest(RIGHT, 200, value, alternative="greater").pvalue)


@pytest.mark.parametrize(("value", "met"), [(0.5, True), (0.01, False)])
def test_where_lower_is_better_a_lower_score_meets_the_baseline(value: float, met: bool) -> None:
    wanted = task(ERROR)
    scored = score(wanted, TRUTH, PREDICTIONS)
    result = compare(wanted, harness.Baseline(value), scored.primary, [scored], None)
    assert result.met is met
    assert result.p_value is not None
    assert (result.p_value < 0.05) is met


def test_a_strict_baseline_only_reached_is_not_met_if_lower_is_better() -> None:
    wanted = task(ERROR)
    scored = score(wanted, TRUTH, PREDICTIONS)
    baseline = harness.Baseline(scored.primary.value, strict=True)
    assert compare(wanted, baseline, scored.primary, [scored], None).met is False


def test_perfect_predictions_have_an_interval_too() -> None:
    accuracy, macro = score(BOTH, TRUTH, Predictions(TARGETS)).scores
    assert (accuracy.value, accuracy.high, macro.value) == (1, 1, 1)
    assert accuracy.low < 1


def test_a_proportion_is_stored_by_item_and_other_metrics_as_draws() -> None:
    proportion, other = score(BOTH, TRUTH, PREDICTIONS), score(task(ERROR), TRUTH, PREDICTIONS)
    assert proportion.draws is None
    assert proportion.outcomes is not None
    assert (proportion.outcomes == (TARGETS == GUESSES)).all()
    assert other.outcomes is None
    assert other.draws is not None
    assert other.primary.low < other.primary.value < other.primary.high


def test_a_primary_metric_that_needs_scores_refuses_labels() -> None:
    with pytest.raises(SubmissionError, match="computed from scores") as caught:
        score(task(harness.metrics.log_loss), TRUTH, PREDICTIONS)
    assert caught.value.kind == "bad_predictions"


def test_without_a_score_the_baseline_is_named_and_not_decided() -> None:
    result = not_reached(BOTH, harness.Baseline(0.9, strict=True))
    assert (result.metric, result.value, result.strict) == ("accuracy", 0.9, True)
    assert (result.met, result.p_value) == (None, None)


def grouped(groups: np.ndarray) -> harness.Split:
    return harness.Split(TRUTH.inputs, TRUTH.targets, groups)


def test_items_of_one_person_make_the_interval_wider() -> None:
    people = np.repeat(np.arange(40), 5)
    order = np.argsort(TARGETS == GUESSES)  # whoever is wrong once is wrong five times
    truth, predictions = grouped(people).take(np.arange(200)), Predictions(GUESSES[order])
    truth = harness.Split(truth.inputs, TARGETS[order], people)
    for metric in (harness.metrics.accuracy, harness.metrics.macro_f1):
        alone, together = (
            score(task(metric), split, predictions).primary
            for split in (harness.Split(truth.inputs, truth.targets), truth)
        )
        assert together.value == alone.value
        assert together.high - together.low > 1.5 * (alone.high - alone.low)
        assert not together.approximate


def test_few_people_make_an_interval_approximate() -> None:
    assert score(BOTH, grouped(np.repeat(np.arange(4), 50)), PREDICTIONS).primary.approximate
    assert not score(BOTH, TRUTH, PREDICTIONS).primary.approximate


def test_over_repeats_the_value_is_the_mean_and_the_interval_holds_seeds() -> None:
    lucky, unlucky = score(BOTH, TRUTH, Predictions(TARGETS)), score(BOTH, TRUTH, PREDICTIONS)
    first, *_ = mean_of([lucky, unlucky], None)
    assert first.value == (1 + RIGHT / 200) / 2
    assert first.high - first.low > unlucky.primary.high - unlucky.primary.low
    result = compare(BOTH, harness.Baseline(0.5), first, [lucky, unlucky], None)
    assert result.met
    assert result.p_value is not None
    assert result.p_value > compare(BOTH, harness.Baseline(0.5), unlucky.primary, [unlucky], None).p_value
    later = later_outcomes([lucky, unlucky])
    assert later is not None
    assert (later == [TARGETS == GUESSES]).all()
