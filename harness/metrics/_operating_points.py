"""Metrics of one class against the rest, as clinical studies report them, and of probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.contract import Metric, Predictions
from harness.kinds import probabilities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KINDS = ("classification",)
Figure = Callable[[Any, Any], float]
"""A function of (N,) bool, which items have the class, and (N,) their probabilities of it."""


def sensitivity(positive: int = 1, threshold: float = 0.5) -> Metric:
    """Return the sensitivity: the share of the items of class `positive` whose probability is at least `threshold`.

    Parameters
    ----------
    positive : int, default 1
        The class.
    threshold : float, default 0.5
        The smallest probability that counts as positive.

    Returns
    -------
    Metric
        The metric.
    """
    name = f"sensitivity_of_{positive}_at_{threshold:g}"
    return _of_class(name, positive, lambda members, chances: _share(chances[members] >= threshold))


def specificity(positive: int = 1, threshold: float = 0.5) -> Metric:
    """Return the specificity: the share of all other items whose probability of `positive` is below `threshold`.

    Parameters
    ----------
    positive : int, default 1
        The class.
    threshold : float, default 0.5
        The smallest probability that counts as positive.

    Returns
    -------
    Metric
        The metric.
    """
    name = f"specificity_of_{positive}_at_{threshold:g}"
    return _of_class(name, positive, lambda members, chances: _share(chances[~members] < threshold))


def sensitivity_at_specificity(specificity: float, positive: int = 1) -> Metric:
    """Return the largest sensitivity on the ROC curve of `positive` with at least this `specificity`.

    Parameters
    ----------
    specificity : float
        The smallest specificity, from 0 to 1.
    positive : int, default 1
        The class.

    Returns
    -------
    Metric
        The metric.
    """

    def compute(members: Any, chances: Any) -> float:
        import numpy as np

        others = np.sort(chances[~members])
        if not len(others) or not members.any():
            return 0.0
        allowed = len(others) - int(np.ceil(specificity * len(others) - 1e-9))  # false alarms
        above = np.inf if allowed >= len(others) else others[len(others) - 1 - allowed]
        return _share(chances[members] > above) if np.isfinite(above) else 1.0

    return _of_class(f"sensitivity_of_{positive}_at_specificity_{specificity:g}", positive, compute)


def pr_auc(positive: int = 1) -> Metric:
    """Return the area under the precision-recall curve of `positive`, as average precision.

    It is computed by steps without interpolation, as by scikit-learn's average_precision_score (Davis & Goadrich 2006,
    ICML).

    Parameters
    ----------
    positive : int, default 1
        The class.

    Returns
    -------
    Metric
        The metric.
    """

    def compute(members: Any, chances: Any) -> float:
        import numpy as np

        total = int(members.sum())
        if not total:
            return 0.0
        order = np.argsort(-chances, kind="stable")
        # the last position of each distinct probability
        last = np.append(np.flatnonzero(np.diff(chances[order])), len(order) - 1)
        found = np.cumsum(members[order])[last]
        return float((np.diff(found, prepend=0) / total * found / (last + 1)).sum())

    return _of_class(f"pr_auc_of_{positive}", positive, compute)


def _of_class(name: str, positive: int, figure: Figure) -> Metric:
    def resampler(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
        assert predictions.scores is not None
        members, chances = targets == positive, probabilities(predictions.scores)[:, positive]
        return lambda items: figure(members[items], chances[items])

    return _of_probabilities(name, resampler, higher_is_better=True, most=1)


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else 0.0


def _brier(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
    import numpy as np

    assert predictions.scores is not None
    rows = probabilities(predictions.scores)
    errors = ((rows - np.eye(rows.shape[1])[targets]) ** 2).sum(axis=1)
    return lambda items: float(errors[items].mean())


def _of_probabilities(
    name: str,
    resampler: Callable[[Any, Predictions], Callable[[NDArray[np.intp]], float]],
    *,
    higher_is_better: bool,
    most: float,
) -> Metric:
    def compute(targets: Any, predictions: Predictions) -> float:
        import numpy as np

        return resampler(targets, predictions)(np.arange(len(targets)))

    return Metric(
        name,
        compute,
        higher_is_better,
        of="scores",
        resampler=resampler,
        kinds=_KINDS,
        bounds=(0, most),
    )


brier_score = _of_probabilities("brier_score", _brier, higher_is_better=False, most=2)
"""Mean squared difference of probabilities and true classes, summed over the classes (Brier 1950, MWR 78:1)."""


def _matthews(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's matthews_corrcoef, which takes 1 ms: too slow to resample."""
    import numpy as np

    size = int(max(targets.max(), predictions.values.max())) + 1
    right = float((targets == predictions.values).sum())
    true, given = (np.bincount(labels, minlength=size).astype(float) for labels in (targets, predictions.values))
    n = float(len(targets))
    spread = (n * n - true @ true) * (n * n - given @ given)
    return float((n * right - true @ given) / np.sqrt(spread)) if spread else 0.0


matthews_correlation = Metric("matthews_correlation", _matthews, higher_is_better=True, kinds=_KINDS, bounds=(-1, 1))
"""Correlation of predicted and true labels, 0 by chance (Matthews 1975, BBA 405:442; Gorodkin 2004)."""
