"""Audits of time: stored answers are quick, and background work takes CPU time."""

import numpy as np
import pytest

from harness.timing import (
    MAX_BACKGROUND,
    Repeated,
    Turns,
    altered_inputs_take_as_long,
    no_background_work,
    one_core,
    repeats_are_computed,
)
from tests.timing.busy_machines import on_a_machine_that_hardly_runs, on_a_machine_that_stops


@pytest.mark.parametrize(
    ("again", "passed", "severity"),
    [(1.0, True, "fail"), (0.66, True, "fail"), (0.64, False, "warn"), (0.51, False, "warn"), (0.49, False, "fail")],
)
def test_a_repeated_input_may_not_be_much_faster(again, passed, severity):
    audit = repeats_are_computed(Repeated(np.ones(12), np.full(12, again)))
    assert (audit.passed, audit.severity) == (passed, severity)
    assert passed or f"{again:.2f} of their first time" in audit.detail


def test_a_difference_within_the_clocks_noise_is_not_a_warning():
    generator = np.random.default_rng(0)
    first, quickest = generator.normal(1.0, 0.2, 24), generator.normal(0.75, 0.2, 24)
    assert repeats_are_computed(Repeated(first, quickest)).passed


def asked_again_on_a_machine_that_stops(again, machine, generator):
    """Return what 24 inputs of 1.5 ms take at first, and what each takes when it is asked `again`, at the best."""
    asked = [machine(np.full(24, seconds), generator) for seconds in (0.0015, again, again)]
    usual = np.quantile(machine(np.full(64, 0.0015), generator), 0.25)
    return Repeated(asked[0], np.minimum(*asked[1:]), usual=usual)


def of_first(repeated, count):
    return Repeated(repeated.first[:count], repeated.quickest[:count], usual=repeated.usual)


@pytest.mark.compute
@pytest.mark.parametrize(("machine", "unseen"), [(on_a_machine_that_stops, 10), (on_a_machine_that_hardly_runs, 600)])
def test_a_busy_machine_hides_few_stored_answers_and_blames_no_honest_work(machine, unseen):
    """Three are asked, and twice as many while those look quicker or few, which most honest ones do not."""
    generator, passed, at_once = np.random.default_rng(0), {0.0015: 0, 0.00002: 0}, 0
    for again in passed:
        for _ in range(1000):
            repeated = asked_again_on_a_machine_that_stops(again, machine, generator)
            few = of_first(repeated, 3)
            at_once += again > 0.001 and not few.looks_quicker
            while (few.looks_quicker or few.needs_more) and len(few) < 24:
                few = of_first(repeated, 2 * len(few))
            passed[again] += repeats_are_computed(few).passed
    assert passed[0.0015] == 1000
    assert passed[0.00002] <= unseen
    assert at_once > 900


def test_inputs_that_are_late_at_first_do_not_look_quicker_afterwards():
    """Other work delayed them; what is usual shows how long an answer takes."""
    late = Repeated(np.full(3, 0.005), np.full(3, 0.0015), usual=0.0015)
    assert not late.looks_quicker
    assert not late.followed_by(late).looks_quicker
    assert Repeated(np.full(3, 0.005), np.full(3, 0.0001), usual=0.0015).looks_quicker


def test_a_halved_median_is_chance_if_the_distributions_overlap():
    first, quickest = np.array([0.9] * 5 + [2.1] * 7), np.array([0.8] * 8 + [1.5] * 4)
    assert np.median(quickest) < 0.5 * np.median(first)
    assert repeats_are_computed(Repeated(first, quickest)).passed


def test_repeats_fail_if_at_most_one_in_ten_is_as_slow_as_before():
    for slow, passed in ((1, False), (2, True)):
        quickest = np.r_[np.full(12 - slow, 0.1), np.ones(slow)]
        assert repeats_are_computed(Repeated(np.ones(12), quickest)).passed is passed


def test_a_few_faster_inputs_are_only_a_warning():
    few = Repeated(np.ones(6), np.full(6, 0.1))
    twice = few.followed_by(few)
    assert few.needs_more
    assert twice.needs_more
    assert not twice.followed_by(twice).needs_more
    assert not Repeated(np.ones(6), np.ones(6)).needs_more
    audit = repeats_are_computed(few)
    assert (audit.passed, audit.severity) == (False, "warn")


