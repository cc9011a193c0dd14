"""What each isolation level costs one worker, against the same worker started bare, in one run.

pytest tests/benchmarks/test_isolation_cost.py --benchmark-only -s
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

import harness
from harness.contract import Limits
from harness.sandbox import Allowance, Box, Level, Process, attempts
from harness.wire import admit_all

WORKER = Path(harness.__file__).parent / "worker" / "__main__.py"
TIMES = 15


def bare() -> float:
    """Return the seconds from starting a worker without any wall to its first word."""
    down, up = os.pipe(), os.pipe()
    begin = time.perf_counter()
    command = [sys.executable, "-P", str(WORKER), str(down[0]), str(up[1])]
    process = subprocess.Popen(command, pass_fds=(down[0], up[1]), stdin=subprocess.DEVNULL)
    os.read(up[0], 1)
    seconds = time.perf_counter() - begin
    process.kill()
    process.wait()
    for fd in (*down, *up):
        os.close(fd)
    return seconds


def walled(sandbox) -> tuple[float, float]:
    """Return the seconds to a worker's first word, and those its end takes."""
    begin = time.perf_counter()
    process = Process(sandbox, Box(folders=(), limits=Limits(), threads=1))
    with process.allow(Allowance(limit="start", seconds=60)):
        process.channel.receive(admit_all)
    started = time.perf_counter()
    process.close()
    return started - begin, time.perf_counter() - started


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.value)
def test_a_worker_behind_a_wall_against_a_bare_one(benchmark, level):
    sandbox = next((one.sandbox for one in attempts(()) if one.level is level and one.problem is None), None)
    if sandbox is None:
        pytest.skip(f"{level.value} cannot be had here")
    pairs = [(bare(), *walled(sandbox)) for _ in range(TIMES)]
    benchmark.pedantic(lambda: walled(sandbox), rounds=1)
    start, end = (median(pair[i] for pair in pairs) for i in (1, 2))
    without = median(pair[0] for pair in pairs)
    benchmark.extra_info.update(bare=without, start=start, end=end)
    print(
        f"\n{level.value}: {start * 1e3:.0f} ms to the first word, bare {without * 1e3:.0f} ms: "
        f"{(start - without) * 1e3:.0f} ms more; {end * 1e3:.0f} ms to its end"
    )
