"""Accept predictions, or say exactly what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.contract import Phase, Predictions, SubmissionError, TaskInfo
from harness.wire import Admit, ArrayHeader, Done, WireError, unpack

Array = np.ndarray[Any, Any]

MAX_BOXES_PER_IMAGE = 1_000
MAX_MAGNITUDE = 1e100
"""Largest magnitude of a forecast, a coordinate or a box's score: sums, squares and areas of such are finite."""
_MAX_MASK_VALUE = (1 << 31) - 1


def admit_predictions(task: TaskInfo, n: int, item_shape: tuple[int, ...], phase: Phase) -> Admit:
    """Return what judges the headers of a reply to n inputs of `item_shape`, before any payload is read."""

    def admit(message: object, headers: Sequence[ArrayHeader]) -> None:
        if not isinstance(message, Done):
            if headers:
                raise WireError("arrays came with a message that carries none")
            return
        if len(headers) != (2 if task.kind == "detection" else 1):
            raise WireError(f"{len(headers)} arrays came as predictions")
        problem = _form_problem(task, n, item_shape, headers)
        if problem:
            raise bad_predictions(phase, problem)

    return admit


def accept(task: TaskInfo, arrays: Sequence[Array], phase: Phase) -> Predictions:
    """Return the predictions that came as `arrays`, checked; their headers were admitted before.

    Raises:
        SubmissionError: `bad_predictions`.
    """
    if task.kind == "detection":
        return Predictions(_boxes(task, unpack("ragged", arrays), phase))
    (array,) = arrays
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0]
        raise bad_predictions(phase, f"predict returned {array[tuple(where)]} (item {where[0]}): expected finite")
    match task.kind:
        case "classification":
            return _labels(task, array, phase)
        case "segmentation":
            return _masks(task, array, phase)
    return _forecasts(array.astype(np.float64), phase)


def join_predictions(batches: Sequence[Predictions]) -> Predictions:
    """Return the predictions of several batches as one; scores only where every batch has them."""
    if isinstance(batches[0].values, list):
        return Predictions([boxes for batch in batches for boxes in batch.values])
    values = np.concatenate([batch.values for batch in batches])
    scores = [batch.scores for batch in batches if batch.scores is not None]
    return Predictions(values, np.concatenate(scores) if len(scores) == len(batches) else None)


def bad_predictions(phase: Phase, problem: str) -> SubmissionError:
    """Return the failure that `problem` is."""
    return SubmissionError("bad_predictions", phase, problem)


def _form_problem(task: TaskInfo, n: int, item_shape: tuple[int, ...], headers: Sequence[ArrayHeader]) -> str | None:
    first = headers[0]
    numeric = first.dtype.kind in "iuf"
    match task.kind:
        case "classification":
            classes = len(task.classes)
            labels = first.shape == (n,) and numeric
            scores = first.shape == (n, classes) and first.dtype.kind == "f"
            if not (labels or scores):
                expected = f"expected ({n},) integer labels or ({n}, {classes}) float scores"
                return f"{_found(first, n)}: {expected}{_scores_remedy(first, n, classes)}"
        case "segmentation":
            if first.shape != (n, *item_shape[:2]) or not numeric:
                return f"{_found(first, n)}: expected ({n}, {item_shape[0]}, {item_shape[1]}) masks or probabilities"
        case "forecasting":
            if first.shape != (n, task.horizon) or first.dtype.kind != "f":
                return f"{_found(first, n)}: expected ({n}, {task.horizon}) floats"
        case "detection":
            rows = first.shape[0] if first.shape else -1
            if first.shape != (rows, 6) or first.dtype.kind != "f" or rows > n * MAX_BOXES_PER_IMAGE:
                return f"{_found(first, n)}: expected (k, 6) floats per image, at most {MAX_BOXES_PER_IMAGE} boxes each"
            if headers[1].shape != (n,):
                return f"predict returned boxes for {headers[1].shape} images: expected {n}"
    return None


