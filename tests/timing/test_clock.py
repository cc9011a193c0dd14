"""The clock, with a timer that the test turns."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics import quantile_bound_rank
from harness.timing import NOISY, Budget, Round, Timed, background_share, measure, sample, summarise, warm_up


class Request:
    """Sending takes `seconds`, which is the answer too; taking it away takes as long as the watch says."""

    def __init__(self, watch, name, number, seconds):
        self.watch, self.name, self.number, self.seconds = watch, name, number, seconds

    def send(self):
        self.watch.requests.append((self.name, self.number))
        self.watch.now += self.seconds

    def take(self):
        self.watch.now += self.watch.taking
        return self.seconds


class Watch:
    """A timer that stands still but for what it is told to let pass."""

    def __init__(self):
        self.now = 100.0
        self.taking = 0.0
        self.requests = []

    def __call__(self):
        return self.now

    def subject(self, seconds, name="model", preparation=0.0):
        """Requests of which number i takes ``seconds(i)``, made ready in `preparation`."""

        def prepare(number):
            self.now += preparation

            return Request(self, name, number, seconds(number))

        return prepare


@pytest.fixture
def watch():
    return Watch()


def test_each_request_is_timed_from_sent_to_answered_and_no_longer(watch):
    watch.taking = 11.0
    samples, taken = sample(watch.subject(lambda i: 0.5 + i, preparation=7.0), range(3, 6), watch)
    assert samples == pytest.approx([3.5, 4.5, 5.5])
    assert taken == [3.5, 4.5, 5.5]
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


NAMES = ("model", "echo", "yardstick", "yardstick_echo")


def timed(watch, seconds=lambda _: 1.0, worked=lambda: 0.0):
    return Timed(**{name: watch.subject(seconds, name) for name in NAMES}, worked=worked)


def test_model_yardstick_and_an_echo_like_each_take_turns(watch):
    rounds = measure(timed(watch, lambda i: 1.0 + i), 7, watch)
    assert [name for name, _ in watch.requests] == [name for count in (2, 3, 2) for name in NAMES for _ in range(count)]
    for name in NAMES:
        samples = [sample for one in rounds for sample in getattr(one, name)]
        assert samples == pytest.approx([1.0 + i for i in range(7)])


def test_a_round_keeps_what_the_yardstick_says_of_itself(watch):
    rounds = measure(timed(watch, lambda i: 1.0 + i), 3, watch)
    assert [list(one.yardstick_itself) for one in rounds] == [[1.0], [2.0], [3.0]]


def test_a_round_keeps_what_the_model_worked_while_others_had_their_turn(watch):
    """Processes that work at half speed, whoever's turn it is; being looked at takes a while."""

    def worked():
        watch.now += 0.5
        return 0.5 * watch.now

    rounds = measure(timed(watch, lambda _: 2.0, worked), 3, watch)
    assert [one.worked_seconds for one in rounds] == pytest.approx([0.5 * 6.5] * 3)
    assert [one.others_seconds for one in rounds] == pytest.approx([6.5] * 3)
    assert background_share(rounds) == pytest.approx(0.5)


def test_work_in_the_models_own_turn_is_no_background_work(watch):
    def worked():
        return float(sum(name == "model" for name, _ in watch.requests))

    assert background_share(measure(timed(watch, worked=worked), 200, watch)) == 0


@settings(deadline=None)
@given(st.integers(1, 400))
def test_every_request_is_measured_once_and_in_order_in_three_rounds(n):
    watch = Watch()
    rounds = measure(timed(watch), n, watch)
    assert len(rounds) >= min(3, n)
    assert min(len(one.model) for one in rounds) >= 1
    assert max(len(one.model) for one in rounds) <= 64
    for name in NAMES:
        assert [number for who, number in watch.requests if who == name] == list(range(n))


@pytest.mark.parametrize(
    ("turn", "available", "requests"),
    [
        (0.001, 10_000, 300),
        (1.0, 10_000, 64),
        (1e-5, 10_000, 2000),
        (0.0, 10_000, 2000),
        (0.001, 100, 100),
        (1.0, 10, 10),
    ],
)
def test_a_budget_bounds_the_requests(turn, available, requests):
    assert Budget().requests(turn, available) == requests


def test_a_short_budget_warms_up_less_and_times_enough_for_a_bound():
    brief = Budget(seconds=0.003)
    assert (Budget().warm_up_seconds, brief.warm_up_seconds) == (pytest.approx(1.0), pytest.approx(0.01))
    assert brief.requests(0.001, 10_000) == 64


