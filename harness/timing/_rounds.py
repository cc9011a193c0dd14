"""Rounds: the model, the yardstick and the channel take turns until the ratio is known precisely enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Literal, NamedTuple

from harness.statistics import Interval, trimmed_mean, trimmed_mean_interval
from harness.timing._clock import Budget, Prepare, Request, Timer, sample

PRECISION = 0.02
"""Half the width of the 95 % interval of the ratio, as a share of it, at which measuring stops."""
_REQUESTS, _PRIMERS = 4, 1
_QUICK_SECONDS, _QUICK_REQUESTS, _QUICK_PRIMERS = 0.0003, 8, 3
_FIRST_LOOK, _GROWTH = 24, 1.5
FEWEST_ROUNDS = 5
"""How many rounds a slow model must answer, each of one request: fewer have no interval."""
_HIDDEN = 1.5
ENOUGH_UNTOUCHED = 32
"""If there are at least this many samples of untouched inputs, only they count."""
_CPU_RESOLUTION = 0.03
_BESIDE, _BUSY = 0.1, 0.05
"""The shares of the model's CPU time that is not its main thread's, and of the time that others wait for their cores,
above which it cannot be seen how many cores it has."""
_ROUNDED_SECONDS = 0.02
"""How much less /proc may show of the children that a process waited for, in hundredths of user and of system time."""
Stopped = Literal["precision", "budget", "limit"]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """The parties that take turns: a model, the yardstick, and for each an exchange that involves neither."""

    model: Prepare[object]
    primer: Request[object]
    """A request to the model whose time does not count: the first ones after others have used the caches."""
    request_seconds: float
    """How long a request to the model took when it was warmed up."""
    echo: Prepare[object]
    yardstick: Prepare[float]
    """It predicts twice, and answers with the seconds of the second time by the clock of its own worker, which runs no
    student code."""
    yardstick_echo: Prepare[object]
    worked: Timer
    """CPU time so far of the model's processes that are alive, exact while they do not run."""
    counted: Timer
    """CPU time so far of all processes that the model ever had."""
    worked_in_main: Timer
    """CPU time so far of the thread that answers."""
    kept_waiting: Timer
    """How long others than the model waited for their cores so far."""
    disturbance: Callable[[], str]
    """What disturbed the machine since the last call, other than the model's own processes; "" for nothing."""
    settle: Callable[[], None] = lambda: None
    """Waits until the model's worker polls for the next request no longer.

    The kernel counts the CPU time of a process when it stops running, or some milliseconds later: read before, what a
    model did in its own turn would be counted in that of others.
    """


@dataclass(frozen=True, kw_only=True)
class Round:
    """Raw samples in seconds, in the order in which they were taken, and what else happened."""

    numbers: range
    """The numbers of the requests to the model."""
    model: Sequence[float]
    echo: Sequence[float]
    yardstick: Sequence[float]
    yardstick_itself: Sequence[float]
    """How long it takes in a loop of its own, without being asked."""
    yardstick_echo: Sequence[float]
    others_seconds: float
    """How long the model's processes had nothing to do."""
    worked_seconds: float
    """CPU time that they took meanwhile."""
    own_seconds: float = 0.0
    """How long the model's own turn took."""
    own_worked_seconds: float = 0.0
    """CPU time that its processes took in it."""
    own_beside_seconds: float = 0.0
    """The part of that which other threads than the one that answers took."""
    kept_waiting_seconds: float = 0.0
    """How long others than the model waited for their cores in this round."""
    disturbance: str = ""
    """What spoiled the round, for the model and the yardstick alike; "" for nothing."""

    @cached_property
    def channel(self) -> float:
        """The cost of being asked: an echo, and the part of the yardstick's time that is neither echo nor yardstick.

        A worker that only echoes finds its code in the caches; one that has just predicted does not, and neither does
        the model when it is asked. So the time by which a first prediction takes longer than a second one belongs to
        the channel, too, and the net time is what a loop of the model alone would show.
        """
        return median(self.echo) + self._around - median(self.yardstick_echo)

    @cached_property
    def net(self) -> float:
        """The model's time without the channel."""
        return median(self.model) - self.channel

    @cached_property
    def ratio(self) -> float | None:
        """Net over the yardstick itself; None where the channel hides the yardstick."""
        yardstick = median(self.yardstick_itself)
        return None if yardstick < self._around else self.net / yardstick

    @cached_property
    def _around(self) -> float:
        return median(whole - 2 * itself for whole, itself in zip(self.yardstick, self.yardstick_itself, strict=True))