def _scores_remedy(first: ArrayHeader, n: int, classes: int) -> str:
    """Say what to write, for the forms that people return instead of labels or scores."""
    shape, kind = first.shape, first.dtype.kind
    if shape == (n,) and kind == "b":
        return "; write .astype(int)"
    if shape == (n, classes) and kind in "iu":
        return "; write .argmax(axis=1) for labels, or .astype(float)"
    if shape == (n, 1):
        return f"; {_ONE_COLUMN}" if kind == "f" and classes == 2 else "; write [:, 0] to drop the last axis"
    if shape == (classes, n):
        return "; write .T to swap the axes"
    if n == 1 and shape in ((), (classes,)):
        return "; one item was asked here, and squeeze() drops its axis too: name the axis, as in squeeze(1)"
    return ""


_ONE_COLUMN = "of one column p of a sigmoid make two, np.stack([1 - p, p], axis=1), or labels, (p > 0.5).astype(int)"


def _found(first: ArrayHeader, n: int) -> str:
    return f"predict returned shape {first.shape} of {first.dtype} for {n} inputs"


def _labels(task: TaskInfo, array: Array, phase: Phase) -> Predictions:
    if array.ndim == 2:
        return Predictions(array.argmax(axis=1).astype(np.int64), array)
    if array.dtype.kind == "f" and (array != np.floor(array)).any():
        fraction = array[array != np.floor(array)][0]
        remedy = f"; {_ONE_COLUMN}" if len(task.classes) == 2 and 0 <= fraction <= 1 else ""
        raise bad_predictions(phase, f"predict returned the label {fraction:g}: expected whole numbers{remedy}")
    low, high = array.min(initial=0), array.max(initial=0)
    if low < 0 or high >= len(task.classes):
        wrong = low if low < 0 else high
        counted_from_one = "; classes count from 0" if array.min() == 1 and high == len(task.classes) else ""
        raise bad_predictions(
            phase, f"predict returned the label {wrong:g}: expected 0 to {len(task.classes) - 1}{counted_from_one}"
        )
    return Predictions(array.astype(np.int64))


def _masks(task: TaskInfo, array: Array, phase: Phase) -> Predictions:
    low, high = array.min(initial=0), array.max(initial=0)
    if array.dtype.kind == "f":
        if low < 0 or high > 1:
            raise bad_predictions(phase, f"predict returned probabilities in [{low:g}, {high:g}]: expected [0, 1]")
        return Predictions((array >= 0.5).astype(np.int64), array)
    most = len(task.classes) - 1 if task.classes else _MAX_MASK_VALUE
    if low < 0 or high > most:
        wrong = low if low < 0 else high
        raise bad_predictions(phase, f"predict returned the mask value {wrong}: expected 0 to {most}")
    return Predictions(array.astype(np.int64))


def _forecasts(array: Array, phase: Phase) -> Predictions:
    beyond = np.argwhere(np.abs(array) > MAX_MAGNITUDE)
    if len(beyond):
        raise bad_predictions(phase, _too_large(array[tuple(beyond[0])], f"item {beyond[0][0]}"))
    return Predictions(array)


def _too_large(value: float, where: str) -> str:
    return f"predict returned {value:g} ({where}): expected numbers between {-MAX_MAGNITUDE:g} and {MAX_MAGNITUDE:g}"


def _boxes(task: TaskInfo, boxes: list[Array], phase: Phase) -> list[Array]:
    for number, image in enumerate(boxes):
        if len(image) > MAX_BOXES_PER_IMAGE:
            raise bad_predictions(
                phase,
                f"predict returned {len(image)} boxes for image {number}: "
                f"expected at most {MAX_BOXES_PER_IMAGE} boxes each",
            )
        if not np.isfinite(image).all():
            raise bad_predictions(phase, f"predict returned a box that is not finite (image {number})")
        if (np.abs(image) > MAX_MAGNITUDE).any():
            raise bad_predictions(phase, _too_large(image[np.abs(image) > MAX_MAGNITUDE][0], f"image {number}"))
        classes = image[:, 5]
        if ((classes < 0) | (classes >= len(task.classes)) | (classes != np.floor(classes))).any():
            raise bad_predictions(
                phase,
                f"predict returned a box of unknown class (image {number}): expected 0 to {len(task.classes) - 1}",
            )
    return boxes
