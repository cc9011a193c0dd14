"""A kind of task: classes in an order, where an answer is worse the more steps it is off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.kinds import Accepted, Answers, Expected, Facts, Header, Kind, UnacceptableError, describe


class Ordinal(Kind):
    """Targets are (N,) whole numbers: the place of an item's class in the order of `classes`."""

    name = "ordinal"
    returns = "(N,) places in the order of the classes, counted from 0"
    sample_model = """\
def fit(self, train, validation):
    self.middle = int(np.median(train.targets))

def predict(self, inputs):
    return np.full(len(inputs), self.middle)  # the place in the middle of all
"""

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        """Yield what is expected of a declaration."""
        yield Expected(len(facts.classes) >= 3, "classes", facts.classes, "at least three classes, in their order")
        yield Expected(facts.horizon is None, "horizon", facts.horizon, "none: ordinal has no `horizon`")

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        """Return what is wrong with the targets, or None."""
        if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iu" or targets.ndim != 1:
            return f"targets are {describe(targets)}, expected ({len(inputs)},) whole numbers"
        known = ((targets >= 0) & (targets < len(facts.classes))).all()
        return None if known else f"a target is none of 0 to {len(facts.classes) - 1}"

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        """Return what is wrong with the announced form of predictions, or None."""
        (places,) = headers
        if places.shape == (n,) and places.dtype.kind in "iuf":
            return None
        return f"predict returned shape {places.shape} of {places.dtype} for {n} inputs: expected ({n},) places"

    def accept(self, facts: Facts, received: Any) -> Accepted:
        """Return the places, each one of the order."""
        last = len(facts.classes) - 1
        wrong = np.flatnonzero(~((received >= 0) & (received <= last) & (received == np.floor(received))))
        if len(wrong):
            found = received[wrong[0]]
            raise UnacceptableError(f"predict returned {found} (item {wrong[0]}): expected a place from 0 to {last}")
        return Accepted(received.astype(np.int64))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        """Return the targets themselves."""
        return Accepted(np.asarray(targets, np.int64))

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return how many steps each answer is off."""
        return np.abs(np.asarray(answers.values) - targets).astype(float)

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        """Return how many items are of each class."""
        return [int(count) for count in np.bincount(targets, minlength=len(facts.classes))]


ORDINAL = Ordinal()
