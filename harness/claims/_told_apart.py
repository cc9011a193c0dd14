"""Whether figures that should agree can be told apart."""

from __future__ import annotations

from harness.record import ClaimedScore, Compared, Score
from harness.statistics import mcnemar_p_value, paired_bootstrap_p_value

ERROR = 0.05
"""How often figures that agree are told apart."""


def paired_p_value(one: Compared, other: Compared) -> float | None:
    """Return the p-value that two models differ on the same items; None where what it rests on is missing."""
    if one.outcomes is not None and other.outcomes is not None and len(one.outcomes) == len(other.outcomes):
        return mcnemar_p_value(one.outcomes, other.outcomes)
    if one.draws is not None and other.draws is not None and len(one.draws) == len(other.draws):
        return paired_bootstrap_p_value(one.draws, other.draws)
    return None


def told_apart(claimed: ClaimedScore, score: Score) -> bool:
    """Tell whether all that a claim may stand for lies outside of the 95 % interval of `score`."""
    return claimed.high < score.low or claimed.low > score.high
