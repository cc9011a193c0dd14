"""Ready-made metrics for tasks; a task may also declare a different `harness.Metric`.

They are listed by the kinds of task that they are for:

- classification: `accuracy`, `auc`, `balanced_accuracy`, `brier_score`, `calibration_error`, `log_loss`, `macro_f1`,
  `matthews_correlation`, `quadratic_kappa`, and of one class against the rest ``pr_auc(positive)``,
  ``sensitivity(positive, threshold)``, ``specificity(positive, threshold)`` and
  ``sensitivity_at_specificity(specificity, positive)``
- multilabel: `exact_match`, `macro_auc_of_labels`, `macro_f1_of_labels`
- regression: `mean_absolute_error`, `r_squared`, `root_mean_squared_error`, `within_15_percent`
- segmentation: `dice`, `hausdorff_95`, `iou`, and ``normalised_surface_distance(tolerance)``
- detection: `coco_average_precision`, `froc`, `mean_average_precision`, and ``average_precision(label, name)``,
  which makes the metric of one class
- forecasting: `mean_absolute_error`, `r_squared`, `root_mean_squared_error`, `within_15_percent`
"""

from typing import TYPE_CHECKING

from harness.metrics._boxes import average_precision, coco_average_precision, froc, mean_average_precision
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
from harness.metrics._operating_points import (
    brier_score,
    matthews_correlation,
    pr_auc,
    sensitivity,
    sensitivity_at_specificity,
    specificity,
)
from harness.metrics._scores import auc, calibration_error, log_loss, macro_auc_of_labels
from harness.metrics._surfaces import hausdorff_95, normalised_surface_distance

if not TYPE_CHECKING:

    def __getattr__(name):
        """Raise an error for an unknown name, with a list of all metrics."""
        if name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        raise AttributeError(f"harness.metrics has no {name!r}: expected one of {', '.join(__all__)}")


__all__ = [
    "accuracy",
    "auc",
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "calibration_error",
    "coco_average_precision",
    "dice",
    "exact_match",
    "froc",
    "hausdorff_95",
    "iou",
    "log_loss",
    "macro_auc_of_labels",
    "macro_f1",
    "macro_f1_of_labels",
    "matthews_correlation",
    "mean_absolute_error",
    "mean_average_precision",
    "normalised_surface_distance",
    "pr_auc",
    "quadratic_kappa",
    "r_squared",
    "root_mean_squared_error",
    "sensitivity",
    "sensitivity_at_specificity",
    "specificity",
    "within_15_percent",
]
