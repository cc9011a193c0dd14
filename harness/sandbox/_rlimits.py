"""The `rlimits` level: time limits and protection against accidents, for machines that allow nothing better."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.sandbox._box import WORKER_DIRECTORY, Box, Folder, Launch, StartedWorker, WorkerPipes, environment
from harness.sandbox._home import make_home, without_sockets
from harness.sandbox._interpreter import interpreter_paths, package_folder
from harness.sandbox._levels import Isolation, Level
from harness.sandbox._root import Restrictions, launcher_command, lease_uid
from harness.scratch import Scratch


@dataclass(frozen=True)
class Rlimits:
    """No isolation: a child process with resource limits and an empty environment, whose processes are reaped.

    This is not security.
    """

    @property
    def isolation(self) -> Isolation:
        """The level, and the user as whom workers run."""
        who = "root host, own uid per worker" if os.geteuid() == 0 else "ordinary user"
        return Isolation(Level.RLIMITS, f"{who}{without_sockets()}")

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker by the command of `plan`."""
        return self.plan(box).start(pipes)

    def close(self) -> None:
        """Do nothing: no process is shared by several workers."""

    def plan(self, box: Box) -> Launch:
        """Return the command for `box`; the worker sees its folders at their paths on the host."""
        return plan_in_place(box, make_home(), lambda _: Restrictions())


def plan_in_place(box: Box, scratch: Scratch, restrictions: Callable[[Path], Restrictions]) -> Launch:
    """Return how to start a worker of `box` in the host's own file system, under the `restrictions` for its home."""
    home = scratch.path
    lease = lease_uid()  # last: a folder that cannot be created must not keep a lease
    (home / "lib").mkdir()
    (home / "lib" / "harness").symlink_to(package_folder())  # otherwise the course would be importable
    (home / WORKER_DIRECTORY).mkdir()
    (home / "lib").chmod(0o755)  # regardless of the umask
    uid = None if lease is None else lease.uid
    if uid is not None:
        home.chmod(0o711)
        os.chown(home / WORKER_DIRECTORY, uid, uid)
    shown = (*interpreter_paths(), package_folder(), home, *(folder.source for folder in box.folders))
    return Launch(
        argv=(
            *launcher_command(shown, uid, restrictions(home), reap_in=home / WORKER_DIRECTORY),
            *(sys.executable, "-P", str(home / "lib" / "harness" / "worker" / "__main__.py")),
        ),
        environment=environment(str(home / WORKER_DIRECTORY), box),
        places=tuple(Folder(folder.name, folder.source) for folder in box.folders),
        processes=box.limits.processes + (0 if uid is not None else _threads_of_this_user()),
        stop_signal=signal.SIGTERM,
        release=(scratch.close, *(() if lease is None else (lease.release,))),
    )


def _threads_of_this_user() -> int:
    """Return how many threads RLIMIT_NPROC already counts, so that the limit applies to those that the worker adds."""
    me = os.getuid()
    count = 0
    for process in psutil.process_iter(["uids", "num_threads"]):
        if process.info["uids"] is not None and process.info["uids"].real == me:
            count += process.info["num_threads"] or 1
    return count
