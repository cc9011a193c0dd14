"""Audits of time: that a model computes each answer, and does nothing while others are timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.record import Audit

Array = np.ndarray[Any, Any]

MAX_BACKGROUND = 0.1
"""CPU time that a model's processes may take while others are timed, as a share of that time."""
_FAILS, _WARNS, _ENOUGH = 0.5, 0.8, 12
"""An honest convolution takes nine tenths of the time on a picture just seen: its branches are predicted."""
_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Repeated:
    """Seconds of inputs asked for the first time, and the fewest that each took when it was asked again."""

    first: Array
    quickest: Array


def repeats_are_computed(repeated: Repeated) -> Audit:
    """Compare how long an input takes that was asked before with how long it took at first.

    Catches answers stored for inputs seen. Nine inputs in ten must have been quicker: other work on the machine only
    ever adds time, now to a first answer and now to a second. Half the time then fails, where enough inputs were asked;
    a fifth less is a warning. What the channel hides cannot be judged, and is not ranked.
    """
    name, n = "repeated inputs are computed again", len(repeated.first)
    ratio = float(np.quantile(repeated.quickest / repeated.first, _SHARE, method="higher")) if n else 1.0
    if ratio > _WARNS:
        return Audit(name=name, passed=True, severity="fail", detail="no input asked again was much faster")
    return Audit(
        name=name,
        passed=False,
        severity="fail" if ratio <= _FAILS and n >= _ENOUGH else "warn",
        detail=f"asked again, nine inputs in ten take {ratio:.2f} of the time they took at first, or less "
        f"({n} were asked; {_FAILS} or less fails, of {_ENOUGH} or more): keep no answers",
    )


def no_background_work(share: float) -> Audit:
    """Hold the CPU time that the model's processes took while others were timed against that time.

    Background work slows the yardstick down: the latency is left unresolved then, and so is not ranked.
    """
    passed = share <= MAX_BACKGROUND
    taken = f"its processes took {share:.2f} of the time in which others were timed; {MAX_BACKGROUND} is allowed"
    detail = "nothing runs while others are timed" if passed else f"{taken}: let nothing run on when predict returns"
    return Audit(name="no background work", passed=passed, severity="warn", detail=detail)
