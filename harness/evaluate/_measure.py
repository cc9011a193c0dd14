"""The timed worker: batch-1 latency beside the yardstick, then throughput."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import harness.yardstick
from harness.clock import Budget, Prepare, measure, sample, summarise, warm_up
from harness.contract import Limits, Predictions, TaskInfo
from harness.evaluate._session import Answer, Session
from harness.record import Latency, Throughput
from harness.sandbox import Folder, Sandbox

Array = np.ndarray[Any, Any]
Perturb = Callable[[Any, np.random.Generator], Any]

_CHANNEL_REQUESTS = 200
_THROUGHPUT_BATCHES = 3
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
        rounds = -(-4 * Budget().most // available)
        items = np.concatenate([generator.permutation(available) for _ in range(rounds)])
        first = np.arange(len(items)) < available  # unaltered items must not repeat
        altered = ~(first & (generator.random(len(items)) < 0.5))
        quarter = generator.permutation(len(items))
        return cls(items=items[quarter], altered=altered[quarter], generator=generator)


def measure_cost(
    *,
    open_session: Callable[[], Session],
    sandbox: Sandbox,
    seed: int,
    inputs: Any,
    example: Predictions,
    perturb: Perturb | None,
    batch: int,
) -> Measured:
    """Measure latency and throughput of the model that `open_session` starts a worker for.

    Raises:
        SubmissionError: it fails, in phase `measure` or before.
    """
    draw = Draw.secret(len(inputs), perturb)
    answer = (example.values if example.scores is None else example.scores)[:1]
    with open_session() as model, _yardstick_session(sandbox) as yardstick:
        channel = _channel_seconds(model, inputs[:1], np.asarray(answer))
        vector = np.zeros((1, _YARDSTICK_WIDTH), np.float32)
        yardstick_channel = _channel_seconds(yardstick, vector, np.zeros((1, 10), np.float32))
        model.setup(seed, "load_error", "load")
        model.load()
        yardstick.setup(0)
        with model.within("measure_seconds", quiet=True), yardstick.within("measure_seconds", quiet=True):
            return _measured(model, yardstick, inputs, draw, perturb, batch, channel, yardstick_channel)


def _measured(
    model: Session,
    yardstick: Session,
    inputs: Any,
    draw: Draw,
    perturb: Perturb | None,
    batch: int,
    channel: float,
    yardstick_channel: float,
) -> Measured:
    budget = Budget()
    answers: list[Answer] = []
    half = len(draw.items) // 2
    prepare = _prepare(model, inputs, draw, perturb, answers)
    typical = warm_up(lambda i: prepare(half + i), half, time.perf_counter, budget.warm_up_seconds)
    prepare_yardstick = _prepare_yardstick(yardstick)
    warm_up(prepare_yardstick, budget.most, time.perf_counter, budget.warm_up_seconds)
    n = budget.requests(typical, max(1, half))
    timing = measure(prepare, prepare_yardstick, n, budget.rounds, time.perf_counter)
    for received in answers:
        model.accept(received, "measure")
    summary = summarise(timing, channel, yardstick_channel)
    return Measured(
        latency=Latency(batch=1, **vars(summary)),
        throughput=_throughput(model, inputs, batch),
        latencies=np.array(timing.model),
        drawn=draw.items[:n],
    )


def _prepare(
    model: Session, inputs: Any, draw: Draw, perturb: Perturb | None, answers: list[Answer]
) -> Prepare:
    def prepare(number: int) -> Callable[[], object]:
        item = int(draw.items[number])
        one = inputs[item : item + 1]
        if perturb is not None and draw.altered[number]:
            one = np.ascontiguousarray(perturb(one[0], draw.generator), one.dtype)[None]
        request = model.request(one, "measure")
        return lambda: answers.append(request())

    return prepare


def _prepare_yardstick(yardstick: Session) -> Prepare:
    vectors = np.random.Generator(np.random.PCG64(0)).random((Budget().most, 1, _YARDSTICK_WIDTH), np.float32)
    return lambda number: yardstick.request(vectors[number % len(vectors)], "measure")


def _channel_seconds(session: Session, inputs: Any, answer: Array) -> float:
    echo = session.echo(inputs, answer)
    with session.within("measure_seconds", quiet=True):
        sample(lambda _: echo, range(_CHANNEL_REQUESTS // 4), time.perf_counter)
        return median(sample(lambda _: echo, range(_CHANNEL_REQUESTS), time.perf_counter))


def _throughput(model: Session, inputs: Any, batch: int) -> Throughput:
    several = inputs[:batch]
    request = model.request(several, "measure")
    seconds = median(sample(lambda _: request, range(_THROUGHPUT_BATCHES), time.perf_counter))
    return Throughput(batch=len(several), samples_per_second=len(several) / seconds)


def _yardstick_session(sandbox: Sandbox) -> Session:
    folder = Path(harness.yardstick.__file__).parent
    return Session(
        sandbox=sandbox, task=_YARDSTICK, folders=(Folder("submission", folder),), threads=1
    )
