"""Audits of answers: timed answers must equal scored ones, and answers must not be memorised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from harness.contract import Predictions, Split, Task, take_items
from harness.errors import TaskError
from harness.evaluation._altered import Altered, much_worse
from harness.evaluation._measure import Answered
from harness.evaluation._settings import seed_for
from harness.kinds import Kind
from harness.record import Audit
from harness.statistics import bootstrap, poisson_p_value
from harness.taskcheck import CheckedMetric

Array = np.ndarray[Any, Any]

_TIMED_EQUAL = "timed answers equal scored ones"
_RESAMPLES, _CHANCE = 200, 0.01
_SAME_SCORE = 0.01
"""The share of a score's range by which it may be worse for the same items when timed."""
_REMEDY = "do not keep the test items, and do not depend on differences as small as these"
_KEPT_IF_MIXED = (
    "mixed with a little of other items they keep their answers, so this is a warning: small changes that the data "
    "does not contain decide (naive Bayes: smooth the variances; standardised features: leave out those that hardly "
    "vary; one tree: grow a forest)"
)
_BALANCED = (
    "many are the opposite, so this is a warning: either small changes decide the answers, or some were given up in "
    "exchange for others"
)
_LOST_BY_CHANCE, _LOST_TWICE_BY_CHANCE, _LEAST_LOST, _KEPT_CHANCE = 0.002, 0.005, 4, 1e-4
"""The share of items for which an honest model's answer is lost at every alteration, and after a whole and a small one
(two of 360 at most for any reference that was tried), the smallest number of lost items that can fail the audit, and
the probability below which a loss is not attributed to chance."""


def differing(kind: Kind, first: Predictions, second: Predictions) -> Array:
    """Return (N,) bool: which items got different answers. A label that flips because of a near tie does not count."""
    return kind.agreement(first, second).differing


def count_changed(kind: Kind, first: Predictions, second: Predictions) -> int:
    """Return how many items got another answer, including other scores for the same label."""
    return int(kind.agreement(first, second, of_scores=True).differing.sum())


