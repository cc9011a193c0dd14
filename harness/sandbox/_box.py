"""What a worker process is given, and how a level starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from harness.contract import Limits
from harness.sandbox._cgroup import WorkerGroup
from harness.sandbox._gpu import Gpu
from harness.sandbox._interpreter import user_base
from harness.sandbox._levels import Isolation


@dataclass(frozen=True)
class Folder:
    """A host folder shown read-only to the worker under a name."""

    name: str
    source: Path


@dataclass(frozen=True, kw_only=True)
class Box:
    """Everything one worker process gets."""

    folders: tuple[Folder, ...]
    limits: Limits
    threads: int
    gpu: Gpu | None = None
    """The one it may see."""


@dataclass(frozen=True)
class WorkerPipes:
    """Descriptors that are the worker's: requests to read, replies to write, and where it prints."""

    requests: int
    replies: int
    output: int


class RootProcess(Protocol):
    """The process that a worker's tree hangs from, as the host sees it: never student code itself."""

    @property
    def pid(self) -> int:
        """Its number on the host."""

    @property
    def lost(self) -> bool:
        """Whether it ended because what held it did, for no reason of its own."""

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """

    def send_signal(self, sig: int) -> None:
        """Send a signal; nothing happens once it has ended."""

    def kill(self) -> None:
        """End it at once; nothing happens once it has ended."""


class RootProgram(subprocess.Popen[bytes]):
    """A root that was started as a program of its own."""

    lost = False

    @classmethod
    def begin(cls, argv: Sequence[str], environment: Mapping[str, str], output: int, *handed: int) -> Self:
        """Start `argv`, which takes the descriptors `handed` as last arguments and prints to `output`.

        Raises:
            OSError: it cannot be run.
        """
        return cls(
            [*argv, *map(str, handed)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=handed,
            env=dict(environment),
            cwd="/",
            start_new_session=True,  # Ctrl-C is the host's to handle
        )


@dataclass(frozen=True, kw_only=True)
class _Worker:
    """What the host has to know of a worker."""

    places: tuple[Folder, ...]
    """Where the worker finds each folder, in its own view."""
    processes: int
    """The cap the worker puts on itself; at a level that shares the user's count, that count is added."""
    stop_signal: int
    """What makes the root take its whole tree along."""
    group: WorkerGroup | None = None
    """Where the kernel counts what the tree uses."""
    release: tuple[Callable[[], None], ...] = field(default=())
    """Called once everything is dead."""


@dataclass(frozen=True, kw_only=True)
class StartedWorker(_Worker):
    """A worker that runs."""

    root: RootProcess


@dataclass(frozen=True, kw_only=True)
class Launch(_Worker):
    """How to start the worker of a box: a command that takes the worker's two descriptors as last arguments."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]

    def start(self, ends: WorkerPipes) -> StartedWorker:
        """Start the worker.

        Raises:
            OSError: the command cannot be run; what was held for it is released.
        """
        try:
            root = RootProgram.begin(self.argv, self.environment, ends.output, ends.requests, ends.replies)
        except OSError:
            for release in self.release:
                release()
            raise
        return StartedWorker(
            root=root,
            places=self.places,
            processes=self.processes,
            stop_signal=self.stop_signal,
            group=self.group,
            release=self.release,
        )


class Sandbox(Protocol):
    """One isolation level."""

    @property
    def isolation(self) -> Isolation:
        """The level and how it was reached."""

    def start(self, box: Box, ends: WorkerPipes) -> StartedWorker:
        """Start a worker that has `box` and nothing else."""

    def close(self) -> None:
        """Release what is held for several workers together."""


WORKER_DIRECTORY = "work"


def environment(home: str, box: Box) -> dict[str, str]:
    """Return the whole environment of the worker of `box`, whose one writable folder is `home`."""
    count = str(box.threads)
    base = user_base()
    return ({"PYTHONUSERBASE": base} if base else {"PYTHONNOUSERSITE": "1"}) | {
        "CUDA_VISIBLE_DEVICES": "" if box.gpu is None else box.gpu.uuid,
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "worker",
        "MKL_NUM_THREADS": count,
        "OMP_NUM_THREADS": count,
        "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads must not starve the one at work
        "OPENBLAS_NUM_THREADS": count,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TMPDIR": home,
        "USER": "worker",
    }
