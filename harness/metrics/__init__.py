"""The metrics that a task may declare; a task may also bring a `harness.Metric` of its own.

By kind of task:

- classification: `accuracy`, `auc`, `balanced_accuracy`, `calibration_error`, `log_loss`, `macro_f1`, `quadratic_kappa`
- multilabel: `exact_match`, `macro_auc_of_labels`, `macro_f1_of_labels`
- regression: `mean_absolute_error`, `r_squared`, `root_mean_squared_error`, `within_15_percent`
- segmentation: `dice`, `iou`
- detection: `mean_average_precision`, and ``average_precision(label, name)``, which makes the metric of one class
- forecasting: `mean_absolute_error`, `r_squared`, `root_mean_squared_error`, `within_15_percent`
"""

from typing import TYPE_CHECKING

from harness.metrics._boxes import average_precision, mean_average_precision
from harness.metrics._labels import (
    accuracy,
    balanced_accuracy,
    exact_match,
    macro_f1,
    macro_f1_of_labels,
    quadratic_kappa,
)
from harness.metrics._masks import dice, iou
from harness.metrics._numbers import mean_absolute_error, r_squared, root_mean_squared_error, within_15_percent
from harness.metrics._scores import auc, calibration_error, log_loss, macro_auc_of_labels

if not TYPE_CHECKING:

    def __getattr__(name):
        """Say which metrics there are: it is asked for names that are not among them."""
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        raise AttributeError(f"harness.metrics has no {name!r}: expected one of {', '.join(__all__)}")


__all__ = [
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "calibration_error",
    "dice",
    "exact_match",
    "iou",
    "log_loss",
    "macro_auc_of_labels",
    "macro_f1",
    "macro_f1_of_labels",
    "mean_absolute_error",
    "mean_average_precision",
    "quadratic_kappa",
    "r_squared",
    "root_mean_squared_error",
    "within_15_percent",
]
