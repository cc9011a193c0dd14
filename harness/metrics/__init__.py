"""The metrics that a task may declare; a task may also bring a `harness.Metric` of its own."""

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
