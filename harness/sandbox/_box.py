"""What a worker process is given, and the interface through which each isolation level starts it."""

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
    """A folder of the host that the worker can read, and the name by which it is known."""

    name: str
    source: Path


@dataclass(frozen=True, kw_only=True)
class Box:
    """Everything that one worker process is given."""

    folders: tuple[Folder, ...]
    limits: Limits
    threads: int
    gpu: Gpu | None = None
    """The GPU that it may use."""
    hidden: tuple[Path, ...] = ()
    """Files and folders of installed packages that it must not read; nothing hides them at level `rlimits`."""


@dataclass(frozen=True)
class WorkerPipes:
    """The worker's ends of its three pipes."""

    requests: int
    replies: int
    output: int


class RootProcess(Protocol):
    """The process at the root of a worker's process tree; it never runs student code itself."""

    @property
    def pid(self) -> int:
        """Its pid on the host."""

    @property
    def lost(self) -> bool:
        """Whether it died because its fork server died."""

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """

    def send_signal(self, sig: int) -> None:
        """Send a signal; this does nothing once the process has exited."""

    def kill(self) -> None:
        """Kill the process; this does nothing once it has exited."""


class RootProgram(subprocess.Popen[bytes]):
    """A root process that was started as a program."""

    lost = False

    @classmethod
    def begin(cls, argv: Sequence[str], environment: Mapping[str, str], output: int, *handed: int) -> Self:
        """Start `argv`, with the descriptors `handed` as last arguments and `output` as standard output and error.

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
            start_new_session=True,  # Ctrl-C must reach the host alone
        )


@dataclass(frozen=True, kw_only=True)
class _HostedWorker:
    """What the host needs to know about a worker."""

    places: tuple[Folder, ...]
    """Each folder with the path at which the worker sees it."""
    processes: int
    """The limit on processes that the worker sets for itself. If all processes of the user are counted together, the
    others are included."""
    stop_signal: int
    """The signal that makes the root process kill its whole tree."""
    group: WorkerGroup | None = None
    """The control group of the tree, if it has one."""
    release: tuple[Callable[[], None], ...] = field(default=())
    """Called once the whole tree is dead."""


@dataclass(frozen=True, kw_only=True)
class StartedWorker(_HostedWorker):
    """A worker that has been started."""

    root: RootProcess


@dataclass(frozen=True, kw_only=True)
class Launch(_HostedWorker):
    """How to start a worker as a program: a command whose last arguments are two descriptors."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]

    def start(self, pipes: WorkerPipes) -> StartedWorker:
        """Start the worker.

        Raises:
            OSError: the command cannot be run; its resources have been released.
        """
        try:
            root = RootProgram.begin(self.argv, self.environment, pipes.output, pipes.requests, pipes.replies)
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

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker that has `box` and nothing else."""

    def close(self) -> None:
        """Release what is held for several workers together."""


WORKER_DIRECTORY = "work"


def environment(home: str, box: Box) -> dict[str, str]:
    """Return all environment variables of the worker of `box`, whose only writable folder is `home`."""
    count = str(box.threads)
    base = user_base()
    return ({"PYTHONUSERBASE": base} if base else {"PYTHONNOUSERSITE": "1"}) | {
        "CUDA_VISIBLE_DEVICES": "" if box.gpu is None else box.gpu.uuid,
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "worker",
        "MKL_NUM_THREADS": count,
        "OMP_NUM_THREADS": count,
        "OMP_WAIT_POLICY": "PASSIVE",  # waiting threads must not slow down those that compute
        "OPENBLAS_NUM_THREADS": count,
        "OPENBLAS_THREAD_TIMEOUT": "4",  # likewise: 2**4 clock cycles of busy-waiting, the least; the default is 2**26
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "TMPDIR": home,
        "USER": "worker",
    }
