"""How true and how steady the latency figures are.

    pytest tests/benchmarks/test_latency.py --benchmark-only -s

Each prints its figures and keeps them in pytest-benchmark's `extra_info`; none passes or fails by the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from itertools import chain, islice
from math import hypot, log
from pathlib import Path
from statistics import fmean, median, stdev

import pytest

from harness.evaluation._measure import TimedWorkers

RUNS = 40

TIMER = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from harness.timing._cores import pinned, quickest_cores
cores = quickest_cores()  # seconds before it is timed on, as a measurement's are: none is quick for longer
import numpy as np, torch
from torch.utils.benchmark import Timer
import model
torch.set_num_threads(1)
network = model.Model()
inputs = np.random.Generator(np.random.PCG64(0)).random((1, 16, 16), np.float32)
with pinned(cores.workers), torch.no_grad():
    timer = Timer("predict(inputs)", globals={"predict": network.predict, "inputs": inputs}, num_threads=1)
    print(json.dumps(timer.blocked_autorange(min_run_time=0.5).median))
"""


def timer_median(bench) -> float:
    """Return the median of torch.utils.benchmark.Timer for the same call, in a process of its own."""
    import harness

    package = str(Path(harness.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", TIMER, str(bench.submission), package],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout))


@contextmanager
def busy_core():
    """Keep one other process busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def variation(values) -> float:
    return stdev(values) / fmean(values)


def latencies(benchmark, bench):
    """Measure again and again; the first one is timed by pytest-benchmark."""
    yield benchmark.pedantic(bench.measure, rounds=1).latency
    while True:
        yield bench.measure().latency


def figures(benchmark, **named):
    benchmark.extra_info.update(named)
    print("\n" + "  ".join(f"{name} {value:.4g}" for name, value in named.items()))


def test_net_latency_against_torchs_timer(benchmark, bench):
    """Each measurement stands between two of the Timer's: a machine shared with others changes its speed.

    Where those two agree it kept its speed, as far as can be told without looking at what is measured.
    """
    ratios, kept, before = [], [], timer_median(bench)
    for latency in islice(latencies(benchmark, bench), 20):
        after = timer_median(bench)
        if latency.net_p50_seconds is not None:
            ratios.append(latency.net_p50_seconds / fmean([before, after]))
            kept += ratios[-1:] if abs(after - before) <= 0.1 * before else []
            print(
                f"\nnet {latency.net_p50_seconds * 1e6:.1f} µs, channel {latency.channel_seconds * 1e6:.1f} µs, "
                f"Timer {before * 1e6:.1f} and {after * 1e6:.1f} µs, ratio {ratios[-1]:.2f}"
            )
        before = after
    if kept:
        figures(
            benchmark,
            n=len(ratios),
            net_over_timer=median(ratios),
            n_at_one_speed=len(kept),
            net_over_timer_at_one_speed=median(kept),
        )


def test_variation_over_seven_fresh_processes(benchmark, bench):
    """Between them the same network in seven bare processes: what varies there is the machine's doing."""
    measured, timers = [], []
    for latency in islice(latencies(benchmark, bench), 7):
        measured.append(latency)
        timers.append(timer_median(bench))
    nets = [latency.net_p50_seconds for latency in measured if latency.net_p50_seconds is not None]
    ratios = [latency.ratio_to_yardstick for latency in measured if latency.ratio_to_yardstick is not None]
    if len(nets) > 1 and len(ratios) > 1:
        figures(
            benchmark,
            n=len(nets),
            net_variation=variation(nets),
            ratio_variation=variation(ratios),
            timer_variation=variation(timers),
        )


def test_the_ratio_and_the_absolute_figure_while_another_core_is_busy(benchmark, bench):
    """In turns with the other core idle and busy: how far each figure is moved, and how far all of them spread."""
    pairs = []
    for idle in islice(latencies(benchmark, bench), 7):
        with busy_core():
            pairs.append((idle, bench.measure().latency))
    resolved = [pair for pair in pairs if all(latency.ratio_to_yardstick is not None for latency in pair)]
    if len(resolved) > 1:
        nets = [[latency.net_p50_seconds for latency in pair] for pair in resolved]
        ratios = [[latency.ratio_to_yardstick for latency in pair] for pair in resolved]
        figures(
            benchmark,
            n=len(resolved),
            absolute_busy_over_idle=median(busy / idle for idle, busy in nets),
            ratio_busy_over_idle=median(busy / idle for idle, busy in ratios),
            absolute_moved=median(abs(log(busy / idle)) for idle, busy in nets),
            ratio_moved=median(abs(log(busy / idle)) for idle, busy in ratios),
            absolute_variation=variation([*chain.from_iterable(nets)]),
            ratio_variation=variation([*chain.from_iterable(ratios)]),
        )


def test_torchs_timer_is_in_the_stated_interval(benchmark, bench):
    """Of 20 runs at least 18 should have it.

    Each stands between two of the Timer's. Where these differ by more than a tenth, the machine changed its speed
    meanwhile, and the run says nothing.
    """
    held, runs, changed, after = 0, 0, 0, timer_median(bench)
    for latency in islice(latencies(benchmark, bench), RUNS // 2):
        before, after = after, timer_median(bench)
        if latency.net_low_seconds is None:
            continue
        if abs(after - before) > 0.1 * before:
            changed += 1
            continue
        seconds = fmean([before, after])
        runs += 1
        held += latency.net_low_seconds <= seconds <= latency.net_high_seconds
        print(
            f"\nTimer {seconds * 1e6:.1f} µs, net {latency.net_p50_seconds * 1e6:.1f} µs in "
            f"[{latency.net_low_seconds * 1e6:.1f}, {latency.net_high_seconds * 1e6:.1f}], {latency.n} requests, "
            f"{latency.void_rounds} rounds void, stopped by {latency.stopped}"
        )
    figures(benchmark, runs=runs, held=held, at_changed_speed=changed)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_two_equal_models_have_the_ratio_one(benchmark, bench, busy):
    """Of 40 pairs of the same network, in processes of their own, at least 36 should not be told apart."""
    held, pairs = 0, 0
    with busy_core() if busy else nullcontext():
        found = latencies(benchmark, bench)
        for first, second in zip(islice(found, RUNS), found, strict=False):
            if first.uncertainty is None or second.uncertainty is None:
                continue
            pairs += 1
            distance = abs(log(first.ratio_to_yardstick / second.ratio_to_yardstick))
            held += distance <= hypot(*random_terms(first), *random_terms(second))
            print(f"\n× {first.ratio_to_yardstick:.3f} and × {second.ratio_to_yardstick:.3f}: held {held} of {pairs}")
    figures(benchmark, pairs=pairs, held=held)


def random_terms(latency):
    return latency.uncertainty.rounds, latency.uncertainty.processes


def test_time_under_the_exclusive_lock(benchmark, bench, monkeypatch):
    """What others wait for, while a quick model is measured."""
    seconds = []
    measure = TimedWorkers.measure

    def timed(workers, **how):
        begin = time.perf_counter()
        measure(workers, **how)
        seconds.append(time.perf_counter() - begin)

    monkeypatch.setattr(TimedWorkers, "measure", timed)
    found = list(islice(latencies(benchmark, bench), 7))
    figures(benchmark, seconds=median(seconds), requests=median(one.n for one in found))
