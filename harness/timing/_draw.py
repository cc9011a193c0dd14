"""The inputs that a model is timed on: secret, shuffled, and none of them twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Perturb = Callable[[Any, np.random.Generator], Any]
"""Changes one input so that its target stays the same."""

_PER_ITEM = 4  # requests for each item, if there are few items
_UNTOUCHED = 0.75
"""The share of unchanged items among the requests, while there are any that were not asked before."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """Secret order of items; `altered` ones are jittered so that no request repeats another."""

    items: Array
    altered: Array
    generator: np.random.Generator

    @classmethod
    def secret(cls, available: int, perturb: Perturb | None, most: int) -> Draw:
        """Draw for up to `most` requests from the system's entropy, which no seed reveals.

        Without a jitter each item comes once. With one, three quarters of the first half, which is timed, and then of
        the second half are unchanged items, each once, at positions that nothing reveals; the rest are jittered.
        """
        generator = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
        if perturb is None:
            return cls(
                items=generator.permutation(available),
                altered=np.zeros(available, bool),
                generator=generator,
            )
        count = min(2 * most, _PER_ITEM * available)
        items = generator.integers(0, available, count)
        altered = np.ones(count, bool)
        left = available
        for half in np.array_split(np.arange(count), 2):
            untouched = min(left, int(_UNTOUCHED * len(half)))
            altered[generator.choice(half, untouched, replace=False)] = False
            left -= untouched
        items[~altered] = generator.permutation(available)[: count - int(altered.sum())]
        return cls(items=items, altered=altered, generator=generator)
