"""The clock, with a timer that the test turns."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import NOISY, Budget, Timing, measure, sample, summarise, warm_up
from harness.statistics import quantile_bound_rank


class Watch:
    """A timer that stands still but for what it is told to let pass."""

    def __init__(self):
        self.now = 100.0
        self.requests = []

    def __call__(self):
        return self.now

    def subject(self, seconds, name="model", preparation=0.0):
        """Requests of which number i takes ``seconds(i)``, made ready in `preparation`."""

        def prepare(number):
            self.now += preparation

            def send():
                self.requests.append((name, number))
                self.now += seconds(number)

            return send

        return prepare


@pytest.fixture
def watch():
    return Watch()


def test_each_request_is_timed_from_sent_to_answered_and_not_while_it_is_made_ready(watch):
    samples = sample(watch.subject(lambda i: 0.5 + i, preparation=7.0), range(3, 6), watch)
    assert samples == pytest.approx([3.5, 4.5, 5.5])
    assert watch.requests == [("model", 3), ("model", 4), ("model", 5)]


def test_warm_up_ends_when_two_medians_agree(watch):
    assert warm_up(watch.subject(lambda _: 0.001), 1000, watch, 1.0) == pytest.approx(0.001)
    assert len(watch.requests) == 32


def test_warm_up_goes_on_while_the_medians_fall(watch):
    blocks = [0.010, 0.008, 0.006, 0.004, 0.0041]
    assert warm_up(watch.subject(lambda i: blocks[i // 16]), 1000, watch, 60.0) == pytest.approx(0.0041)
    assert len(watch.requests) == 80


@pytest.mark.parametrize(("second", "requests"), [(1.049, 32), (0.951, 32), (1.051, 48), (0.949, 48)])
def test_medians_agree_within_five_percent(watch, second, requests):
    times = [1.0, second, second]
    warm_up(watch.subject(lambda i: times[min(i // 16, 2)]), 1000, watch, 1e6)
    assert len(watch.requests) == requests


def test_warm_up_ends_when_its_time_is_up(watch):
    warm_up(watch.subject(lambda i: 0.01 * 2 ** (i // 16)), 10_000, watch, 1.0)
    assert len(watch.requests) == 16 * 3  # .16 + .32 + .64 seconds


def test_one_slow_request_does_not_prolong_the_warm_up(watch):
    warm_up(watch.subject(lambda i: 5.0 if i == 20 else 0.001), 1000, watch, 60.0)
    assert len(watch.requests) == 32


def test_warm_up_uses_each_input_once_only(watch):
    last = warm_up(watch.subject(lambda i: 2.0 ** (i // 16)), 20, watch, 1e9)
    assert [number for _, number in watch.requests] == list(range(20))
    assert last == 2.0


def test_warm_up_without_inputs_measures_nothing(watch):
    assert warm_up(watch.subject(lambda _: 1.0), 0, watch, 1.0) == 0.0


def test_model_and_yardstick_take_turns(watch):
    timing = measure(watch.subject(lambda i: 1.0 + i), watch.subject(lambda i: 100.0 + i, "yardstick"), 7, 3, watch)
    turns = [name for name, _ in watch.requests]
    assert (
        turns
        == ["model"] * 2 + ["yardstick"] * 2 + ["model"] * 3 + ["yardstick"] * 3 + ["model"] * 2 + ["yardstick"] * 2
    )
    assert timing.model == pytest.approx([1.0 + i for i in range(7)])
    assert timing.yardstick == pytest.approx([100.0 + i for i in range(7)])


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(1, 9))
def test_every_request_is_measured_once_and_in_order_whatever_the_rounds(n, rounds):
    watch = Watch()
    measure(watch.subject(lambda _: 1.0), watch.subject(lambda _: 1.0, "yardstick"), n, rounds, watch)
    for name in ("model", "yardstick"):
        assert [number for who, number in watch.requests if who == name] == list(range(n))


@pytest.mark.parametrize(
    ("typical", "available", "requests"),
    [
        (0.001, 10_000, 300),
        (1.0, 10_000, 64),
        (1e-5, 10_000, 2000),
        (0.0, 10_000, 2000),
        (0.001, 100, 100),
        (1.0, 10, 10),
    ],
)
def test_a_budget_bounds_the_requests(typical, available, requests):
    assert Budget().requests(typical, available) == requests


def timing(*model, yardstick=(0.002,)):
    return Timing(tuple(model), tuple(yardstick))


def test_net_is_without_the_channel_and_so_is_the_yardstick():
    summary = summarise(timing(0.009, 0.010, 0.011), channel=0.002, yardstick_channel=0.001)
    assert summary.p50_seconds == pytest.approx(0.010)
    assert summary.net_p50_seconds == pytest.approx(0.008)
    assert summary.ratio_to_yardstick == pytest.approx(8.0)
    assert (summary.n, summary.channel_seconds) == (3, 0.002)


@pytest.mark.parametrize(("p50", "resolved"), [(0.0019, False), (0.0020, True), (0.0021, True)])
def test_below_twice_the_channel_a_figure_is_unresolved(p50, resolved):
    summary = summarise(timing(p50), channel=0.001, yardstick_channel=0.001)
    assert (summary.net_p50_seconds is not None) == resolved
    assert (summary.ratio_to_yardstick is not None) == resolved
    assert summary.p50_seconds == p50


def test_a_yardstick_that_the_channel_drowns_gives_no_ratio():
    summary = summarise(timing(0.01, yardstick=(0.0010001,)), channel=0.001, yardstick_channel=0.001)
    assert summary.net_p50_seconds == pytest.approx(0.009)
    assert summary.ratio_to_yardstick is None


@pytest.mark.parametrize(("spread", "noisy"), [(0.0, False), (0.09, False), (0.11, True)])
def test_a_wide_middle_half_is_noisy(spread, noisy):
    samples = [1 - spread / 2] * 30 + [1.0] * 41 + [1 + spread / 2] * 30
    summary = summarise(timing(*samples), channel=0.0, yardstick_channel=0.0)
    assert summary.iqr_ratio == pytest.approx(spread)
    assert summary.noisy == noisy == (spread > NOISY)


@pytest.mark.parametrize("n", [64, 65, 300, 2000])
def test_the_bound_on_the_ninetieth_percentile_is_the_sample_that_the_rule_names(n):
    samples = [float(i) for i in range(1, n + 1)]
    random.Random(n).shuffle(samples)
    bound = summarise(timing(*samples), channel=0.0, yardstick_channel=0.0).p90_bound_seconds
    assert sum(value >= bound for value in samples) == quantile_bound_rank(n)
    assert bound > 0.9 * n


def test_too_few_samples_bound_nothing():
    assert summarise(timing(*[1.0] * 63), channel=0.0, yardstick_channel=0.0).p90_bound_seconds is None


def test_the_order_of_the_samples_does_not_matter():
    samples = [random.Random(1).random() for _ in range(100)]
    one = summarise(timing(*samples), channel=0.01, yardstick_channel=0.001)
    assert one == summarise(timing(*sorted(samples)), channel=0.01, yardstick_channel=0.001)
