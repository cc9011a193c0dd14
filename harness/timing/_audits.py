"""Audits of time: whether a model computes each answer, and whether it does nothing while others are timed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harness.record import Audit
from harness.statistics import rank_sum_p_value

Array = np.ndarray[Any, Any]

MAX_BACKGROUND = 0.1
"""The CPU time that a model's processes may use while others are timed, as a share of that time."""
_FAILS, _WARNS, _ENOUGH = 0.5, 0.65, 12
"""Limits of `Repeated.ratio`, and the number of inputs from which the audit can fail. For an input that it has just
seen, an honest convolution needs nine tenths of the time because of branch prediction, and a model that looks words up
needs eight tenths because they are in the caches."""
_SHARE = 0.9
_TWICE, _LONGER, _CHANCE = 2.0, 1.25, 0.0001
_DOUBT = 0.1
"""The p-value up to which more inputs are timed; this affects one honest model in ten."""
MAX_CORES = 1.2
"""The number of cores that a model may use while it is timed."""


@dataclass(frozen=True, eq=False)
class Repeated:
    """The times of inputs that were sent several times."""

    first: Array
    """Seconds of each input when it was sent for the first time."""
    quickest: Array
    """The smallest number of seconds of each input when it was sent again."""
    channel: float = 0.0
    """Seconds of a round trip through the channel; a saving below that is not the model's."""
    usual: float = math.inf
    """Seconds in which most other inputs were answered when they were sent for the first time."""

    def __len__(self) -> int:
        return len(self.first)

    @property
    def saves(self) -> bool:
        """Whether the repeated answers save at least the time of a round trip."""
        return len(self.first) > 0 and float(np.median(self.first - self.quickest)) >= self.channel

    @property
    def ratio(self) -> float:
        """The ninth decile of the ratios of the repeated to the first time."""
        return float(np.quantile(self.quickest / self.first, _SHARE, method="higher")) if len(self.first) else 1.0

    @property
    def looks_quicker(self) -> bool:
        """Whether more inputs may show that answers are kept: half of these took at least a third less time.

        Less than usual, too: on a busy machine many a first answer is late, and none of its repetitions.
        """
        return self.saves and float(np.median(self.quickest / np.minimum(self.first, self.usual))) <= _WARNS

    @property
    def needs_more(self) -> bool:
        """Whether the audit would report these inputs, although more would make it surer."""
        return self.saves and self.ratio <= _WARNS and len(self.first) < 2 * _ENOUGH

    def followed_by(self, more: Repeated) -> Repeated:
        """Return both together."""
        first, quickest = np.append(self.first, more.first), np.append(self.quickest, more.quickest)
        return Repeated(first, quickest, self.channel, self.usual)


def repeats_are_computed(repeated: Repeated) -> Audit:
    """Compare the time of inputs that are sent again with their time when they were sent first.

    Catches models that store answers for the inputs that they have seen. At least nine inputs in ten must be quicker,
    because other work on the machine can delay a first answer as well as a repeated one. Half the time fails if there
    are enough inputs; a third less is a warning. Savings below the time of a round trip are not judged, because the
    channel is also quicker for a text that it transmits again.
    """
    name, n = "repeated inputs are computed again", len(repeated.first)
    ratio = repeated.ratio
    if n == 0:
        unseen = "not examined: there was no time to send an input again"
        return Audit(name=name, passed=True, severity="warn", detail=unseen)
    if ratio > _WARNS or not repeated.saves:
        return Audit(name=name, passed=True, severity="fail", detail="no repeated input was much faster")
    return Audit(
        name=name,
        passed=False,
        severity="fail" if ratio <= _FAILS and n >= _ENOUGH else "warn",
        detail=f"nine inputs in ten take {ratio:.2f} of their first time, or less, when they are sent again "
        f"({n} inputs; {_FAILS} or less fails, with at least {_ENOUGH} inputs): do not keep answers",
    )