@dataclass(frozen=True)
class Rounds:
    """All rounds of a measurement that count, and how many were void."""

    valid: Sequence[Round]
    void: int
    stopped: Stopped
    """Whether the ratio was known precisely enough, the budget was used up, or the limit left no time for the fewest
    requests that the budget asks for."""
    unseen_seconds: float = 0.0
    """CPU time of the model's processes that ended without being waited for, so that no round shows it."""

    @property
    def background_share(self) -> float:
        """CPU time that the model's processes took while others were timed, as a share of that time."""
        worked = sum(one.worked_seconds for one in self.valid) + self.unseen_seconds
        return worked / sum(one.others_seconds for one in self.valid)

    @property
    def cores(self) -> float:
        """How many cores the model had at work in its own turns: its CPU time as a share of theirs.

        Where the kernel counts CPU time in hundredths of a second, the largest error that this can cause is subtracted.
        """
        seconds = sum(one.own_seconds for one in self.valid)
        counted = [one.own_worked_seconds for one in self.valid]
        in_hundredths = all(math.isclose(100 * one, round(100 * one), abs_tol=1e-6) for one in counted)
        by_chance = _CPU_RESOLUTION * math.sqrt(len(counted)) if in_hundredths else 0.0
        return max(0.0, (sum(counted) - by_chance) / seconds) if seconds > 0 else 0.0

    @property
    def hides_cores(self) -> bool:
        """Whether the machine was too busy to see if several threads of the model worked at once.

        Two threads that would have a core each have one together there.
        """
        worked = sum(one.own_worked_seconds for one in self.valid)
        beside = sum(one.own_beside_seconds for one in self.valid)
        waited = sum(one.kept_waiting_seconds for one in self.valid)
        seconds = sum(one.own_seconds + one.others_seconds for one in self.valid)
        return beside > _BESIDE * worked and waited > _BUSY * seconds

    def of_untouched(self, altered: Sequence[bool]) -> Rounds:
        """Return the rounds with only the samples of untouched inputs, or with all samples if these are too few.

        `altered` says for each request, by its number, whether its input was altered.
        """
        kept = [
            [taken for number, taken in zip(one.numbers, one.model, strict=True) if not altered[number]]
            for one in self.valid
        ]
        if sum(map(len, kept)) < ENOUGH_UNTOUCHED:
            return self
        rounds = [replace(one, model=model) for one, model in zip(self.valid, kept, strict=True) if model]
        return replace(self, valid=rounds)


def is_look(rounds: int) -> bool:
    """Return whether the interval is computed after this number of rounds: 24, 36, 54, 81, 121 and so on.

    There are few such times and they are fixed, so that stopping at the first interval that is narrow enough keeps its
    coverage (``tests/benchmarks/test_precision.py`` shows how well).
    """
    look = float(_FIRST_LOOK)
    while int(look) < rounds:
        look *= _GROWTH
    return int(look) == rounds


