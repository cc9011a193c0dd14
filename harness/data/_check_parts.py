"""Check loaded data against the task's declaration once, so that later stages can rely on it."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import numpy as np

from harness.contract import Counts, Parts, Source, Split, Task, interval_of, written_at
from harness.errors import TaskError
from harness.kinds import describe

_MAY_OVERLAP = 0.05
"""The share of inputs that two parts may have in common. In PneumoniaMNIST as published, 8 of 524 validation pictures
(1.5 %) are in the train part."""


def check_parts(task: Task, source: Source, parts: Parts) -> Parts:
    """Return `parts` if they agree with the declaration of `task`.

    Raises:
        TaskError: counts, shapes, types or ranges of a part differ; the message says what was found and expected.
    """
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    if problem := _first_problem(task, source, parts, named):
        place = written_at(source.load)
        raise TaskError(f"task {task.name}, {source.kind} data{problem}{place and f' ({place})'}")
    return parts


def _first_problem(task: Task, source: Source, parts: Parts, named: dict[str, Split | None]) -> str | None:
    for name, split in named.items():
        if split is not None:
            problem = _inputs_problem(task, split.inputs) or task.kind_definition.targets_problem(
                task, split.inputs, split.targets
            )
            if problem:
                return f", {name} part: {problem}"
    found = Counts(*(0 if split is None else len(split) for split in named.values()))
    expected = source.counts
    if expected is not None and task.private_test:
        expected = expected._replace(test=found.test)  # the private test part may have other items
    if expected is not None and found != expected:
        return f": {found} items, expected {expected}"
    if not found.train or not found.validation or (parts.test is not None and not found.test):
        return f": a part is empty ({found})"
    problem = _groups_problem(named) or _overlap_problem(named) or _classes_problem(task, parts.train)
    return problem and f": {problem}"


def parts_problem(parts: object) -> str | None:
    """Return what is wrong with the type of the value that a source's `load` returned, or None."""
    if not isinstance(parts, Parts):
        return f"returned {describe(parts)}; expected harness.Parts(train, validation, test)"
    for name in ("train", "validation", "test"):
        split = getattr(parts, name)
        if not (isinstance(split, Split) or (name == "test" and split is None)):
            return f"returned {describe(split)} as its {name} part; expected harness.Split(inputs, targets)"
    return None


def _groups_problem(named: dict[str, Split | None]) -> str | None:
    """Return a message if a group is in two parts: a model must not be scored on people that it was trained on."""
    groups = {
        name: set(split.groups.tolist())
        for name, split in named.items()
        if split is not None and split.groups is not None
    }
    for first, second in itertools.combinations(groups, 2):
        both = groups[first] & groups[second]
        if both:
            return (
                f"{len(both)} groups are in the {first} and in the {second} part, such as {min(both, key=str)!r}; "
                "expected each group in one part: Split.hold_out keeps groups together"
            )
    return None


def _overlap_problem(named: dict[str, Split | None]) -> str | None:
    """Return a message if parts overlap. Published data may have a few equal inputs, but more mean a wrong split."""
    seen = {name: [_key(item) for item in split.inputs] for name, split in named.items() if split is not None}
    for first, second in itertools.combinations(seen, 2):
        known = set(seen[first])
        both = sum(key in known for key in seen[second])
        if both > max(2, _MAY_OVERLAP * len(seen[second])):
            return (
                f"{both} of {len(seen[second])} {second} inputs are in the {first} part as well: "
                "divide the items before anything is derived from them, and if they come from persons, by person"
            )
    return None


def _classes_problem(task: Task, train: Split) -> str | None:
    """Return a message if a class has no item to learn from."""
    counts = task.kind_definition.class_counts(task, train.targets)
    names = ", ".join(repr(one) for one, count in zip(task.classes, counts or (), strict=False) if not count)
    return f"the train part has no item of class {names}; expected some of each class" if names else None


def _key(item: Any) -> bytes:
    content = item.encode("utf-8", "surrogatepass") if isinstance(item, str) else np.ascontiguousarray(item).tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def _inputs_problem(task: Task, inputs: Any) -> str | None:
    declared = task.inputs
    if declared.shape is None:
        return _texts_problem(inputs)
    if not isinstance(inputs, np.ndarray):
        return f"inputs are {describe(inputs)}, expected a NumPy array of {declared.dtype}"
    if inputs.shape[1:] != declared.shape:
        return f"inputs have shape {np.shape(inputs)}, expected (N, {', '.join(map(str, declared.shape))})"
    if inputs.dtype != declared.dtype:
        return f"inputs have dtype {inputs.dtype}, expected {declared.dtype}"
    if not len(inputs):
        return None
    low, high = inputs.min(), inputs.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return "an input is not finite"
    if (declared.low is not None and low < declared.low) or (declared.high is not None and high > declared.high):
        return f"inputs are in [{low}, {high}], expected {interval_of(declared.low, declared.high)}"
    return None


def _texts_problem(inputs: Any) -> str | None:
    if not isinstance(inputs, list):
        return f"inputs are {describe(inputs)}, expected a list of texts"
    for number, text in enumerate(inputs):
        if not isinstance(text, str):
            return f"an input is {describe(text)}, expected a text"
        try:
            text.encode()
        except UnicodeEncodeError as error:  # half of a surrogate pair, which cannot be sent to a worker
            return f"input {number} cannot be written as UTF-8 ({error.reason}), expected a text"
    return None
