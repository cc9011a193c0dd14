"""How good predictions are: the metrics a task may declare."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.contract import _boxes, _masks, _scores
from harness.contract._checks import Problems, is_number, is_row, is_text, takes
from harness.contract._split import take_items
from harness.kinds import probabilities as probabilities

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


def _confusion(targets: Any, predictions: Predictions) -> NDArray[np.intp]:
    """Return how often each class (row) was answered by each (column)."""
    import numpy as np

    size = int(max(targets.max(), predictions.values.max())) + 1
    return np.bincount(targets * size + predictions.values, minlength=size * size).reshape(size, size)


def _balanced_accuracy(targets: Any, predictions: Predictions) -> float:
    """Equal scikit-learn's balanced_accuracy_score, for the reason above."""
    confusion = _confusion(targets, predictions)
    seen = confusion.sum(axis=1) > 0
    return float((confusion.diagonal()[seen] / confusion.sum(axis=1)[seen]).mean())


def _quadratic_kappa(targets: Any, predictions: Predictions) -> float:
    """Equal scikit-learn's cohen_kappa_score(weights="quadratic"), but 0 where chance leaves nothing to agree on."""
    import numpy as np

    confusion = _confusion(targets, predictions)
    places = np.arange(len(confusion))
    cost = (places[:, None] - places) ** 2
    by_chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / confusion.sum()
    expected = float((cost * by_chance).sum())
    return 1 - float((cost * confusion).sum()) / expected if expected else 0.0


def _mean_absolute_error(targets: Any, predictions: Predictions) -> float:
    return float(abs(predictions.values - targets).mean())


def _within_15_percent(targets: Any, predictions: Predictions) -> float:
    return float((abs(predictions.values - targets) <= 0.15 * abs(targets)).mean())


def _root_mean_squared_error(targets: Any, predictions: Predictions) -> float:
    return math.sqrt(float(((predictions.values - targets) ** 2).mean()))


def _r_squared(targets: Any, predictions: Predictions) -> float:
    """Equal scikit-learn's r2_score of all numbers together, but 0 where the targets do not vary."""
    total = float(((targets - targets.mean()) ** 2).sum())
    return 1 - float(((predictions.values - targets) ** 2).sum()) / total if total else 0.0


def _macro_f1_of_labels(targets: Any, predictions: Predictions) -> float:
    """Equal scikit-learn's f1_score(average="macro", zero_division=0) of several labels an item."""
    import numpy as np

    both = (targets * predictions.values).sum(axis=0)
    either = targets.sum(axis=0) + predictions.values.sum(axis=0)
    return float(np.divide(2 * both, either, out=np.zeros(len(both)), where=either > 0).mean())


