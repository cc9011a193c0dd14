"""Figures of forecasts: mean absolute error, share within 15 %."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import metrics
from harness.contract import Predictions

pytestmark = pytest.mark.compute

TRUTH = np.array([[100.0, 200.0], [50.0, 80.0]])


def error(forecast: np.ndarray, truth: np.ndarray = TRUTH) -> float:
    return metrics.mean_absolute_error.compute(truth, Predictions(forecast))


def within(forecast: np.ndarray, truth: np.ndarray = TRUTH) -> float:
    return metrics.within_15_percent.compute(truth, Predictions(forecast))


def test_predicting_the_targets_is_perfect() -> None:
    assert error(TRUTH) == 0
    assert within(TRUTH) == 1


def test_errors_are_averaged_over_all_steps_of_all_forecasts() -> None:
    assert error(TRUTH + np.array([[1, -2], [3, 0]])) == 1.5


@pytest.mark.parametrize(("factor", "share"), [(1.15, 1), (0.86, 1), (1.16, 0), (0.84, 0)])
def test_the_limit_is_fifteen_percent_of_the_target(factor: float, share: float) -> None:
    assert within(factor * np.array([[100.0, 200.0]]), np.array([[100.0, 200.0]])) == share


def test_the_share_counts_values_not_forecasts() -> None:
    assert within(TRUTH * [[1, 2], [1, 1]]) == 0.75


@given(st.lists(st.floats(-400, 400), min_size=1, max_size=30))
def test_the_error_equals_that_of_scikit_learn(moves: list[float]) -> None:
    from sklearn.metrics import mean_absolute_error

    truth = np.full((len(moves), 1), 120.0)
    forecast = truth + np.array(moves)[:, None]
    assert error(forecast, truth) == pytest.approx(mean_absolute_error(truth, forecast))


def test_a_lower_error_is_better_and_the_task_names_the_unit() -> None:
    metric = replace(metrics.mean_absolute_error, unit="mg/dL")
    assert metric.at_least_as_good(7, 11)
    assert not metric.at_least_as_good(12, 11)
    assert metrics.within_15_percent.at_least_as_good(0.9, 0.8)
    assert metrics.mean_absolute_error.unit == ""
