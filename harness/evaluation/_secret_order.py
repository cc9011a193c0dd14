"""Send the scored items in a secret order, so that the position of an item reveals nothing about its target."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.contract import Predictions, take_items

Array = np.ndarray[Any, Any]


def secret_generator() -> np.random.Generator:
    """Return a generator seeded from the system's entropy, independent of the seeds of the run."""
    return np.random.default_rng(int.from_bytes(os.urandom(16), "little"))


@dataclass(frozen=True, eq=False)
class SecretOrder:
    """The inputs of a part, the order in which they are sent, and the batch size."""

    inputs: Any
    order: Array
    batch: int

    @classmethod
    def of(cls, inputs: Any, batch: int) -> SecretOrder:
        """Draw a new order of `inputs`."""
        return cls(inputs, secret_generator().permutation(len(inputs)), batch)

    def __len__(self) -> int:
        return len(self.order)

    def batches(self) -> Iterator[Any]:
        """Yield the inputs in the secret order."""
        for start in range(0, len(self.order), self.batch):
            yield take_items(self.inputs, self.order[start : start + self.batch])

    def in_original_order(self, answers: Predictions) -> Predictions:
        """Return `answers`, which are in the secret order, in the order of the part."""
        return answers.take(np.argsort(self.order))
