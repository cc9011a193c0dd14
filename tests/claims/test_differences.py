"""Scores that should agree are described with their intervals and with whether they differ significantly."""

from __future__ import annotations

import numpy as np
import pytest

from harness.claims import describe_agreement, describe_figures, differs
from harness.record import ClaimedScore, Compared
from harness.statistics import paired_p_value
from tests.claims.made import claims, scored

pytestmark = pytest.mark.unit


def test_every_figure_has_its_interval() -> None:
    assert describe_figures(claims()) == [
        ("claimed", "0.9900 (0.9850 to 0.9950 because of rounding; README, line 3)"),
        ("with the shipped weights", "0.9100 (0.8600 to 0.9600)"),
        ("retrained", "0.9000 (0.8500 to 0.9500)"),
    ]


def test_figures_that_differ_significantly_are_reported() -> None:
    assert describe_agreement(claims()) == [
        "claimed and with the shipped weights: can be told apart, the claim is better than the 95 % interval",
        "claimed and retrained: can be told apart, the claim is better than the 95 % interval",
        "with the shipped weights and retrained: cannot be told apart (p 0.4, paired)",
    ]
    less = claims(claimed=(ClaimedScore(source="notebook", line=None, value=9.9, low=9.85, high=9.95),), p_value=0.01)
    less = claims(
        claimed=less.claimed, shipped=None, retrained=scored(11, 10, 12, higher_is_better=False), problem="no weights"
    )
    assert describe_agreement(less) == [
        "claimed and retrained: can be told apart, the claim is better than the 95 % interval",
        "no weights",
    ]
    assert "can be told apart (p 0.01" in describe_agreement(claims(p_value=0.01))[-1]
    assert "not compared item by item" in describe_agreement(claims(p_value=None))[-1]


def test_nothing_is_shown_without_figures_to_compare() -> None:
    nothing = claims(claimed=(), shipped=None)
    assert (describe_figures(nothing), describe_agreement(nothing)) == ([], [])


@pytest.mark.parametrize(
    ("low", "high", "apart"), [(0.935, 0.945, False), (0.945, 0.955, False), (0.96, 0.97, True), (0.1, 0.2, True)]
)
def test_a_claim_differs_only_if_all_values_that_round_to_it_differ(low: float, high: float, apart: bool) -> None:
    one = ClaimedScore(source="README", line=1, value=(low + high) / 2, low=low, high=high)
    assert differs(one, scored(0.9, 0.85, 0.95)) is apart


def test_two_models_are_compared_on_the_same_items() -> None:
    right = np.arange(100) < 90
    assert paired_p_value(Compared(right, None), Compared(right, None)) == 1
    p_value = paired_p_value(Compared(right, None), Compared(np.arange(100) < 70, None))
    assert p_value is not None
    assert p_value < 1e-5
    draws = np.linspace(10, 12, 1000)
    p_value = paired_p_value(Compared(None, draws), Compared(None, draws + 0.1))
    assert p_value is not None
    assert p_value < 0.01
    assert paired_p_value(Compared(right, None), Compared(None, draws)) is None
    assert paired_p_value(Compared(right, None), Compared(right[:9], None)) is None
