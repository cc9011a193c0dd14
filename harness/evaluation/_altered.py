"""Ask a model about altered copies of the scored items whose targets stay the same.

Answers that a model looked up by the exact input are lost by the change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.contract import Predictions
from harness.evaluation._measure import Answered
from harness.evaluation._predictions import join_predictions
from harness.evaluation._secret_order import secret_generator
from harness.kinds import Kind
from harness.timing import Perturb

Array = np.ndarray[Any, Any]

STRENGTHS = (0.05, 0.05, 0.25, 0.25, 1.0, 1.0, 1.0, 1.0)
"""The strength of each further alteration of an item whose answer changed, as a share of the change of `perturb`.
Any change defeats a lookup by the exact input; an honest model hardly reacts to a small one."""
LEAST_KEPT = 4
"""The smallest number of items with changed answers that can fail an audit; fewer items are not altered again."""
_MOST_CHANGED, _LEAST_CHANGED = 400, 16
"""Bounds on the number of items that are altered again; within them, it at most doubles the number of requests,
and mixing adds as many again as had another answer at first."""
_MIXED_IN = 0.01
"""The share of another item that is mixed into one whose answer changed: so little that a wrong answer stays wrong."""
_LEAST_PIECE, _MOST_PIECE, _SHARE_OF_PIECE = 8, 32, 0.1
"""The number of items that are altered at first, however long they take: a share of all, within bounds. Until the time
is up, at least as many follow at a time, and more, up to a batch, if they probably fit."""


@dataclass(frozen=True, eq=False)
class Altered:
    """Answers to altered items: each item was altered once, and again as long as its answer changed each time.

    Items whose answer changed were also mixed with a little of others. `perturb` may change what never varies in the
    data, such as the black margin of pictures, and a model that was never shown such a change may break there without
    having kept any item. Mixed items show nothing that the data does not. A table of exact inputs finds neither.
    """

    once: Answered
    """All items that were altered, and the answers to them after the first alteration."""
    changed: Array
    """Indices of the items whose answer was different, or much better or worse, after each alteration."""
    again: tuple[Predictions, ...]
    """The answers to the changed items after each further alteration."""
    mixed: Answered | None = None
    """Answers to the items whose answer changed when they were altered once, mixed; None if these are few."""
    slightly: Answered | None = None
    """Answers to these items after one small alteration; None if they are few or can only be altered as a whole."""

    def or_mixed(self, asked: Answered) -> Answered:
        """Return the answers to these altered items; where the item was mixed, too, the answer to that."""
        if self.mixed is None:
            return asked
        place = {int(item): len(asked.items) + number for number, item in enumerate(self.mixed.items)}
        chosen = [place.get(int(item), number) for number, item in enumerate(asked.items)]
        return Answered(asked.items, join_predictions([asked.answers, self.mixed.answers]).take(np.array(chosen)))


@dataclass(frozen=True, kw_only=True, eq=False)
class AlterationSetup:
    """The inputs, how they are altered, and the model that predicts them."""

    kind: Kind
    inputs: Any
    targets: Any
    perturb: Perturb
    batch: int
    predict: Callable[[Any], Predictions]
    item_loss: Callable[[Array, Predictions], Array] | None = None
    """A function of item indices and their answers that returns the loss of each answer, for kinds whose answers are
    neither right nor wrong."""


def ask_altered(
    altering: AlterationSetup, scored: Predictions, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Altered:
    """Alter randomly drawn items and predict them, until `seconds` have passed by `clock`; at least a few.

    `scored` holds the answers to the unaltered items. An item is altered again only as long as its answer changes each
    time, with the small changes first: under those an honest model returns to its answers at once, so that few items
    have to be predicted again.
    """
    generator = secret_generator()
    order = generator.permutation(len(altering.inputs))
    answers: list[Predictions] = []
    piece = max(_LEAST_PIECE, min(_MOST_PIECE, int(_SHARE_OF_PIECE * len(order))))
    begin, done, following = clock(), 0, piece
    while done < len(order) and following:
        answers.append(_ask(altering, order[done : done + min(following, altering.batch)], generator))
        done, spent = done + len(answers[-1]), max(clock() - begin, 1e-6)
        following = max(piece, int(done * (seconds - spent) / spent)) if spent < seconds else 0
    once = Answered(order[:done], join_predictions(answers))
    changes = _Changes.of(altering, scored, once)
    changed_once, again = once.items[changes.are_in(once)], list[Predictions]()
    changed, slightly = changed_once, None
    # the first of these rounds alters as many items as all others together
    later = len(STRENGTHS) - 1
    most = [len(once.items) // 2, *[len(once.items) // (2 * later)] * later]
    for strength, share in zip(STRENGTHS, most, strict=True):
        changed = changed[: min(_MOST_CHANGED, max(_LEAST_CHANGED, share))]
        if len(changed) < LEAST_KEPT:
            break
        asked = Answered(changed, _ask_all(altering, changed, generator, strength))
        if not again and altering.inputs.dtype.kind == "f":
            slightly = asked
        kept = changes.are_in(asked)
        again = [earlier.take(np.flatnonzero(kept)) for earlier in (*_first(again, len(changed)), asked.answers)]
        changed = changed[kept]
    # last, because mixed items tell which of them have equal targets
    mixed = _ask_mixed(altering, changed_once, generator) if len(changed_once) >= LEAST_KEPT else None
    return Altered(once, changed, tuple(again), mixed, slightly)


def _first(answers: list[Predictions], count: int) -> list[Predictions]:
    """Return the first `count` answers of each round."""
    return [one.take(np.arange(count)) for one in answers]


@dataclass(frozen=True, eq=False)
class _Changes:
    """Finds answers that differ from those to the unaltered items, each time in the same direction if there is one."""

    altering: AlterationSetup
    scored: Predictions
    margin: float
    """The smallest change of the loss that counts, for kinds whose answers are neither right nor wrong."""
    worse: Array
    """For each item, whether its answer was worse after the first alteration."""

    @classmethod
    def of(cls, altering: AlterationSetup, scored: Predictions, once: Answered) -> _Changes:
        worse, margin = np.zeros(len(altering.inputs), bool), 0.0
        if altering.item_loss is not None:
            before, after = altering.item_loss(once.items, scored.take(once.items)), _item_loss(altering, once)
            worse[once.items], margin = after > before, much_worse(before, after)
        return cls(altering, scored, margin, worse)

    def are_in(self, asked: Answered) -> Array:
        """Return for each item in `asked` whether its answer changed in the same way as the first time.

        Another label counts even if the scores are nearly equal: otherwise scores far from zero would hide a table.
        """
        scored = self.scored.take(asked.items)
        if self.altering.item_loss is None:
            found = self.altering.kind.agreement(scored, asked.answers)
            return np.asarray(found.differing | found.excused, bool)
        change = _item_loss(self.altering, asked) - self.altering.item_loss(asked.items, scored)
        return np.where(self.worse[asked.items], change, -change) > self.margin


def _item_loss(altering: AlterationSetup, asked: Answered) -> Array:
    assert altering.item_loss is not None
    return altering.item_loss(asked.items, asked.answers)


def much_worse(before: Array, after: Array) -> float:
    """Return by how much the loss of an answer must rise to count: half of the usual loss."""
    return max(float(before.mean()), float(after.mean())) / 2


def _ask_all(altering: AlterationSetup, items: Array, generator: np.random.Generator, strength: float) -> Predictions:
    starts = range(0, len(items), altering.batch)
    return join_predictions([_ask(altering, items[at : at + altering.batch], generator, strength) for at in starts])


def _ask(altering: AlterationSetup, items: Array, generator: np.random.Generator, strength: float = 1.0) -> Predictions:
    altered = [_altered(altering.inputs[item], altering.perturb, generator, strength) for item in items]
    return altering.predict(np.stack(altered))


def _altered(one: Array, perturb: Perturb, generator: np.random.Generator, strength: float) -> Array:
    """Return `one` altered; inputs of floats are moved by the fraction `strength` of the change only."""
    whole = np.ascontiguousarray(perturb(one, generator))
    if strength == 1 or one.dtype.kind != "f":
        return whole
    return np.ascontiguousarray((one + strength * (whole - one)).astype(one.dtype))


def _ask_mixed(altering: AlterationSetup, items: Array, generator: np.random.Generator) -> Answered | None:
    """Predict these items, each mixed with a little of another; None if mixing changes none of them."""
    alike = _alike(altering.targets)
    found = [(item, _mixed(altering.inputs, int(item), alike[int(item)], generator)) for item in items]
    different = [(item, mixed) for item, mixed in found if not np.array_equal(mixed, altering.inputs[item])]
    if not different:
        return None
    starts = range(0, len(different), altering.batch)
    pieces = [np.stack([mixed for _, mixed in different[at : at + altering.batch]]) for at in starts]
    asked = np.array([item for item, _ in different])
    return Answered(asked, join_predictions([altering.predict(piece) for piece in pieces]))


def _alike(targets: Any) -> list[Array]:
    """Return for each item those that have the same target."""
    keys = [hash(np.asarray(target).tobytes()) for target in targets]  # masks themselves would be many bytes
    groups: dict[int, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    arrays = {key: np.array(group) for key, group in groups.items()}
    return [arrays[key] for key in keys]


def _mixed(inputs: Any, item: int, alike: Array, generator: np.random.Generator) -> Array:
    """Return an item mixed with another one of those that are `alike`, or of all if there is no other.

    Of floats a weighted mean is taken; of whole numbers some are replaced, at least one.
    """
    others = alike[alike != item] if len(alike) > 1 else np.delete(np.arange(len(inputs)), item)
    one: Array = inputs[item]
    if not len(others):
        return one
    other = inputs[int(generator.choice(others))]
    if one.dtype.kind == "f":
        return np.ascontiguousarray((one + _MIXED_IN * (other - one)).astype(one.dtype))
    different = np.flatnonzero(one != other)
    replaced = generator.permutation(different)[: max(1, round(_MIXED_IN * len(different)))]
    mixed: Array = one.copy()
    mixed.flat[replaced] = other.flat[replaced]
    return mixed
