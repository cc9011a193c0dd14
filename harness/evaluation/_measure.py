"""The timed worker: batch-1 latency beside the yardstick, then throughput."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

import harness.timing.yardstick
from harness.contract import Limits, Predictions, TaskInfo
from harness.errors import HarnessError, InfrastructureError, SubmissionError
from harness.evaluation._exchange import Answer, Exchange, Stage
from harness.evaluation._predictions import join_predictions
from harness.evaluation._session import Session
from harness.record import Latency, Throughput
from harness.sandbox import Folder, Sandbox
from harness.timing import (
    MAX_BACKGROUND,
    Budget,
    Draw,
    Perturb,
    Repeated,
    Round,
    Timed,
    background_share,
    measure,
    pinned,
    quickest_cores,
    sample,
    summarise,
    warm_up,
)
from harness.wire import Raised

Array = np.ndarray[Any, Any]

_HOST_BUSY_WAIT = 0.002  # seconds; a longer wait is long beside being woken
_WORKER_BUSY_WAIT = 0.0002  # between two requests; longer would be work out of turn
_THROUGHPUT_BATCHES = 3
_LEAST_REPEATED, _MOST_REPEATED, _TIMES_ASKED = 6, 24, 3
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
    """CheckedMetric for the record and the samples behind them."""

    latency: Latency
    throughput: Throughput
    latencies: Array
    drawn: Array
    unaltered: Answered
    altered: Answered | None
    """None where the kind of data has no jitter."""
    repeated: Repeated
    background: float
    """CPU time of the model's processes while others were timed, as a share of that time."""

    def marked_noisy(self) -> Measured:
        """Return the same, marked as measured while others were at work."""
        return replace(self, latency=msgspec.structs.replace(self.latency, noisy=True))


@dataclass(frozen=True, eq=False)
class Answered:
    """Items asked alone and shuffled, and what they got."""

    items: Array
    answers: Predictions


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
    budget: Budget


def measure_cost(subject: Subject) -> Measured:
    """Measure latency and throughput.

    Raises:
        SubmissionError: the model fails, in phase `measure` or while it is loaded.
    """
    example = subject.example
    answer = np.asarray((example.values if example.scores is None else example.scores)[:1])
    cores = quickest_cores()
    with (
        pinned(cores.workers),
        subject.open_session() as model,
        _yardstick_session(subject.sandbox) as yardstick,
    ):
        model.setup(subject.seed, "load_error", "load")
        model.load()
        yardstick.setup(0)
        if cores.apart:
            for session in (model, yardstick):
                session.busy_wait(_HOST_BUSY_WAIT, _WORKER_BUSY_WAIT)
        with (
            pinned(cores.host),
            model.within("measure_seconds", timed=True),
            yardstick.within("measure_seconds", timed=True),
        ):
            return _measured(_Bench(subject, model, yardstick), answer)


def _measured(bench: _Bench, answer: Array) -> Measured:
    rounds = bench.time(answer)
    summary, background = summarise(rounds), background_share(rounds)
    if background > MAX_BACKGROUND:  # it slows the yardstick down, and so makes the model look fast
        summary = replace(summary, net_p50_seconds=None, ratio_to_yardstick=None)
    return Measured(
        latency=Latency(batch=1, **vars(summary)),
        throughput=bench.throughput(),
        latencies=np.concatenate([one.model for one in rounds]),
        drawn=bench.drawn(),
        unaltered=bench.asked(~bench.altered()),
        altered=bench.asked(bench.altered()) if bench.altered().any() else None,
        repeated=bench.repeat(summary.p50_seconds),
        background=background,
    )


