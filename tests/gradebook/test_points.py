"""Points between a task's cut-offs."""

import pytest

from harness import Metric, metrics
from harness.gradebook import most_points, points_for
from tests import declared

pytestmark = pytest.mark.unit


def task(points, metric=metrics.accuracy):
    return declared.task(metrics=(metric,), points=points)


RISING = ((0.90, 0.0), (0.94, 6.0), (0.96, 10.0))


@pytest.mark.parametrize(
    ("value", "points"), [(0.5, 0), (0.90, 0), (0.92, 3), (0.94, 6), (0.95, 8), (0.96, 10), (1.0, 10), (None, 0)]
)
def test_points_are_linear_between_the_cut_offs_and_constant_beyond(value, points):
    assert points_for(task(RISING), value) == pytest.approx(points)


def test_where_lower_is_better_the_cut_offs_fall():
    errors = task(((30.0, 0.0), (20.0, 10.0)), Metric("error", lambda targets, found: 0.0, higher_is_better=False))
    assert points_for(errors, 25.0) == pytest.approx(5)
    assert points_for(errors, 10.0) == 10
    assert points_for(errors, None) == 0


def test_a_task_without_cut_offs_has_no_points():
    assert points_for(task(()), 0.9) is None
    assert most_points(task(())) is None


def test_a_perfect_submission_earns_the_most_points():
    assert most_points(task(RISING)) == 10
