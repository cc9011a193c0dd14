"""Compare the answers of two runs; tolerances are relative to the compared values, never absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RELATIVE = 1e-3
"""What the order of additions may change in a network of floats, as a share of how far its scores lie apart."""
ROUNDING = 1e-5
"""What it may change beside the magnitude of a number, as 32-bit floats are rounded."""


class Answers(Protocol):
    """Predictions of one run: a value an item, and scores where the model gave any."""

    @property
    def values(self) -> Any:
        """One value an item."""

    @property
    def scores(self) -> Any:
        """Scores, or None."""


class Agreement(NamedTuple):
    """Item by item, (N,) bool: where two runs differ."""

    differing: NDArray[np.bool_]
    """Which items got other answers."""
    excused: NDArray[np.bool_]
    """Which got another value out of scores so close that rounding explains it; whoever asks bounds how many."""


def agreement_of_labels(first: Answers, second: Answers, *, of_scores: bool) -> Agreement:
    """Compare labels, one or several an item; `of_scores` where scores themselves are what is judged."""
    same = all_of_item(first.values == second.values)
    if first.scores is None or second.scores is None:
        if of_scores and (first.scores is None) != (second.scores is None):
            return Agreement(same | True, same & False)
        return Agreement(~same, same & False)
    close = rows_are_close(first.scores, second.scores)
    return Agreement(~close if of_scores else ~(same | close), close & ~same)


def rows_are_close(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which rows of scores are as good as equal, beside how far the scores of a usual row lie apart."""
    import numpy as np

    rows = [scores.reshape(len(scores), -1).astype(np.float64) for scores in (first, second)]
    if not rows[0].size:
        return np.ones(len(first), bool)
    with np.errstate(over="ignore"):  # scores may be as large as floats are
        scale = min(float(np.median(scores.max(axis=1) - scores.min(axis=1))) for scores in rows)
        magnitude = np.maximum(np.abs(rows[0]), np.abs(rows[1])).max(axis=1, keepdims=True)
        return all_of_item(_within(rows[0], rows[1], RELATIVE * scale + ROUNDING * magnitude))


def numbers_are_close(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell number by number which are as good as equal, beside how far the middle half of them all lies apart."""
    import numpy as np

    if not first.size:
        return np.ones(first.shape, bool)
    with np.errstate(over="ignore"):
        scale = min(spread(first), spread(second))
        return _within(first, second, RELATIVE * scale + ROUNDING * np.maximum(np.abs(first), np.abs(second)))


def spread(numbers: NDArray[Any]) -> float:
    """Return how far the middle half of `numbers` lies apart: a few outliers do not widen it."""
    import numpy as np

    if not numbers.size:
        return 0.0
    low, high = np.quantile(numbers.astype(np.float64), [0.25, 0.75])
    return float(high - low)


def _within(first: NDArray[Any], second: NDArray[Any], tolerance: NDArray[Any]) -> NDArray[np.bool_]:
    import numpy as np

    # equal where both are infinite, whose difference is not a number
    with np.errstate(invalid="ignore"):
        return np.asarray((first == second) | (np.abs(first - second) <= tolerance), bool)


def all_of_item(same: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (N,) whether all of an item is the same."""
    import numpy as np

    return np.asarray(same.reshape(len(same), -1).all(axis=1), bool)