@dataclass(frozen=True, eq=False)
class Turns:
    """Seconds of untouched and of altered inputs, which were sent in a random order."""

    untouched: Array
    altered: Array

    def __len__(self) -> int:
        return len(self.untouched) + len(self.altered)

    @property
    def needs_more(self) -> bool:
        """Whether the two seem to differ, but possibly by chance, or by too little to fail the audit."""
        audit = altered_inputs_take_as_long(self)
        if min(len(self.untouched), len(self.altered)) < _ENOUGH or self.p_value > _DOUBT:
            return False
        return self.p_value > _CHANCE if audit.passed else audit.severity == "warn"

    @cached_property
    def p_value(self) -> float:
        """The probability that the order of the times is due to chance (Mann & Whitney 1947)."""
        return rank_sum_p_value(self.untouched, self.altered)

    def followed_by(self, more: Turns) -> Turns:
        """Return both together."""
        return Turns(np.append(self.untouched, more.untouched), np.append(self.altered, more.altered))


def altered_inputs_take_as_long(turns: Turns) -> Audit:
    """Compare the times of untouched and of altered inputs.

    Catches a submission that uses a slow model for one sort of input and a quick one for the other. Honest trees and
    sparse models take a little longer for one of them: twice as long fails, a quarter longer is a warning. Both are
    reported only if the lower quartiles and the medians agree, because other work on the machine only adds time, and
    if the order of the times is not due to chance. On a machine that often stops for milliseconds, more inputs are sent
    (`Turns.needs_more`), and fewer than one honest model in two thousand is reported.
    """
    untouched, altered = turns.untouched, turns.altered
    name, n = "altered inputs take as long", min(len(untouched), len(altered))
    if n < _ENOUGH:
        unseen = f"not examined: {n} inputs of either kind were timed, {_ENOUGH} are needed"
        return Audit(name=name, passed=True, severity="warn", detail=unseen)
    ratios = np.quantile(untouched, (0.25, 0.5)) / np.maximum(np.quantile(altered, (0.25, 0.5)), 1e-9)
    slower, ratio = ("unaltered", ratios.min()) if ratios.min() > 1 else ("altered", 1 / max(ratios.max(), 1e-9))
    if ratio < _LONGER or turns.p_value > _CHANCE:
        return Audit(name=name, passed=True, severity="fail", detail="unaltered and altered inputs take as long")
    return Audit(
        name=name,
        passed=False,
        severity="fail" if ratio >= _TWICE else "warn",
        detail=f"{slower} inputs take {ratio:.2f} times as long as the others, and {_TWICE:g} or more fails: treat "
        "all inputs in the same way",
    )


def one_core(cores: float, *, hidden: bool) -> Audit:
    """Report whether a model kept more than one core busy while it was timed.

    Its latency is then left unresolved, because it would be compared with models that had one core. The same holds if
    the machine was too busy to determine the number of cores, which is `hidden`.
    """
    name, passed = "one core while timed", cores <= MAX_CORES
    taken = f"its processes used {cores:.2f} cores while it was timed, {MAX_CORES:g} are allowed"
    if passed and hidden:
        unseen = "not examined: several threads worked, and the machine was too busy to show on how many cores"
        return Audit(name=name, passed=True, severity="warn", detail=f"{unseen}; its latency is not ranked")
    detail = "it used one core while it was timed" if passed else f"{taken}: do not start threads or processes"
    return Audit(name=name, passed=passed, severity="warn", detail=detail)


def no_background_work(share: float) -> Audit:
    """Compare the CPU time of the model's processes while others were timed with that time.

    Background work slows the yardstick down: the latency is then left unresolved, and is not ranked.
    """
    passed = share <= MAX_BACKGROUND
    taken = f"its processes worked for {share:.2f} of the time in which others were timed; {MAX_BACKGROUND} is allowed"
    detail = "nothing runs while others are timed" if passed else f"{taken}: end all work before predict returns"
    return Audit(name="no background work", passed=passed, severity="warn", detail=detail)
