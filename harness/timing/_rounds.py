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
"""Measuring stops when half the width of the ratio's 95 % interval is at most this share of the ratio."""
_QUICK_SECONDS, _QUICKEST_SECONDS = 0.0003, 0.0001
_FIRST_LOOK, _GROWTH = 24, 1.5
_HIDDEN_LOOK = 8
"""After this number of rounds a model that the channel hides is known to be hidden: it has no ratio to be looked at."""
FEWEST_ROUNDS = 5
"""The number of rounds, each of one request, that a slow model must answer, because fewer give no interval."""
_HIDDEN = 1.5
ENOUGH_UNTOUCHED = 32
"""If there are at least this many samples of untouched inputs, only they count."""
_CPU_RESOLUTION = 0.03
_BESIDE, _BUSY = 0.1, 0.05
"""The share of the model's CPU time outside its main thread, and the share of time that others wait for their cores,
above both of which the number of cores of the model cannot be determined."""
_ROUNDED_SECONDS = 0.02
"""The error of /proc, which rounds user and system time of a process's children down to hundredths of a second."""
Stopped = Literal["precision", "budget", "limit"]


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What is timed in turns: a model, the yardstick, and for each an echo through the channel alone."""

    model: Prepare[object]
    primer: Request[object]
    """A request to the model whose time does not count, sent first in a turn because others have used the caches."""
    request_seconds: float
    """How many seconds a request to the model took after warming up."""
    echo: Prepare[object]
    yardstick: Prepare[float]
    """The yardstick predicts twice, and answers with the seconds of the second prediction by the clock of its worker,
    which runs no student code."""
    yardstick_echo: Prepare[object]
    worked: Timer
    """CPU time so far of the model's living processes, exact while they do not run."""
    counted: Timer
    """CPU time so far of all processes that the model ever had."""
    main_thread_seconds: Timer
    """CPU time so far of the model's main thread, which answers requests."""
    run_delay: Timer
    """The time so far that the host and the yardstick waited for their cores."""
    disturbance: Callable[[], str]
    """What disturbed the machine since the last call, other than the model's own processes; "" for nothing."""
    settle: Callable[[], None] = lambda: None
    """A function that waits until the model's worker does not poll for the next request any more.

    The kernel counts the CPU time of a process when it stops running or some milliseconds later. If it were read
    earlier, work of a model in its turn would be counted in the turns of others.
    """


@dataclass(frozen=True, kw_only=True)
class Round:
    """The samples of one round in seconds, in the order in which they were taken, and other observations."""

    numbers: range
    """The numbers of the requests to the model."""
    model: Sequence[float]
    echo: Sequence[float]
    yardstick: Sequence[float]
    yardstick_itself: Sequence[float]
    """The times of its predictions by the clock of its worker, without the channel."""
    yardstick_echo: Sequence[float]
    others_seconds: float
    """The time of the other turns, in which the model's processes had nothing to do."""
    worked_seconds: float
    """CPU time of the model's processes during the other turns."""
    own_seconds: float = 0.0
    """The time of the model's turn."""
    own_worked_seconds: float = 0.0
    """CPU time of the model's processes during the model's turn."""
    own_other_threads_seconds: float = 0.0
    """The part of that outside the main thread."""
    run_delay_seconds: float = 0.0
    """The time in this round that the host and the yardstick waited for their cores."""
    disturbance: str = ""
    """The disturbance that spoiled the round, both for the model and for the yardstick; "" for none."""

    @cached_property
    def channel(self) -> float:
        """The cost of a request: an echo, and the part of the yardstick's time that is neither echo nor prediction.

        A worker that only echoes finds its code in the caches, but a worker that has just predicted does not, and
        neither does the model. So the time by which a first prediction takes longer than a second one also belongs to
        the channel, and the net time is the time of the model in a loop without requests.
        """
        return median(self.echo) + self._around - median(self.yardstick_echo)

    @cached_property
    def net(self) -> float:
        """The time of the model without the channel."""
        return median(self.model) - self.channel

    @cached_property
    def ratio(self) -> float | None:
        """The net time divided by the time of the yardstick; None if the channel hides the yardstick."""
        yardstick = median(self.yardstick_itself)
        return None if yardstick < self._around else self.net / yardstick

    @cached_property
    def _around(self) -> float:
        return median(whole - 2 * itself for whole, itself in zip(self.yardstick, self.yardstick_itself, strict=True))


