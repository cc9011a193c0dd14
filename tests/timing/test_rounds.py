"""Rounds of measuring with a simulated clock: who takes turns, when measuring stops, and which rounds count."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.timing import Budget, Round, Rounds, Timed, measure, summarise
from harness.timing._rounds import PRECISION, interval_of_rounds, is_look, is_precise
from tests.timing.watches import Watch

NAMES = ("model", "echo", "yardstick", "yardstick_echo")
STEADY = {"model": 0.010, "echo": 0.001, "yardstick": 0.009, "yardstick_echo": 0.001}
"""Seconds of each; the yardstick answers that it took 4 ms itself."""
QUICK = {name: 0.01 * seconds for name, seconds in STEADY.items()}


class Yardstick:
    """A request whose answer is what the second prediction took."""

    def __init__(self, request, itself):
        self.send, self.itself, self._request = request.send, itself, request

    def take(self):
        self._request.take()
        return self.itself


def timed(watch, noise=lambda: 1.0, worked=lambda: 0.0, run_delay=lambda: 0.0, disturbance=lambda: "", seconds=STEADY):
    """Four that take turns; the model's time is multiplied by what `noise` returns."""
    prepared = {name: watch.subject(lambda _, name=name: seconds[name], name) for name in NAMES}
    return Timed(
        model=lambda number: watch.subject(lambda _: seconds["model"] * noise())(number),
        request_seconds=seconds["model"],
        primer=watch.subject(lambda _: seconds["model"], "primer")(0),
        echo=prepared["echo"],
        yardstick=lambda number: Yardstick(
            prepared["yardstick"](number), (seconds["yardstick"] - seconds["yardstick_echo"]) / 2
        ),
        yardstick_echo=prepared["yardstick_echo"],
        worked=worked,
        counted=worked,
        main_thread_seconds=lambda: 0.0,
        run_delay=lambda: 0.0,
        disturbance=disturbance,
    )


def noisy(deviation, seed=0):
    generator = random.Random(seed)
    return lambda: generator.gauss(1.0, deviation)


@pytest.fixture
def watch():
    return Watch()


def test_four_processes_take_turns_and_first_requests_do_not_count(watch):
    measured = measure(timed(watch), Budget(seconds=60), 1000, watch)
    one = [name for name, _ in watch.requests][: 4 * 5]
    assert one == ["primer", *["model"] * 4, *["echo"] * 5, *["yardstick"] * 5, *["yardstick_echo"] * 5]
    assert [len(one.model) for one in measured.valid] == [4] * 24


def test_a_fast_model_gets_warm_caches_and_more_requests_per_turn(watch):
    measured = measure(timed(watch, seconds=QUICK | {"model": 0.00005}), Budget(seconds=60), 2000, watch)
    one = [name for name, _ in watch.requests][: 18 + 3 * 10]
    assert one[:18] == [*["primer"] * 2, *["model"] * 16]
    assert one[18:] == [*["echo"] * 10, *["yardstick"] * 10, *["yardstick_echo"] * 10]
    assert [len(one.model) for one in measured.valid] == [16] * 24


@pytest.mark.parametrize(("seconds", "requests"), [(0.00009, 16), (0.00011, 8), (0.00029, 8), (0.00031, 4)])
def test_the_slower_a_quick_model_the_fewer_requests_are_in_its_turn(watch, seconds, requests):
    measured = measure(timed(watch, seconds=QUICK | {"model": seconds}), Budget(seconds=60), 2000, watch)
    assert {len(one.model) for one in measured.valid} == {requests}


def test_a_fast_model_has_as_many_rounds_where_there_are_few_inputs(watch):
    measured = measure(timed(watch, seconds=QUICK), Budget(seconds=60), 200, watch)
    assert [len(one.model) for one in measured.valid] == [8] * 24


def test_a_model_on_a_quiet_machine_needs_96_requests(watch):
    measured = measure(timed(watch), Budget(seconds=60), 10_000, watch)
    assert (len(measured.valid), measured.stopped, measured.void) == (24, "precision", 0)


