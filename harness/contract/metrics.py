"""How good predictions are: the metrics a task may declare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contract._errors import TaskError

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
        chosen = [self.values[int(i)] for i in indices] if isinstance(self.values, list) else self.values[indices]
        return Predictions(chosen, None if self.scores is None else self.scores[indices])


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

    def __post_init__(self) -> None:
        if not isinstance(self.higher_is_better, bool):
            raise TaskError(f"metric {self.name!r} has no direction: set higher_is_better to True or False")
        if not callable(self.compute):
            raise TaskError(f"metric {self.name!r} cannot be computed: `compute` must be callable")

    def at_least_as_good(self, value: float, other: float) -> bool:
        """Tell whether `value` is no worse than `other` in this metric's direction."""
        return value >= other if self.higher_is_better else value <= other


def _is_right(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = predictions.values == targets
    return right


def _accuracy(targets: Any, predictions: Predictions) -> float:
    return float(_is_right(targets, predictions).mean())


def _macro_f1(targets: Any, predictions: Predictions) -> float:
    """Equal scikit-learn's f1_score(average="macro"); an interval asks a thousand times, at 3 ms each from there."""
    import numpy as np

    size = int(max(targets.max(), predictions.values.max())) + 1
    both = np.bincount(targets[targets == predictions.values], minlength=size)
    either = np.bincount(targets, minlength=size) + np.bincount(predictions.values, minlength=size)
    seen = either > 0
    return float((2 * both[seen] / either[seen]).mean())


accuracy = Metric("accuracy", _accuracy, higher_is_better=True, outcomes=_is_right)
macro_f1 = Metric("macro_f1", _macro_f1, higher_is_better=True)
