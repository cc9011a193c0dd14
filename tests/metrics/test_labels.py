"""Metrics against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness import Predictions, metrics
from harness.errors import TaskError

pytestmark = pytest.mark.compute

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(pairs)
def test_macro_f1_is_that_of_scikit_learn(items):
    from sklearn.metrics import f1_score

    targets, values = np.array(items).T
    expected = f1_score(targets, values, average="macro")
    assert metrics.macro_f1.compute(targets, Predictions(values)) == pytest.approx(expected, abs=1e-12)


@given(pairs)
def test_accuracy_is_the_mean_of_its_outcomes_and_that_of_scikit_learn(items):
    from sklearn.metrics import accuracy_score

    targets, values = np.array(items).T
    predictions = Predictions(values)
    accuracy = metrics.accuracy.compute(targets, predictions)
    assert accuracy == pytest.approx(accuracy_score(targets, values))
    assert accuracy == metrics.accuracy.outcomes(targets, predictions).mean()


@pytest.mark.parametrize(("higher_is_better", "better"), [(True, 0.9), (False, 0.1)])
def test_a_metric_knows_which_value_is_better(higher_is_better, better):
    metric = harness.Metric("figure", lambda *_: 0.0, higher_is_better)
    assert metric.at_least_as_good(better, 0.5)
    assert metric.at_least_as_good(0.5, 0.5)
    assert not metric.at_least_as_good(0.5, better)


@pytest.mark.parametrize(
    ("compute", "direction", "named"),
    [(max, "higher", "higher_is_better"), (max, None, "higher_is_better"), (None, True, "compute")],
)
def test_a_metric_without_direction_or_computation_is_refused(compute, direction, named):
    with pytest.raises(TaskError, match=f"Metric 'figure': .*{named}"):
        harness.Metric("figure", compute, direction)
