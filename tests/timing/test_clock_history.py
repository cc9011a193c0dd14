"""How much the ratio of the same model varies on a machine, by the measurements made there before."""

import math

import msgspec
import numpy as np
import pytest

from harness.statistics import NORMAL_95
from harness.timing import PROCESS_DEVIATION, ClockHistory, process_deviation
from harness.timing._clock_history import ENOUGH_MEASUREMENTS, LEAST_DEVIATION

pytestmark = pytest.mark.unit


def normal(count, deviation, seed=0):
    return np.random.default_rng(seed).normal(0.3, deviation, count)


def test_a_machine_without_history_is_assumed_to_be_unsteady():
    assert process_deviation(()) == PROCESS_DEVIATION
    assert process_deviation([0.0] * (ENOUGH_MEASUREMENTS - 1)) == PROCESS_DEVIATION
    assert process_deviation([0.0] * ENOUGH_MEASUREMENTS) == LEAST_DEVIATION


@pytest.mark.parametrize("deviation", [0.05, 0.15, 0.3])
def test_models_are_assumed_to_vary_a_quarter_more_than_the_channel(deviation):
    assert process_deviation(normal(200, deviation)) == pytest.approx(1.25 * deviation, rel=0.15)


def test_a_short_history_makes_intervals_wider():
    short = np.mean([process_deviation(normal(8, 0.1, seed)) for seed in range(200)])
    assert short > 1.1 * process_deviation(normal(200, 0.1))


def test_a_few_outliers_count_little_but_a_second_speed_counts():
    steady = normal(100, 0.05)
    few, often = steady.copy(), steady.copy()
    few[:3] += 2.0
    often[::5] += 0.5
    assert process_deviation(few) < 1.3 * process_deviation(steady)
    assert process_deviation(often) > 3 * process_deviation(steady)


@pytest.mark.parametrize("measurements", [8, 16, 64])
def test_two_equal_models_are_held_equal_as_often_as_stated(measurements):
    generator = np.random.default_rng(measurements)
    held = 0
    for history in generator.normal(0, 0.1, (1000, measurements)):
        half = NORMAL_95 * math.sqrt(2) * process_deviation(history)
        held += abs(np.subtract(*generator.normal(0, 0.125, 2))) <= half
    assert 920 <= held <= 980


def test_the_history_holds_the_last_measurements_that_have_a_ratio(tmp_path):
    history = ClockHistory(tmp_path)
    for ratio in (None, 0.0, -1.0, 1.0, 2.0):
        history.add(ratio)
    assert history.read() == (0.0, pytest.approx(math.log(2), abs=1e-4))
    (tmp_path / "clock.json").write_bytes(msgspec.json.encode([number / 1000 for number in range(300)]))
    history.add(1.0)
    assert history.read() == (*(number / 1000 for number in range(101, 300)), 0.0)


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"{}", b'["a"]', b"[1e999]"])
def test_an_unreadable_history_is_ignored_and_replaced(tmp_path, content):
    if content is not None:
        (tmp_path / "clock.json").write_bytes(content)
    history = ClockHistory(tmp_path)
    assert history.read() == ()
    history.add(1.0)
    assert history.read() == (0.0,)


def test_values_that_no_machine_has_are_left_out(tmp_path):
    (tmp_path / "clock.json").write_bytes(msgspec.json.encode([0.1, 1e300, -50.0, 0.2]))
    assert ClockHistory(tmp_path).read() == (0.1, 0.2)


def test_a_history_that_cannot_be_written_loses_no_evaluation(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    history = ClockHistory(tmp_path / "file")
    history.add(1.0)
    assert history.read() == ()
