"""What the yardstick against itself says of a machine, and how long it is believed."""

import random

import msgspec
import pytest

from harness.timing import Calibration, calibration_of, keep_calibration, kept_calibration
from harness.timing._clock_facts import clock_facts
from tests.leaderboard.test_speed import latency

pytestmark = pytest.mark.unit


def test_variation_of_rounds_is_not_counted_as_between_processes():
    generator = random.Random(0)
    ratios = [generator.gauss(1.0, 0.05) for _ in range(200)]
    by_rounds = calibration_of([latency(ratio, rounds=1.96 * 0.05) for ratio in ratios])
    by_processes = calibration_of([latency(ratio, rounds=1.96 * 0.01) for ratio in ratios])
    assert by_rounds.deviation < 0.02 < 0.04 < by_processes.deviation < 0.06
    assert by_processes.ratio == pytest.approx(1.0, abs=0.01)


def test_the_resolution_is_that_of_two_models_with_both_deviations():
    found = Calibration(processes=9, ratio=1.0, deviation=0.03, rounds=0.04)
    assert found.resolution == pytest.approx(1.96 * 2**0.5 * 0.05, rel=1e-3)


def test_fewer_than_three_ratios_show_nothing():
    assert calibration_of([latency(1.0), latency(1.1), latency(None)]) is None


def test_a_kept_calibration_is_read_again(tmp_path):
    found = calibration_of([latency(ratio) for ratio in (0.9, 1.0, 1.1)])
    keep_calibration(tmp_path, found)
    assert kept_calibration(tmp_path) == found


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[]", b"{}"])
def test_an_unreadable_calibration_is_ignored(tmp_path, content):
    if content is not None:
        (tmp_path / "clock.json").write_bytes(content)
    assert kept_calibration(tmp_path) is None


@pytest.mark.parametrize("deviation", [0.0, -1.0, 1.0, 1e300])
def test_an_impossible_deviation_is_ignored(tmp_path, deviation):
    keep_calibration(tmp_path, Calibration(processes=3, ratio=1.0, deviation=deviation, rounds=0.1))
    assert kept_calibration(tmp_path) is None


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