def test_a_noisy_ratio_takes_more_rounds_up_to_a_planned_look(watch):
    few = measure(timed(watch, noisy(0.08)), Budget(seconds=1e9), 10_000, watch)
    many = measure(timed(watch, noisy(0.3)), Budget(seconds=1e9), 10_000, watch)
    assert 24 < len(few.valid) < len(many.valid)
    assert few.stopped == "precision"
    assert is_look(len(few.valid))


def test_measuring_ends_when_the_budget_is_spent(watch):
    measured = measure(timed(watch, noisy(1.0)), Budget(seconds=20.0), 10_000, watch)
    assert measured.stopped == "budget"
    assert 20.0 <= watch.now - 100.0 < 21.0


def test_a_slow_model_is_asked_64_times_whatever_that_takes(watch):
    slow = {name: 1000 * seconds for name, seconds in STEADY.items()}
    measured = measure(timed(watch, noisy(1.0), seconds=slow), Budget(), 10_000, watch)
    assert sum(len(one.model) for one in measured.valid) == 64


def slow_of(seconds):
    return STEADY | {"model": seconds}


@pytest.mark.parametrize(("seconds", "requests"), [(0.5, 64), (1.0, 59), (10.0, 5), (25.0, 5)])
def test_a_slower_model_is_asked_as_often_as_the_limit_allows(watch, seconds, requests):
    clocked = replace(timed(watch, noisy(1.0), seconds=slow_of(seconds)), request_seconds=seconds)
    clocked = replace(clocked, model=watch.subject(lambda _: seconds))
    measured = measure(clocked, Budget(limit_seconds=60.0), 10_000, watch)
    assert sum(len(one.model) for one in measured.valid) == requests
    assert measured.stopped == ("budget" if requests == 64 else "limit")
    assert summarise(measured).noisy == (requests < 64)
    assert summarise(measured).ratio_terms is not None
    assert watch.now - 100.0 <= max(60.0, 5.2 * seconds)


def test_a_model_that_becomes_slow_is_asked_as_often_as_the_limit_allows(watch):
    becomes = watch.subject(lambda i: 0.01 if i < 12 else 3.0)
    measured = measure(replace(timed(watch), model=becomes), Budget(limit_seconds=60.0), 10_000, watch)
    assert measured.stopped == "limit"
    assert watch.now - 100.0 <= 60.0


def test_a_model_below_the_channels_resolution_is_not_measured_longer(watch):
    hidden = QUICK | {"model": 0.000011}
    measured = measure(timed(watch, noisy(1.0), seconds=hidden), Budget(seconds=1e9), 10_000, watch)
    assert len(measured.valid) == 8


@given(st.integers(1, 400))
def test_no_input_is_used_twice_and_few_inputs_are_all_used(available):
    watch = Watch()
    measured = measure(timed(watch, noisy(1.0)), Budget(), available, watch)
    asked = [number for name, number in watch.requests if name == "model"]
    assert asked == list(range(len(asked)))
    assert len(asked) >= min(64, available)
    assert asked == [number for one in measured.valid for number in one.numbers]


def test_looks_are_few_and_fixed():
    assert [rounds for rounds in range(1, 200) if is_look(rounds)] == [24, 36, 54, 81, 121, 182]


def test_disturbed_rounds_are_void_and_repeated(watch):
    causes = iter(["steal", "", "preemption"] + [""] * 100)
    measured = measure(timed(watch, disturbance=lambda: next(causes)), Budget(seconds=60), 10_000, watch)
    assert (len(measured.valid), measured.void, measured.stopped) == (24, 2, "precision")
    assert [one.numbers.start for one in measured.valid] == [4, *range(12, 104, 4)]


def test_if_most_rounds_are_disturbed_all_count(watch):
    causes = iter(["steal", "steal", ""] * 1000)
    measured = measure(timed(watch, disturbance=lambda: next(causes)), Budget(seconds=20), 10_000, watch)
    assert (measured.void, measured.stopped) == (0, "budget")


