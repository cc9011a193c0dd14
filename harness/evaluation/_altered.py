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
from harness.kinds import KINDS
from harness.timing import Perturb

Array = np.ndarray[Any, Any]

WHOLE, PART = 4, 4
"""How often an item whose answer changed is altered again: at full strength, and at a fraction of it."""
_STRENGTH = 0.25
"""The fraction. Any change defeats a lookup by the exact input; an honest model hardly reacts to one this small."""
_MOST_CHANGED, _LEAST_CHANGED = 400, 16
"""Bounds on the number of items that are altered again; within them, it at most doubles the number of requests."""


@dataclass(frozen=True, eq=False)
class Altered:
    """Answers to altered items: each item was altered once, and those whose answer changed were altered again."""

    once: Answered
    changed: Array
    """Indices of the items that got another, or a much better or worse, answer when altered, a few hundred at most."""
    again: tuple[Predictions, ...]
    """Their answers each time they were altered again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Altering:
    """The inputs, how they are altered, and the model that is asked about them."""

    kind: str
    inputs: Any
    perturb: Perturb
    batch: int
    predict: Callable[[Any], Predictions]
    badness: Callable[[Array, Predictions], Array] | None = None
    """How bad the answers to the items at these indices are, for kinds whose answers are neither right nor wrong."""


def ask_altered(altering: Altering, scored: Predictions, seconds: float) -> Altered:
    """Ask about randomly drawn items, altered, until `seconds` have passed, but at least about one batch.

    `scored` holds the answers to the unaltered items. Items whose answer stays the same are not altered again, so this
    takes little longer than scoring them did.
    """
    generator = secret_generator()
    order = generator.permutation(len(altering.inputs))
    end = time.monotonic() + seconds
    answers: list[Predictions] = []
    for start in range(0, len(order), altering.batch):
        if answers and time.monotonic() >= end:
            break
        answers.append(_ask(altering, order[start : start + altering.batch], generator))
    once = Answered(order[: sum(map(len, answers))], join_predictions(answers))
    differing = _differing(altering, scored.take(once.items), once)
    strengths = [1.0] * WHOLE + [_STRENGTH] * PART
    most = min(_MOST_CHANGED, max(_LEAST_CHANGED, len(once.items) // len(strengths)))
    changed = once.items[differing][:most]
    if not len(changed):
        return Altered(once, changed, ())
    return Altered(once, changed, tuple(_ask_all(altering, changed, generator, strength) for strength in strengths))


def _differing(altering: Altering, scored: Predictions, once: Answered) -> Array:
    """Return which items got another answer; a much better or worse one where answers are neither right nor wrong."""
    if altering.badness is None:
        return KINDS[altering.kind].agreement(scored, once.answers).differing
    before, after = altering.badness(once.items, scored), altering.badness(once.items, once.answers)
    return np.asarray(np.abs(after - before) > much_worse(before, after), bool)


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
