"""Metrics of labels, with one or several classes for each item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.contract import Metric, Predictions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ONE_LABEL, _SEVERAL_LABELS = ("classification",), ("multilabel",)


def _is_right(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = predictions.values == targets
    return right


def _accuracy(targets: Any, predictions: Predictions) -> float:
    return float(_is_right(targets, predictions).mean())


def _confusion(targets: Any, predictions: Predictions) -> NDArray[np.intp]:
    """Return the confusion matrix: how often each class (row) was predicted as each class (column)."""
    import numpy as np

    size = int(max(targets.max(), predictions.values.max())) + 1
    return np.bincount(targets * size + predictions.values, minlength=size * size).reshape(size, size)


def _macro_f1(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's f1_score(average="macro"), which takes 3 ms: too slow to resample."""
    import numpy as np

    size = int(max(targets.max(), predictions.values.max())) + 1
    both = np.bincount(targets[targets == predictions.values], minlength=size)
    either = np.bincount(targets, minlength=size) + np.bincount(predictions.values, minlength=size)
    seen = either > 0
    return float((2 * both[seen] / either[seen]).mean())


def _balanced_accuracy(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's balanced_accuracy_score, which is slow as well."""
    confusion = _confusion(targets, predictions)
    seen = confusion.sum(axis=1) > 0
    return float((confusion.diagonal()[seen] / confusion.sum(axis=1)[seen]).mean())


def _quadratic_kappa(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's cohen_kappa_score(weights="quadratic"), but 0 if that is not defined."""
    import numpy as np

    confusion = _confusion(targets, predictions)
    places = np.arange(len(confusion))
    cost = (places[:, None] - places) ** 2
    by_chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / confusion.sum()
    expected = float((cost * by_chance).sum())
    return 1 - float((cost * confusion).sum()) / expected if expected else 0.0


def _macro_f1_of_labels(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's f1_score(average="macro", zero_division=0) for several labels per item."""
    import numpy as np

    both = (targets * predictions.values).sum(axis=0)
    either = targets.sum(axis=0) + predictions.values.sum(axis=0)
    return float(np.divide(2 * both, either, out=np.zeros(len(both)), where=either > 0).mean())


def _all_labels_are_right(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = (predictions.values == targets).all(axis=1)
    return right


def _exact_match(targets: Any, predictions: Predictions) -> float:
    return float(_all_labels_are_right(targets, predictions).mean())


accuracy = Metric("accuracy", _accuracy, higher_is_better=True, outcomes=_is_right, kinds=_ONE_LABEL)
"""Share of the items whose label is correct."""
macro_f1 = Metric("macro_f1", _macro_f1, higher_is_better=True, kinds=_ONE_LABEL, bounds=(0, 1))
"""Mean F1 over the classes that occur among targets or predictions (van Rijsbergen 1979)."""
balanced_accuracy = Metric(
    "balanced_accuracy", _balanced_accuracy, higher_is_better=True, kinds=_ONE_LABEL, bounds=(0, 1)
)
"""Mean recall over the classes (Brodersen et al. 2010, ICPR)."""
quadratic_kappa = Metric("quadratic_kappa", _quadratic_kappa, higher_is_better=True, kinds=_ONE_LABEL, bounds=(-1, 1))
"""Agreement beyond chance on ordered classes, weighted by the squared distance (Cohen 1968, Psychol. Bull. 70:213)."""
macro_f1_of_labels = Metric(
    "macro_f1_of_labels", _macro_f1_of_labels, higher_is_better=True, kinds=_SEVERAL_LABELS, bounds=(0, 1)
)
"""Mean of the F1 of each class; 0 for a class that neither occurs nor is predicted."""
exact_match = Metric(
    "exact_match", _exact_match, higher_is_better=True, outcomes=_all_labels_are_right, kinds=_SEVERAL_LABELS
)
"""Share of the items whose labels are all correct."""
