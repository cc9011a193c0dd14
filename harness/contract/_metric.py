"""A metric as a task declares it, and the predictions that it is computed from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.contract._documented import Documented
from harness.contract._problems import Problems, is_line, is_number, is_row, takes
from harness.contract._split import take_items

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Predictions(metaclass=Documented):
    """The accepted predictions of a model, as a metric gets them; ``len(predictions)`` is the number of items.

    Parameters
    ----------
    values : numpy.ndarray or list of numpy.ndarray
        One prediction per item, in the form of `Split.targets`, except that boxes are (k, 6), with a score before the
        class.
    scores : numpy.ndarray or None, default None
        Floats (N, C), one column per class, if the model returned scores or probabilities. For a segmentation they are
        (N, H, W) probabilities of the foreground.
    """

    values: Any
    scores: NDArray[np.floating[Any]] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Predictions:
        """Return the predictions of the items at `indices`, in that order.

        Parameters
        ----------
        indices : sequence of int or numpy.ndarray
            Positions, counted from 0; one may occur several times.

        Returns
        -------
        Predictions
            Those items' values and scores.
        """
        scores = None if self.scores is None else take_items(self.scores, indices)
        return Predictions(take_items(self.values, indices), scores)


@dataclass(frozen=True)
class Metric(metaclass=Documented):
    """A number that the harness computes from targets and predictions.

    Parameters
    ----------
    name : str
        One line, shown on the leaderboard. No two metrics of a task have the same name.
    compute : callable
        Gets the targets and `Predictions` of all items, or of a resample of them, and returns one finite number.
    higher_is_better : bool
        Whether larger values are better.
    unit : str, default ""
        The unit of the values, such as ``mg/dL``; "" for none.
    outcomes : callable or None, default None
        For a proportion: a function with the same arguments as `compute` that returns (N,) bool, which predictions are
        correct. `compute` must be its mean; intervals and tests are then exact.
    of : str, default "values"
        What it is computed from: ``"values"``, or ``"scores"`` for a metric that cannot be computed if a model returns
        labels only.
    resampler : callable or None, default None
        For a slow metric: a function with the same arguments as `compute` that does the slow part once, and returns a
        function that takes the indices of a resample and returns its value.
    kinds : tuple of str, default ()
        The kinds of task that it is for; empty for all kinds.
    bounds : tuple of float or None, default None
        The smallest and the largest possible value; None if they are not known. A proportion is between 0 and 1.
    approximate : bool, default False
        Whether its 95 % intervals are known to cover the true value less often. They are then marked as approximate.
        The harness marks intervals of other metrics, too: of values close to a bound unless they are proportions,
        of metrics without bounds on few items, and of few groups.

    Raises
    ------
    TaskError
        The declaration has a wrong field; or, in an evaluation, a function returns something other than described here.

    Examples
    --------
    >>> import numpy as np
    >>> def compute(targets, predictions):
    ...     return float(np.median(abs(targets - predictions.values)))
    >>> median_error = Metric("median error", compute, higher_is_better=False, unit="mm", kinds=("regression",))
    """

    name: str
    compute: Callable[[Any, Predictions], float]
    higher_is_better: bool
    unit: str = ""
    outcomes: Callable[[Any, Predictions], NDArray[np.bool_]] | None = None
    of: Literal["values", "scores"] = "values"
    resampler: Callable[[Any, Predictions], Callable[[NDArray[np.intp]], float]] | None = None
    kinds: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    approximate: bool = False

    def __post_init__(self) -> None:
        problems = Problems(f"Metric {self.name!r}: ")
        problems.expect(is_line(self.name), "name", self.name, "a text of one line")
        problems.expect(takes(self.compute, 2), "compute", self.compute, "a function of targets and predictions")
        problems.expect(
            isinstance(self.higher_is_better, bool), "higher_is_better", self.higher_is_better, "True or False"
        )
        problems.expect(self.unit == "" or is_line(self.unit), "unit", self.unit, "a text of one line")
        problems.expect(self.of in ("values", "scores"), "of", self.of, '"values" or "scores"')
        for name in ("outcomes", "resampler"):
            value = getattr(self, name)
            good = value is None or takes(value, 2)
            problems.expect(good, name, value, "a function of targets and predictions, or None")
        problems.expect(is_row(self.kinds, str), "kinds", self.kinds, "a tuple of kinds of task")
        problems.expect(isinstance(self.approximate, bool), "approximate", self.approximate, "True or False")
        bounds = self.bounds
        problems.expect(
            bounds is None
            or (is_row(bounds, (int, float)) and len(bounds) == 2 and is_number(bounds[0]) and bounds[0] < bounds[1]),
            "bounds",
            bounds,
            "the least and the greatest value, or None",
        )
        problems.raise_if_any()

    @property
    def within(self) -> tuple[float, float]:
        """The smallest and the largest possible value, infinite if they are not known."""
        if self.bounds is not None:
            return self.bounds
        return (0.0, 1.0) if self.outcomes is not None else (-math.inf, math.inf)

    def at_least_as_good(self, value: float, other: float) -> bool:
        """Return whether `value` is no worse than `other`.

        Parameters
        ----------
        value, other : float
            Two values of this metric.

        Returns
        -------
        bool
            Whether `value` is as good as `other` or better.
        """
        return value >= other if self.higher_is_better else value <= other
