"""The timed worker: batch-1 latency beside the yardstick, then throughput."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

import harness.yardstick
from harness.clock import Budget, Four, Prepare, Round, Summary, measure, sample, summarise, warm_up
from harness.contract import Limits, Predictions, TaskInfo
from harness.evaluate._predictions import join_predictions
from harness.evaluate._session import Answer, Exchange, Session
from harness.record import Latency, Throughput
from harness.sandbox import Folder, Sandbox

Array = np.ndarray[Any, Any]
Perturb = Callable[[Any, np.random.Generator], Any]

_LOOK_SECONDS = 0.05
_AS_IDLE = 0.75  # of the idlest core's time: few ticks are counted in so short a look
_TRIED, _TRIALS, _TRIAL = 4, 5, 10_000
_UNALTERED = 4  # one request in so many is an item as it is
_THROUGHPUT_BATCHES = 3
STILL = 0.25
_LEAST_REPLAYED, _MOST_REPLAYED, _ASKED_EACH = 6, 24, 3
_YARDSTICK_WIDTH = 256
_YARDSTICK = TaskInfo(
    name="yardstick",
    kind="classification",
    input_shape=(_YARDSTICK_WIDTH,),
    input_dtype="float32",
    classes=tuple("0123456789"),
    n_train=0,
    n_validation=0,
    limits=Limits(),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Figures for the record and the samples behind them."""

    latency: Latency
    throughput: Throughput
    latencies: Array
    drawn: Array
    unaltered: Asked
    altered: Asked | None
    """None where the kind of data has no jitter."""
    replays: Replays
    out_of_turn: float
    """CPU time of the model's processes while others were timed, as a share of that time."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Items asked alone and shuffled, and what they got."""

    items: Array
    answers: Predictions


@dataclass(frozen=True, eq=False)
class Replays:
    """Seconds, without the channel, of inputs asked for the first time and of the same asked again."""

    fresh: Array
    repeated: Array
    resolved: bool
    """Whether there were any, and took more than twice what the channel does."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """Secret order of items; `altered` ones are jittered so that no request repeats another."""

    items: Array
    altered: Array
    generator: np.random.Generator

    @classmethod
    def secret(cls, available: int, perturb: Perturb | None) -> Draw:
        """Draw from the system's entropy, which no seed gives away.

        With a jitter at least a quarter stays unaltered; without, each item comes once.
        """
        generator = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
        if perturb is None:
            return cls(
                items=generator.permutation(available),
                altered=np.zeros(available, bool),
                generator=generator,
            )
        count = min(2 * Budget().most, _UNALTERED * available)
        items = generator.integers(0, available, count)
        altered = np.arange(count) % _UNALTERED > 0
        items[~altered] = generator.permutation(available)[: count - int(altered.sum())]
        return cls(items=items, altered=altered, generator=generator)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is timed: a model's worker, and the inputs it is asked."""

    sandbox: Sandbox
    open_session: Callable[[], Session]
    seed: int
    inputs: Any
    example: Predictions
    """What was predicted before: its form is what the channel alone is timed with."""
    perturb: Perturb | None
    batch: int


def measure_cost(subject: Subject) -> Measured:
    """Measure latency and throughput.

    Raises:
        SubmissionError: the model fails, in phase `measure` or while it is loaded.
    """
    example = subject.example
    answer = np.asarray((example.values if example.scores is None else example.scores)[:1])
    with one_core(), subject.open_session() as model, _yardstick_session(subject.sandbox) as yardstick:
        model.setup(subject.seed, "load_error", "load")
        model.load()
        yardstick.setup(0)
        with model.within("measure_seconds", quiet=True), yardstick.within("measure_seconds", quiet=True):
            bench = _Bench(subject, model, yardstick)
            rounds, out_of_turn = bench.time(answer)
            summary = summarise(rounds)
            if out_of_turn > STILL:  # who slows the yardstick down looks fast beside it
                summary = replace(summary, net_p50_seconds=None, ratio_to_yardstick=None)
            return Measured(
                latency=Latency(batch=1, **vars(summary)),
                throughput=bench.throughput(),
                latencies=np.concatenate([one.model for one in rounds]),
                drawn=bench.drawn(),
                unaltered=bench.asked(~bench.altered()),
                altered=bench.asked(bench.altered()) if bench.altered().any() else None,
                replays=bench.replay(summary),
                out_of_turn=out_of_turn,
            )


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this thread, and the workers it starts, on one core: of those that are idle, the one that is quickest now.

    Host and worker take turns, never work at once; on two cores each turn would wake a sleeping one, which on a
    virtual machine costs more than a small network (measured: 16 µs a round trip against 4 µs on one core).
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    shares = [share.idle for share in psutil.cpu_times_percent(_LOOK_SECONDS, percpu=True)]
    idle = {core: shares[core] if core < len(shares) else 0.0 for core in allowed}
    idlest = sorted((core for core in allowed if idle[core] >= _AS_IDLE * max(idle.values())), key=idle.__getitem__)
    try:
        os.sched_setaffinity(0, {min(idlest[-_TRIED:], key=_seconds_on)})
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _seconds_on(core: int) -> float:
    """Move to `core` and time a little work there.

    On a machine that is shared, a core that looks as idle as another may take a third longer for seconds on end.
    """
    os.sched_setaffinity(0, {core})
    seconds = []
    for _ in range(_TRIALS):
        begin = time.perf_counter()
        sum(number & 1 for number in range(_TRIAL))
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