class _Bench:
    """A model and the yardstick, both loaded, side by side."""

    def __init__(self, subject: Subject, model: Session, yardstick: Session) -> None:
        self._subject, self._model, self._yardstick = subject, model, yardstick
        self._draw = Draw.secret(len(subject.inputs), subject.perturb, subject.budget.most)
        self._answers: dict[int, Answer] = {}
        self._n = 0
        self._kept_back = min(_MOST_REPEATED, len(self._draw.items) // 4)
        generator = np.random.Generator(np.random.PCG64(0))
        self._vectors = generator.random((subject.budget.most, 1, _YARDSTICK_WIDTH), np.float32)

    def time(self, answer: Array) -> list[Round]:
        """Warm up, then time the model, the yardstick and an echo like each in turns; `answer` is like the model's.

        The yardstick's worker echoes too: no student code is there to make the channel look slow.
        """
        budget = self._subject.budget
        half = max(1, (len(self._draw.items) - self._kept_back) // 2)  # the other half warms up: no input comes twice
        echo = self._yardstick.echo(self._subject.inputs[:1], answer)
        yardstick_echo = self._yardstick.echo(self._vectors[0], np.zeros((1, 10), np.float32))
        timed = Timed(
            model=self._prepare,
            echo=lambda _: echo,
            yardstick=self._prepare_yardstick,
            yardstick_echo=lambda _: yardstick_echo,
            worked=lambda: self._model.process.cpu_seconds,
        )
        turn = warm_up(lambda number: self._prepare(number + half), half, time.perf_counter, budget.warm_up_seconds)
        for one in (timed.echo, timed.yardstick, timed.yardstick_echo):
            turn += warm_up(one, budget.most, time.perf_counter, budget.warm_up_seconds)
        self._n = budget.requests(turn, half)
        return measure(timed, self._n, time.perf_counter)

    def drawn(self) -> Array:
        """Return which item each timed request was."""
        return self._draw.items[: self._n]

    def altered(self) -> Array:
        """Return (n,) bool: which timed requests were jittered."""
        return self._draw.altered[: self._n]

    def asked(self, which: Array) -> Answered:
        """Check the answers to the timed requests where `which` is true, and return them."""
        numbers = np.flatnonzero(which)
        accepted = [self._model.accept(self._answers[int(number)], "measure") for number in numbers]
        return Answered(self.drawn()[numbers], join_predictions(accepted))

    def repeat(self, p50_seconds: float) -> Repeated:
        """Ask each input that was kept back three times: first, at once again, and after the next one's second."""
        affordable = int(self._subject.budget.seconds / (_TIMES_ASKED * p50_seconds))
        count = min(self._kept_back, max(_LEAST_REPEATED, affordable))
        last = len(self._draw.items)
        requests = [self._prepare(number) for number in range(last - count, last)]
        order = [step - back for step in range(count + 1) for back in (0, 0, 1) if 0 <= step - back < count]
        samples, _ = sample(lambda step: requests[order[step]], range(len(order)), time.perf_counter)
        seconds = np.array(samples)[np.argsort(order, kind="stable")].reshape(count, _TIMES_ASKED)
        return Repeated(seconds[:, 0], seconds[:, 1:].min(axis=1))

    def throughput(self) -> Throughput:
        """Return samples a second in full batches."""
        several = self._subject.inputs[: self._subject.batch]
        request = self._model.request(several, "measure")
        seconds = median(sample(lambda _: request, range(_THROUGHPUT_BATCHES), time.perf_counter)[0])
        return Throughput(batch=len(several), samples_per_second=len(several) / seconds)

    def _prepare(self, number: int) -> _Kept:
        item, perturb = int(self._draw.items[number]), self._subject.perturb
        one = self._subject.inputs[item : item + 1]
        if perturb is not None and self._draw.altered[number]:
            one = np.ascontiguousarray(perturb(one[0], self._draw.generator))[None]
        return _Kept(self._model.request(one, "measure"), number, self._answers)

    def _prepare_yardstick(self, number: int) -> _Clocked:
        return _Clocked(self._yardstick.clock(self._vectors[number]))


class _Kept:
    """A request whose answer is kept to be checked when the clock is done."""

    def __init__(self, exchange: Exchange, number: int, answers: dict[int, Answer]) -> None:
        self.send, self._exchange = exchange.send, exchange
        self._number, self._answers = number, answers

    def take(self) -> None:
        self._answers[self._number] = self._exchange.take()


class _Clocked:
    """A request whose answer is how long it took."""

    def __init__(self, exchange: Exchange) -> None:
        self.send, self._exchange = exchange.send, exchange

    def take(self) -> float:
        return float(self._exchange.take().arrays[0][0])


class YardstickSession(Session):
    """The worker of the harness's own model: that it fails is ours, but a model may use up the time of both."""

    def ended(self, stage: Stage) -> HarnessError:
        """Say why the worker is gone."""
        return _ours(super().ended(stage), stage)

    def raised(self, stage: Stage, raised: Raised) -> HarnessError:
        """Say what the yardstick raised."""
        return _ours(super().raised(stage, raised), stage)

    def no_protocol(self, stage: Stage, problem: str) -> HarnessError:
        """Say what came instead of a reply."""
        return _ours(super().no_protocol(stage, problem), stage)


def _ours(error: HarnessError, stage: Stage) -> HarnessError:
    if isinstance(error, SubmissionError) and error.kind == "timeout" and stage.phase == "measure":
        return error
    return InfrastructureError(f"the yardstick failed beside the model ({error}): run the same command again")


def _yardstick_session(sandbox: Sandbox) -> Session:
    folder = Path(harness.timing.yardstick.__file__).parent
    return YardstickSession(sandbox=sandbox, task=_YARDSTICK, folders=(Folder("submission", folder),), threads=1)
