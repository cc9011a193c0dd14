"""Which inputs a model is timed on: secret, shuffled, and none of them twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Perturb = Callable[[Any, np.random.Generator], Any]
"""Changes one input so that its target stays the same."""

_UNALTERED = 4  # one request in four is an item as it is


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """Secret order of items; `altered` ones are jittered so that no request repeats another."""

    items: Array
    altered: Array
    generator: np.random.Generator

    @classmethod
    def secret(cls, available: int, perturb: Perturb | None, most: int) -> Draw:
        """Draw for up to `most` requests from the system's entropy, which no seed reveals.

        With a jitter at least a quarter stays unaltered; without, each item comes once.
        """
        generator = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
        if perturb is None:
            return cls(
                items=generator.permutation(available),
                altered=np.zeros(available, bool),
                generator=generator,
            )
        count = min(2 * most, _UNALTERED * available)
        items = generator.integers(0, available, count)
        altered = np.arange(count) % _UNALTERED > 0
        items[~altered] = generator.permutation(available)[: count - int(altered.sum())]
        return cls(items=items, altered=altered, generator=generator)
