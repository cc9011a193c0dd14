"""Compare the answers of two runs, with tolerances that are relative to the compared values and never absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RELATIVE = 1e-3
"""The change of a network's scores that another order of additions may cause, as a share of the spread of scores."""
ROUNDING = 1e-5
"""The change that rounding to 32-bit floats may cause, as a share of the magnitude of a number."""


class Answers(Protocol):
    """Predictions of one run: a value for each item, and scores if the model returned any."""

    @property
    def values(self) -> Any:
        """One value for each item."""

    @property
    def scores(self) -> Any:
        """Scores, or None."""


class Agreement(NamedTuple):
    """How the answers of two runs differ, item by item."""

    differing: NDArray[np.bool_]
    """(N,) bool: which items got different answers."""
    excused: NDArray[np.bool_]
    """(N,) bool: which items got different labels from scores so close that rounding explains it. Callers limit how
    many such items are accepted."""


def agreement_of_labels(first: Answers, second: Answers, *, of_scores: bool) -> Agreement:
    """Compare labels, one or several for each item; with `of_scores` the scores are compared instead."""
    same = all_of_item(first.values == second.values)
    if first.scores is None or second.scores is None:
        if of_scores and (first.scores is None) != (second.scores is None):
            return Agreement(same | True, same & False)
        return Agreement(~same, same & False)
    close = rows_are_close(first.scores, second.scores)
    return Agreement(~close if of_scores else ~(same | close), close & ~same)


def rows_are_close(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Return (N,) bool: which rows of scores are nearly equal, compared with the spread of scores in a typical row."""
    import numpy as np

    rows = [scores.reshape(len(scores), -1).astype(np.float64) for scores in (first, second)]
    if not rows[0].size:
        return np.ones(len(first), bool)
    with np.errstate(over="ignore"):  # scores may be as large as floats can be
        scale = min(float(np.median(scores.max(axis=1) - scores.min(axis=1))) for scores in rows)
        magnitude = np.maximum(np.abs(rows[0]), np.abs(rows[1])).max(axis=1, keepdims=True)
        return all_of_item(_within(rows[0], rows[1], RELATIVE * scale + ROUNDING * magnitude))


def numbers_are_close(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each number whether both are nearly equal, compared with the interquartile range of all numbers."""
    import numpy as np

    if not first.size:
        return np.ones(first.shape, bool)
    with np.errstate(over="ignore"):
        scale = min(spread(first), spread(second))
        return _within(first, second, RELATIVE * scale + ROUNDING * np.maximum(np.abs(first), np.abs(second)))


def spread(numbers: NDArray[Any]) -> float:
    """Return the interquartile range of `numbers`, which a few outliers do not widen."""
    import numpy as np

    if not numbers.size:
        return 0.0
    low, high = np.quantile(numbers.astype(np.float64), [0.25, 0.75])
    return float(high - low)


def _within(first: NDArray[Any], second: NDArray[Any], tolerance: NDArray[Any]) -> NDArray[np.bool_]:
    import numpy as np

    # the first comparison is for infinite numbers, whose difference is not a number
    with np.errstate(invalid="ignore"):
        return np.asarray((first == second) | (np.abs(first - second) <= tolerance), bool)


def all_of_item(same: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (N,) bool: for which items everything is the same."""
    import numpy as np

    return np.asarray(same.reshape(len(same), -1).all(axis=1), bool)
