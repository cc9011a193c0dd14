"""Find what a student can learn from a result: pure rules over the record and the evidence, each with its threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean, median, variance
from typing import Any

import numpy as np

from harness.contract import Task
from harness.record import Record, to_reach
from harness.report._disclosure import Shown, public_machine
from harness.report._learning_curves import Quantity, quantities
from harness.report._limits_used import limits_used
from harness.statistics import wilson_interval
from harness.text import as_percent

Array = np.ndarray[Any, Any]

GAP = 0.10
"""How far a proportion may be higher on train than on validation."""
RISE = 0.10
"""How far, relative to its lowest value, a loss on validation may rise before training ends."""
LEARNED = 0.10
"""The share of its first value by which a loss on train must fall."""
STILL_FALLING = 0.05
"""How much lower, relatively, the mean of the last tenth of a loss is than that of the tenth before it; it must be
twice the standard error of their difference, too."""
LEAST_POINTS = 20
"""Fewer logged values say nothing about a trend."""
CONFUSED = 0.20
"""The share of a class that is taken for one other class, by the lower end of its 95 % interval."""
LEAST_OF_CLASS = 5
"""Fewer items of a class say nothing about it."""
CALIBRATION = 0.05
"""The distance between mean confidence and accuracy, beyond twice its standard error."""
LEAST_ITEMS = 50
SMALLER = 0.5
"""A model with at most this share of the parameters that does as well."""
SLOWER = 3.0
"""How many times slower than models with at least as many parameters."""
NEAR = 0.8
"""The share of a limit from which a submission is close to it."""
LEAST_SEEDS = 3


@dataclass(frozen=True)
class ReportFinding:
    """Something to learn from a result."""

    code: str
    seen: str
    """What was seen, with its figures."""
    why: str
    """Why it matters."""
    advice: str
    """What to try."""


@dataclass(frozen=True)
class ConfusedPair:
    """How many items of one class were taken for another."""

    true: str
    predicted: str
    count: int
    of: int


def find_all(shown: Shown) -> list[ReportFinding]:
    """Return all findings about a result."""
    return list(chain.from_iterable(rule(shown) for rule in RULES))


def _overfitting(shown: Shown) -> Iterator[ReportFinding]:
    for train, held_out in _pairs(shown):
        if train.higher_is_better:
            gap = train.values[-1] - held_out.values[-1]
            found = gap >= GAP and train.is_proportion
            seen = f"{train.label} ends at {train.values[-1]:.3g} on train and {held_out.values[-1]:.3g} on validation."
        else:
            lowest = min(held_out.values)
            at = held_out.values.index(lowest)
            found = held_out.values[-1] >= lowest * (1 + RISE) and lowest > 0 and at < 0.8 * (len(held_out.values) - 1)
            seen = (
                f"{held_out.label} on validation fell to {lowest:.3g}, {held_out.when(at)}, and rose to "
                f"{held_out.values[-1]:.3g} at the end."
            )
        if found and len(held_out.values) >= 3:
            yield ReportFinding(
                "over-fitting",
                seen,
                "The model learns its training items by heart rather than what they have in common, so what it gains "
                "on them is lost on new ones.",
                "Stop where validation is best, augment the data, or use weight decay, dropout or a smaller model.",
            )
            return


def _underfitting(shown: Shown) -> Iterator[ReportFinding]:
    base = shown.record.baseline
    for one in quantities(shown.evidence.curve):
        if one.held_out or len(one.values) < 3:
            continue
        if one.is_proportion and base.metric == one.name and base.met is False and one.values[-1] < base.value:
            seen = f"{one.label} on train ends at {one.values[-1]:.3g}, below the baseline {base.value:g}."
        elif one.is_loss and one.values[0] > 0 and fmean(one.tail(0.1)) > one.values[0] * (1 - LEARNED):
            seen = f"{one.label} on train began at {one.values[0]:.3g} and ends at {fmean(one.tail(0.1)):.3g}."
        else:
            continue
        yield ReportFinding(
            "under-fitting",
            seen,
            "A model that does not do well on the items that it learned from cannot do well on others.",
            "Try another learning rate (ten times lower and higher), scale the inputs, or use a larger model; check on "
            "ten items whether the model can learn them at all.",
        )
        return


def _still_improving(shown: Shown) -> Iterator[ReportFinding]:
    losses = [one for one in quantities(shown.evidence.curve) if one.is_loss and len(one.values) >= LEAST_POINTS]
    for one in sorted(losses, key=lambda one: not one.held_out)[:1]:
        tenth = max(len(one.values) // 10, 2)
        ends = one.values[-tenth:], one.values[-2 * tenth : -tenth]
        last, before = map(fmean, ends)
        noise = math.sqrt(sum(variance(values) for values in ends) / tenth)
        if before > 0 and before - last > max(before * STILL_FALLING, 2 * noise):
            part = "validation" if one.held_out else "train"
            yield ReportFinding(
                "still-improving",
                f"{one.label} on {part} was still falling when training stopped: {before:.3g} on average in the tenth "
                f"before the last, {last:.3g} in the last.",
                "Training stopped before the model had learned what it could.",
                "Train for longer if the time limit allows it, or raise the learning rate.",
            )


def _never_predicted(shown: Shown) -> Iterator[ReportFinding]:
    counted = counts_of(shown)
    if counted is None or shown.task is None:
        return
    of_class, predicted = counted.sum(axis=1), counted.sum(axis=0)
    names = [
        name
        for name, n, k in zip(shown.task.classes, of_class, predicted, strict=True)
        if n >= LEAST_OF_CLASS and not k
    ]
    if names:
        yield ReportFinding(
            "class-never-predicted",
            f"No item was ever taken for {_listed(names)}.",
            "The model is of no use where that class matters, and averages over classes suffer most.",
            "Look at how many training items it has; weigh the classes in the loss or draw rare ones more often.",
        )


def _confused(shown: Shown) -> Iterator[ReportFinding]:
    often = [one for one in confused_classes(shown) if wilson_interval(one.count, one.of).low >= CONFUSED]
    if often:
        listed = "; ".join(f"{one.count} of {one.of} of {one.true} were taken for {one.predicted}" for one in often[:3])
        yield ReportFinding(
            "classes-confused",
            f"{listed}.",
            "Most of the errors are between a few classes, so work on these pays off most.",
            "Look at items of both classes side by side: how do they differ, and can the model see it?",
        )


def _calibration(shown: Shown) -> Iterator[ReportFinding]:
    sure = confidence_of(shown)
    if sure is None or len(sure[0]) < LEAST_ITEMS:
        return
    confidence, right = sure
    gap = float(confidence.mean() - right.mean())
    error = math.sqrt(max(float(right.mean() * (1 - right.mean())), 1e-9) / len(right))
    if abs(gap) >= CALIBRATION and abs(gap) > 2 * error:
        too = "too sure" if gap > 0 else "not sure enough"
        yield ReportFinding(
            "calibration",
            f"On average the model is {as_percent(confidence.mean())} sure of its answers, and "
            f"{as_percent(right.mean())} of them are right: it is {too} of itself.",
            "Decisions that rest on a probability, as in medicine, go wrong if it is off.",
            "Fit one temperature on validation, by which the outputs are divided before the softmax; label smoothing "
            "and early stopping help, too.",
        )


def _smaller_is_as_good(shown: Shown) -> Iterator[ReportFinding]:
    own, size = shown.record.primary, shown.record.cost.parameters
    if own is None or not size:
        return
    better = [
        (peer.cost.parameters, peer)
        for peer in shown.references
        if peer.primary is not None
        and peer.cost.parameters
        and peer.cost.parameters <= SMALLER * size
        and (peer.primary.value >= own.value if own.higher_is_better else peer.primary.value <= own.value)
    ]
    if better:
        count, peer = min(better, key=lambda one: (one[0], one[1].submission.name))
        assert peer.primary is not None
        yield ReportFinding(
            "dead-capacity",
            f"{peer.submission.name} reaches {peer.primary.value:.4g} with {count:,} parameters; this model reaches "
            f"{own.value:.4g} with {size:,}.",
            "Parameters that buy no score cost memory, time and data to learn them from.",
            "Halve the width or the depth and see what is lost; or find out why the larger model does not do better.",
        )


def _slow_for_its_size(shown: Shown) -> Iterator[ReportFinding]:
    own, size = _ratio(shown.record), shown.record.cost.parameters
    if own is None or not size:
        return
    machine = public_machine(shown.record.run.machine)
    peers = [one for one in shown.references if one.run.machine == machine and (one.cost.parameters or 0) >= size]
    times = [time for peer in peers if (time := _ratio(peer)) is not None]
    if times and own >= SLOWER * median(times):
        yield ReportFinding(
            "slow-for-its-size",
            f"One item takes {own:.3g} times as long as the yardstick; models with at least as many parameters take "
            f"{median(times):.3g} times as long.",
            "The time does not go into computing but into something around it.",
            "Look for loops over items, layers or time steps in Python, for data that is copied or converted in "
            "`predict`, and for gradients that are computed: `torch.inference_mode()`.",
        )


def _seed_sensitive(shown: Shown) -> Iterator[ReportFinding]:
    values, score = [one.value for one in shown.record.run.repeats], shown.record.primary
    if score is not None and len(values) >= LEAST_SEEDS and max(values) - min(values) > score.high - score.low:
        yield ReportFinding(
            "seed-sensitive",
            f"With {len(values)} seeds the score lies between {min(values):.4g} and {max(values):.4g}, which is more "
            "than its interval.",
            "Which seed was drawn decides more than which model was built: one run cannot compare two models.",
            "Lower the learning rate or warm it up, clip gradients, average weights or several models.",
        )


def _near_a_limit(shown: Shown) -> Iterator[ReportFinding]:
    if shown.task is None:
        return
    close = [one for one in limits_used(shown.record, shown.task.limits) if one.share >= NEAR]
    if close:
        listed = ", ".join(
            f"{as_percent(one.share)} of the limit of {one.name} ({one.used} of {one.limit})" for one in close
        )
        yield ReportFinding(
            "near-a-limit",
            f"This run used {listed}.",
            "On a slower or busier machine the same work can fail.",
            "Train for fewer steps, use smaller batches, or keep a smaller model.",
        )


def _validation_better(shown: Shown) -> Iterator[ReportFinding]:
    score, examples, task = shown.record.primary, shown.evidence.examples, shown.task
    if (
        score is None
        or examples is None
        or task is None
        or shown.fit_validation is None
        or shown.evidence.outcomes is None
    ):
        return
    from harness.contract import Predictions, take_items

    targets = take_items(shown.fit_validation.targets, examples.items)
    right = task.kind_definition.correct(targets, Predictions(examples.values, examples.scores))
    if right is None or not len(right):
        return
    interval = wilson_interval(int(right.sum()), len(right))
    if interval.low > score.high:
        yield ReportFinding(
            "validation-better",
            f"{as_percent(right.mean())} of {len(right)} validation items are right, but {as_percent(score.value)} of "
            "the scored ones.",
            "What was chosen by validation fits it too well: it no longer says how good the model is on new items.",
            "Do not train on validation; choose among fewer variants, or by cross-validation.",
        )


FindingRule = Callable[[Shown], Iterator[ReportFinding]]
RULES: tuple[FindingRule, ...] = (
    _overfitting,
    _underfitting,
    _still_improving,
    _never_predicted,
    _confused,
    _calibration,
    _smaller_is_as_good,
    _slow_for_its_size,
    _seed_sensitive,
    _near_a_limit,
    _validation_better,
)
"""Every rule, in the order in which a report lists what they find."""


def counts_of(shown: Shown) -> Array | None:
    """Return the confusion matrix (true, predicted), or None where items have not one class each, or it is unknown."""
    task, predicted, targets = shown.task, shown.evidence.predictions, shown.targets
    if not _one_class(task) or task is None or not isinstance(predicted, np.ndarray) or targets is None:
        return None
    if predicted.shape != np.shape(targets) or not task.classes:
        return None
    counted = np.zeros((len(task.classes), len(task.classes)), int)
    np.add.at(counted, (targets, predicted), 1)
    return counted


def confused_classes(shown: Shown) -> list[ConfusedPair]:
    """Return which classes were taken for which others, the largest share of a class first."""
    counted = counts_of(shown)
    if counted is None or shown.task is None:
        return []
    names = shown.task.classes
    pairs = [
        ConfusedPair(names[true], names[predicted], int(counted[true, predicted]), int(counted[true].sum()))
        for true, predicted in zip(*np.nonzero(counted), strict=True)
        if true != predicted and counted[true].sum() >= LEAST_OF_CLASS
    ]
    return sorted(pairs, key=lambda one: (-one.count / one.of, one.true, one.predicted))


def logged_quantities(shown: Shown) -> list[Quantity]:
    """Return what the model logged while it learned."""
    return quantities(shown.evidence.curve)


def probabilities_of(shown: Shown) -> Array | None:
    """Return (N, C) probabilities of the scored items, or None if there are none."""
    task, scores, targets = shown.task, shown.evidence.scores, shown.targets
    if not _one_class(task) or task is None or scores is None or targets is None or scores.ndim != 2:
        return None
    if scores.shape != (len(targets), len(task.classes)):
        return None
    return task.kind_definition.normalised(scores)


def confidence_of(shown: Shown) -> tuple[Array, Array] | None:
    """Return how sure the model is of each answer, and which are right; None where it gave no probabilities."""
    rows = probabilities_of(shown)
    if rows is None:
        return None
    return rows.max(axis=1), rows.argmax(axis=1) == shown.targets


def verdict(record: Record) -> tuple[str, str]:
    """Return the verdict and a sentence that says what it means."""
    base, score = record.baseline, record.primary
    if record.status == "withheld":
        return "Evaluated", f"{record.public_score_note[0].upper()}{record.public_score_note[1:]}."
    if record.failure is not None or score is None:
        return "Failed", "There is no score: the evaluation failed before one was computed. The reason is below."
    reach = to_reach(base.value, strict=base.strict, higher_is_better=score.higher_is_better)
    unit = f" {score.unit}" if score.unit else ""
    value = f"{score.name} {score.value:.4g}{unit} (95 % interval {score.low:.4g} to {score.high:.4g})"
    if base.met:
        chance = (
            ""
            if base.p_value is None or base.p_value <= 0.05
            else (
                " The lead is small: a model that is only as good as the baseline would do as well "
                f"in {as_percent(base.p_value)} of such tests."
            )
        )
        return "Passed", f"{value}; the baseline is {reach}.{chance}"
    return (
        "Below the baseline",
        f"{value}; the baseline is {reach}, and {abs(score.value - base.value):.4g} are missing.",
    )


def _pairs(shown: Shown) -> Iterator[tuple[Quantity, Quantity]]:
    found = quantities(shown.evidence.curve)
    for one in found:
        for other in found:
            if one.name == other.name and other.held_out and not one.held_out:
                yield one, other


def _ratio(record: Record) -> float | None:
    return None if record.cost.latency is None else record.cost.latency.ratio_to_yardstick


def _one_class(task: Task | None) -> bool:
    return task is not None and task.kind_definition.has_one_class_per_item


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
