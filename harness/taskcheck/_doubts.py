"""Doubts about a task's data: not necessarily mistakes, but its author should look at them."""

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

_TOLD = 0.02
_MORE_ALIKE, _SURE = 0.1, 6.0
"""How much more often than by chance neighbours have the same label before it is reported, in shares and deviations."""
_ASKED, _RESAMPLES, _CHANCE = 400, 200, 0.01
"""How `perturb` is tried: on this many items, as strictly as the audit of an evaluation."""


def doubts_about(task: Task, data: TaskData, places: Places) -> Iterator[str]:
    """Yield one sentence for each thing about `data` that its author should look at."""
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
            f"private_test=True, but $HARNESS_PRIVATE/{task.name}/test.npz is not on this machine, so scores are on "
            f"validation here; write it with: harness data private {task.name}"
        )
    elif not task.private_test:
        yield "there is no test part, so scores are on validation; return one, or declare private_test=True"


def missing_classes(task: Task, named: dict[str, Split]) -> Iterator[str]:
    """Yield, part by part, the classes that no item is of: a score there says nothing about them."""
    for name, split in named.items():
        counts = task.kind_definition.class_counts(task, split.targets)
        missing = ", ".join(repr(one) for one, count in zip(task.classes, counts or (), strict=False) if not count)
        if missing:
            yield f"the {name} part has no item of class {missing}; expected some of each class"


def _constant(train: Split) -> Iterator[str]:
    """Yield which numbers of an input are the same in every train item; in pictures that is their border."""
    if not isinstance(train.inputs, np.ndarray) or train.inputs.ndim != 2 or len(train) < 2:
        return
    same = np.flatnonzero((train.inputs == train.inputs[0]).all(axis=0))
    if len(same):
        yield (
            f"{len(same)} of {train.inputs.shape[1]} numbers of an input are the same in every train item, such as "
            f"number {same[0]}: no model learns from them; leave them out"
        )


def parts_alike(named: dict[str, Split]) -> Iterator[str]:
    """Yield which parts share inputs, or have inputs so much alike that they may be copies."""
    for first, second in itertools.combinations(named, 2):
        equal = equal_pairs(named[first].inputs, named[second].inputs)
        if equal:
            yield (
                f"{len(equal)} of {len(named[second])} {second} inputs are in the {first} part as well, "
                f"such as {second} item {equal[0][1]} and {first} item {equal[0][0]}; a few do no harm"
            )
        similar, compared = similar_pairs(named[first].inputs, named[second].inputs)
        if len(similar) > max(2, _TOLD * compared):
            yield (
                f"{len(similar)} of {compared} {second} inputs nearly equal one of the {first} part, "
                f"such as {second} item {similar[0][1]} and {first} item {similar[0][0]}; if they come from the same "
                "person or recording, declare Split(…, groups=…) and divide with hold_out, which keeps groups together"
            )


def _ordered(task: Task, name: str, split: Split) -> Iterator[str]:
    """Yield whether neighbours have the same label more often than in any order by chance."""
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
            f"the {name} items are in order of their class: {alike:.0%} of neighbours have the same label, "
            f"{chance:.0%} would by chance; shuffle them, or models that learn from batches in this order learn badly"
        )


def _altered_in_place(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` writes into its argument."""
    if task.perturb is None:
        return
    original = data.scored.inputs[0]
    given = original.copy()
    task.perturb(given, np.random.Generator(np.random.PCG64(0)))
    if not np.array_equal(given, original):
        yield "`perturb` writes into its argument; it is given a copy here, but return a new array to be safe elsewhere"


def _other_randomness(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` draws from anything but the generator that it is given."""
    if task.perturb is None:
        return
    first, second = (
        task.perturb(data.scored.inputs[0].copy(), np.random.Generator(np.random.PCG64(0))) for _ in range(2)
    )
    if not np.array_equal(first, second):
        yield "`perturb` draws from other randomness than the generator that it is given, so results differ each time"


def _metrics_without_answers(task: Task, data: TaskData) -> Iterator[str]:
    """Yield which metrics say the same of every answer."""
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
                f"metric {metric.name!r} is {best:g} of the targets themselves and of the same answers given to other "
                "items; expected a figure of predictions.values or predictions.scores"
            )


def _cost_of_perturb(task: Task, data: TaskData) -> Iterator[str]:
    """Yield whether `perturb` costs a model that answers like the nearest training item more than the task states."""
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
            f"perturb_cost={task.perturb_cost:g}: perturb less, or state what it costs; else honest models fail"
        )
