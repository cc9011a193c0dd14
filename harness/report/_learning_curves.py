"""Interpret what a model logged while it learned: the quantity, its part, and whether higher is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report._disclosure import COUNTERS, QUANTITIES, TOTALS, TRAIN_PREFIXES, VALIDATION_PREFIXES

_PROPORTIONS = ("accuracy", "acc", "f1", "auc", "dice", "iou")
_MOST_NAMES = 12
_NAMES = {"acc": "accuracy"}


@dataclass(frozen=True)
class Quantity:
    """One logged quantity: its values, and the number of the log call for each."""

    key: str
    """The name under which it was logged."""
    name: str
    """The name without the part, such as ``loss``."""
    held_out: bool
    """Whether it was computed on the validation part."""
    values: tuple[float, ...]
    places: tuple[int, ...]
    moments: tuple[str, ...]
    """When each value was logged, such as ``epoch 3``."""

    @property
    def label(self) -> str:
        """The name as it is shown."""
        return self.name.capitalize() if self.name in QUANTITIES else self.name or "(no name)"

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss or an error."""
        return self.name in ("loss", "error", "mae", "mse", "rmse")

    @property
    def is_proportion(self) -> bool:
        """Whether it is at most 1 and higher is better."""
        return self.name in _PROPORTIONS and all(value <= 1 for value in self.values)

    @property
    def higher_is_better(self) -> bool:
        """Whether higher values are better."""
        return self.name in _PROPORTIONS

    def tail(self, share: float) -> Sequence[float]:
        """Return the last values, which make up `share` of all."""
        return self.values[-max(1, int(len(self.values) * share)) :]

    def when(self, place: int) -> str:
        """Return when the value at `place` was logged."""
        return f"at {self.moments[place]}"


def quantities(curve: Sequence[dict[str, float]]) -> list[Quantity]:
    """Return the quantities that were logged at least twice as finite numbers, except counters."""
    names = dict.fromkeys(name for values in curve for name in values if name not in COUNTERS + TOTALS)
    found = []
    for key in list(names)[:_MOST_NAMES]:
        places = [place for place, values in enumerate(curve) if math.isfinite(values.get(key, math.nan))]
        if len(places) > 1:
            name, held_out = _divided(key)
            found.append(
                Quantity(
                    key=key,
                    name=name,
                    held_out=held_out,
                    values=tuple(curve[place][key] for place in places),
                    places=tuple(places),
                    moments=tuple(moment(curve, place) for place in places),
                )
            )
    return found


def moment(curve: Sequence[dict[str, float]], place: int) -> str:
    """Name a log call by the counter that the model logged with it, or else by its own number."""
    counted = next((name for name in COUNTERS if name in curve[place]), None)
    return f"report {place + 1}" if counted is None else f"{counted} {curve[place][counted]:g}"


def _divided(key: str) -> tuple[str, bool]:
    """Divide a logged name into the name of the quantity and whether it belongs to the validation part."""
    for held_out, prefixes in ((True, VALIDATION_PREFIXES), (False, TRAIN_PREFIXES)):
        for prefix in prefixes:
            rest = key[len(prefix) :]
            if key.lower().startswith(prefix) and prefix and rest:
                return _NAMES.get(rest.lower(), rest.lower() if rest.lower() in QUANTITIES else rest), held_out
    return _NAMES.get(key.lower(), key.lower() if key.lower() in QUANTITIES else key), False
