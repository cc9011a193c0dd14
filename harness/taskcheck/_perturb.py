"""Check the results of a task's `perturb` against the declared form of inputs; errors are mistakes of the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.contract import Task, interval_of, raised_at, written_at
from harness.errors import TaskError

Array = np.ndarray[Any, Any]


def checked_perturb(task: Task) -> Callable[[Array, np.random.Generator], Array] | None:
    """Return the task's `perturb`, which then raises `TaskError` if its result is not an input; None if it has none."""
    perturb = task.perturb
    if perturb is None:
        return None

    def checked(one: Array, generator: np.random.Generator) -> Array:
        try:
            altered = perturb(one.copy(), generator)  # a copy, so that a change in place does not change the data
        except (Exception, SystemExit) as error:
            place = raised_at(error, perturb)
            raise TaskError(
                f"task {task.name}: `perturb` raised {type(error).__name__}: {error}{place and f' ({place})'}"
            ) from error
        return _in_form(task, one, altered)

    return checked


def _in_form(task: Task, one: Array, altered: object) -> Array:
    """Return `altered` in the form of `one`."""
    inputs = task.inputs
    try:
        array = np.asarray(altered)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of different lengths, a tensor with a gradient
        raise _mistake(task, f"something that is not an array ({error})", f"numbers of shape {one.shape}") from error
    if array.dtype.kind not in "biuf" or array.shape != one.shape:
        found = f"{array.dtype} of shape {array.shape}" if array.dtype.kind in "biuf" else repr(altered)[:80]
        raise _mistake(task, found, f"numbers of shape {one.shape}")
    if not np.isfinite(array).all():
        raise _mistake(task, f"{array[~np.isfinite(array)][0]}", "finite numbers")
    low, high = inputs.low, inputs.high
    if one.dtype.kind in "iu":  # a number out of range would become a different number
        limits = np.iinfo(one.dtype)
        low, high = (limits.min if low is None else low), (limits.max if high is None else high)
    with np.errstate(over="ignore"):
        fitting = array.astype(one.dtype) if one.dtype.kind == "f" else array
    if not np.isfinite(fitting).all():
        raise _mistake(task, f"{array.flat[np.abs(array).argmax()]}", f"numbers in the range of {one.dtype}")
    if (low is not None and fitting.min() < low) or (high is not None and fitting.max() > high):
        raise _mistake(task, f"values in [{fitting.min():g}, {fitting.max():g}]", f"values in {interval_of(low, high)}")
    return fitting.astype(one.dtype)


def _mistake(task: Task, found: str, expected: str) -> TaskError:
    place = written_at(task.perturb)
    return TaskError(f"task {task.name}: `perturb` returned {found}; expected {expected}{place and f' ({place})'}")