def test_if_all_rounds_are_disturbed_all_count_and_the_figure_is_noisy(watch):
    measured = measure(timed(watch, disturbance=lambda: "steal"), Budget(seconds=3.0), 10_000, watch)
    assert (measured.void, measured.stopped) == (0, "budget")
    assert sum(len(one.model) for one in measured.valid) >= 64
    assert summarise(measured).noisy


def test_a_round_stores_the_models_work_while_others_were_timed(watch):
    measured = measure(timed(watch, worked=lambda: 0.5 * watch.now), Budget(), 1000, watch)
    assert measured.background_share == pytest.approx(0.5)


def test_work_of_processes_that_have_ended_is_background_work(watch):
    clocked = replace(timed(watch), counted=lambda: 0.5 * watch.now)
    assert measure(clocked, Budget(), 1000, watch).background_share > 0.4


def test_work_counted_late_of_the_models_own_turn_is_not_background_work(watch):
    """The group of a process that runs is counted when it stops: what it did in its own turn comes later."""
    asked = [0.0]

    def counted():
        asked[0] += 0.01
        return asked[0]

    assert measure(replace(timed(watch), counted=counted), Budget(), 1000, watch).background_share == 0


def test_work_in_the_models_own_turn_is_not_background_work(watch):
    def worked():
        return float(sum(name == "model" for name, _ in watch.requests))

    assert measure(timed(watch, worked=worked), Budget(), 200, watch).background_share == 0


def one_round(*model, echo=0.0, around=None, yardstick=0.002):
    """A round in which a request to the yardstick takes `yardstick` itself twice and `around` until it is back."""
    around = echo if around is None else around
    return Round(
        numbers=range(len(model)),
        model=model,
        echo=(echo,),
        yardstick=(2 * yardstick + around,),
        yardstick_itself=(yardstick,),
        yardstick_echo=(echo,),
        others_seconds=1.0,
        worked_seconds=0.0,
    )


def test_a_ratio_is_precise_within_two_percent():
    def rounds(spread):
        return [one_round(0.010 * (1 + spread * (i % 3 - 1))) for i in range(12)]

    assert is_precise(rounds(0.01))
    assert not is_precise(rounds(0.1))


def test_a_short_budget_warms_up_in_proportion():
    assert (Budget().warm_up_seconds, Budget(seconds=0.003).warm_up_seconds) == (
        pytest.approx(1.0),
        pytest.approx(0.01),
    )


def test_the_cost_of_waking_a_process_belongs_to_the_channel():
    one = one_round(0.010, echo=0.001, around=0.003)
    assert (one.channel, one.net) == (pytest.approx(0.003), pytest.approx(0.007))


def test_channel_and_yardstick_are_compared_as_for_a_quick_model():
    one = one_round(0.010, echo=0.003, yardstick=0.002)
    quick = replace(one, **{name: getattr(one, name) * 8 for name in ("yardstick", "yardstick_itself")})
    assert Rounds([quick] * 8, 0, "budget").channel_to_yardstick == pytest.approx(1.5)
    assert Rounds([quick] * 7, 0, "budget").channel_to_yardstick is None
    assert Rounds([one] * 24, 0, "budget").channel_to_yardstick is None
    spoiled = replace(quick, disturbance="steal")
    assert Rounds([*[quick] * 23, spoiled], 0, "budget").channel_to_yardstick is None


def test_the_models_echo_includes_the_cost_of_larger_inputs():
    assert replace(one_round(0.010, echo=0.001, around=0.002), echo=(0.004,)).channel == pytest.approx(0.005)


def test_a_few_slow_answers_of_the_yardstick_do_not_change_the_channel():
    steady = one_round(0.010, echo=0.001)
    torn = replace(steady, yardstick=(0.005, 0.005, 0.5), yardstick_itself=(0.002, 0.002, 0.002))
    assert torn.channel == pytest.approx(0.001)