@dataclass(frozen=True)
class Rounds:
    """The rounds of a measurement that count, and the number of void rounds."""

    valid: Sequence[Round]
    void: int
    stopped: Stopped
    """Whether the ratio was precise enough, the budget was used up, or the limit left no time for the smallest number
    of requests of the budget."""
    unseen_seconds: float = 0.0
    """CPU time of processes of the model that ended without being waited for, and that no round shows."""

    @property
    def background_share(self) -> float:
        """CPU time of the model's processes while others were timed, as a share of that time."""
        worked = sum(one.worked_seconds for one in self.valid) + self.unseen_seconds
        return worked / sum(one.others_seconds for one in self.valid)

    @property
    def cores(self) -> float:
        """The number of cores that the model used in its turns: its CPU time divided by their time.

        If the kernel counts CPU time in hundredths of a second, the error that this can cause is subtracted.
        """
        seconds = sum(one.own_seconds for one in self.valid)
        counted = [one.own_worked_seconds for one in self.valid]
        in_hundredths = all(math.isclose(100 * one, round(100 * one), abs_tol=1e-6) for one in counted)
        by_chance = _CPU_RESOLUTION * math.sqrt(len(counted)) if in_hundredths else 0.0
        return max(0.0, (sum(counted) - by_chance) / seconds) if seconds > 0 else 0.0

    @property
    def hides_cores(self) -> bool:
        """Whether the machine was too busy to determine if several threads of the model worked at the same time.

        On a busy machine, two threads that would have a core each may have to share one.
        """
        worked = sum(one.own_worked_seconds for one in self.valid)
        beside = sum(one.own_other_threads_seconds for one in self.valid)
        waited = sum(one.run_delay_seconds for one in self.valid)
        seconds = sum(one.own_seconds + one.others_seconds for one in self.valid)
        return beside > _BESIDE * worked and waited > _BUSY * seconds

    @property
    def channel_to_yardstick(self) -> float | None:
        """The cost of the channel divided by the time of the yardstick.

        It is None for fewer rounds than are enough for a model that the channel hides, for rounds that other work
        spoiled, and for the form of rounds for slow models: each form leaves the caches in another state, so that their
        figures cannot be compared.
        """
        slow = any(len(one.yardstick) < _QUICK_FORM.others for one in self.valid)
        if len(self.valid) < _HIDDEN_LOOK or slow or any(one.disturbance for one in self.valid):
            return None
        yardstick = median(median(one.yardstick_itself) for one in self.valid)
        return median(one.channel for one in self.valid) / yardstick

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

    These numbers are few and fixed, so that an interval keeps its coverage although measuring stops at the first one
    that is narrow enough (``tests/benchmarks/test_precision.py`` measures the coverage).
    """
    look = float(_FIRST_LOOK)
    while int(look) < rounds:
        look *= _GROWTH
    return int(look) == rounds


def interval_of_rounds(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a figure from its values in the order of the rounds; None if there are too few."""
    return trimmed_mean_interval(values, [look for look in range(1, len(values)) if is_look(look)])


def ratios_of(rounds: Sequence[Round]) -> list[float]:
    """Return the ratios of the rounds; an empty list if the channel hides the yardstick in most of them."""
    ratios = [one.ratio for one in rounds if one.ratio is not None]
    return ratios if 2 * len(ratios) >= len(rounds) else []


def is_hidden(rounds: Sequence[Round]) -> bool:
    """Return whether the channel hides the model, so that there is no ratio to be determined."""
    return median(median(one.model) for one in rounds) < _HIDDEN * median(one.channel for one in rounds)


def is_precise(rounds: Sequence[Round]) -> bool:
    """Return whether the ratio is precise, so that more rounds would change little."""
    ratios = ratios_of(rounds)
    interval = interval_of_rounds(ratios)
    return interval is not None and (interval.high - interval.low) / 2 <= PRECISION * abs(trimmed_mean(ratios))