@pytest.mark.parametrize(("work", "passed"), [(0.9, True), (1.1, False)])
def test_latency_below_the_channels_resolution_is_not_judged(work, passed):
    """An answer that is kept still takes the way here and back, and a text that is sent again takes less of it."""
    channel = 1.0
    first, quickest = np.full(12, channel + work), np.full(12, channel)
    assert repeats_are_computed(Repeated(first, quickest, channel)).passed is passed
    assert repeats_are_computed(Repeated(np.full(12, channel), np.full(12, 0.6 * channel), channel)).passed


def test_without_repeated_inputs_the_audit_passes():
    assert repeats_are_computed(Repeated(np.empty(0), np.empty(0))).passed


@pytest.mark.parametrize(("share", "passed"), [(0.0, True), (MAX_BACKGROUND, True), (0.11, False), (1.5, False)])
def test_background_work_is_a_warning_above_a_tenth(share, passed):
    audit = no_background_work(share)
    assert (audit.passed, audit.severity) == (passed, "warn")
    assert passed or f"{share:.2f} of the time" in audit.detail


def turns(seconds, count, generator):
    return seconds * generator.lognormal(0, 0.1, count)


@pytest.mark.parametrize(
    ("factor", "passed", "severity"), [(1.0, True, "fail"), (1.6, False, "warn"), (1 / 1.6, False, "warn")]
)
def test_jittered_inputs_that_take_as_long_pass(factor, passed, severity):
    generator = np.random.default_rng(0)
    audit = altered_inputs_take_as_long(Turns(turns(1e-3, 48, generator), turns(factor * 1e-3, 16, generator)))
    assert (audit.passed, audit.severity) == (passed, severity)


@pytest.mark.parametrize("factor", [2.3, 88, 1 / 2.3])
def test_a_quick_model_for_one_kind_of_input_fails(factor):
    generator = np.random.default_rng(0)
    audit = altered_inputs_take_as_long(Turns(turns(factor * 1e-3, 48, generator), turns(1e-3, 16, generator)))
    assert (audit.passed, audit.severity) == (False, "fail")
    assert audit.detail.startswith("unaltered" if factor > 1 else "altered")


def test_a_table_that_too_few_requests_hide_is_found_by_more():
    """Sixteen altered inputs of 1.5 ms are too few on a machine that stops for longer; 64 are enough."""
    generator = np.random.default_rng(2)

    def asked(seconds, count):
        return on_a_machine_that_hardly_runs(np.full(count, seconds), generator)

    turns = Turns(asked(0.00002, 48), asked(0.0015, 16))
    assert turns.needs_more
    assert altered_inputs_take_as_long(turns).passed
    turns = turns.followed_by(Turns(asked(0.00002, 144), asked(0.0015, 48)))
    assert not turns.needs_more
    assert altered_inputs_take_as_long(turns).severity == "fail"


def test_a_certain_verdict_ends_the_measurement():
    alike, doubtful = np.linspace(1, 2, 48), np.linspace(1.0, 1.7, 16)
    assert not Turns(alike, np.linspace(1, 2, 16)).needs_more
    assert not Turns(alike, alike[:16] * 9).needs_more
    assert Turns(alike, doubtful).needs_more
    assert not Turns(alike, doubtful[:3]).needs_more


def test_too_few_inputs_are_not_judged():
    audit = altered_inputs_take_as_long(Turns(np.full(48, 9.0), np.full(3, 1.0)))
    assert audit.passed
    assert "not examined" in audit.detail


@pytest.mark.parametrize(("cores", "passed"), [(0.0, True), (1.1, True), (1.5, False)])
def test_a_second_core_is_reported(cores, passed):
    audit = one_core(cores, hidden=False)
    assert (audit.passed, audit.severity) == (passed, "warn")


def test_the_audit_says_what_a_busy_machine_hides():
    audit = one_core(1.0, hidden=True)
    assert audit.passed
    assert "not examined" in audit.detail
    assert not one_core(1.5, hidden=True).passed
