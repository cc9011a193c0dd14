"""Time a model's worker: latency of single items next to the yardstick, then throughput."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from harness.contract import Predictions, take_items
from harness.errors import SubmissionError
from harness.evaluation._exchange import Answer, Exchange
from harness.evaluation._predictions import join_predictions
from harness.evaluation._session import Session
from harness.evaluation._yardstick import YARDSTICK_WIDTH, Yardstick
from harness.record import Latency, Throughput, Uncertainty
from harness.sandbox import Allowance, MemoryTrace
from harness.text import as_duration
from harness.timing import (
    BLOCK,
    FEWEST_ROUNDS,
    MAX_BACKGROUND,
    MAX_CORES,
    PROCESS_DEVIATION,
    Budget,
    Disturbance,
    Draw,
    Perturb,
    Repeated,
    Summary,
    Threads,
    Timed,
    Turns,
    first_requests,
    look_for_idle_cores,
    measure,
    move_processes,
    pinned,
    sample,
    summarise,
    warm_up,
)

Array = np.ndarray[Any, Any]

_HOST_BUSY_WAIT = 0.002  # seconds; for longer answers the cost of waking up is negligible
_WORKER_BUSY_WAIT = 0.0001  # seconds between two requests
_SETTLE_SECONDS = 1.5 * _WORKER_BUSY_WAIT
_CPU_ROUNDING_SECONDS = 0.03
"""The error of a difference of CPU times that are counted in hundredths of a second."""
_THROUGHPUT_BATCHES = 3
_ROUNDS_END, _BATCHES_END, _REPEATS_END = 0.6, 0.8, 0.95
"""When rounds, batches and repeated inputs have to end, as shares of `measure_seconds`."""
_FIRST_REPEATED, _LEAST_REPEATED, _MOST_REPEATED, _TIMES_ASKED = 3, 6, 24, 3
"""How many inputs are repeated at first, at least and at most while they look quicker, and how often each is sent."""
_USUAL = 0.25
"""The share of the timed inputs that were answered faster than is usual; others may have been delayed by other work."""
_MOST_DOUBLED = 2
"""How often the number of timed inputs may be doubled while it is in doubt whether altered inputs take as long."""
_ENOUGH_TIMED = 256
"""It is not doubled from this number on, which is four times as many as slow models are timed with."""
_AUDIT_SHARE, _DOUBT_SECONDS = 0.1, 10
"""The longest that this takes: what other audits leave of this share of the time that the evaluation took so far, and a
multiple of the time in which latency is measured."""
_REFRESH_BLOCK, _REFRESH_SECONDS = 4, 0.003
_YARDSTICK_VECTORS = 64
_YARDSTICK_SECONDS = 60.0
"""How many seconds longer than the model the yardstick may take; beyond that its worker is taken for dead."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Figures for the record, and the samples behind them."""

    latency: Latency
    throughput: Throughput | None
    """None if there was no time for a full batch, or batches were predicted on more than one core."""
    latencies: Array
    """Seconds of each request in the rounds that count."""
    drawn: Array
    """The item that each of these requests was about."""
    unaltered: Answered | None
    """Unaltered items that were timed; None if there are none."""
    altered: Answered | None
    """Altered items that were timed; None if there are none, as for tasks that cannot alter their inputs."""
    together: Answered | None
    """Items that were predicted in full batches to measure throughput; None if there was no time for a batch."""
    turns: Turns
    """`latencies` by whether the item was altered, with those of further items where these left a doubt."""
    repeated: Repeated
    """Times of inputs that were sent three times."""
    background: float
    """CPU time of the model's processes while others were timed, as a share of that time."""
    cores: float
    """The number of cores that the model's processes used during the model's turns, or for full batches if more."""
    hides_cores: bool
    """Whether the machine was too busy to determine `cores`."""
    channel_to_yardstick: float | None
    """The cost of the channel divided by the time of the yardstick, for the machine's history; None if unknown."""


@dataclass(frozen=True, eq=False)
class Answered:
    """Items, and the answers to them."""

    items: Array
    answers: Predictions

    def first(self, count: int) -> Answered:
        """Return the first `count` of them, or all if there are fewer."""
        kept = np.arange(min(count, len(self.items)))
        return Answered(self.items[kept], self.answers.take(kept))


