"""A learning curve is kept as long as there is room, over all workers of an evaluation."""

from __future__ import annotations

import pytest

from harness.evaluation._stage_results import MAX_CURVE_BYTES, MAX_POINTS, LearningCurve

pytestmark = pytest.mark.unit


def test_an_ordinary_curve_is_kept_whole() -> None:
    curve = LearningCurve()
    points = [{"epoch": float(n), "epochs": 1000.0, "loss": 1 / (n + 1)} for n in range(1_000)]
    assert all(curve.add(point) for point in points)
    assert (curve.points, curve.left_out) == (tuple(points), 0)


def test_points_that_exceed_the_limit_are_counted() -> None:
    curve = LearningCurve()
    for number in range(MAX_POINTS + 3):
        curve.add({"loss": float(number)})
    assert (len(curve.points), curve.left_out) == (MAX_POINTS, 3)


def test_long_names_count_towards_the_limit_of_a_curve() -> None:
    curve = LearningCurve()
    point = {f"{number:064}": 1e-100 for number in range(32)}
    while curve.add(point):
        pass
    assert sum(len(name) + len(repr(value)) for kept in curve.points for name, value in kept.items()) < MAX_CURVE_BYTES
    assert len(curve.points) < MAX_POINTS / 20
