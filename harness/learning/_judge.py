"""Judge from a model's answers where they come from; pure functions of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.statistics import binomial_p_value, mcnemar_p_value

Array = np.ndarray[Any, Any]

CHANCE = 1e-6
"""How improbable a finding must be by chance. Honest fits also differ from run to run, hence the shares below."""
KEPT_SHARE = 0.05
"""The share of items that keep their old names beyond what the first fit confused alike."""
_WORTH_ASKING = 0.05
_MOST_CLASSES = 0.75
FALL_SHARE = 0.05
"""A fall of the score that is reported."""


@dataclass(frozen=True)
class Exchanged:
    """How a fit with exchanged classes answers, over the items whose class was exchanged."""

    items: int
    new: float
    """The share answered by the new name."""
    kept: float
    """The share answered by the old name, which nothing given to `fit` reveals."""
    confused: float
    """The share for which the first fit made the same confusion, as an honest model does by mistake."""
    keeps: bool
    """Whether old names are kept beyond that, in most classes, and not by answers that ignore the items."""
    nothing_new: bool
    """Whether new names are hit no more often than by answers that ignore the items."""


def derangement(classes: int, generator: np.random.Generator) -> Array:
    """Return a new name for each of this number of classes, at least two; none keeps its own.

    The new names do not run in the order of the old ones: a model that regresses on the number of the class would
    keep most of these though it learns.
    """
    names = np.arange(classes)
    while True:
        order = generator.permutation(classes)
        if (order != names).all() and np.dot(order - order.mean(), names) <= 0:
            return order


def swap_of_ends(classes: int) -> Array:
    """Return new names of which the first and the last are exchanged.

    Who compares targets finds most as they were. Of all pairs it is this one, for a model that regresses on the number
    of the class would keep the old names of two neighbours though it learns.
    """
    order = np.arange(classes)
    order[0], order[-1] = classes - 1, 0
    return order


def judge_exchanged(truth: Array, first: Array, again: Array, order: Array) -> Exchanged:
    """Compare the labels of a fit with classes renamed by `order` with those of the `first` fit, item by item.

    A model that learns makes its confusions under the new names as well. So answers by old names are compared with the
    same confusion in the first fit, on the same items, by McNemar's exact test.
    """
    old_name_of = np.argsort(order)
    moved = order[truth] != truth
    kept, new = (again == truth)[moved], (again == order[truth])[moved]
    confused = (first == old_name_of[truth])[moved]
    if not moved.any():
        return Exchanged(0, 0.0, 0.0, 0.0, keeps=False, nothing_new=True)
    nothing_new = not above_ignorance(order[truth][moved], again[moved], new)
    keeps = (
        float(kept.mean() - confused.mean()) >= KEPT_SHARE
        and mcnemar_p_value(kept, confused) < CHANCE
        and _in_most_classes(truth[moved], kept, confused)
        and (not nothing_new or above_ignorance(truth[moved], again[moved], kept))
    )
    return Exchanged(
        items=int(moved.sum()),
        new=float(new.mean()),
        kept=float(kept.mean()),
        confused=float(confused.mean()),
        keeps=keeps,
        nothing_new=nothing_new,
    )


def _in_most_classes(truth: Array, kept: Array, confused: Array) -> bool:
    """Return whether nearly every class keeps its old name: an ordinal model that learns may keep one in the middle."""
    more = [float(kept[truth == name].mean() - confused[truth == name].mean()) for name in np.unique(truth)]
    return float(np.mean(np.array(more) >= KEPT_SHARE / 2)) >= _MOST_CLASSES


def above_ignorance(truth: Array, answers: Array, right: Array) -> bool:
    """Return whether more answers are right than if the same answers were given to the items at random."""
    names = np.union1d(truth, answers)
    expected = float(sum((truth == name).mean() * (answers == name).mean() for name in names))
    if expected >= 1:
        return False
    return binomial_p_value(int(right.sum()), len(right), expected) < CHANCE


def share_left(truth: Array, first: Array, again: Array) -> float | None:
    """Return how much of what the first fit gains over the commonest class is left after a fit on permuted targets.

    Nothing of it is, on average, where the classes are learned (Zhang et al. 2017, ICLR; Ojala & Garriga 2010, J.
    Mach. Learn. Res. 11), whatever regions such a fit divides the inputs into. None if nothing is gained.
    """
    commonest = float(np.bincount(truth).max() / len(truth))
    gained = float((first == truth).mean()) - commonest
    if gained < _WORTH_ASKING:
        return None
    return (float((again == truth).mean()) - commonest) / gained


def falls(first: Array, again: Array) -> bool:
    """Return whether fewer items are right than in the first fit, by more than chance and by a relevant share."""
    return float(first.mean() - again.mean()) >= FALL_SHARE and mcnemar_p_value(first, again) < CHANCE
