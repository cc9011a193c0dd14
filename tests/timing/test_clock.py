"""The clock, with a timer that the test turns."""

import pytest

from harness.timing import sample, warm_up
from harness.timing._clock import WarmUp
from tests.timing.watches import Watch

pytestmark = pytest.mark.unit


@pytest.fixture
def watch():
    return Watch()


def test_each_request_is_timed_from_sending_to_the_answer_only(watch):
    watch.taking = 11.0
    samples, taken = sample(watch.subject(lambda i: 0.5 + i, preparation=7.0), range(3, 6), watch)
    assert samples == pytest.approx([3.5, 4.5, 5.5])
    assert taken == [3.5, 4.5, 5.5]
    assert watch.requests == [("model", 3), ("model", 4), ("model", 5)]


def test_the_first_request_is_not_timed(watch):
    first = watch.subject(lambda _: 100.0, "first")(0)
    samples, _ = sample(watch.subject(lambda i: 0.5 + i), range(2), watch, [first])
    assert samples == pytest.approx([0.5, 1.5])
    assert watch.requests == [("first", 0), ("model", 0), ("model", 1)]


def test_warm_up_ends_when_two_medians_agree(watch):
    assert warm_up(watch.subject(lambda _: 0.001), 1000, watch, 1.0) == WarmUp(32, pytest.approx(0.001))
    assert len(watch.requests) == 32


def test_warm_up_goes_on_while_the_medians_fall(watch):
    blocks = [0.010, 0.008, 0.006, 0.004, 0.0041]
    assert warm_up(watch.subject(lambda i: blocks[i // 16]), 1000, watch, 60.0).requests == 80
    assert len(watch.requests) == 80


@pytest.mark.parametrize(("second", "requests"), [(1.049, 32), (0.951, 32), (1.051, 48), (0.949, 48)])
def test_medians_agree_within_five_percent(watch, second, requests):
    times = [1.0, second, second]
    warm_up(watch.subject(lambda i: times[min(i // 16, 2)]), 1000, watch, 1e6)
    assert len(watch.requests) == requests


def test_warm_up_ends_when_its_time_is_up(watch):
    warm_up(watch.subject(lambda i: 0.01 * 2 ** (i // 16)), 10_000, watch, 1.0)
    assert len(watch.requests) == 16 * 2 + 13  # .16 + .32 + .52 seconds


def test_a_slow_model_is_warmed_up_by_one_request(watch):
    assert warm_up(watch.subject(lambda _: 5.0), 1000, watch, 1.0) == WarmUp(1, 5.0)


def test_one_slow_request_does_not_prolong_the_warm_up(watch):
    warm_up(watch.subject(lambda i: 5.0 if i == 20 else 0.001), 1000, watch, 60.0)
    assert len(watch.requests) == 32


def test_warm_up_uses_each_input_once_only(watch):
    done = warm_up(watch.subject(lambda i: 2.0 ** (i // 16)), 20, watch, 1e9)
    assert [number for _, number in watch.requests] == list(range(20))
    assert done.requests == 20


def test_warm_up_without_inputs_measures_nothing(watch):
    assert warm_up(watch.subject(lambda _: 1.0), 0, watch, 1.0) == WarmUp(0, 0.0)