class _Bench:
    """A model and the yardstick, both loaded, side by side."""

    def __init__(self, subject: Subject, model: Session, yardstick: Session) -> None:
        self._subject, self._model, self._yardstick = subject, model, yardstick
        self._draw = Draw.secret(len(subject.inputs), subject.perturb)
        self._answers: dict[int, Answer] = {}
        self._n = 0
        self._kept_back = min(_MOST_REPLAYED, len(self._draw.items) // 4)
        generator = np.random.Generator(np.random.PCG64(0))
        self._vectors = generator.random((Budget().most, 1, _YARDSTICK_WIDTH), np.float32)

    def time(self, answer: Array) -> tuple[list[Round], float]:
        """Warm up, then time the model, the yardstick and their channels in turns; `answer` is like the model's.

        Return the rounds, and what the model's processes worked while the others had their turn, as a share of that.

        The channels are timed with the yardstick's worker: no student code is there to make them look slow.
        """
        budget = Budget()
        half = max(1, (len(self._draw.items) - self._kept_back) // 2)  # the other half warms up: no input comes twice
        echo = self._yardstick.echo(self._subject.inputs[:1], answer)
        yardstick_echo = self._yardstick.echo(self._vectors[0], np.zeros((1, 10), np.float32))
        timed: Four[Prepare] = Four(
            model=self._prepare,
            channel=lambda _: echo,
            yardstick=self._prepare_yardstick,
            yardstick_channel=lambda _: yardstick_echo,
        )
        turn = warm_up(lambda number: self._prepare(number + half), half, time.perf_counter, budget.warm_up_seconds)
        for one in (timed.channel, timed.yardstick, timed.yardstick_channel):
            turn += warm_up(one, budget.most, time.perf_counter, budget.warm_up_seconds)
        self._n = budget.requests(turn, half)
        before = self._model.process.cpu_seconds
        rounds = measure(timed, self._n, time.perf_counter)
        return rounds, _out_of_turn(rounds, self._model.process.cpu_seconds - before)

    def drawn(self) -> Array:
        """Return which item each timed request was."""
        return self._draw.items[: self._n]

    def altered(self) -> Array:
        """Return (n,) bool: which timed requests were jittered."""
        return self._draw.altered[: self._n]

    def asked(self, which: Array) -> Asked:
        """Check the answers to the timed requests where `which` is true, and return them."""
        numbers = np.flatnonzero(which)
        accepted = [self._model.accept(self._answers[int(number)], "measure") for number in numbers]
        return Asked(self.drawn()[numbers], join_predictions(accepted))

    def replay(self, summary: Summary) -> Replays:
        """Ask inputs that were kept back three times each: first, at once again, and after the next one's first."""
        affordable = int(Budget().seconds / (_ASKED_EACH * summary.p50_seconds))
        count = min(self._kept_back, max(_LEAST_REPLAYED, affordable))
        last = len(self._draw.items)
        requests = [self._prepare(number) for number in range(last - count, last)]
        order = [step for i in range(count) for step in (i, i, *([i - 1] if i else []))]
        seconds = np.array(sample(lambda step: requests[order[step]], range(len(order)), time.perf_counter))
        first = np.zeros(len(order), bool)
        first[np.unique(order, return_index=True)[1]] = True
        resolved = bool(count) and float(np.median(seconds[first])) >= 2 * summary.channel_seconds
        net = seconds - summary.channel_seconds
        return Replays(net[first], net[~first], resolved)

    def throughput(self) -> Throughput:
        """Return samples a second in full batches."""
        several = self._subject.inputs[: self._subject.batch]
        request = self._model.request(several, "measure")
        seconds = median(sample(lambda _: request, range(_THROUGHPUT_BATCHES), time.perf_counter))
        return Throughput(batch=len(several), samples_per_second=len(several) / seconds)

    def _prepare(self, number: int) -> _Kept:
        item, perturb = int(self._draw.items[number]), self._subject.perturb
        one = self._subject.inputs[item : item + 1]
        if perturb is not None and self._draw.altered[number]:
            one = np.ascontiguousarray(perturb(one[0], self._draw.generator), one.dtype)[None]
        return _Kept(self._model.request(one, "measure"), number, self._answers)

    def _prepare_yardstick(self, number: int) -> Exchange:
        return self._yardstick.request(self._vectors[number], "measure")


class _Kept:
    """A request whose answer is kept to be checked when the clock is done."""

    def __init__(self, exchange: Exchange, number: int, answers: dict[int, Answer]) -> None:
        self.send, self._exchange = exchange.send, exchange
        self._number, self._answers = number, answers

    def take(self) -> None:
        self._answers[self._number] = self._exchange.take()


def _out_of_turn(rounds: Sequence[Round], cpu_seconds: float) -> float:
    own = sum(sum(one.model) for one in rounds)
    others = sum(sum(one.channel) + sum(one.yardstick) + sum(one.yardstick_channel) for one in rounds)
    return max(0.0, cpu_seconds - own) / others


def _yardstick_session(sandbox: Sandbox) -> Session:
    folder = Path(harness.yardstick.__file__).parent
    return Session(sandbox=sandbox, task=_YARDSTICK, folders=(Folder("submission", folder),), threads=1)
