"""What the rounds say, and how sure it is."""

import random

import pytest

from harness.statistics import quantile_bound_rank
from harness.timing import NOISY, PROCESS_DEVIATION, IntervalTerms, Rounds, summarise
from harness.timing._summary import CHANNEL_SHARE
from tests.timing.test_rounds import one_round

pytestmark = pytest.mark.unit


def summary_of(*rounds, void=0, stopped="precision", **options):
    return summarise(Rounds(rounds, void, stopped), **options)


def test_net_latency_and_the_ratio_exclude_the_channel():
    summary = summary_of(one_round(0.009, 0.010, 0.011, echo=0.002))
    assert summary.p50_seconds == pytest.approx(0.010)
    assert summary.net_p50_seconds == pytest.approx(0.008)
    assert summary.ratio_to_yardstick == pytest.approx(4.0)
    assert (summary.n, summary.channel_seconds) == (3, pytest.approx(0.002))


def test_the_summary_states_rounds_and_why_it_stopped():
    summary = summary_of(*[one_round(0.010)] * 9, void=3, stopped="budget")
    assert (summary.rounds, summary.void_rounds, summary.stopped) == (9, 3, "budget")
    assert summary_of(one_round(0.010)).stopped == "precision"


@pytest.mark.parametrize(("channels", "resolved"), [(1.9, False), (2.0, True), (2.1, True)])
def test_below_twice_the_channel_a_figure_is_unresolved(channels, resolved):
    channel = 2**-10  # seconds: sums of these are exact
    summary = summary_of(*[one_round(channels * channel, echo=channel, yardstick=2 * channel)] * 8)
    assert (summary.net_p50_seconds is not None) == resolved
    assert (summary.ratio_to_yardstick is not None) == resolved
    assert (summary.ratio_terms is not None) == resolved
    assert summary.p50_seconds == channels * channel


def test_the_ratio_does_not_depend_on_changes_of_machine_speed():
    speeds = [1.0, 2.0, 1.0, 3.0, 1.7, 1.2, 1.1, 4.0]
    summary = summary_of(*[one_round(0.011 * s, echo=0.001 * s, yardstick=0.005 * s) for s in speeds])
    assert summary.ratio_to_yardstick == pytest.approx(2.0)
    assert summary.ratio_terms.rounds == pytest.approx(0.0, abs=1e-9)
    assert summary.net_terms.rounds > 0.2


def test_the_interval_has_a_term_for_rounds_processes_and_the_channel():
    random.seed(1)
    summary = summary_of(*[one_round(random.gauss(0.010, 0.001), echo=0.001) for _ in range(20)])
    terms = summary.ratio_terms
    assert 0.03 < terms.rounds < 0.12
    assert terms.processes == pytest.approx(1.96 * PROCESS_DEVIATION, rel=1e-3)
    assert terms.channel == pytest.approx(CHANNEL_SHARE * 0.001 / summary.net_p50_seconds)


def test_a_machine_with_a_history_has_its_own_term_for_processes():
    assert summary_of(*[one_round(0.010)] * 8, process_deviation=0.005).ratio_terms.processes == pytest.approx(
        0.0098, rel=1e-3
    )


def test_random_terms_add_as_squares_and_the_systematic_one_as_it_is():
    terms = IntervalTerms(rounds=0.03, processes=0.04, channel=0.1)
    assert terms.whole == pytest.approx(0.15)
    assert terms.around(2.0) == pytest.approx((1.7, 2.3))


def test_too_few_rounds_have_no_interval():
    summary = summary_of(*[one_round(0.010)] * 4)
    assert summary.ratio_to_yardstick is not None
    assert (summary.ratio_terms, summary.net_terms) == (None, None)


@pytest.mark.parametrize(("spread", "noisy"), [(0.0, False), (0.09, False), (0.11, True)])
def test_a_wide_middle_half_is_noisy(spread, noisy):
    samples = [1 - spread / 2] * 30 + [1.0] * 41 + [1 + spread / 2] * 30
    summary = summary_of(one_round(*samples))
    assert summary.iqr_ratio == pytest.approx(spread)
    assert summary.noisy == noisy == (spread > NOISY)


@pytest.mark.parametrize("n", [64, 65, 300, 2000])
def test_the_bound_on_the_90th_percentile_is_the_sample_of_the_rule(n):
    samples = [float(i) for i in range(1, n + 1)]
    random.Random(n).shuffle(samples)
    bound = summary_of(one_round(*samples)).p90_bound_seconds
    assert sum(value >= bound for value in samples) == quantile_bound_rank(n)
    assert bound > 0.9 * n


def test_too_few_samples_bound_nothing():
    assert summary_of(one_round(*[1.0] * 63)).p90_bound_seconds is None