def measure(timed: Timed, budget: Budget, available: int, timer: Timer) -> Rounds:
    """Measure in rounds until the ratio is precise, or the budget or the `available` inputs are used up.

    Rounds are short, so that a change of the machine's speed affects all four turns of a round. A round that was
    spoiled from outside the model's processes is void, and is repeated if there is time; if more than half are void,
    or too few requests remain, all rounds count.

    If a model is too slow for the smallest number of requests of the budget, each round has one request without a
    primer, because refilling the caches is a small part of its time. Measuring ends before a round that would exceed
    the limit.
    """
    least, most = min(budget.least, available), min(budget.most, available)
    form = _form_of_rounds(timed.request_seconds, available)
    if timed.request_seconds * (least + form.primers * least // form.requests) > budget.limit_seconds:
        form = _Form(1, 1, 0)
    begin, longest, unseen, read = timer(), 0.0, _Unseen(timed), _read(timed)
    rounds: list[Round] = []
    valid: list[Round] = []
    stopped: Stopped = "budget"
    while not rounds or rounds[-1].numbers.stop < most:
        start = rounds[-1].numbers.stop if rounds else 0
        one, read = _round(timed, range(start, min(start + form.requests, most)), form, timer, read)
        rounds.append(one)
        if not one.disturbance:
            valid.append(one)
            if _suffice(valid, rounds, least) and _is_enough(valid):
                return Rounds(valid, len(rounds) - len(valid), "precision", unseen.seconds())
        seconds, longest = timer() - begin, max(longest, rounds[-1].own_seconds + rounds[-1].others_seconds)
        if seconds >= budget.seconds and _requests(rounds) >= least:
            break
        if len(rounds) >= FEWEST_ROUNDS and seconds + longest > budget.limit_seconds:
            if _requests(rounds) < least:
                stopped, least = "limit", FEWEST_ROUNDS * form.requests
            break
    counted = valid if _suffice(valid, rounds, least) else rounds
    return Rounds(counted, len(rounds) - len(counted), stopped, unseen.seconds())


def _is_enough(valid: Sequence[Round]) -> bool:
    """Return whether to stop after these rounds."""
    if len(valid) == _HIDDEN_LOOK:
        return is_hidden(valid)
    return is_look(len(valid)) and (is_hidden(valid) or is_precise(valid))


class _Form(NamedTuple):
    """The number of requests in each turn of a round."""

    requests: int
    """To the model."""
    others: int
    """To each of those that it takes turns with."""
    primers: int
    """Before the first request of each turn; they are not timed."""


_FORM, _QUICK_FORM, _QUICKEST_FORM = _Form(4, 4, 1), _Form(8, 8, 2), _Form(16, 8, 2)
"""A quick model's own time varies more than that of the others, and waking a process takes as long as a few requests.
Therefore the turns of a quick model are longer. Still longer ones are more precise, but 24 of them take too long."""


def _form_of_rounds(seconds: float, available: int) -> _Form:
    """Return the form of rounds for a model whose requests take this number of `seconds`.

    Others have used the caches before each turn, and refilling them takes a large part of a quick model's time.
    """
    form = _QUICKEST_FORM if seconds < _QUICKEST_SECONDS else _QUICK_FORM if seconds < _QUICK_SECONDS else _FORM
    return form._replace(requests=max(1, min(form.requests, available // _FIRST_LOOK)))


def first_requests(seconds: float, available: int) -> int:
    """Return the number of requests before the interval is first computed, if a request takes this many `seconds`."""
    return _FIRST_LOOK * _form_of_rounds(seconds, available).requests


class _Unseen:
    """The CPU time of processes of the model that ended without being waited for."""

    def __init__(self, timed: Timed) -> None:
        self._timed = timed
        self._before = self._now()

    def seconds(self) -> float:
        """Return the CPU time that was counted but is not in living processes, minus the rounding error of /proc."""
        return max(0.0, self._now() - self._before - _ROUNDED_SECONDS)

    def _now(self) -> float:
        return self._timed.counted() - self._timed.worked()


def _suffice(valid: Sequence[Round], rounds: Sequence[Round], least: int) -> bool:
    return _requests(valid) >= least and 2 * len(valid) >= len(rounds)


def _requests(rounds: Sequence[Round]) -> int:
    return sum(len(one.model) for one in rounds)


class _Counted(NamedTuple):
    """What had been counted at one moment, in seconds."""

    worked: float
    in_main: float
    waited: float


def _read(timed: Timed) -> _Counted:
    return _Counted(timed.worked(), timed.main_thread_seconds(), timed.run_delay())


def _round(timed: Timed, numbers: range, form: _Form, timer: Timer, before: _Counted) -> tuple[Round, _Counted]:
    """Let everybody have a turn; `before` is what had been counted when the last round ended."""
    first, others, primers = numbers.start, numbers[: form.others], form.primers
    own = timer()
    model, _ = sample(timed.model, numbers, timer, [timed.primer] * primers)
    timed.settle()
    worked, in_main, begin = timed.worked(), timed.main_thread_seconds(), timer()
    echo, _ = sample(timed.echo, others, timer, [timed.echo(first)] * primers)
    yardstick, itself = sample(timed.yardstick, others, timer, [timed.yardstick(first)] * primers)
    yardstick_echo, _ = sample(timed.yardstick_echo, others, timer, [timed.yardstick_echo(first)] * primers)
    after, end = _read(timed), timer()
    own_worked = worked - before.worked
    taken = Round(
        numbers=numbers,
        model=model,
        echo=echo,
        yardstick=yardstick,
        yardstick_itself=itself,
        yardstick_echo=yardstick_echo,
        worked_seconds=max(0.0, after.worked - worked),
        others_seconds=end - begin,
        own_seconds=begin - own,
        own_worked_seconds=own_worked,
        own_other_threads_seconds=max(0.0, own_worked - (in_main - before.in_main)),
        run_delay_seconds=after.waited - before.waited,
        disturbance=timed.disturbance(),
    )
    return taken, after
