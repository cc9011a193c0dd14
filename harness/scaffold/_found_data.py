"""An instructor's data as they were read, with the decisions that were made: enough to write a task."""

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
"""Minimum number of items of a class; fewer cannot be divided into three useful parts."""
_LEAST_ITEMS, _LEAST_GROUPS = 50, 10
_MOST_CLASSES = 20
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class DataQuestions:
    """What the instructor stated about the data, and what is therefore not inferred."""

    target: str | None = None
    """The column to predict."""
    group: str | None = None
    """The column with the person from whom an item comes."""
    kind: str | None = None
    leave_out: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    """Height and width of images."""

    def answered(self, option: str, answer: str) -> DataQuestions:
        """Return these questions with the answer to one that was open."""
        match option:
            case "target":
                return replace(self, target=answer)
            case "group":
                return replace(self, group=answer)
            case _:
                return replace(self, size=parse_size(answer))


def parse_size(text: str) -> tuple[int, int]:
    """Return the height and the width in a text such as ``64x48``.

    Raises:
        UsageError: the text is not a size.
    """
    found = re.fullmatch(r"(\d{1,4})\s*[x×,]\s*(\d{1,4})", text.strip())
    if found is None or not int(found[1]) * int(found[2]) > 0:
        raise UsageError(f"{text!r} is not a size; expected height and width, such as 64x48")
    return int(found[1]), int(found[2])


class UnclearDataError(UsageError):
    """The data leave a question open, which ``--OPTION`` answers with one of `choices`."""

    def __init__(self, question: str, option: str, choices: Sequence[str]) -> None:
        super().__init__(f"{question} Answer with --{option}: {', '.join(choices)}")
        self.question, self.option, self.choices = question, option, tuple(choices)


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundData:
    """Inputs and targets, and the facts about them that a task declares."""

    what: str
    """A short description of the data."""
    inputs: Any
    targets: Array
    kind: str
    classes: tuple[str, ...] = ()
    groups: Array | None = None
    part: Array | None = None
    """(N,) index into `PARTS` for each item, if the data are divided into parts."""
    low: float | None = None
    high: float | None = None
    notes: tuple[str, ...] = field(default=())
    """The decisions, one sentence for each."""

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of the task's file.

        Items with classes are shuffled, because folders of images and many tables are sorted by class, and a model
        learns badly from batches in such an order.
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
        raise UsageError(f"{name} has only one class, {classes[0]!r}; expected at least two")
    few = [f"{one!r} ({count})" for one, count in zip(classes, counts, strict=True) if count < LEAST_OF_A_CLASS]
    if few:
        raise UsageError(
            f"{name} has too few items of {', '.join(few[:5])}{'' if len(few) <= 5 else f' and {len(few) - 5} more'}; "
            f"expected {LEAST_OF_A_CLASS} or more of each class: add items, merge classes or remove these"
        )
    return labels


def kind_of_numbers(values: Array, kind: str | None) -> str:
    """Return the kind of task for numbers, which may be classes or amounts; `kind` decides if it is given."""
    if kind is not None:
        return kind
    distinct = len(np.unique(values))
    whole = bool((values == np.round(values)).all())
    return "classification" if whole and distinct <= min(_MOST_CLASSES, len(values) // 10) else "regression"


def check_amounts(values: Array, name: str) -> Array:
    """Return amounts to predict as floats.

    Raises:
        UsageError: there are too few, or all are the same.
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
        UsageError: there are too few groups to divide.
    """
    found = np.asarray(groups)
    distinct = len(np.unique(found))
    if distinct < _LEAST_GROUPS:
        raise UsageError(f"{name} has {distinct} groups; expected {_LEAST_GROUPS} or more: each stays in one part")
    return found


def parts_of(values: Sequence[str]) -> Array | None:
    """Return the part that each of `values` names; None if any value is not a part, or if train or test is missing."""
    names = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2}
    found = [names.get(value.strip().casefold(), -1) for value in values]
    return np.array(found) if min(found) >= 0 and {0, 2} <= set(found) else None