def test_a_yardstick_below_the_channels_resolution_gives_no_ratio():
    assert one_round(0.01, echo=0.001, yardstick=0.0000001).ratio is None
    assert Rounds([one_round(0.01)], 0, "budget").valid[0].ratio == pytest.approx(5.0)


def own_turns(model, number=0, own=1.0, worked=0.0, **more):
    taken = one_round(*model)
    numbers = range(number, number + len(model))
    return replace(taken, numbers=numbers, own_seconds=own, own_worked_seconds=worked, **more)


def test_the_figure_is_of_untouched_inputs_where_enough_were_timed():
    rounds = Rounds([own_turns([9.0, 1.0] * 16), own_turns([1.0, 9.0] * 16, 32)], 0, "precision")
    altered = [False, True] * 16 + [True, False] * 16
    assert [set(one.model) for one in rounds.of_untouched(altered).valid] == [{9.0}, {9.0}]
    assert rounds.of_untouched([False, True] * 2 + [True] * 60) is rounds
    assert len(rounds.of_untouched([False] * 32 + [True] * 32).valid) == 1


def test_use_of_several_cores_is_detected_in_the_models_own_turns():
    def cores(*rounds):
        return Rounds(rounds, 0, "precision").cores

    assert cores(*[own_turns([1.0], own=1.0, worked=1.9)] * 4) == pytest.approx(1.885)  # counted in hundredths
    assert cores(*[own_turns([1.0], own=1.0, worked=1.9003)] * 4) == pytest.approx(1.9003)
    assert cores(*[own_turns([1.0], own=0.001, worked=0.01)] * 9) == 0
    assert cores(own_turns([1.0], own=0.0)) == 0


@pytest.mark.parametrize(("beside", "waited", "hidden"), [(0.5, 0.2, True), (0.5, 0.0, False), (0.0, 0.2, False)])
def test_a_busy_machine_hides_whether_two_threads_work_at_once(beside, waited, hidden):
    taken = own_turns([1.0], worked=1.0, own_other_threads_seconds=beside, run_delay_seconds=waited, others_seconds=1.0)
    assert Rounds([taken] * 9, 0, "precision").hides_cores is hidden


def test_a_round_stores_waiting_times_and_the_work_of_other_threads():
    watch = Watch()
    clocked = replace(timed(watch, worked=lambda: watch.now), run_delay=lambda: 0.25 * watch.now)
    taken = measure(replace(clocked, main_thread_seconds=lambda: 0.75 * watch.now), Budget(), 100, watch)
    for one in taken.valid:
        assert one.run_delay_seconds == pytest.approx(0.25 * (one.own_seconds + one.others_seconds))
        assert one.own_other_threads_seconds == pytest.approx(0.25 * one.own_seconds)
    assert taken.hides_cores


def test_work_of_a_worker_before_it_settles_is_not_background_work(watch):
    done = [0.0]

    def settle():
        done[0] += 0.0002

    clocked = replace(timed(watch, worked=lambda: done[0]), settle=settle)
    measured = measure(clocked, Budget(), 100, watch)
    assert measured.background_share == 0
    assert sum(one.own_worked_seconds for one in measured.valid) == pytest.approx(0.0002 * len(measured.valid))


@pytest.mark.compute
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_interval_holds_with_correlated_rounds_and_early_stopping(correlation):
    """`tests/benchmarks/test_precision.py` counts more exactly, and for more kinds of noise."""
    generator, held, measurements = random.Random(0), 0, 300
    for _ in range(measurements):
        ratios, deviation = [], generator.gauss(0, 1)
        while not (is_look(len(ratios)) and is_narrow(ratios)) and len(ratios) < 200:
            ratios.append(1 + 0.03 * deviation)
            deviation = correlation * deviation + generator.gauss(0, (1 - correlation**2) ** 0.5)
        low, high = interval_of_rounds(ratios)
        held += low <= 1 <= high
    assert 0.9 < held / measurements < 0.99


def is_narrow(ratios):
    low, high = interval_of_rounds(ratios)
    return (high - low) / 2 <= PRECISION
