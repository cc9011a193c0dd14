"""Check loaded data against the declaration, once, so that nothing after has to."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import numpy as np

from harness.contract import Counts, Parts, Source, Split, Task, TaskError, written_at

_MAY_OVERLAP = 0.05
"""PneumoniaMNIST as published has 8 of 524 validation pictures in its train part, 1.5 %."""


def check_parts(task: Task, source: Source, parts: Parts) -> Parts:
    """Return `parts` if they are what `task` declares.

    Raises:
        TaskError: a part has other counts, shapes, types or ranges; says which, and what was expected.
    """
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    if problem := _first_problem(task, source, parts, named):
        place = written_at(source.load)
        raise TaskError(f"task {task.name}, {source.kind} data{problem}{place and f' ({place})'}")
    return parts


def _first_problem(task: Task, source: Source, parts: Parts, named: dict[str, Split | None]) -> str | None:
    for name, split in named.items():
        if split is not None:
            problem = _inputs_problem(task, split.inputs) or _targets_problem(task, split)
            if problem:
                return f", {name} part: {problem}"
    found = Counts(*(0 if split is None else len(split) for split in named.values()))
    expected = source.counts
    if expected is not None and task.private_test:
        expected = expected._replace(test=found.test)  # kept elsewhere, perhaps another part altogether
    if expected is not None and found != expected:
        return f": {found} items, expected {expected}"
    if not found.train or not found.validation or (parts.test is not None and not found.test):
        return f": a part is empty ({found})"
    problem = _overlap_problem(named) or _classes_problem(task, parts.train)
    return problem and f": {problem}"


def parts_problem(parts: object) -> str | None:
    """Return what is wrong with what a source's `load` returned, before anything of it is looked at."""
    if not isinstance(parts, Parts):
        return f"returned {_form(parts)}; expected harness.Parts(train, validation, test)"
    for name in ("train", "validation", "test"):
        split = getattr(parts, name)
        if not (isinstance(split, Split) or (name == "test" and split is None)):
            return f"returned {_form(split)} as its {name} part; expected harness.Split(inputs, targets)"
    return None


def _form(value: object) -> str:
    """Return in few words what `value` is."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return "None" if value is None else f"a {type(value).__name__}"


def _overlap_problem(named: dict[str, Split | None]) -> str | None:
    """Return how parts overlap. A few inputs alike occur in published sets; more than that is a split gone wrong."""
    seen = {name: [_key(item) for item in split.inputs] for name, split in named.items() if split is not None}
    for first, second in itertools.combinations(seen, 2):
        known = set(seen[first])
        both = sum(key in known for key in seen[second])
        if both > max(2, _MAY_OVERLAP * len(seen[second])):
            return (
                f"{both} of {len(seen[second])} {second} inputs are in the {first} part as well: "
                "divide the items, by person where there are persons, before anything else is made of them"
            )
    return None


def _classes_problem(task: Task, train: Split) -> str | None:
    """Return which classes nothing can be learned about."""
    if task.kind != "classification":
        return None
    missing = np.flatnonzero(np.bincount(train.targets, minlength=len(task.classes)) == 0)
    names = ", ".join(repr(task.classes[label]) for label in missing)
    return f"the train part has no item of class {names}; expected some of each class" if names else None


def _key(item: Any) -> bytes:
    content = item.encode("utf-8", "surrogatepass") if isinstance(item, str) else np.ascontiguousarray(item).tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def _inputs_problem(task: Task, inputs: Any) -> str | None:
    declared = task.inputs
    if declared.shape is None:
        return _texts_problem(inputs)
    if not isinstance(inputs, np.ndarray):
        return f"inputs are {_form(inputs)}, expected a NumPy array of {declared.dtype}"
    if inputs.shape[1:] != declared.shape:
        return f"inputs of shape {np.shape(inputs)}, expected (N, {', '.join(map(str, declared.shape))})"
    if inputs.dtype != declared.dtype:
        return f"inputs of dtype {inputs.dtype}, expected {declared.dtype}"
    if not len(inputs):
        return None
    low, high = inputs.min(), inputs.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return "an input is not finite"
    if (declared.low is not None and low < declared.low) or (declared.high is not None and high > declared.high):
        return f"inputs in [{low}, {high}], expected [{declared.low}, {declared.high}]"
    return None


def _texts_problem(inputs: Any) -> str | None:
    if not isinstance(inputs, list):
        return f"inputs are {_form(inputs)}, expected a list of texts"
    other = next((text for text in inputs if not isinstance(text, str)), "")
    return None if isinstance(other, str) else f"an input is {_form(other)}, expected a text"


def _targets_problem(task: Task, split: Split) -> str | None:
    targets = split.targets
    if task.kind == "classification":
        if not isinstance(targets, np.ndarray) or targets.dtype != np.int64 or targets.ndim != 1:
            return f"targets are {_form(targets)}, expected ({len(split)},) int64 labels"
        if len(targets) and not (targets.min() >= 0 and targets.max() < len(task.classes)):
            return f"labels in [{targets.min()}, {targets.max()}], expected [0, {len(task.classes) - 1}]"
    if task.kind == "forecasting":
        if not isinstance(targets, np.ndarray) or targets.dtype.kind != "f" or targets.shape[1:] != (task.horizon,):
            return f"targets are {_form(targets)}, expected (N, {task.horizon}) floats"
        if not np.isfinite(targets).all():
            return "a target is not finite"
    if task.kind == "segmentation":
        return _masks_problem(task, split)
    if task.kind == "detection":
        return _boxes_problem(task, targets)
    return None


def _masks_problem(task: Task, split: Split) -> str | None:
    masks = split.targets
    shape = (len(split), *np.shape(split.inputs)[1:3])
    if not isinstance(masks, np.ndarray) or masks.dtype.kind not in "iu" or masks.shape != shape:
        return f"targets of shape {np.shape(masks)}, expected integer masks {shape}"
    most = len(task.classes) - 1 if task.classes else None
    if masks.size and (masks.min() < 0 or (most is not None and masks.max() > most)):
        return f"masks in [{masks.min()}, {masks.max()}], expected 0 to {most}"
    return None


def _boxes_problem(task: Task, targets: Any) -> str | None:
    if not isinstance(targets, list):
        return f"targets are {_form(targets)}, expected a list with one (k, 5) float array an image"
    for number, boxes in enumerate(targets):
        if not isinstance(boxes, np.ndarray) or boxes.dtype.kind != "f" or boxes.shape[1:] != (5,):
            return f"targets of image {number} of shape {np.shape(boxes)}, expected (k, 5) floats"
        if not np.isfinite(boxes).all():
            return f"image {number} has a box that is not finite"
        if not ((boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])).all():
            return f"image {number} has a box without area: expected x1 < x2 and y1 < y2"
        if not np.isin(boxes[:, 4], np.arange(len(task.classes))).all():
            return f"image {number} has a box of unknown class: expected 0 to {len(task.classes) - 1}"
    return None
