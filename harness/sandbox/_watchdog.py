"""The watchdog of one worker reads its output, measures its use of resources, and kills it when it exceeds a limit."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import psutil

from harness.sandbox._box import Box, RootProcess
from harness.sandbox._cgroup import WorkerGroup
from harness.sandbox._memory_trace import MemoryPoint, MemoryTrace
from harness.sandbox._output import open_output
from harness.sandbox._tree import cpu_seconds, descendants, tree_cpu_seconds

_TICK_SECONDS = 0.1
_TIMED_TICK_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The time that a worker has for one phase."""

    limit: str
    """The name in `Limits` of the limit on wall time."""
    seconds: float
    times: float = 1
    """How many times `seconds` of wall time may pass, if other work may keep the machine busy."""
    cpu_limit: str = ""
    """The name of the limit on CPU time."""
    cpu_seconds: float | None = None
    timed: bool = False
    """Whether the worker is being timed: then the watchdog checks less often, in order not to disturb it."""


@dataclass(frozen=True, kw_only=True)
class Exceeded:
    """A limit that a worker exceeded."""

    kind: Literal["timeout", "out_of_memory"]
    limit: str
    value: float
    observed: float
    times: float = 1
    """How many times `value` was allowed."""


class _Usage(NamedTuple):
    memory_bytes: int
    cpu_seconds: float