def allowed_to_differ(n: int) -> int:
    """Return how many of `n` items may differ: 0.5 %, at least 2."""
    return max(2, n // 200)


def allowed_to_flip(n: int) -> int:
    """Return how many of `n` labels may flip because of near ties: 1 %, at least 2."""
    return max(2, n // 100)


def timed_answers_equal_scored(
    task: Task, accuracy_run: Predictions, timed_run: Predictions, training: tuple[str, ...] = ()
) -> Audit:
    """Compare the answers to unaltered items in the accuracy run and in the timed run.

    Catches predictions that depend on batch or order, models that keep learning, and models that detect that they are
    timed. If the task's primary metric is computed from scores, the scores must agree, not only the labels. `training`
    names modules that were seen in training mode.
    """
    n = len(timed_run)
    found = task.kind_definition.agreement(accuracy_run, timed_run, of_scores=task.primary.of == "scores")
    count, flips = int(found.differing.sum()), int(found.excused.sum())
    what, most_differing, most_flips = (
        "got another answer when timed than when scored",
        allowed_to_differ(n),
        allowed_to_flip(n),
    )
    detail = f"{count} of {n} unaltered items {what}, at most {most_differing} may{remind_of_eval(training)}"
    if flips > most_flips:
        detail = f"{flips} of {n} unaltered items flipped because of near ties when timed, at most {most_flips} may"
    return Audit(
        name=_TIMED_EQUAL,
        passed=count <= most_differing and flips <= most_flips,
        severity="fail",
        # the number of items depends on the clock, and the text of a passing audit should not
        detail=detail if count or flips > most_flips else f"no item {what}",
    )


def timed_answers_score_as_well(task: Task, truth: Split, scored: Predictions, timed: Answered) -> Audit | None:
    """Compare the primary score of the timed answers with that of the scored answers to the same items.

    A metric of scores can depend on differences that are far smaller than those which rounding may cause, and for which
    `timed_answers_equal_scored` has a tolerance: the area under a curve depends only on the order of scores. None if
    the primary metric is not computed from scores.
    """
    metric, n = task.primary, len(timed.items)
    if metric.of != "scores" or scored.scores is None or timed.answers.scores is None:
        return None
    targets = take_items(truth.targets, timed.items)
    try:
        before, after = (
            CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=answers).value()
            for answers in (scored.take(timed.items), timed.answers)
        )
    except TaskError:  # the metric may be undefined if few items were timed, for example of one class only
        return None
    low, high = metric.within
    # a loss near zero may change many times over because of rounding, so an unbounded metric has a range of at least 1
    most = _SAME_SCORE * (high - low if math.isfinite(high - low) else max(1.0, abs(before)))
    fall = before - after if metric.higher_is_better else after - before
    passed = not fall > most
    worse = f"{metric.name} is {before:.4g} for {n} unaltered items when scored and {after:.4g} when timed"
    return Audit(
        name=_TIMED_EQUAL,
        passed=passed,
        severity="fail",
        detail="the score is the same when timed" if passed else f"{worse}; it may be worse by {most:.2g}",
    )


def skipped_without_jitter(name: str, task: Task, missed: str) -> Audit:
    """Return the audit `name` as skipped, because no altered items exist; `missed` says what it would have found."""
    why = "texts have no jitter" if task.inputs.shape is None else "the task declares no `perturb`"
    return Audit(name=name, passed=True, severity="warn", detail=f"not checked, because {why}: {missed} goes unnoticed")


def not_examined(name: str, which: str) -> Audit:
    """Return the audit `name` as not done, because the model was too slow for any of the inputs that it needs."""
    detail = f"not examined: no {which} input was answered in the time for measuring"
    return Audit(name=name, passed=True, severity="warn", detail=detail)


def remind_of_eval(training: tuple[str, ...]) -> str:
    """Return what to do about modules that were seen in training mode."""
    if not training:
        return ""
    return f"; predict ran {', '.join(training[:3])} in training mode: call self.net.eval() at the end of fit"


def altered_inputs_score_as_well(
    task: Task, truth: Split, scored: Predictions, altered: Answered, again: Altered | None = None
) -> Audit | None:
    """Compare the primary score on items that `perturb` altered with the score on the same items unaltered.

    Catches answers looked up by the exact input. Does not pass if the score falls by significantly more than
    `Task.perturb_cost` (one-sided, 1 %, paired bootstrap over the items), and fails if it does so, too, where items
    whose answer changed were mixed with others (see `Altered`). None if the task states no bound.
    """
    metric, bound = task.primary, task.perturb_cost
    if bound is None or (metric.of == "scores" and altered.answers.scores is None):
        return None
    fall = _fall(task, truth, scored, altered)
    what = f"`perturb` may cost {bound:g} of {metric.name}"
    name = "altered inputs score as well"
    if fall.least <= bound:
        return Audit(name=name, passed=True, severity="fail", detail=f"{what} and costs no more")
    detail = f"{what} and costs {fall.seen:.3f} on {len(altered.items)} items: {_REMEDY}"
    if again is not None and _fall(task, truth, scored, again.or_mixed(altered)).least <= bound:
        return Audit(name=name, passed=False, severity="warn", detail=f"{detail}; {_KEPT_IF_MIXED}")
    return Audit(name=name, passed=False, severity="fail", detail=detail)


class _Fall(NamedTuple):
    """By how much a score falls: what was seen, and what it falls by at least, but for chance."""

    seen: float
    least: float


def _fall(task: Task, truth: Split, scored: Predictions, altered: Answered) -> _Fall:
    metric = task.primary
    targets, sign = take_items(truth.targets, altered.items), 1 if metric.higher_is_better else -1
    before, after = (
        CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=answers).resampled()
        for answers in (scored.take(altered.items), altered.answers)
    )

    def fall(items: Array) -> float:
        return sign * (before(items) - after(items))

    n = len(altered.items)
    falls = bootstrap(fall, n, seed_for(0, f"{task.name}/jitter", 0), _RESAMPLES)
    return _Fall(fall(np.arange(n)), float(np.quantile(falls, _CHANCE)))


def item_loss_where_graded(
    kind: Kind, targets: Any, scored: Predictions
) -> Callable[[Array, Predictions], Array] | None:
    """Return the loss of each answer as a function; None if answers are right or wrong, or the kind has no loss."""
    if kind.correct(targets, scored) is not None or kind.item_loss(targets, scored) is None:
        return None
    return lambda items, answers: np.asarray(kind.item_loss(take_items(targets, items), answers), float)


def altered_inputs_keep_answers(task: Task, truth: Split, scored: Predictions, altered: Altered) -> Audit:
    """Count the items answered rightly unaltered and wrongly whenever altered, and the items that do the opposite.

    Catches a table of answers for only a few inputs, such as those that an honest model gets wrong. Altered inputs lie
    in the neighbourhood of the item, so the answers of an honest model improve there about as often as they get worse,
    whatever its score, and they rarely change every time the item is altered. One item in five hundred may. The audit
    does not pass if significantly more do (one-sided, 1 in 10,000). It fails if these are also significantly more than
    those that do the opposite. Otherwise it warns: a model may depend on small changes, or may have been made to give
    answers up in exchange for others. It also warns if it would pass once the items are mixed with others (see
    `Altered`).

    A model that answers altered inputs at random is sometimes right. So the items that are wrong both after one
    alteration and after a slight one, under which an honest model returns to its answers, are judged in the same way.

    Masks, boxes and numbers are not right or wrong but better or worse. For these an item counts if the loss of its
    answer always rises by at least half of the usual loss, and the audit only warns.
    """
    name, n, kind = "altered inputs keep their answers", len(altered.once.items), task.kind_definition
    graded = kind.correct(truth.targets, scored) is None
    if graded and kind.item_loss(truth.targets, scored) is None:
        detail = f"not checked: {task.kind_name} defines no loss for a single answer, so only the score is compared"
        return Audit(name=name, passed=True, severity="warn", detail=detail)
    always = _bad_when_altered(task, truth, scored, altered, altered.again, altered.changed)
    counts = [_LostItems.of(always, "whenever they are altered a little", _LOST_BY_CHANCE * n, is_rare=True)]
    if altered.slightly is not None and not graded:
        twice = _bad_when_altered(task, truth, scored, altered, (altered.slightly.answers,), altered.slightly.items)
        when = "both when they are altered and when they are altered slightly"
        counts.append(_LostItems.of(twice, when, _LOST_TWICE_BY_CHANCE * n, is_rare=False))
    audits = [audit for one in counts if (audit := _audit_of(one, name, n, graded=graded)) is not None]
    nothing = Audit(name=name, passed=True, severity="fail", detail="no answers are kept for single inputs")
    return next((one for one in audits if one.severity == "fail"), audits[0] if audits else nothing)


