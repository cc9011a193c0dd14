"""Audits of answers: what was timed must be what was scored, and must not be memorised."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.contract import Predictions, Split, Task, take_items
from harness.evaluation._altered import Altered
from harness.evaluation._measure import Answered
from harness.evaluation._seeds import seed_for
from harness.kinds import KINDS
from harness.record import Audit
from harness.statistics import bootstrap, poisson_p_value
from harness.taskcheck import CheckedMetric

Array = np.ndarray[Any, Any]

_RESAMPLES, _CHANCE = 200, 0.01
_LOST_BY_CHANCE, _LEAST_LOST, _KEPT_CHANCE = 0.002, 4, 1e-4
"""The share of items that an honest model answers otherwise than whenever they are altered, and what may be chance."""


def differing(kind: str, first: Predictions, second: Predictions) -> Array:
    """Return (N,) bool: which items got different answers; a label that flips out of a near tie is excused."""
    return KINDS[kind].agreement(first, second).differing


def moved(kind: str, first: Predictions, second: Predictions) -> int:
    """Return how many items got another answer, be it other scores of the same label."""
    return int(KINDS[kind].agreement(first, second, of_scores=True).differing.sum())


def allowed_to_differ(n: int) -> int:
    """Return how many of `n` items may differ: 0.5 %, at least 2."""
    return max(2, n // 200)


def allowed_to_flip(n: int) -> int:
    """Return how many labels of `n` may flip out of near ties: 1 %, at least 2."""
    return max(2, n // 100)


def timed_answers_equal_scored(
    task: Task, accuracy_run: Predictions, timed_run: Predictions, training: tuple[str, ...] = ()
) -> Audit:
    """Compare what unaltered items got in the accuracy run and in the timed run, alone and in batches, shuffled.

    Catches predictions that depend on batch or order, models that go on learning, and ones that know when they
    are timed. Where the task's primary metric is of scores, scores must agree, not labels alone. `training` names
    modules that were seen in training mode.
    """
    n = len(timed_run)
    found = KINDS[task.kind].agreement(accuracy_run, timed_run, of_scores=task.primary.of == "scores")
    count, flips = int(found.differing.sum()), int(found.excused.sum())
    what, borne = "got another answer when timed than when scored", (allowed_to_differ(n), allowed_to_flip(n))
    told = f"{count} of {n} unaltered items {what}, {borne[0]} may{eval_forgotten(training)}"
    if flips > borne[1]:
        told = f"{flips} labels of {n} unaltered items flipped out of near ties when timed, {borne[1]} may"
    return Audit(
        name="timed answers equal scored ones",
        passed=count <= borne[0] and flips <= borne[1],
        severity="fail",
        # how many were asked is the clock's doing: the usual record does not depend on it
        detail=told if count or flips > borne[1] else f"no item {what}",
    )


def unseen_without_jitter(name: str, task: Task, who: str) -> Audit:
    """Say that an audit that compares items with jittered ones could not be made, and what it would have seen."""
    why = "texts have no jitter" if task.inputs.shape is None else "the task declares no `perturb`"
    return Audit(name=name, passed=True, severity="warn", detail=f"not looked at, for {why}: {who} would not be seen")


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


def altered_inputs_keep_answers(task: Task, truth: Split, scored: Predictions, altered: Altered) -> Audit:
    """Compare item by item: right as it is and wrong whenever it is altered, against wrong and right likewise.

    Catches a table of answers for a few inputs only, such as those that an honest model gets wrong. An altered input
    lies around the item, and so an honest model changes its answer there as often for the better as for the worse,
    whatever its score; hardly ever does it answer an item otherwise than every time it is altered, wholly or by a
    part of that. One item in five hundred may, and twice as many as the other way round; what is beyond that by more
    than chance (one-sided, 1 in 10,000) fails.
    """
    name, n, right = "altered inputs keep their answers", len(altered.once.items), KINDS[task.kind].right
    as_it_is = right(truth.targets, scored)
    if as_it_is is None:
        told = (
            f"not looked at: an answer of {task.kind} is neither right nor wrong, and is held against the score alone"
        )
        return Audit(name=name, passed=True, severity="warn", detail=told)
    before, after = as_it_is[altered.changed], _right_when_altered(task, truth, altered)
    lost, won = int((before & ~after.any(axis=0)).sum()), int((~before & after.all(axis=0)).sum())
    expected = _LOST_BY_CHANCE * n + 2 * won
    if lost < _LEAST_LOST or poisson_p_value(lost, expected) > _KEPT_CHANCE:
        return Audit(name=name, passed=True, severity="fail", detail="no answers are kept for single inputs")
    return Audit(
        name=name,
        passed=False,
        severity="fail",
        detail=f"{lost} of {n} items are answered rightly as they are and wrongly whenever they are altered a little, "
        f"{won} the other way round; about {expected:.0f} are expected: learn the classes, do not keep the test items",
    )


def _right_when_altered(task: Task, truth: Split, altered: Altered) -> Array:
    """Return (times, changed items) bool, the first time included."""
    right = KINDS[task.kind].right
    if not len(altered.changed):
        return np.ones((1, 0), bool)
    place = {int(item): number for number, item in enumerate(altered.once.items)}
    first = altered.once.answers.take([place[int(item)] for item in altered.changed])
    targets = take_items(truth.targets, altered.changed)
    return np.array([right(targets, answers) for answers in (first, *altered.again)], bool)
