"""Compute a task's metric; any result other than a finite number is the task's mistake, not a student's."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.contract import Metric, Predictions, raised_at, take_items, written_at
from harness.errors import InfrastructureError, TaskError
from harness.statistics import Resampled

Array = np.ndarray[Any, Any]

_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedMetric:
    """The results of `metric` for `predictions`; every method raises `TaskError` if the result is not allowed."""

    task: str
    metric: Metric
    targets: Any
    predictions: Predictions

    def value(self) -> float:
        """Return the value of the metric on all items."""
        compute = self.metric.compute
        items = f"on {len(self.predictions)} items"
        return self._number(self._called(compute, items, self.targets, self.predictions), compute, items)

    def outcomes(self) -> Array | None:
        """Return (N,) bool, which predictions are correct; None if the metric is not a proportion."""
        outcomes, n = self.metric.outcomes, len(self.predictions)
        if outcomes is None:
            return None
        right = self._called(outcomes, f"on {n} items", self.targets, self.predictions)
        if not isinstance(right, np.ndarray) or right.dtype != bool or right.shape != (n,):
            raise self._mistake(outcomes, f"`outcomes` returned {_describe(right)}", f"a ({n},) array of bool")
        value = self.value()
        if n and abs(value - right.mean()) > _TOLERANCE:
            raise self._mistake(
                self.metric.compute,
                f"`compute` returned {value:g} where `outcomes` says {right.mean():g}",
                "a proportion: the mean of the outcomes",
            )
        return right

    def resampled(self) -> Resampled:
        """Return a function that computes the metric on the items at given indices; slow work is done once."""
        metric, items = self.metric, f"on a resample of {len(self.predictions)} items"
        if metric.resampler is not None:
            resampler = metric.resampler
            figure = self._called(resampler, f"on {len(self.predictions)} items", self.targets, self.predictions)
            if not callable(figure):
                raise self._mistake(resampler, f"`resampler` returned {_describe(figure)}", "a callable")
            return lambda indices: self._number(self._called(figure, items, indices), figure, items)
        right = self.outcomes()
        if right is not None:
            return lambda indices: float(right[indices].mean())
        compute = metric.compute
        return lambda indices: self._number(
            self._called(compute, items, take_items(self.targets, indices), self.predictions.take(indices)),
            compute,
            items,
        )

    def _called(self, function: Callable[..., Any], items: str, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except InfrastructureError:  # a missing package is nobody's mistake
            raise
        except (Exception, SystemExit) as error:
            place = raised_at(error, function)
            what = f"raised {type(error).__name__}: {error} {items}"
            raise TaskError(f"{self._who()} {what}{place and f' ({place})'}") from error

    def _number(self, value: object, function: object, items: str) -> float:
        # Python counts bool as a number, and NumPy may convert an array of one number
        if isinstance(value, bool | np.bool_ | np.ndarray) or not isinstance(value, numbers.Real):
            raise self._mistake(function, f"returned {_describe(value)} {items}", "a number: write float(…)")
        if not math.isfinite(value):
            raise self._mistake(
                function,
                f"returned {float(value)} {items}",
                "a finite number, also where an item or a class is missing from a resample",
            )
        figure, (low, high) = float(value), self.metric.within
        if not low - _TOLERANCE <= figure <= high + _TOLERANCE:
            raise self._mistake(function, f"returned {figure:g} {items}", f"a value in its bounds, {low:g} to {high:g}")
        return figure

    def _mistake(self, function: object, found: str, expected: str) -> TaskError:
        place = written_at(function)
        return TaskError(f"{self._who()} {found}; expected {expected}{place and f' ({place})'}")

    def _who(self) -> str:
        return f"task {self.task}: metric {self.metric.name!r}"


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    text = repr(value)
    return f"{text if len(text) <= 80 else f'{text[:80]}…'} ({type(value).__name__})"
