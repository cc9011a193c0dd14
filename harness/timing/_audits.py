"""Audits of time: that a model computes each answer, and does nothing while others are timed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harness.record import Audit
from harness.statistics import rank_sum_p_value

Array = np.ndarray[Any, Any]

MAX_BACKGROUND = 0.1
"""CPU time that a model's processes may take while others are timed, as a share of that time."""
_FAILS, _WARNS, _ENOUGH = 0.5, 0.65, 12
"""An honest convolution takes nine tenths of the time on an image that it has just seen, by branch prediction, and what
looks words up takes eight tenths on a text, because it finds them in the caches."""
_SHARE, _QUICKER = 0.9, 0.8
_TWICE, _LONGER, _CHANCE = 2.0, 1.25, 0.0001
_DOUBT = 0.1
"""The p-value up to which one more look at how long inputs take is worth its time: one honest model in ten."""
MAX_CORES = 1.2
"""How many cores a model may have at work while it is timed."""


@dataclass(frozen=True, eq=False)
class Repeated:
    """Seconds of inputs asked for the first time, and the fewest that each took when it was asked again."""

    first: Array
    quickest: Array
    channel: float = 0.0
    """Seconds that the way there and back takes; what is saved of that is not the model's."""

    @property
    def saves(self) -> bool:
        """Whether the second answer saves more than the way there and back takes."""
        return len(self.first) > 0 and float(np.median(self.first - self.quickest)) >= self.channel

    @property
    def ratio(self) -> float:
        """The ninth decile of the ratios of the second time to the first."""
        return float(np.quantile(self.quickest / self.first, _SHARE, method="higher")) if len(self.first) else 1.0

    @property
    def looks_quicker(self) -> bool:
        """Whether more inputs may show that answers are kept: half of these took a fifth less time, or so little."""
        return len(self.first) > 0 and float(np.median(self.quickest / self.first)) <= _QUICKER

    @property
    def needs_more(self) -> bool:
        """Whether this is a finding that rests on too few inputs."""
        return self.saves and self.ratio <= _WARNS and len(self.first) < _ENOUGH

    def followed_by(self, more: Repeated) -> Repeated:
        """Return both together."""
        return Repeated(np.append(self.first, more.first), np.append(self.quickest, more.quickest), self.channel)


def repeats_are_computed(repeated: Repeated) -> Audit:
    """Compare how long inputs take when they are asked again with how long they took at first.

    Catches models that store answers for the inputs they have seen. Nine inputs in ten must have been quicker, because
    other work on the machine only ever adds time, to a first answer as well as to a second one. Half the time then
    fails, if enough inputs were asked; a third less is a warning. Times that the channel hides cannot be judged, and
    are not ranked: it finds a long text in the caches, too, when it carries that again.
    """
    name, n = "repeated inputs are computed again", len(repeated.first)
    ratio = repeated.ratio
    if n == 0:
        unseen = "not examined: there was no time to ask an input again"
        return Audit(name=name, passed=True, severity="warn", detail=unseen)
    if ratio > _WARNS or not repeated.saves:
        return Audit(name=name, passed=True, severity="fail", detail="no input asked again was much faster")
    return Audit(
        name=name,
        passed=False,
        severity="fail" if ratio <= _FAILS and n >= _ENOUGH else "warn",
        detail=f"asked again, nine inputs in ten take {ratio:.2f} of the time they took at first, or less "
        f"({n} were asked; {_FAILS} or less fails, of {_ENOUGH} or more): keep no answers",
    )


@dataclass(frozen=True, eq=False)
class Turns:
    """Seconds of untouched and of altered inputs, which were asked in turns."""

    untouched: Array
    altered: Array

    @property
    def needs_more(self) -> bool:
        """Whether these look different, but may do so by chance, or by too little to fail for."""
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
    """Compare how long untouched and altered inputs take, which were asked in turns.

    Catches a submission that uses a slow model for one sort of input and a quick one for the other. Honest trees and
    sparse models take a little longer for one of them: twice as long fails, a quarter longer is a warning. Both are
    reported only if the lower quartiles and the medians agree, because other work on the machine only ever adds time,
    and if the order of the times is not due to chance. On a machine that stops for milliseconds every other time, more
    are asked (`Turns.needs_more`), and fewer than one honest model in two thousand is reported.
    """
    untouched, altered = turns.untouched, turns.altered
    name, n = "altered inputs take as long", min(len(untouched), len(altered))
    if n < _ENOUGH:
        unseen = f"not examined: {n} inputs of either kind were timed, {_ENOUGH} are needed"
        return Audit(name=name, passed=True, severity="warn", detail=unseen)
    ratios = np.quantile(untouched, (0.25, 0.5)) / np.maximum(np.quantile(altered, (0.25, 0.5)), 1e-9)
    slower, ratio = ("untouched", ratios.min()) if ratios.min() > 1 else ("altered", 1 / max(ratios.max(), 1e-9))
    if ratio < _LONGER or turns.p_value > _CHANCE:
        return Audit(name=name, passed=True, severity="fail", detail="untouched and altered inputs take as long")
    return Audit(
        name=name,
        passed=False,
        severity="fail" if ratio >= _TWICE else "warn",
        detail=f"{slower} inputs take {ratio:.2f} times as long as the others; from {_TWICE:g} on that fails: give "
        "every input the same work",
    )


def one_core(cores: float, *, hidden: bool) -> Audit:
    """Report whether a model kept more than one core busy while it was timed.

    Its latency is then left unresolved, because it would be compared with models that had one core; so it is if the
    machine was too busy to tell, which is `hidden`.
    """
    name, passed = "one core while timed", cores <= MAX_CORES
    taken = f"its processes had {cores:.2f} cores at work while it was timed, {MAX_CORES:g} are allowed"
    if passed and hidden:
        unseen = "not examined: several of its threads worked, and the machine was too busy to see on how many cores"
        return Audit(name=name, passed=True, severity="warn", detail=f"{unseen}; its latency is not ranked")
    detail = "it worked on one core while it was timed" if passed else f"{taken}: start no threads or processes"
    return Audit(name=name, passed=passed, severity="warn", detail=detail)


def no_background_work(share: float) -> Audit:
    """Compare the CPU time that the model's processes took while others were timed with that time.

    Background work slows the yardstick down: the latency is then left unresolved, and is not ranked.
    """
    passed = share <= MAX_BACKGROUND
    taken = f"its processes took {share:.2f} of the time in which others were timed; {MAX_BACKGROUND} is allowed"
    detail = "nothing runs while others are timed" if passed else f"{taken}: let nothing run on when predict returns"
    return Audit(name="no background work", passed=passed, severity="warn", detail=detail)