def interval_of_rounds(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a figure, given its values in the order of the rounds; None for too few."""
    return trimmed_mean_interval(values, [look for look in range(1, len(values)) if is_look(look)])


def ratios_of(rounds: Sequence[Round]) -> list[float]:
    """Return the ratios of the rounds; none if the channel hides the yardstick in most of them."""
    ratios = [one.ratio for one in rounds if one.ratio is not None]
    return ratios if 2 * len(ratios) >= len(rounds) else []


def is_precise(rounds: Sequence[Round]) -> bool:
    """Return whether more rounds would change little: the ratio is precise, or cannot be determined at all."""
    if median(median(one.model) for one in rounds) < _HIDDEN * median(one.channel for one in rounds):
        return True
    ratios = ratios_of(rounds)
    interval = interval_of_rounds(ratios)
    return interval is not None and (interval.high - interval.low) / 2 <= PRECISION * abs(trimmed_mean(ratios))


def measure(timed: Timed, budget: Budget, available: int, timer: Timer) -> Rounds:
    """Measure in rounds until the ratio is precise, or the budget or the `available` inputs are used up.

    Rounds are short: when a shared machine changes its speed, it changes it for all four parties. A round that
    something outside of the model's processes has spoiled is void, and is repeated while there is time; if more than
    half are void, or too few requests are left, all of them count.

    Of a model that is too slow for all requests that the budget asks for, each round is one request, which needs no
    primer, because refilling the caches takes a small part of it. It ends before a round that the limit would cut off.
    """
    least, most = min(budget.least, available), min(budget.most, available)
    form = _form_of_rounds(timed.request_seconds)
    size, primers = max(1, min(form.requests, available // _FIRST_LOOK)), form.primers
    if timed.request_seconds * (least + primers * least // size) > budget.limit_seconds:
        size, primers = 1, 0
    begin, longest, unseen = timer(), 0.0, _Unseen(timed)
    rounds: list[Round] = []
    valid: list[Round] = []
    stopped: Stopped = "budget"
    while not rounds or rounds[-1].numbers.stop < most:
        start = rounds[-1].numbers.stop if rounds else 0
        rounds.append(_round(timed, range(start, min(start + size, most)), primers, timer))
        if not rounds[-1].disturbance:
            valid.append(rounds[-1])
            if _suffice(valid, rounds, least) and is_look(len(valid)) and is_precise(valid):
                return Rounds(valid, len(rounds) - len(valid), "precision", unseen.seconds())
        seconds, longest = timer() - begin, max(longest, rounds[-1].own_seconds + rounds[-1].others_seconds)
        if seconds >= budget.seconds and _requests(rounds) >= least:
            break
        if len(rounds) >= FEWEST_ROUNDS and seconds + longest > budget.limit_seconds:
            if _requests(rounds) < least:
                stopped, least = "limit", FEWEST_ROUNDS * size
            break
    counted = valid if _suffice(valid, rounds, least) else rounds
    return Rounds(counted, len(rounds) - len(counted), stopped, unseen.seconds())


class _Form(NamedTuple):
    """How many requests to each a round has, and how many before them are not timed."""

    requests: int
    primers: int


def _form_of_rounds(seconds: float) -> _Form:
    """Return the form of rounds that suits a model whose requests take so many `seconds`.

    Others have used the caches before each turn. What refilling them takes is a large part of a quick model's time.
    """
    quick = seconds < _QUICK_SECONDS
    return _Form(_QUICK_REQUESTS, _QUICK_PRIMERS) if quick else _Form(_REQUESTS, _PRIMERS)


def first_requests(seconds: float) -> int:
    """Return how many requests it takes until the interval is first looked at, if one takes so many `seconds`."""
    return _FIRST_LOOK * _form_of_rounds(seconds).requests


class _Unseen:
    """CPU time that processes of the model took that have ended without being waited for."""

    def __init__(self, timed: Timed) -> None:
        self._timed = timed
        self._before = self._now()

    def seconds(self) -> float:
        """Return what was counted beyond what the living processes show, but for what /proc rounds down."""
        return max(0.0, self._now() - self._before - _ROUNDED_SECONDS)

    def _now(self) -> float:
        return self._timed.counted() - self._timed.worked()


def _suffice(valid: Sequence[Round], rounds: Sequence[Round], least: int) -> bool:
    return _requests(valid) >= least and 2 * len(valid) >= len(rounds)


def _requests(rounds: Sequence[Round]) -> int:
    return sum(len(one.model) for one in rounds)


def _round(timed: Timed, numbers: range, primers: int, timer: Timer) -> Round:
    first = numbers.start
    waited, in_main = timed.kept_waiting(), timed.worked_in_main()
    at_first, own = timed.worked(), timer()
    model, _ = sample(timed.model, numbers, timer, [timed.primer] * primers)
    timed.settle()
    worked, begin = timed.worked(), timer()
    in_main = timed.worked_in_main() - in_main
    echo, _ = sample(timed.echo, numbers, timer, [timed.echo(first)] * primers)
    yardstick, itself = sample(timed.yardstick, numbers, timer, [timed.yardstick(first)] * primers)
    yardstick_echo, _ = sample(timed.yardstick_echo, numbers, timer, [timed.yardstick_echo(first)] * primers)
    return Round(
        numbers=numbers,
        model=model,
        echo=echo,
        yardstick=yardstick,
        yardstick_itself=itself,
        yardstick_echo=yardstick_echo,
        worked_seconds=max(0.0, timed.worked() - worked),
        others_seconds=timer() - begin,
        own_seconds=begin - own,
        own_worked_seconds=worked - at_first,
        own_beside_seconds=max(0.0, worked - at_first - in_main),
        kept_waiting_seconds=timed.kept_waiting() - waited,
        disturbance=timed.disturbance(),
    )
