"""Data of an instructor as it was read: enough to write a task, with the decisions that were made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError

Array = NDArray[Any]

LEAST_OF_A_CLASS = 10
"""Fewer items of a class cannot be divided into three parts that each say something."""
_LEAST_ITEMS, _LEAST_GROUPS = 50, 10
_MOST_CLASSES = 20
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class DataQuestions:
    """Facts about the data that the instructor stated, so that they are not inferred."""

    target: str | None = None
    """The column to predict."""
    group: str | None = None
    """The column that names the person an item comes from."""
    kind: str | None = None
    leave_out: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    """Height and width of images."""

    def answered(self, option: str, answer: str) -> DataQuestions:
        """Return these with the answer to one that was open."""
        match option:
            case "target":
                return replace(self, target=answer)
            case "group":
                return replace(self, group=answer)
            case _:
                return replace(self, size=parse_size(answer))


def parse_size(text: str) -> tuple[int, int]:
    """Return height and width of a text such as ``64x48``.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d{1,4})\s*[x×,]\s*(\d{1,4})", text.strip())
    if found is None or not int(found[1]) * int(found[2]) > 0:
        raise UsageError(f"{text!r} is no size; expected height and width, such as 64x48")
    return int(found[1]), int(found[2])


class UnclearDataError(UsageError):
    """Data that leave a question open; ``--OPTION`` answers it with one of `choices`."""

    def __init__(self, question: str, option: str, choices: Sequence[str]) -> None:
        super().__init__(f"{question} Say it with --{option}: {', '.join(choices)}")
        self.question, self.option, self.choices = question, option, tuple(choices)


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundData:
    """Inputs and targets, and what a task declares about them."""

    what: str
    """A short description of the data."""
    inputs: Any
    targets: Array
    kind: str
    classes: tuple[str, ...] = ()
    groups: Array | None = None
    part: Array | None = None
    """(N,) position in `PARTS`, if the data say which part each item belongs to."""
    low: float | None = None
    high: float | None = None
    told: tuple[str, ...] = field(default=())
    """The decisions, one sentence each."""

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of the task's file.

        Items with classes are shuffled: folders of images and many tables are in the order of their class, and a model
        that learns from batches in such an order learns badly.
        """
        more = {"groups": self.groups, "part": self.part}
        whole = {"inputs": np.asarray(self.inputs), "targets": self.targets} | {
            name: value for name, value in more.items() if value is not None
        }
        if not self.classes:
            return whole
        order = np.random.Generator(np.random.PCG64(0)).permutation(len(self.targets))
        return {name: value[order] for name, value in whole.items()}


def labels_of(values: Sequence[str], name: str) -> tuple[tuple[str, ...], Array]:
    """Return the classes in `values`, and the label of each item."""
    classes, labels = np.unique(np.asarray(values), return_inverse=True)
    return tuple(map(str, classes)), _enough_of_each(tuple(map(str, classes)), labels.astype(np.int64), name)


def _enough_of_each(classes: tuple[str, ...], labels: Array, name: str) -> Array:
    counts = np.bincount(labels, minlength=len(classes))
    if len(classes) < 2:
        raise UsageError(f"{name} has one class only, {classes[0]!r}; expected at least two")
    few = [f"{one!r} ({count})" for one, count in zip(classes, counts, strict=True) if count < LEAST_OF_A_CLASS]
    if few:
        raise UsageError(
            f"{name} has too few items of {', '.join(few[:5])}{'' if len(few) <= 5 else f' and {len(few) - 5} more'}; "
            f"expected {LEAST_OF_A_CLASS} or more of each class: add items, merge classes or remove these"
        )
    return labels


def kind_of_numbers(values: Array, kind: str | None) -> str:
    """Return whether numbers are classes or amounts; `kind` decides if it is given."""
    if kind is not None:
        return kind
    distinct = len(np.unique(values))
    whole = bool((values == np.round(values)).all())
    return "classification" if whole and distinct <= min(_MOST_CLASSES, len(values) // 10) else "regression"


def check_amounts(values: Array, name: str) -> Array:
    """Return numbers to be predicted as floats.

    Raises:
        UsageError: they are too few, or all the same.
    """
    if len(values) < _LEAST_ITEMS:
        raise UsageError(f"{name}: found {len(values)} items; expected {_LEAST_ITEMS} or more")
    if np.ptp(values) == 0:
        raise UsageError(f"{name} is {values.flat[0]:g} for every item; expected something to predict")
    return values.astype(np.float64)


Makers = dict[str, Callable[[], tuple[tuple[str, ...], Array]]]
"""For each kind, a function that returns the classes and the targets."""


def check_groups(groups: Sequence[Any] | Array, name: str) -> Array:
    """Return the groups as an array.

    Raises:
        UsageError: they are too few to be divided.
    """
    found = np.asarray(groups)
    distinct = len(np.unique(found))
    if distinct < _LEAST_GROUPS:
        raise UsageError(f"{name} has {distinct} groups; expected {_LEAST_GROUPS} or more: each stays in one part")
    return found


def parts_of(values: Sequence[str]) -> Array | None:
    """Return the part that each of `values` names; None where one names none, or train or test is missing."""
    names = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2}
    found = [names.get(value.strip().casefold(), -1) for value in values]
    return np.array(found) if min(found) >= 0 and {0, 2} <= set(found) else None