class _LostItems(NamedTuple):
    """How many items are answered rightly unaltered and wrongly when altered, and the opposite."""

    lost: int
    lost_if_mixed: int
    """Those that are also answered wrongly when mixed with others."""
    won: int
    when: str
    """When the answers were wrong, for the message."""
    expected: float
    """How many items an honest model may lose."""
    is_rare: bool
    """Whether the opposite is as rare for an honest model."""

    @classmethod
    def of(cls, found: _ItemLosses, when: str, expected: float, *, is_rare: bool) -> _LostItems:
        is_lost = found.before + found.margin < found.after.min(axis=0)
        if_mixed = is_lost & (found.before + found.margin < found.mixed)
        won = found.before > found.after.max(axis=0) + found.margin
        return cls(int(is_lost.sum()), int(if_mixed.sum()), int(won.sum()), when, expected, is_rare)


def _audit_of(counts: _LostItems, name: str, n: int, *, graded: bool) -> Audit | None:
    """Return the audit `name` if it does not pass by these counts, otherwise None."""
    lost, won, expected = counts.lost, counts.won, counts.expected
    if _is_chance(lost, expected):
        return None
    how = ("well", "much worse") if graded else ("rightly", "wrongly")
    failed = (
        f"{lost} of {n} items are answered {how[0]} as they are and {how[1]} {counts.when}, "
        f"{won} are the opposite; about {expected:.0f} are expected: {_REMEDY}"
    )
    if graded:
        return Audit(name=name, passed=False, severity="warn", detail=failed)
    balanced = expected + won + min(won, 2 * math.sqrt(won))
    if _is_chance(lost, balanced):
        balance = Audit(name=name, passed=False, severity="warn", detail=f"{failed}; {_BALANCED}")
        return balance if counts.is_rare else None
    if _is_chance(counts.lost_if_mixed, balanced):
        return Audit(name=name, passed=False, severity="warn", detail=f"{failed}; {_KEPT_IF_MIXED}")
    return Audit(name=name, passed=False, severity="fail", detail=failed)


def _is_chance(lost: int, expected: float) -> bool:
    return lost < _LEAST_LOST or poisson_p_value(lost, expected) > _KEPT_CHANCE


class _ItemLosses(NamedTuple):
    """The losses of the answers to the changed items, before and after each alteration."""

    before: Array
    """(changed items,)"""
    after: Array
    """(alterations, changed items), with the first alteration in the first row."""
    mixed: Array
    """(changed items,), when they are mixed with others"""
    margin: float
    """The smallest difference of losses that counts."""


def _bad_when_altered(
    task: Task, truth: Split, scored: Predictions, altered: Altered, again: tuple[Predictions, ...], items: Array
) -> _ItemLosses:
    """Return the losses of the answers to `items`, which were altered once and then `again`."""
    kind, once = task.kind_definition, altered.once

    def bad(items: Array, answers: Predictions) -> Array:
        targets = take_items(truth.targets, items)
        right = kind.correct(targets, answers)
        return np.asarray(kind.item_loss(targets, answers) if right is None else ~right, float)

    if not len(items):
        return _ItemLosses(np.zeros(0), np.zeros((1, 0)), np.zeros(0), 0.5)
    place = {int(item): number for number, item in enumerate(once.items)}
    places = [place[int(item)] for item in items]
    graded = kind.correct(truth.targets, scored) is None
    usual = much_worse(bad(once.items, scored.take(once.items)), bad(once.items, once.answers))
    return _ItemLosses(
        before=bad(items, scored.take(items)),
        after=np.array([bad(items, answers) for answers in (once.answers.take(places), *again)]),
        mixed=bad(items, altered.or_mixed(once).answers.take(places)),
        margin=usual if graded else 0.5,
    )
