"""Whether figures that should agree can be told apart."""

from __future__ import annotations

from harness.record import ClaimedScore, Score

ERROR = 0.05
"""How often figures that agree are told apart."""


def told_apart(claimed: ClaimedScore, score: Score) -> bool:
    """Tell whether all that a claim may stand for lies outside of the 95 % interval of `score`."""
    return claimed.high < score.low or claimed.low > score.high