class Watchdog:
    """A thread that checks one worker; it calls `stop` when the worker will not answer any more."""

    def __init__(
        self,
        root: RootProcess,
        box: Box,
        output: int,
        stop: Callable[[], None],
        kill: Callable[[], None],
        group: WorkerGroup | None,
    ) -> None:
        self._root, self._limits, self._stop, self._kill = root, box.limits, stop, kill
        self._group, self._gpu = group, box.gpu
        self._device_bytes_before = 0 if box.gpu is None else box.gpu.used_bytes()
        self._output = open_output(output, box.limits.output_bytes)
        self._allowance: Allowance | None = None
        self._deadline, self._cpu_deadline = float("inf"), float("inf")
        self._finished = threading.Event()
        self._stopped = False
        self._exceeded: Exceeded | None = None
        self._paused_at: float | None = None
        self._paused_seconds = 0.0
        self.peak_memory_bytes = 0
        self.memory = MemoryTrace()
        self.peak_device_bytes: int | None = None if box.gpu is None else 0
        self.seen: list[psutil.Process] = []
        """The processes below the root process when they were last examined."""
        self._thread = threading.Thread(target=self._run, name=f"watch-{root.pid}", daemon=True)
        self._thread.start()

    @property
    def log_tail(self) -> str:
        """The end of the output so far."""
        return self._output.text()

    @property
    def exceeded(self) -> Exceeded | None:
        """The limit that was exceeded, as measured here or by the kernel."""
        if self._exceeded is None:
            self._exceeded = self._killed_for_memory()
        return self._exceeded

    def allow(self, allowance: Allowance | None) -> None:
        """Start the time limits of `allowance`; None removes them."""
        self._deadline = self._cpu_deadline = float("inf")
        self._allowance = allowance
        if allowance is not None:
            self._deadline = self.clock() + allowance.times * allowance.seconds
            if allowance.cpu_seconds is not None:
                self._cpu_deadline = self.measure_cpu() + allowance.cpu_seconds

    def clock(self) -> float:
        """Return seconds that pass only while the worker is not paused."""
        now = time.monotonic() if self._paused_at is None else self._paused_at
        return now - self._paused_seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock while the body runs."""
        self._paused_at = begin = time.monotonic()
        try:
            yield
        finally:
            self._paused_seconds += time.monotonic() - begin
            self._paused_at = None

    def measure_cpu(self) -> float:
        """Return the CPU seconds of the process tree so far.

        The count of a control group lags some milliseconds behind while a process runs, which is longer than one turn
        of timing. The clocks of processes are exact but do not include processes that ended without being waited for.
        """
        counted = 0.0 if self._group is None else self._group.cpu_seconds()
        return max(counted, tree_cpu_seconds(self._root.pid))

    def finish(self) -> None:
        """Stop the thread, once the worker is dead."""
        self._finished.set()
        self._thread.join()
        self._output.finish()

    def _run(self) -> None:
        while not self._finished.wait(self._tick()):
            self._look()

    def _tick(self) -> float:
        timed = self._allowance is not None and self._allowance.timed
        return _TIMED_TICK_SECONDS if timed else _TICK_SECONDS

    def _look(self) -> None:
        if self._root.poll() is not None:
            self._stop_once()
            return
        usage = self._usage()
        self.peak_memory_bytes = max(self.peak_memory_bytes, usage.memory_bytes)
        if usage.memory_bytes:  # the memory of a worker that is just ending is 0
            self.memory.add(MemoryPoint(time.monotonic(), usage.memory_bytes))
        if self._gpu is not None:
            more = self._gpu.used_bytes() - self._device_bytes_before
            self.peak_device_bytes = max(self.peak_device_bytes or 0, more)
        exceeded = self._killed_for_memory() or self._judge(usage)
        if exceeded is not None and self._exceeded is None:
            self._exceeded = exceeded
            self._kill()
            self._stop_once()

    def _killed_for_memory(self) -> Exceeded | None:
        """Return the limit on memory if the kernel killed a process for it.

        Version 1 of control groups kills only one process of a group, and the others continue.
        """
        if self._group is None or not self._group.oom_kills():
            return None
        return Exceeded(
            kind="out_of_memory",
            limit="memory_bytes",
            value=self._limits.memory_bytes,
            observed=self._group.peak_bytes(),
        )

    def _judge(self, usage: _Usage) -> Exceeded | None:
        if usage.memory_bytes > self._limits.memory_bytes:
            observed = self._proportional_memory() or usage.memory_bytes
            if observed > self._limits.memory_bytes:
                return Exceeded(
                    kind="out_of_memory",
                    limit="memory_bytes",
                    value=self._limits.memory_bytes,
                    observed=observed,
                )
        allowance, now = self._allowance, self.clock()
        if allowance is None:
            return None
        if now > self._deadline:
            return Exceeded(
                kind="timeout",
                limit=allowance.limit,
                value=allowance.seconds,
                observed=allowance.times * allowance.seconds + now - self._deadline,
                times=allowance.times,
            )
        if allowance.cpu_seconds is not None and usage.cpu_seconds > self._cpu_deadline:
            observed_seconds = allowance.cpu_seconds + usage.cpu_seconds - self._cpu_deadline
            return Exceeded(
                kind="timeout",
                limit=allowance.cpu_limit,
                value=allowance.cpu_seconds,
                observed=observed_seconds,
            )
        return None

    def _stop_once(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._stop()

    def _processes(self) -> list[psutil.Process]:
        if self._root.poll() is not None:  # its pid may have been reused
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self._root.pid)
            self.seen = descendants(root.pid)
            return [root, *self.seen]
        return []

    def _usage(self) -> _Usage:
        """Return the memory of the tree without the root process, and its CPU time including exited children."""
        memory, cpu = 0, 0.0
        for process in self._processes():
            with contextlib.suppress(psutil.Error), process.oneshot():
                memory += 0 if process.pid == self._root.pid else _own_memory(process)
                cpu += cpu_seconds(process)
        return _Usage(memory, cpu if self._group is None else max(cpu, self._group.cpu_seconds()))

    def _proportional_memory(self) -> int:
        """Return the proportional set size of the tree, in which shared pages are counted once; this is slow."""
        total = 0
        for process in self._processes()[1:]:
            with contextlib.suppress(psutil.Error, AttributeError):
                total += process.memory_full_info().pss
        return total


def _own_memory(process: psutil.Process) -> int:
    """Return the resident bytes that are not backed by a file; on systems other than Linux, all resident bytes."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return int(process.memory_info().rss)
    return sum(
        int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(("RssAnon:", "RssShmem:"))
    )
