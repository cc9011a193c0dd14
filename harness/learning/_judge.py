"""Judge from the labels that a model predicts where they come from; all functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.statistics import binomial_p_value, mcnemar_p_value

Array = np.ndarray[Any, Any]

CHANCE = 1e-6
"""The probability by chance below which a finding counts. Honest fits also differ from run to run, so the shares below
are required as well."""
KEPT_SHARE = 0.05
"""The share of items that must keep their old names, beyond the items that the first fit confused in the same way."""
_WORTH_ASKING = 0.05
_MOST_CLASSES = 0.75
FALL_SHARE = 0.05
"""The smallest fall of the score that is reported."""


@dataclass(frozen=True)
class Exchanged:
    """The answers after a fit with exchanged classes, for the items whose class was exchanged."""

    items: int
    new: float
    """The share of items that are answered with the new name."""
    kept: float
    """The share of items that are answered with the old name, which the data for `fit` do not reveal."""
    confused: float
    """The share of items that the first fit confused in the same way, which an honest model does by mistake."""
    keeps: bool
    """Whether more old names are kept than that, in most classes, and not by answers that ignore the items."""
    nothing_new: bool
    """Whether new names are answered no more often than by answers that ignore the items."""


def derangement(classes: int, generator: np.random.Generator) -> Array:
    """Return a new name for each of two or more classes; no class keeps its name.

    The new names are not in the order of the old ones, because a model that regresses on the number of the class would
    keep most of its answers although it learns.
    """
    names = np.arange(classes)
    while True:
        order = generator.permutation(classes)
        if (order != names).all() and np.dot(order - order.mean(), names) <= 0:
            return order


def swap_of_ends(classes: int) -> Array:
    """Return names of which only the first and the last are exchanged.

    A submission that compares the targets with known ones finds most of them unchanged. The first and the last name are
    chosen because a model that regresses on the number of the class would keep the old names of two neighbours although
    it learns.
    """
    order = np.arange(classes)
    order[0], order[-1] = classes - 1, 0
    return order


def judge_exchanged(truth: Array, first: Array, again: Array, order: Array) -> Exchanged:
    """Compare the labels of a fit with classes renamed by `order` with those of the `first` fit, item by item.

    A model that learns makes the same confusions with the new names. So the number of old names in the answers is
    compared with the same confusion in the first fit, on the same items, with McNemar's exact test.
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
    """Return whether most classes keep their old names; an ordinal model that learns may keep one in the middle."""
    more = [float(kept[truth == name].mean() - confused[truth == name].mean()) for name in np.unique(truth)]
    return float(np.mean(np.array(more) >= KEPT_SHARE / 2)) >= _MOST_CLASSES


def above_ignorance(truth: Array, answers: Array, right: Array) -> bool:
    """Return whether more answers are correct than if the same answers were assigned to the items at random."""
    names = np.union1d(truth, answers)
    expected = float(sum((truth == name).mean() * (answers == name).mean() for name in names))
    if expected >= 1:
        return False
    return binomial_p_value(int(right.sum()), len(right), expected) < CHANCE


def share_left(truth: Array, first: Array, again: Array) -> float | None:
    """Return the share of the first fit's gain over the most frequent class that remains with permuted targets.

    On average nothing remains if the classes are learned (Zhang et al. 2017, ICLR; Ojala & Garriga 2010, J. Mach.
    Learn. Res. 11), regardless of the regions into which a fit divides the inputs. It is None if there is no gain.
    """
    commonest = float(np.bincount(truth).max() / len(truth))
    gained = float((first == truth).mean()) - commonest
    if gained < _WORTH_ASKING:
        return None
    return (float((again == truth).mean()) - commonest) / gained


def falls(first: Array, again: Array) -> bool:
    """Return whether fewer items are correct than in the first fit, by more than chance and by a relevant share."""
    return float(first.mean() - again.mean()) >= FALL_SHARE and mcnemar_p_value(first, again) < CHANCE
