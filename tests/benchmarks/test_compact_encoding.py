"""What the compact encoding of small frames gains: a round trip, and the latency of a small network.

pytest tests/benchmarks/test_compact_encoding.py --benchmark-only -s
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from harness.timing import pinned, quickest_cores
from harness.wire import Channel, ChannelClosed, Done, Predict, Reply, Request, admit_all
from harness.wire._compact import CompactEncoding

pytestmark = pytest.mark.worker

TIMES, REPEATS = 2000, 5
INPUT, ANSWER = (1, 16, 16), (1, 10)


def forget(channel: Channel) -> None:
    """Make the next frame a full one."""
    channel._compact = CompactEncoding()


def answer(channel: Channel, *, compact: bool) -> None:
    scores = np.zeros(ANSWER, np.float32)
    channel.busy_wait(0.0002)
    while True:
        if compact and channel.receive_compact() is not None:
            channel.send_compact(scores)
            continue
        channel.receive(admit_all)
        if not compact:
            forget(channel)
        channel.send(Done(), scores)


@contextmanager
def answering(*, compact: bool) -> Iterator[Channel]:
    """A channel to a process on a core of its own that answers each request at once."""
    cores, down, up = quickest_cores(), os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        for descriptor in (down[1], up[0]):
            os.close(descriptor)
        try:
            with pinned(cores.workers):
                answer(Channel(down[0], up[1], Request), compact=compact)
        except ChannelClosed:
            os._exit(0)
        finally:
            os._exit(1)
    for descriptor in (down[0], up[1]):
        os.close(descriptor)
    channel = Channel(up[0], down[1], Reply, stoppable=True)
    channel.busy_wait(0.002)
    try:
        with pinned(cores.host):
            yield channel
    finally:
        channel.close()
        os.waitpid(child, 0)


def round_trip(*, compact: bool) -> float:
    """Return the median seconds of a request and its answer."""
    seconds = []
    with answering(compact=compact) as channel:
        frames = [channel.frame(Predict(), np.full(INPUT, number, np.float32)) for number in range(TIMES)]
        for frame in frames:
            if not compact:
                forget(channel)
            begin = time.perf_counter()
            if not channel.exchange_compact(frame):
                channel.receive(admit_all)
                seconds.append(time.perf_counter() - begin)
            else:
                seconds.append(time.perf_counter() - begin)
                channel.take_compact()
    return float(np.median(seconds))


def test_a_round_trip_with_and_without(benchmark):
    pairs = [(round_trip(compact=True), round_trip(compact=False)) for _ in range(REPEATS)]
    benchmark.pedantic(lambda: round_trip(compact=True), rounds=1)
    short, full = np.median(pairs, axis=0)
    benchmark.extra_info.update(compact=short, full=full)
    print(f"\nround trip {short * 1e6:.1f} µs compact, {full * 1e6:.1f} µs in full: × {full / short:.2f}")


def test_latency_of_a_small_network_with_and_without(benchmark, bench, monkeypatch):
    """Without it the host sends in full; the worker still answers shortly, so the gain is at least what is shown."""
    figures = {}
    for name in ("compact", "full"):
        if name == "full":
            monkeypatch.setattr(CompactEncoding, "of_frame", lambda *_: None)
            monkeypatch.setattr(CompactEncoding, "head_of", lambda _, frame: frame.head)
        found = [bench.measure().latency for _ in range(REPEATS)]
        resolved = [one.net_p50_seconds for one in found if one.net_p50_seconds is not None]
        figures[name] = (
            np.median([one.channel_seconds for one in found]),
            np.median(resolved or [np.nan]),
            len(resolved),
        )
    benchmark.pedantic(bench.measure, rounds=1)
    for name, (channel, net, resolved) in figures.items():
        benchmark.extra_info[name] = net
        resolution = f"resolved in {resolved} of {REPEATS} runs"
        print(f"\n{name}: channel {channel * 1e6:.1f} µs, net {net * 1e6:.1f} µs, {resolution}")
