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
"""What share of the change of `perturb` an item whose answer changed is altered by, each time that it is altered again.
Any change defeats a lookup by the exact input; an honest model hardly reacts to a small one."""
LEAST_KEPT = 4
"""Items whose answer changes every time, from which on something can be wrong; with fewer nothing is asked again."""
_MOST_CHANGED, _LEAST_CHANGED = 400, 16
"""Bounds on the number of items that are altered again; within them, it at most doubles the number of requests."""
_PIECE = 64
"""Items between two readings of the clock, so that a slow model is not asked about all items of a small part."""


@dataclass(frozen=True, eq=False)
class Altered:
    """Answers to altered items: each item was altered once, and again as long as its answer changed each time."""

    once: Answered
    changed: Array
    """Indices of the items that got another, or a much better or worse, answer each time that they were altered."""
    again: tuple[Predictions, ...]
    """Their answers each time they were altered again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Altering:
    """The inputs, how they are altered, and the model that is asked about them."""

    kind: Kind
    inputs: Any
    perturb: Perturb
    batch: int
    predict: Callable[[Any], Predictions]
    badness: Callable[[Array, Predictions], Array] | None = None
    """How bad the answers to the items at these indices are, for kinds whose answers are neither right nor wrong."""


def ask_altered(
    altering: Altering, scored: Predictions, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Altered:
    """Ask about randomly drawn items, altered, until `seconds` have passed by `clock`, but at least about a few dozen.

    `scored` holds the answers to the unaltered items. An item is altered again only as long as its answer changes each
    time, by the small changes first: an honest model's answers return at once, so that little is asked again.
    """
    generator = secret_generator()
    order = generator.permutation(len(altering.inputs))
    end = clock() + seconds
    answers: list[Predictions] = []
    size = min(altering.batch, _PIECE)
    for start in range(0, len(order), size):
        if answers and clock() >= end:
            break
        answers.append(_ask(altering, order[start : start + size], generator))
    once = Answered(order[: sum(map(len, answers))], join_predictions(answers))
    changes = _Changes.of(altering, scored, once)
    changed, again = once.items[changes.are_in(once)], list[Predictions]()
    # as many in the first of these rounds as in all others together
    later = len(STRENGTHS) - 1
    most = [len(once.items) // 2, *[len(once.items) // (2 * later)] * later]
    for strength, share in zip(STRENGTHS, most, strict=True):
        changed = changed[: min(_MOST_CHANGED, max(_LEAST_CHANGED, share))]
        if len(changed) < LEAST_KEPT:
            break
        asked = Answered(changed, _ask_all(altering, changed, generator, strength))
        kept = changes.are_in(asked)
        again = [earlier.take(np.flatnonzero(kept)) for earlier in (*_first(again, len(changed)), asked.answers)]
        changed = changed[kept]
    return Altered(once, changed, tuple(again))


def _first(answers: list[Predictions], count: int) -> list[Predictions]:
    """Return the first `count` answers of each time that items were asked."""
    return [one.take(np.arange(count)) for one in answers]


@dataclass(frozen=True, eq=False)
class _Changes:
    """Tells which answers differ from those to the unaltered items, in one direction where they are better or worse."""

    altering: Altering
    scored: Predictions
    margin: float
    """By how much an answer must be better or worse, where answers are neither right nor wrong."""
    worse: Array
    """For each item: whether its answer was worse when it was altered once."""

    @classmethod
    def of(cls, altering: Altering, scored: Predictions, once: Answered) -> _Changes:
        worse, margin = np.zeros(len(altering.inputs), bool), 0.0
        if altering.badness is not None:
            before, after = altering.badness(once.items, scored.take(once.items)), _badness(altering, once)
            worse[once.items], margin = after > before, much_worse(before, after)
        return cls(altering, scored, margin, worse)

    def are_in(self, asked: Answered) -> Array:
        """Return for each item that was asked whether its answer changed in the same way as the first time."""
        scored = self.scored.take(asked.items)
        if self.altering.badness is None:
            return self.altering.kind.agreement(scored, asked.answers).differing
        change = _badness(self.altering, asked) - self.altering.badness(asked.items, scored)
        return np.where(self.worse[asked.items], change, -change) > self.margin


def _badness(altering: Altering, asked: Answered) -> Array:
    assert altering.badness is not None
    return altering.badness(asked.items, asked.answers)


def much_worse(before: Array, after: Array) -> float:
    """Return by how much an answer must be worse to count: half of how bad answers usually are."""
    return max(float(before.mean()), float(after.mean())) / 2


def _ask_all(altering: Altering, items: Array, generator: np.random.Generator, strength: float) -> Predictions:
    starts = range(0, len(items), altering.batch)
    return join_predictions([_ask(altering, items[at : at + altering.batch], generator, strength) for at in starts])


def _ask(altering: Altering, items: Array, generator: np.random.Generator, strength: float = 1.0) -> Predictions:
    altered = [_altered(altering.inputs[item], altering.perturb, generator, strength) for item in items]
    return altering.predict(np.stack(altered))


def _altered(one: Array, perturb: Perturb, generator: np.random.Generator, strength: float) -> Array:
    """Return `one` altered; inputs of floats are moved by the fraction `strength` of the change only."""
    whole = np.ascontiguousarray(perturb(one, generator))
    if strength == 1 or one.dtype.kind != "f":
        return whole
    return np.ascontiguousarray((one + strength * (whole - one)).astype(one.dtype))
