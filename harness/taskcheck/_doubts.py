"""Doubts about a task's data, which are not necessarily mistakes but which its author should examine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.contract import Predictions, Split, Task
from harness.data import Places, TaskData, private_folder
from harness.statistics import bootstrap
from harness.taskcheck._alike import equal_pairs, nearest, similar_pairs
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._perturb import checked_perturb

_REPORTED = 0.02
"""The share of nearly equal inputs from which they are reported."""
_MORE_ALIKE, _SURE = 0.1, 6.0
"""How much more often than by chance neighbours must have the same label to be reported, as a share and in standard
deviations."""
_ASKED, _RESAMPLES, _CHANCE = 400, 200, 0.01
"""The number of items on which `perturb` is tried, and the resamples and probability of the audit of an evaluation."""


def doubts_about(task: Task, data: TaskData, places: Places) -> Iterator[str]:
    """Yield one sentence for each property of `data` that its author should examine."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    named = {name: split for name, split in parts.items() if split is not None}
    yield from _no_test_part(task, data, places)
    yield from missing_classes(task, named)
    yield from _constant(data.train)
    yield from parts_alike(named)
    for name, split in named.items():
        yield from _ordered(task, name, split)
    yield from _altered_in_place(task, data)
    yield from _other_randomness(task, data)
    yield from _cost_of_perturb(task, data)
    yield from _metrics_without_answers(task, data)


def _no_test_part(task: Task, data: TaskData, places: Places) -> Iterator[str]:
    if data.test is not None:
        return
    if task.private_test and private_folder(task, places) is None:
        yield (
            f"private_test=True, but $HARNESS_PRIVATE/{task.name}/test.npz is not on this machine, so validation is "
            f"scored here; write it with: harness data private {task.name}"
        )
    elif not task.private_test:
        yield "there is no test part, so validation is scored; return one, or declare private_test=True"


def missing_classes(task: Task, named: dict[str, Split]) -> Iterator[str]:
    """Yield the classes that have no item in a part, because a score on this part says nothing about them."""
    for name, split in named.items():
        counts = task.kind_definition.class_counts(task, split.targets)
        missing = ", ".join(repr(one) for one, count in zip(task.classes, counts or (), strict=False) if not count)
        if missing:
            yield f"the {name} part has no item of class {missing}; expected some of each class"


def _constant(train: Split) -> Iterator[str]:
    """Yield which numbers of an input are the same in every train item; pictures with borders are left out."""
    if not isinstance(train.inputs, np.ndarray) or train.inputs.ndim != 2 or len(train) < 2:
        return
    same = np.flatnonzero((train.inputs == train.inputs[0]).all(axis=0))
    if len(same):
        yield (
            f"{len(same)} of {train.inputs.shape[1]} numbers of an input are the same in every train item, such as "
            f"number {same[0]}: no model learns from them; leave them out"
        )


def parts_alike(named: dict[str, Split]) -> Iterator[str]:
    """Yield which parts share inputs, or have inputs so similar that they may be copies."""
    for first, second in itertools.combinations(named, 2):
        equal = equal_pairs(named[first].inputs, named[second].inputs)
        if equal:
            yield (
                f"{len(equal)} of {len(named[second])} {second} inputs are in the {first} part as well, "
                f"such as {second} item {equal[0][1]} and {first} item {equal[0][0]}; a few do no harm"
            )
        similar, compared = similar_pairs(named[first].inputs, named[second].inputs)
        if len(similar) > max(2, _REPORTED * compared):
            yield (
                f"{len(similar)} of {compared} {second} inputs are nearly equal to one of the {first} part, "
                f"such as {second} item {similar[0][1]} and {first} item {similar[0][0]}; if they come from the same "
                "person or recording, declare Split(…, groups=…) and divide with hold_out, which keeps groups together"
            )


def _ordered(task: Task, name: str, split: Split) -> Iterator[str]:
    """Yield whether neighbours have the same label more often than by chance."""
    if not task.kind_definition.has_one_class_per_item or len(split) < 2:
        return
    labels: NDArray[Any] = split.targets
    pairs = np.ones(len(labels) - 1, bool) if split.groups is None else split.groups[1:] != split.groups[:-1]
    if not pairs.any():
        return
    alike = float((labels[1:] == labels[:-1])[pairs].mean())
    chance = float(((np.bincount(labels) / len(labels)) ** 2).sum())
    deviation = np.sqrt(max(chance * (1 - chance), 1e-12) / int(pairs.sum()))
    if alike - chance > max(_MORE_ALIKE, _SURE * deviation):
        yield (
            f"the {name} items are sorted by class: {alike:.0%} of neighbours have the same label, {chance:.0%} are "
            "expected by chance; shuffle them, because models that learn from batches in this order learn badly"
        )


def _altered_in_place(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` writes into its argument."""
    if task.perturb is None:
        return
    original = data.scored.inputs[0]
    given = original.copy()
    task.perturb(given, np.random.Generator(np.random.PCG64(0)))
    if not np.array_equal(given, original):
        yield "`perturb` changes its argument; it gets a copy here, but return a new array, which is safe everywhere"


def _other_randomness(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` uses random numbers from anything other than its generator."""
    if task.perturb is None:
        return
    first, second = (
        task.perturb(data.scored.inputs[0].copy(), np.random.Generator(np.random.PCG64(0))) for _ in range(2)
    )
    if not np.array_equal(first, second):
        yield "`perturb` uses random numbers from another source than its generator, so results differ each time"


def _metrics_without_answers(task: Task, data: TaskData) -> Iterator[str]:
    """Yield which metrics have the same value for all answers."""
    targets = data.scored.targets
    right = Predictions(*task.kind_definition.perfect_predictions(task, targets))
    moved = np.random.Generator(np.random.PCG64(0)).permutation(len(right))
    for metric in task.metrics:
        best, other = (
            CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=answers).value()
            for answers in (right, right.take(moved))
        )
        if best == other:
            yield (
                f"metric {metric.name!r} is {best:g} both for perfect answers and for the same answers in another "
                "order; expected a value that depends on predictions.values or predictions.scores"
            )


def _cost_of_perturb(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` costs a nearest-neighbour model more than the task declares."""
    perturb, metric, targets = checked_perturb(task), task.primary, data.train.targets
    if perturb is None or task.perturb_cost is None or metric.of == "scores":
        return
    if not isinstance(targets, np.ndarray) or targets.ndim > 2:
        return
    generator = np.random.Generator(np.random.PCG64(0))
    items = np.sort(generator.permutation(len(data.scored))[:_ASKED])
    inputs = data.scored.inputs[items]
    altered = np.stack([perturb(one, generator) for one in inputs])
    before, after = (
        CheckedMetric(
            task=task.name,
            metric=metric,
            targets=data.scored.targets[items],
            predictions=Predictions(targets[nearest(data.train.inputs, asked)]),
        ).resampled()
        for asked in (inputs, altered)
    )
    sign = 1 if metric.higher_is_better else -1
    falls = bootstrap(lambda draw: sign * (before(draw) - after(draw)), len(items), 0, _RESAMPLES)
    if np.quantile(falls, _CHANCE) > task.perturb_cost:
        yield (
            f"`perturb` costs a nearest-neighbour model {float(np.median(falls)):.3g} of {metric.name}, more than "
            f"perturb_cost={task.perturb_cost:g}: perturb less, or declare the real cost, because otherwise honest "
            "models fail"
        )