def _all_labels_right(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = (predictions.values == targets).all(axis=1)
    return right


def _exact_match(targets: Any, predictions: Predictions) -> float:
    return float(_all_labels_right(targets, predictions).mean())


def _every(targets: Any) -> NDArray[np.intp]:
    import numpy as np

    return np.arange(len(targets))


def _macro_auc_of_labels(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
    assert predictions.scores is not None
    return _scores.auc_of_labels(targets, predictions.scores)


def _of_scores(
    name: str, figure: Callable[[Any, Any], _scores.OnItems], *, higher_is_better: bool, most: float, unit: str = ""
) -> Metric:
    def resampler(targets: Any, predictions: Predictions) -> _scores.OnItems:
        assert predictions.scores is not None
        return figure(targets, probabilities(predictions.scores))  # raw outputs compare within an item only

    def compute(targets: Any, predictions: Predictions) -> float:
        import numpy as np

        return resampler(targets, predictions)(np.arange(len(targets)))

    return Metric(
        name, compute, higher_is_better, unit, of="scores", resampler=resampler, kinds=_OF_LABELS, bounds=(0, most)
    )


_OF_LABELS, _OF_SEVERAL_LABELS = ("classification",), ("multilabel",)
_OF_MASKS, _OF_BOXES, _OF_NUMBERS = ("segmentation",), ("detection",), ("forecasting", "regression")

accuracy = Metric("accuracy", _accuracy, higher_is_better=True, outcomes=_is_right, kinds=_OF_LABELS)
macro_f1 = Metric("macro_f1", _macro_f1, higher_is_better=True, kinds=_OF_LABELS, bounds=(0, 1))
mean_absolute_error = Metric(
    "mean_absolute_error", _mean_absolute_error, higher_is_better=False, kinds=_OF_NUMBERS, bounds=(0, math.inf)
)
"""Over all steps of all forecasts; a task gives it its unit with `dataclasses.replace`."""
within_15_percent = Metric(
    "within_15_percent", _within_15_percent, higher_is_better=True, kinds=_OF_NUMBERS, bounds=(0, 1)
)
"""Share of forecast values no farther than 15 % from the truth, as ISO 15197 judges glucose meters."""
root_mean_squared_error = Metric(
    "root_mean_squared_error", _root_mean_squared_error, higher_is_better=False, kinds=_OF_NUMBERS, bounds=(0, math.inf)
)
r_squared = Metric("r_squared", _r_squared, higher_is_better=True, kinds=_OF_NUMBERS)
"""Share of the targets' variance that is explained; 0 for their mean, and for targets that are all alike."""
auc = _of_scores("auc", _scores.auc, higher_is_better=True, most=1)
"""One-vs-rest area under the ROC curve, macro average (Hanley & McNeil 1982, Radiology 143:29; Fawcett 2006)."""
log_loss = _of_scores("log_loss", _scores.log_loss, higher_is_better=False, most=math.inf, unit="nats")
"""Mean negative log-likelihood (Good 1952, J. R. Stat. Soc. B 14:107)."""
calibration_error = _of_scores("calibration_error", _scores.calibration_error, higher_is_better=False, most=1)
"""Expected calibration error with 15 bins (Naeini et al. 2015, AAAI; Guo et al. 2017, ICML)."""

macro_f1_of_labels = Metric(
    "macro_f1_of_labels", _macro_f1_of_labels, higher_is_better=True, kinds=_OF_SEVERAL_LABELS, bounds=(0, 1)
)
"""Mean F1 over the classes, each by itself; 0 for a class that neither occurs nor is predicted."""
exact_match = Metric(
    "exact_match", _exact_match, higher_is_better=True, outcomes=_all_labels_right, kinds=_OF_SEVERAL_LABELS
)
"""Share of the items whose labels are all right."""
macro_auc_of_labels = Metric(
    "macro_auc_of_labels",
    lambda targets, predictions: _macro_auc_of_labels(targets, predictions)(_every(targets)),
    higher_is_better=True,
    of="scores",
    resampler=_macro_auc_of_labels,
    kinds=_OF_SEVERAL_LABELS,
    bounds=(0, 1),
)
"""Mean area under the ROC curve over the classes that some items have and some have not; 0.5 where there is none."""

balanced_accuracy = Metric(
    "balanced_accuracy", _balanced_accuracy, higher_is_better=True, kinds=_OF_LABELS, bounds=(0, 1)
)
"""Mean recall over the classes (Brodersen et al. 2010, ICPR)."""
quadratic_kappa = Metric("quadratic_kappa", _quadratic_kappa, higher_is_better=True, kinds=_OF_LABELS, bounds=(-1, 1))
"""Agreement beyond chance on ordered classes, weighted by the squared distance (Cohen 1968, Psychol. Bull. 70:213)."""


def _mean_of_items(name: str, of_items: Callable[[Any, Any], NDArray[np.float64]]) -> Metric:
    def resampler(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
        values = of_items(targets, predictions.values)
        return lambda items: float(values[items].mean())

    return Metric(
        name,
        lambda targets, predictions: float(of_items(targets, predictions.values).mean()),
        higher_is_better=True,
        resampler=resampler,
        kinds=_OF_MASKS,
        bounds=(0, 1),
    )


dice = _mean_of_items("dice", _masks.dice_of_items)
"""Mean over the images of the foreground's Dice coefficient."""
iou = _mean_of_items("iou", _masks.iou_of_items)
"""Mean over the images of the foreground's intersection over union."""


def _labels_of(targets: Any) -> list[int]:
    return sorted({int(label) for boxes in targets for label in boxes[:, 4]})


def _mean_average_precision(targets: Any, predictions: Predictions) -> float:
    values = _boxes.average_precisions(targets, predictions.values).values()
    return sum(values) / len(values) if values else 0.0


mean_average_precision = Metric(
    "map50",
    _mean_average_precision,
    higher_is_better=True,
    resampler=lambda targets, predictions: _boxes.resampled_mean(targets, predictions.values, _labels_of(targets)),
    kinds=_OF_BOXES,
    bounds=(0, 1),
)
"""Average precision at IoU 0.5, mean over the classes (Everingham et al. 2010, IJCV 88:303; COCO's interpolation)."""


def average_precision(label: int, name: str) -> Metric:
    """Return the metric of one class's average precision at IoU 0.5, called ``ap50_<name>``."""
    return Metric(
        f"ap50_{name}",
        lambda targets, predictions: _boxes.average_precisions(targets, predictions.values).get(label, 0.0),
        higher_is_better=True,
        resampler=lambda targets, predictions: _boxes.resampled_mean(targets, predictions.values, [label]),
        kinds=_OF_BOXES,
        bounds=(0, 1),
    )