def timing(*model, echo=0.0, around=None, yardstick=0.002):
    """A round in which a request to the yardstick takes `yardstick` itself twice and `around` until it is back."""
    around = echo if around is None else around
    return Round(
        model=model,
        echo=(echo,),
        yardstick=(2 * yardstick + around,),
        yardstick_itself=(yardstick,),
        yardstick_echo=(echo,),
        others_seconds=1.0,
        worked_seconds=0.0,
    )


def test_net_is_without_the_channel_and_the_ratio_is_to_the_yardstick():
    summary = summarise([timing(0.009, 0.010, 0.011, echo=0.002)])
    assert summary.p50_seconds == pytest.approx(0.010)
    assert summary.net_p50_seconds == pytest.approx(0.008)
    assert summary.ratio_to_yardstick == pytest.approx(4.0)
    assert (summary.n, summary.channel_seconds) == (3, pytest.approx(0.002))


def test_what_waking_code_that_has_predicted_costs_is_the_channels():
    summary = summarise([timing(0.010, echo=0.001, around=0.003)])
    assert summary.channel_seconds == pytest.approx(0.003)
    assert summary.net_p50_seconds == pytest.approx(0.007)


def test_the_models_own_echo_counts_what_its_larger_inputs_cost():
    small = timing(0.010, echo=0.001, around=0.002)
    large = Round(**vars(small) | {"echo": (0.004,)})
    assert summarise([large]).channel_seconds == pytest.approx(0.005)


def test_a_few_slow_answers_of_the_yardstick_do_not_make_the_channel():
    steady = timing(0.010, echo=0.001)
    torn = Round(**vars(steady) | {"yardstick": (0.005, 0.005, 0.5), "yardstick_itself": (0.002, 0.002, 0.002)})
    assert summarise([torn]).channel_seconds == pytest.approx(0.001)


@pytest.mark.parametrize(("channels", "resolved"), [(1.9, False), (2.0, True), (2.1, True)])
def test_below_twice_the_channel_a_figure_is_unresolved(channels, resolved):
    channel = 2**-10  # seconds: sums of these are exact
    summary = summarise([timing(channels * channel, echo=channel, yardstick=2 * channel)])
    assert (summary.net_p50_seconds is not None) == resolved
    assert (summary.ratio_to_yardstick is not None) == resolved
    assert summary.p50_seconds == channels * channel


def test_a_yardstick_that_the_channel_drowns_gives_no_ratio():
    summary = summarise([timing(0.01, echo=0.001, yardstick=0.0000001)])
    assert summary.net_p50_seconds == pytest.approx(0.009)
    assert summary.ratio_to_yardstick is None


def test_the_ratio_does_not_feel_a_machine_that_changes_its_speed():
    speeds = [1.0, 2.0, 1.0, 3.0, 1.7]
    rounds = [timing(0.011 * s, echo=0.001 * s, yardstick=0.005 * s) for s in speeds]
    assert summarise(rounds).ratio_to_yardstick == pytest.approx(2.0)


@pytest.mark.parametrize(("spread", "noisy"), [(0.0, False), (0.09, False), (0.11, True)])
def test_a_wide_middle_half_is_noisy(spread, noisy):
    samples = [1 - spread / 2] * 30 + [1.0] * 41 + [1 + spread / 2] * 30
    summary = summarise([timing(*samples)])
    assert summary.iqr_ratio == pytest.approx(spread)
    assert summary.noisy == noisy == (spread > NOISY)


@pytest.mark.parametrize("n", [64, 65, 300, 2000])
def test_the_bound_on_the_ninth_decile_is_the_sample_the_rule_names(n):
    samples = [float(i) for i in range(1, n + 1)]
    random.Random(n).shuffle(samples)
    bound = summarise([timing(*samples)]).p90_bound_seconds
    assert sum(value >= bound for value in samples) == quantile_bound_rank(n)
    assert bound > 0.9 * n


def test_too_few_samples_bound_nothing():
    assert summarise([timing(*[1.0] * 63)]).p90_bound_seconds is None


def test_the_order_of_the_samples_does_not_matter():
    samples = [random.Random(1).random() for _ in range(100)]
    assert summarise([timing(*samples, echo=0.01)]) == summarise([timing(*sorted(samples), echo=0.01)])
