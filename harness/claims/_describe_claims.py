"""Describe the claimed and the computed scores of a submission, and whether they differ significantly."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record import ClaimedScore, Claims, Score

_ERROR = 0.05
"""The probability that equal scores are reported to differ."""
_NAMES = ("with the shipped weights", "retrained")


def differs(claimed: ClaimedScore, score: Score) -> bool:
    """Return whether all numbers that a claim can mean are outside the 95 % interval of `score`."""
    return claimed.high < score.low or claimed.low > score.high


def describe_figures(claims: Claims) -> list[tuple[str, str]]:
    """Return the available scores with their intervals, by name; nothing if there is nothing to compare."""
    shipped, retrained = claims.shipped, claims.retrained
    if not claims.claimed and shipped is None:
        return []
    rows = [("claimed", _claimed(one)) for one in claims.claimed] or [("claimed", "nothing")]
    rows += [(name, _scored(score)) for name, score in zip(_NAMES, (shipped, retrained), strict=True) if score]
    return rows


def describe_agreement(claims: Claims) -> list[str]:
    """Return sentences about which scores can be told apart, and about what could not be compared."""
    return [*_agreement(claims), *claims.unread, *([] if claims.problem is None else [claims.problem])]


def _agreement(claims: Claims) -> Iterator[str]:
    scores = {name: score for name, score in zip(_NAMES, (claims.shipped, claims.retrained), strict=True) if score}
    for one in claims.claimed:
        of = f" in the {one.source}" if len(claims.claimed) > 1 else ""
        for name, score in scores.items():
            different = differs(one, score)
            verdict = f"is {_side(one, score)} the 95 % interval" if different else "is within the 95 % interval"
            yield f"claimed{of} and {name}: {_verdict(different)}, the claim {verdict}"
    if len(scores) == len(_NAMES):
        p_value = claims.p_value
        yield f"{_NAMES[0]} and {_NAMES[1]}: " + (
            "not compared item by item"
            if p_value is None
            else f"{_verdict(p_value < _ERROR)} (p {p_value:.2g}, paired)"
        )


def _verdict(different: bool) -> str:
    return "can be told apart" if different else "cannot be told apart"


def _side(claimed: ClaimedScore, score: Score) -> str:
    better = (claimed.low > score.high) == score.higher_is_better
    return "better than" if better else "worse than"


def _claimed(one: ClaimedScore) -> str:
    where = one.source if one.line is None else f"{one.source}, line {one.line}"
    return f"{one.value:.4f} ({one.low:.4f} to {one.high:.4f} because of rounding; {where})"


def _scored(score: Score) -> str:
    unit = score.unit and f" {score.unit}"
    return f"{score.value:.4f}{unit} ({score.low:.4f} to {score.high:.4f})"
