"""One running worker: its channel, its watchdog, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from harness.errors import InfrastructureError
from harness.sandbox._box import Box, Sandbox, WorkerPipes
from harness.sandbox._memory_trace import MemoryTrace
from harness.sandbox._tree import descendants, stopped, survivors, tree_cpu_seconds
from harness.sandbox._watchdog import Allowance, Exceeded, Watchdog

if TYPE_CHECKING:  # it imports NumPy, and a command starts its fork servers before that
    from harness.wire import Channel, Reply

_SECONDS_TO_DIE = 10.0
_SECONDS_TO_REPORT = 1.0


class Process:
    """A worker started in a sandbox; closing it kills its whole process tree and checks that nothing survives."""

    def __init__(self, sandbox: Sandbox, box: Box) -> None:
        self._descriptors: list[int] = []
        try:
            self._start(sandbox, box)
        except OSError as error:
            self._close_descriptors()
            raise InfrastructureError(f"the sandbox cannot start ({error}): run `harness doctor`") from error
        except BaseException:
            self._close_descriptors()
            raise

    def _start(self, sandbox: Sandbox, box: Box) -> None:
        from harness.wire import Channel, Reply

        requests, replies, output = (self._pipe() for _ in range(3))
        self._started = sandbox.start(box, WorkerPipes(requests[0], replies[1], output[1]))
        for fd in (requests[0], replies[1], output[1]):
            self._close(fd)
        self._root = self._started.root
        self.channel: Channel[Reply] = Channel(replies[0], requests[1], Reply, stoppable=True)
        self._watch = Watchdog(self._root, box, output[0], self.channel.stop, self._signal, self._started.group)
        self._descriptors.clear()  # the channel closes its two, and the watchdog the output

    @property
    def processes(self) -> int:
        """The limit on processes that the worker sets for itself."""
        return self._started.processes

    def place(self, name: str) -> str:
        """Return the path at which the worker sees the folder `name`."""
        return next(str(folder.source) for folder in self._started.places if folder.name == name)

    @contextmanager
    def allow(self, allowance: Allowance) -> Iterator[None]:
        """Limit the worker to `allowance` while the body runs."""
        self._watch.allow(allowance)
        try:
            yield
        finally:
            self._watch.allow(None)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop all processes of the worker while the body runs, because another evaluation measures.

        This time counts for no limit, and `clock` does not include it.
        """
        with self._watch.paused(), stopped(self._root.pid):
            yield

    def clock(self) -> float:
        """Return seconds that pass only while the worker is not paused."""
        return self._watch.clock()

    @property
    def pids(self) -> tuple[int, ...]:
        """The pids of the process tree, parents first; the worker itself is the last one until it starts others."""
        return (self._root.pid, *(process.pid for process in descendants(self._root.pid)))

    @property
    def has_exited(self) -> bool:
        """Whether the worker has exited."""
        return self._root.poll() is not None

    @property
    def log_tail(self) -> str:
        """The end of what the worker printed."""
        return self._watch.log_tail

    @property
    def peak_memory_bytes(self) -> int:
        """The highest memory use of the tree that was observed, without shared libraries."""
        return self._watch.peak_memory_bytes

    @property
    def memory(self) -> MemoryTrace:
        """The memory use of the tree over time, counted like its peak."""
        return self._watch.memory

    @property
    def peak_device_bytes(self) -> int | None:
        """The highest observed use of its GPU's memory, minus the use before it started; None without a GPU."""
        return self._watch.peak_device_bytes

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the tree so far."""
        return self._watch.measure_cpu()

    @property
    def living_cpu_seconds(self) -> float:
        """CPU time so far of the living processes of the tree, and of the children that they waited for."""
        return tree_cpu_seconds(self._root.pid)

    @property
    def exceeded(self) -> Exceeded | None:
        """The limit that the worker was killed for exceeding, if any."""
        return self._watch.exceeded

    def exit_description(self) -> str:
        """Describe how the worker ended; if it does not exit by itself, it is killed first.

        Raises:
            InfrastructureError: its fork server died.
        """
        if self.exceeded is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._root.wait(_SECONDS_TO_REPORT)
        self.kill()
        self._watch.finish()  # now all output has been read
        if self._root.lost:
            raise InfrastructureError("the fork server of the worker has died: run the command again")
        code = self._root.wait()
        number = -code if code < 0 else code - 128
        with contextlib.suppress(ValueError):
            if number > 0:
                return f"was killed by {signal.Signals(number).name}"
        return f"ended with exit code {code}"

    def kill(self) -> None:
        """Kill the whole process tree, and return when all its processes are dead.

        Raises:
            InfrastructureError: a process survived.
        """
        tree = self._tree() or self._watch.seen  # if it is already dead, the tree that the watchdog saw last
        if self._root.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._signal()
                self._root.wait(_SECONDS_TO_DIE)
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._root.poll() is None:
            self._root.kill()
        if alive := survivors(tree, _SECONDS_TO_DIE):
            raise InfrastructureError(f"processes {[process.pid for process in alive]} outlived their worker")
        self._root.wait()

    def close(self) -> None:
        """Kill the process tree and release its resources."""
        try:
            self.kill()
        finally:
            self._watch.finish()
            self.channel.close()
            for release in self._started.release:
                release()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tree(self) -> list[psutil.Process]:
        """Return the processes below the root process, including the init process of a pid namespace.

        The kernel lets an init process exit only after all other processes of its namespace have exited.
        """
        return descendants(self._root.pid) if self._root.poll() is None else []

    def _signal(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._root.send_signal(self._started.stop_signal)

    def _pipe(self) -> tuple[int, int]:
        pair = os.pipe()
        self._descriptors += pair
        return pair

    def _close(self, fd: int) -> None:
        os.close(fd)
        self._descriptors.remove(fd)

    def _close_descriptors(self) -> None:
        for fd in list(self._descriptors):
            self._close(fd)
