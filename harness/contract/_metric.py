"""A metric as a task declares it, and the predictions that it is computed from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.contract._checks import Problems, is_number, is_row, is_text, takes
from harness.contract._split import take_items

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the host accepted from a model: one value an item, and scores where the model gave any.

    `values` has the form of `Split.targets`, except that boxes are (k, 6) with a score before the class.
    `scores` are floats (N, C), or None.
    """

    values: Any
    scores: NDArray[np.floating[Any]] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Predictions:
        """Return the predictions of the items at `indices`, in that order."""
        scores = None if self.scores is None else take_items(self.scores, indices)
        return Predictions(take_items(self.values, indices), scores)


@dataclass(frozen=True)
class Metric:
    """A figure computed by the host from targets and predictions.

    `outcomes` makes it a proportion: it tells item by item which predictions are right, and the metric
    is their mean.
    """

    name: str
    compute: Callable[[Any, Predictions], float]
    higher_is_better: bool
    unit: str = ""
    outcomes: Callable[[Any, Predictions], NDArray[np.bool_]] | None = None
    of: Literal["values", "scores"] = "values"
    """What it is computed from; a metric of scores is left out where the model gives labels only."""
    resampler: Callable[[Any, Predictions], Callable[[NDArray[np.intp]], float]] | None = None
    """Does once what is slow, and returns what computes the figure on a resample, given as indices of items."""
    kinds: tuple[str, ...] = ()
    """The kinds of task that it is for; none named for any."""
    bounds: tuple[float, float] | None = None
    """The least and the greatest value that it can be; None where that is not known. A proportion is from 0 to 1."""

    def __post_init__(self) -> None:
        problems = Problems(f"Metric {self.name!r}: ")
        plain = is_text(self.name) and self.name.isprintable()
        problems.expect(plain, "name", self.name, "a text of one line")
        problems.expect(takes(self.compute, 2), "compute", self.compute, "a function of targets and predictions")
        problems.expect(
            isinstance(self.higher_is_better, bool), "higher_is_better", self.higher_is_better, "True or False"
        )
        problems.expect(isinstance(self.unit, str), "unit", self.unit, "a text")
        problems.expect(self.of in ("values", "scores"), "of", self.of, '"values" or "scores"')
        for name in ("outcomes", "resampler"):
            value = getattr(self, name)
            good = value is None or takes(value, 2)
            problems.expect(good, name, value, "a function of targets and predictions, or None")
        problems.expect(is_row(self.kinds, str), "kinds", self.kinds, "a tuple of kinds of task")
        bounds = self.bounds
        problems.expect(
            bounds is None
            or (is_row(bounds, (int, float)) and len(bounds) == 2 and is_number(bounds[0]) and bounds[0] < bounds[1]),
            "bounds",
            bounds,
            "the least and the greatest value, or None",
        )
        problems.tell()

    @property
    def within(self) -> tuple[float, float]:
        """The least and the greatest value that it can be, infinite where they are not known."""
        if self.bounds is not None:
            return self.bounds
        return (0.0, 1.0) if self.outcomes is not None else (-math.inf, math.inf)

    def at_least_as_good(self, value: float, other: float) -> bool:
        """Tell whether `value` is no worse than `other` in this metric's direction."""
        return value >= other if self.higher_is_better else value <= other