@dataclass(frozen=True, kw_only=True)
class TimedModel:
    """What is timed: a model's worker, and the inputs that it gets."""

    yardstick: Yardstick
    open_session: Callable[[], Session]
    """Returns a session, not started yet, of a worker for the model."""
    seed: int
    inputs: Any
    example: Predictions
    """Earlier predictions; answers of the same form are used to time the channel alone."""
    perturb: Perturb | None
    batch: int
    """The number of items in a full batch."""
    budget: Budget
    batch_seconds: float = 0.0
    """How many seconds a full batch took before, on one core."""
    spent_seconds: float = 0.0
    """The time that the evaluation took before."""
    audit_seconds: float = 0.0
    """The part of it that audits took."""
    process_deviation: float = PROCESS_DEVIATION
    """The relative standard deviation of the ratio between processes that run the same model, and over time."""


class TimedWorkers:
    """The workers of a model and of the yardstick, loaded and warmed up; use it as a context manager.

    Entering does everything that does not need exclusive use of the machine. Call `measure` while holding the machine's
    lock exclusively, and `measured` afterwards.
    """

    def __init__(self, subject: TimedModel) -> None:
        self._subject = subject
        self._held = ExitStack()

    def __enter__(self) -> TimedWorkers:
        with ExitStack() as undo:
            self._model = undo.enter_context(self._subject.open_session())
            self._model_pid = self._model.process.pids[-1]  # read before the model can start processes of its own
            undo.push(self._discard_yardstick)
            self._yardstick = self._subject.yardstick.session()
            self._model.setup(self._subject.seed, "load_error", "load")
            self._model.load()
            self._bench = _Bench(self._subject, self._model, self._yardstick)
            with self._limited(self._bench):
                self._bench.warm_up()
            self._bench.prepare()
            self._idle = look_for_idle_cores()
            self._held = undo.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._held.__exit__(*error)

    def _discard_yardstick(self, error: type[BaseException] | None, *_: object) -> None:
        """After a failure, discard the yardstick's worker, because a request to it may be half done."""
        if error is not None:
            self._subject.yardstick.close()

    def measure(self, *, alone: bool) -> None:
        """Choose the cores and measure; `alone` says whether the machine's lock is held exclusively.

        Raises:
            SubmissionError: the model fails, in phase `measure`.
            InfrastructureError: the yardstick fails.
        """
        self._alone = alone
        cores, sessions = self._idle.quickest(paused=alone), (self._model, self._yardstick)
        for session in sessions:
            move_processes(session.process.pids, cores.workers)
            session.busy_wait(*((_HOST_BUSY_WAIT, _WORKER_BUSY_WAIT) if cores.apart else (0.0, 0.0)))
        used = [core for core in (cores.workers, cores.host) if core is not None]
        with (
            pinned(cores.host),
            self._limited(self._bench),
            Threads.watched(self._model_pid, self._yardstick.process.pids[-1]) as threads,
            closing(Disturbance(used, threads, lambda: self._model.process.living_cpu_seconds)) as disturbance,
        ):
            self._bench.measure(disturbance, threads)

    @property
    def memory(self) -> MemoryTrace:
        """The memory that the model's worker uses."""
        return self._model.process.memory

    def measured(self) -> Measured:
        """Return what was measured."""
        return self._bench.measured(alone=self._alone)

    @staticmethod
    @contextmanager
    def _limited(bench: _Bench) -> Iterator[None]:
        """Apply the time limit for measuring to everything that both workers do."""
        seconds = bench.model.limits.measure_seconds
        patience = Allowance(limit="measure_seconds", seconds=seconds + _YARDSTICK_SECONDS, timed=True)
        with bench.model.within("measure_seconds", timed=True), bench.yardstick.process.allow(patience):
            try:
                yield
            except SubmissionError as error:
                if error.kind != "timeout":
                    raise
                raise bench.too_slow(error) from error


