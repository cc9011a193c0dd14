"""Audits of answers: what was timed must be what was scored, and must not be memorised."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.contract import Predictions, Split, Task, take_items
from harness.evaluation._measure import Answered
from harness.evaluation._seeds import seed_for
from harness.record import Audit
from harness.statistics import bootstrap
from harness.taskcheck import CheckedMetric

Array = np.ndarray[Any, Any]

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""What the order of additions may change in a float network."""
_RESAMPLES, _CHANCE = 200, 0.01
_SCORE, _TIED = 4, 10
"""Where a box's score stands; of so many boxes one may be another because of a tie."""


def differing(first: Predictions, second: Predictions) -> Array:
    """Return (N,) bool: which items got different answers.

    A label that flips is excused where both score vectors agree within tolerance; masks and forecasts are compared by
    the same tolerance, boxes as sets.
    """
    if isinstance(first.values, list):
        pairs = zip(first.values, second.values, strict=True)
        return np.array([not _same_boxes(a, b) for a, b in pairs], bool)
    axes = tuple(range(1, first.values.ndim))
    same: Array = np.asarray(_close(first.values, second.values).all(axis=axes))
    if first.scores is not None and second.scores is not None:
        same = same | _close(first.scores, second.scores).all(axis=tuple(range(1, first.scores.ndim)))
    return ~same


def _same_boxes(first: Array, second: Array) -> bool:
    """Compare two sets of boxes: their order is free, and of many a few may differ that came out of a tie.

    Boxes of all but equal score swap places from batch to batch, and non-maximum suppression keeps the one or the
    other. So one box in ten may lack its like, where another box of the set, kept or suppressed, has the same score.
    """
    if first.shape == second.shape and _close(first, second).all():
        return True
    alike: Array = np.asarray(_close(first[:, None], second[None]).all(axis=2))
    taken = np.zeros(len(second), bool)
    lone = []
    for row, candidates in enumerate(alike):
        free = np.flatnonzero(candidates & ~taken)
        if len(free):
            taken[free[0]] = True
        else:
            lone.append(row)
    unmatched = (first[lone], second[~taken])
    if max(map(len, unmatched)) * _TIED > max(len(first), len(second)):
        return False
    scores = np.concatenate([first[:, _SCORE], second[:, _SCORE]])
    return all(int(_close(scores, box[_SCORE]).sum()) > 1 for boxes in unmatched for box in boxes)


def moved(first: Predictions, second: Predictions) -> int:
    """Return how many items got another answer, be it other scores of the same label."""
    if first.scores is None or second.scores is None or isinstance(first.values, list):
        return int(differing(first, second).sum())
    return int((~_close(first.scores, second.scores).all(axis=tuple(range(1, first.scores.ndim)))).sum())


def allowed_to_differ(n: int) -> int:
    """Return how many of `n` items may differ: 0.5 %, at least 2."""
    return max(2, n // 200)


def timed_answers_equal_scored(
    accuracy_run: Predictions, timed_run: Predictions, training: tuple[str, ...] = ()
) -> Audit:
    """Compare what unaltered items got in the accuracy run and, alone and shuffled, in the timed run.

    Catches predictions that depend on batch or order, models that go on learning, and ones that know when they
    are timed. `training` names modules that were seen in training mode.
    """
    n, count = len(timed_run), int(differing(accuracy_run, timed_run).sum())
    what = "got another answer when timed than when scored"
    return Audit(
        name="timed answers equal scored ones",
        passed=count <= allowed_to_differ(n),
        severity="fail",
        # how many were asked is the clock's doing: the usual record does not depend on it
        detail=f"{count} of {n} unaltered items {what}, {allowed_to_differ(n)} may{eval_forgotten(training)}"
        if count
        else f"no item {what}",
    )


def eval_forgotten(training: tuple[str, ...]) -> str:
    """Return what to do about modules that were seen in training mode."""
    if not training:
        return ""
    return f"; predict ran {', '.join(training[:3])} in training mode: call self.net.eval() at the end of fit"


def altered_inputs_score_as_well(task: Task, truth: Split, scored: Predictions, altered: Answered) -> Audit | None:
    """Compare the primary score on items that `perturb` altered with that on the same items as they are.

    Catches answers looked up by the exact input. Fails only where the fall is beyond `Task.perturb_cost` by more
    than chance (one-sided, 1 %, paired bootstrap over the items); None where the task states no bound.
    """
    metric, bound = task.primary, task.perturb_cost
    if bound is None or (metric.of == "scores" and altered.answers.scores is None):
        return None
    targets, sign = take_items(truth.targets, altered.items), 1 if metric.higher_is_better else -1
    before, after = (
        CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=answers).resampled()
        for answers in (scored.take(altered.items), altered.answers)
    )

    def fall(items: Array) -> float:
        return sign * (before(items) - after(items))

    n = len(altered.items)
    falls = bootstrap(fall, n, seed_for(0, f"{task.name}/jitter", 0), _RESAMPLES)
    least = float(np.quantile(falls, _CHANCE))
    passed = least <= bound
    what = f"`perturb` may cost {bound:g} of {metric.name}"
    detail = (
        f"{what} and costs no more"
        if passed
        else f"{what} and costs {fall(np.arange(n)):.3f} on {n} items: learn the classes, do not keep the test items"
    )
    return Audit(name="altered inputs score as well", passed=passed, severity="fail", detail=detail)


def _close(first: Array, second: Array) -> Array:
    with np.errstate(over="ignore"):  # class scores may be as large as floats are
        return np.isclose(first, second, rtol=RELATIVE, atol=ABSOLUTE)
