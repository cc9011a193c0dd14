"""The `landlock` level: the worker sees the host's file system, but the kernel lets it open only what it is given."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InfrastructureError
from harness.kernel import LANDLOCK_ABI, LANDLOCK_ALL, LANDLOCK_READ
from harness.paths import outermost, view
from harness.sandbox._box import WORKER_DIRECTORY, Box, Launch, StartedWorker, WorkerPipes
from harness.sandbox._interpreter import interpreter_paths, package_folder
from harness.sandbox._levels import Isolation, Level
from harness.sandbox._rlimits import plan_in_place
from harness.sandbox._root import Restrictions
from harness.sandbox._sample_data import sample_data_in
from harness.sandbox._seccomp import UNCOVERED_BY_LANDLOCK, compile_filter
from harness.scratch import Scratch

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
    "/proc", "/sys/devices/system/cpu", "/sys/devices/system/node", "/dev/urandom", "/dev/random",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")


@dataclass(frozen=True)
class Landlock:
    """Isolation by Landlock (ABI 6 or newer) and seccomp, for machines that allow no namespaces.

    A worker has no shared memory and no sockets except its own socket pairs, because two workers of one user could
    exchange data through them unnoticed. For other files a worker can call ``stat`` but not ``open``. Disk use is not
    limited.
    """

    hidden: tuple[Path, ...]
    """Folders that must stay hidden."""

    @property
    def isolation(self) -> Isolation:
        """The level, and the user as whom workers run."""
        who = "root host, own uid per worker" if os.geteuid() == 0 else "ordinary user"
        return Isolation(Level.LANDLOCK, f"Landlock ABI {LANDLOCK_ABI} or newer, seccomp, {who}")

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker by the command of `plan`."""
        return self.plan(box).start(pipes)

    def close(self) -> None:
        """Do nothing: no process is shared by several workers."""

    def plan(self, box: Box) -> Launch:
        """Return the command for `box`.

        Raises:
            InfrastructureError: a hidden folder lies inside one that must be visible, or there is no filter for this
                architecture.
        """
        seccomp = compile_filter(UNCOVERED_BY_LANDLOCK)
        if seccomp is None:
            raise InfrastructureError("there is no system call filter for the architecture of this machine")
        shown = (*map(Path, _SYSTEM), *interpreter_paths(), package_folder())
        for path in view(shown, self.hidden).hidden:
            holder = next(other for other in outermost(shown) if path.is_relative_to(other))
            raise InfrastructureError(
                f"{path} lies in {holder}, which workers at level landlock can read: move it elsewhere"
            )
        excluded = (*sample_data_in(shown), *box.hidden)
        given = outermost((*shown, *(folder.source for folder in box.folders)))
        devices = (*map(Path, _DEVICES), *(() if box.gpu is None else box.gpu.nodes))
        return plan_in_place(
            box,
            Scratch.make("worker"),
            lambda home: Restrictions(
                landlock=(
                    *((path, LANDLOCK_READ) for path in (*given, home)),
                    *((path, LANDLOCK_ALL) for path in (*devices, home / WORKER_DIRECTORY)),
                ),
                excluded=tuple(path.resolve() for path in excluded if path.exists()),
                seccomp=seccomp,
            ),
        )