class _Bench:
    """A model and the yardstick, both loaded, side by side."""

    def __init__(self, subject: TimedModel, model: Session, yardstick: Session) -> None:
        self._subject, self.model, self.yardstick = subject, model, yardstick
        self._draw = Draw.secret(len(subject.inputs), subject.perturb, subject.budget.most)
        self._answers: dict[int, Answer] = {}
        self._ready: dict[int, _AnsweredRequest] = {}
        drawn = len(self._draw.items)
        self._kept_back = range(drawn - min(_MOST_REPEATED, drawn // 4), drawn)
        self._available = max(1, self._kept_back.start // 2)  # the other half is for warming up: no input is sent twice
        self._warmed, self._request_seconds = 0, 0.0
        generator = np.random.Generator(np.random.PCG64(0))
        vectors = generator.random((_YARDSTICK_VECTORS, 1, YARDSTICK_WIDTH), np.float32)
        self._clocked = [_TimedRequest(yardstick.clock(vector)) for vector in vectors]
        example = subject.example.values if subject.example.scores is None else subject.example.scores
        # the yardstick's worker also echoes, because it runs no student code that could make the channel look slow
        self.echo = yardstick.echo(subject.inputs[:1], np.asarray(example[:1]))
        self.yardstick_echo = yardstick.echo(vectors[0], np.zeros((1, 10), np.float32))
        self._batches = self._draw_batches()

    def prepare(self) -> None:
        """Prepare the requests that will probably be sent in any case; call `warm_up` before."""
        budget = self._subject.budget
        soon = min(max(budget.least, first_requests(self._request_seconds, self._available)), self._available)
        for number in (*range(soon), *self._kept_back):
            self._ready[number] = self._make(number)

    def warm_up(self) -> None:
        """Warm up until the times are steady, as long as the budget allows."""
        self._warm_up(self._subject.budget.warm_up_seconds)

    def measure(self, disturbance: Callable[[], str], threads: Threads) -> None:
        """Time model, channel and yardstick in turns, then batches, then repeated inputs.

        What does not fit into the limit is left out: requests of single inputs beyond the first few, then batches and
        repeated inputs.
        """
        self._began = time.perf_counter()
        self._warm_up(_REFRESH_SECONDS, _REFRESH_BLOCK)  # on the cores that were chosen
        timed = Timed(
            model=self._prepare,
            primer=self._prepare(min(self._available, len(self._draw.items) - 1)),
            echo=lambda _: self.echo,
            yardstick=self._prepare_yardstick,
            yardstick_echo=lambda _: self.yardstick_echo,
            worked=lambda: self.model.process.living_cpu_seconds,
            counted=lambda: self.model.process.cpu_seconds,
            main_thread_seconds=threads.main_thread_seconds,
            run_delay=threads.run_delay,
            disturbance=disturbance,
            settle=lambda: time.sleep(_SETTLE_SECONDS),
            request_seconds=self._request_seconds,
        )
        budget = replace(self._subject.budget, limit_seconds=self._left_until(_ROUNDS_END))
        self._rounds = measure(timed, budget, self._available, time.perf_counter)
        self._turns = self._ask_while_in_doubt()
        self._ask_batches()
        self._repeated = self._repeat(median(self._latencies()))

    def too_slow(self, error: SubmissionError) -> SubmissionError:
        """Return `error`, which says that the limit was exceeded, with how many requests were answered."""
        answered = len(self._answers)
        each = f" in {as_duration(self._request_seconds)} each" if self._request_seconds else ""
        needed = f"at least {FEWEST_ROUNDS} must be" if answered < FEWEST_ROUNDS else "then an answer did not come"
        message = f"{error.message} ({answered} inputs were answered one at a time{each}; {needed})"
        if not answered:
            message += "; what is prepared with the first answer, such as torch.compile, is prepared anew here: keep "
            message += "the uncompiled module on self"
        return SubmissionError(error.kind, error.phase, message, log_tail=error.log_tail)

    def _left_until(self, share: float) -> float:
        """Return the seconds until this share of the limit has passed."""
        return self._began + share * self.model.limits.measure_seconds - time.perf_counter()

    def _ask_batches(self) -> None:
        """Predict as many full batches as there is time for."""
        expected, left = self._subject.batch_seconds, self._left_until(_BATCHES_END)
        fit = [items for number, items in enumerate(self._batches, 1) if number * expected <= left]
        requests = [self.model.request(take_items(self._subject.inputs, items), "measure") for items in fit]
        worked, begin = self.model.process.cpu_seconds, time.perf_counter()
        self._batches_seconds, self._batch_answers = sample(
            requests.__getitem__, range(len(requests)), time.perf_counter, end=begin + left - expected
        )
        time.sleep(_SETTLE_SECONDS)
        worked, seconds = self.model.process.cpu_seconds - worked, time.perf_counter() - begin
        self._batch_cores = max(0.0, worked - _CPU_ROUNDING_SECONDS) / seconds

    def measured(self, *, alone: bool) -> Measured:
        """Check the answers and return the figures."""
        background, cores = self._rounds.background_share, self._rounds.cores
        asked = np.array(sorted(number for number in self._answers if number < self._available))
        altered = self._draw.altered[asked]
        size, seconds = self._batches.shape[1], self._batches_seconds
        together = bool(seconds) and self._batch_cores <= MAX_CORES
        numbers = [number for one in self._rounds.valid for number in one.numbers]
        # background work would slow the yardstick down and make the model look fast; more than one core is not allowed
        resolved = background <= MAX_BACKGROUND and cores <= MAX_CORES and not self._rounds.hides_cores
        return Measured(
            latency=_latency(self._summary(), resolved=resolved, alone=alone),
            throughput=Throughput(batch=size, samples_per_second=size / median(seconds)) if together else None,
            latencies=np.array(self._latencies()),
            drawn=self._draw.items[numbers],
            unaltered=self._asked(asked[~altered]) if not altered.all() else None,
            altered=self._asked(asked[altered]) if altered.any() else None,
            together=self._together(),
            turns=self._turns,
            repeated=self._repeated,
            background=background,
            cores=max(cores, self._batch_cores),
            hides_cores=self._rounds.hides_cores,
            channel_to_yardstick=self._rounds.channel_to_yardstick,
        )

    def _summary(self) -> Summary:
        """Summarise the times of unaltered items, if enough were timed; count and bound are over all items."""
        deviation = self._subject.process_deviation
        untouched = self._rounds.of_untouched(self._draw.altered.tolist())
        every = summarise(self._rounds, deviation)
        return replace(summarise(untouched, deviation), n=every.n, p90_bound_seconds=every.p90_bound_seconds)

    def _draw_batches(self) -> Array:
        """Return the items of each full batch in a secret order; batches share no item if there are enough items."""
        available = len(self._subject.inputs)
        size = min(self._subject.batch, available)
        drawn = [self._draw.generator.permutation(available) for _ in range(_THROUGHPUT_BATCHES)]
        return np.concatenate(drawn)[: _THROUGHPUT_BATCHES * size].reshape(_THROUGHPUT_BATCHES, size)

    def _together(self) -> Answered | None:
        accepted = [self.model.accept(answer, "measure") for answer in self._batch_answers]
        return Answered(self._batches[: len(accepted)].ravel(), join_predictions(accepted)) if accepted else None

    def _latencies(self) -> list[float]:
        return [seconds for one in self._rounds.valid for seconds in one.model]

    def _warm_up(self, seconds: float, block: int = BLOCK) -> None:
        start = self._available + self._warmed
        left = max(0, self._kept_back.start - start)
        clock = time.perf_counter
        warm = warm_up(lambda number: self._prepare(start + number), left, clock, seconds, block)
        self._warmed += warm.requests
        self._request_seconds = warm.seconds or self._request_seconds
        for one in (lambda _: self.echo, self._prepare_yardstick, lambda _: self.yardstick_echo):
            warm_up(one, self._subject.budget.most, clock, seconds, block)

    def _asked(self, numbers: Array) -> Answered:
        """Check the answers to these requests and return them."""
        accepted = [self.model.accept(self._answers[int(number)], "measure") for number in numbers]
        return Answered(self._draw.items[numbers], join_predictions(accepted))

    def _ask_while_in_doubt(self) -> Turns:
        """Ask more inputs while those that were timed leave it open whether altered ones take as long.

        A machine that stops for milliseconds hides a quick model in the few requests that a slow one is timed with.
        What is asked here is no part of the latency.
        """
        taken = [number for one in self._rounds.valid for number in one.numbers]
        turns, clock = self._as_turns(taken, self._latencies()), time.perf_counter
        next_number = max(number for number in self._answers if number < self._available) + 1
        spent = self._subject.spent_seconds + clock() - self._began
        taken_by_audits = self._subject.audit_seconds + _FIRST_REPEATED * _TIMES_ASKED * median(self._latencies())
        longest = min(_AUDIT_SHARE * spent - taken_by_audits, _DOUBT_SECONDS * self._subject.budget.seconds)
        end = clock() + min(longest, self._left_until(_ROUNDS_END))
        for _ in range(_MOST_DOUBLED):
            stop = min(self._available, next_number + len(turns))
            if len(turns) >= _ENOUGH_TIMED or not turns.needs_more:
                break
            for start in range(next_number, stop, BLOCK):
                if clock() >= end:
                    return turns
                numbers = range(start, min(start + BLOCK, stop))
                seconds, _ = sample(self._prepare, numbers, clock, end=end)
                turns = turns.followed_by(self._as_turns(numbers[: len(seconds)], seconds))
            next_number = stop
        return turns

    def _as_turns(self, numbers: Sequence[int], seconds: Sequence[float]) -> Turns:
        altered = self._draw.altered[list(numbers)]
        return Turns(np.asarray(seconds)[~altered], np.asarray(seconds)[altered])

    def _repeat(self, p50_seconds: float) -> Repeated:
        """Time reserved inputs several times each: a few, twice as many while they look quicker or leave a doubt."""
        each = _TIMES_ASKED * p50_seconds
        affordable = max(_LEAST_REPEATED, int(self._subject.budget.seconds / each))
        repeated = self._ask_again(self._that_fit(self._kept_back[:_FIRST_REPEATED], each))
        while repeated.needs_more or (repeated.looks_quicker and len(repeated) < affordable):
            more = self._that_fit(self._kept_back[len(repeated) : 2 * len(repeated)], each)
            if not more:
                break
            repeated = repeated.followed_by(self._ask_again(more))
        return repeated

    def _that_fit(self, numbers: Sequence[int], seconds: float) -> Sequence[int]:
        """Return the first of these inputs, as many as there is time for, if each takes `seconds`."""
        return numbers[: max(0, int(self._left_until(_REPEATS_END) / seconds))]

    def _ask_again(self, numbers: Sequence[int]) -> Repeated:
        """Send each of these inputs three times: twice in a row, and again after the next input was sent twice."""
        count = len(numbers)
        requests = [self._prepare(number) for number in numbers]
        order = [step - back for step in range(count + 1) for back in (0, 0, 1) if 0 <= step - back < count]
        samples, _ = sample(lambda step: requests[order[step]], range(len(order)), time.perf_counter)
        seconds = np.array(samples)[np.argsort(order, kind="stable")].reshape(count, _TIMES_ASKED)
        channel = median(seconds for one in self._rounds.valid for seconds in one.echo)
        usual = float(np.quantile(self._latencies(), _USUAL))
        return Repeated(seconds[:, 0], seconds[:, 1:].min(axis=1), channel, usual)

    def _prepare(self, number: int) -> _AnsweredRequest:
        return self._ready.pop(number, None) or self._make(number)

    def _make(self, number: int) -> _AnsweredRequest:
        item, perturb = int(self._draw.items[number]), self._subject.perturb
        one = self._subject.inputs[item : item + 1]
        if perturb is not None and self._draw.altered[number]:
            one = np.ascontiguousarray(perturb(one[0], self._draw.generator))[None]
        return _AnsweredRequest(self.model.request(one, "measure"), number, self._answers)

    def _prepare_yardstick(self, number: int) -> _TimedRequest:
        return self._clocked[number % len(self._clocked)]


def _latency(summary: Summary, *, resolved: bool, alone: bool) -> Latency:
    """Return the latency as the record states it, without net figures unless it is `resolved`."""
    net = summary.net_p50_seconds if resolved else None
    ratio = summary.ratio_to_yardstick if resolved else None
    nets = None if net is None or summary.net_terms is None else summary.net_terms.around(net)
    ratios = None if ratio is None or summary.ratio_terms is None else summary.ratio_terms.around(ratio)
    return Latency(
        batch=1,
        n=summary.n,
        p50_seconds=summary.p50_seconds,
        net_p50_seconds=net,
        p90_bound_seconds=summary.p90_bound_seconds,
        iqr_ratio=summary.iqr_ratio,
        noisy=summary.noisy or not alone,
        channel_seconds=summary.channel_seconds,
        ratio_to_yardstick=ratio,
        net_low_seconds=None if nets is None else nets.low,
        net_high_seconds=None if nets is None else nets.high,
        ratio_low=None if ratios is None else ratios.low,
        ratio_high=None if ratios is None else ratios.high,
        uncertainty=None if ratios is None or summary.ratio_terms is None else Uncertainty(**vars(summary.ratio_terms)),
        rounds=summary.rounds,
        void_rounds=summary.void_rounds,
        stopped=summary.stopped,
    )


class _AnsweredRequest:
    """A request whose answer is kept and checked after timing."""

    def __init__(self, exchange: Exchange, number: int, answers: dict[int, Answer]) -> None:
        self.send, self._exchange = exchange.send, exchange
        self._number, self._answers = number, answers

    def take(self) -> None:
        self._answers[self._number] = self._exchange.take()


class _TimedRequest:
    """A request whose answer is the time that it took."""

    def __init__(self, exchange: Exchange) -> None:
        self.send, self._exchange = exchange.send, exchange

    def take(self) -> float:
        return float(self._exchange.take().arrays[0][0])
