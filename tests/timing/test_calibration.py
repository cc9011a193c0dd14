"""What the yardstick against itself says of a machine."""

import random

import msgspec
import pytest

from harness.timing import PROCESS_DEVIATION, Calibration, calibration_of, process_deviation
from harness.timing._clock_facts import clock_facts
from tests.leaderboard.test_speed import latency

pytestmark = pytest.mark.unit


def test_variation_of_rounds_is_not_counted_as_between_processes():
    generator = random.Random(0)
    ratios = [generator.gauss(1.0, 0.05) for _ in range(200)]
    by_rounds = calibration_of([latency(ratio, rounds=1.96 * 0.05) for ratio in ratios], ())
    by_processes = calibration_of([latency(ratio, rounds=1.96 * 0.01) for ratio in ratios], ())
    assert by_rounds.deviation < 0.02 < 0.04 < by_processes.deviation < 0.06
    assert by_processes.ratio == pytest.approx(1.0, abs=0.01)


def test_the_resolution_is_that_of_two_models_with_both_deviations():
    found = Calibration(processes=9, ratio=1.0, deviation=0.01, rounds=0.04, assumed=0.03, measurements=9)
    assert found.resolution == pytest.approx(1.96 * 2**0.5 * 0.05, rel=1e-3)


def test_fewer_than_three_ratios_show_nothing():
    assert calibration_of([latency(1.0), latency(1.1), latency(None)], ()) is None


def test_a_calibration_states_what_intervals_assume():
    history = [0.3 * (number % 2) for number in range(20)]
    found = calibration_of([latency(ratio) for ratio in (0.9, 1.0, 1.1)], history)
    assert (found.assumed, found.measurements) == (process_deviation(history), 20)
    assert calibration_of([latency(1.0)] * 3, ()).assumed == PROCESS_DEVIATION


def test_facts_about_the_machine_are_read_from_the_system(tmp_path):
    facts = clock_facts(tmp_path)
    assert (facts.governor, facts.turbo, facts.multithreading) == (None, None, None)
    for name, text in (("cpu0/cpufreq/scaling_governor", "powersave\n"), ("smt/active", "1\n"),
                       ("intel_pstate/no_turbo", "0\n")):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    facts = clock_facts(tmp_path)
    assert (facts.governor, facts.turbo, facts.multithreading) == ("powersave", True, True)
    assert msgspec.json.encode(facts)
