"""Draw the inputs that a model is timed on: in a secret random order, and without repetitions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Perturb = Callable[[Any, np.random.Generator], Any]
"""A function that changes one input so that its target stays the same."""

_PER_ITEM = 4  # requests for each item, if there are few items
_UNTOUCHED = 0.75
"""The share of unaltered items among the requests, as long as there are unaltered items that were not sent yet."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """The items of all requests in a secret order, and which of them are altered so that no request repeats another."""

    items: Array
    altered: Array
    generator: np.random.Generator

    @classmethod
    def secret(cls, available: int, perturb: Perturb | None, most: int) -> Draw:
        """Draw the items of up to `most` timed requests with the system's entropy, which no seed reveals.

        Without `perturb` each item is used once. With it, three quarters of the first half, which is timed, and of the
        second half are unaltered items at random positions, each used once; the rest are altered.
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
