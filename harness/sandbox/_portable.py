"""The `rlimits` level on systems other than Linux: a child process whose use of resources a watchdog checks."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox._box import WORKER_DIRECTORY, Box, Folder, RootProgram, StartedWorker, WorkerPipes, environment
from harness.sandbox._home import make_home, without_sockets
from harness.sandbox._interpreter import package_folder
from harness.sandbox._levels import Isolation, Level

_OF_THE_SYSTEM = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS")
"""Environment variables that every Windows process has; without the first, Python does not start."""


@dataclass(frozen=True)
class PortableSandbox:
    """No isolation: a child process with an empty environment, killed when it exceeds a limit. This is not security.

    It uses only what all systems have: the worker's pipes are its standard input and output.
    """

    @property
    def isolation(self) -> Isolation:
        """The level, and the name of the system."""
        return Isolation(Level.RLIMITS, f"{platform.system()}, a watchdog limits time and memory{without_sockets()}")

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker, which finds the folders of `box` at their own paths.

        Raises:
            OSError: the interpreter cannot be started.
        """
        scratch = make_home()
        try:
            root = _begin(scratch.path, box, pipes)
        except OSError:
            scratch.close()
            raise
        return StartedWorker(
            root=root,
            places=tuple(Folder(folder.name, folder.source) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGTERM,
            release=(scratch.close,),
        )

    def close(self) -> None:
        """Do nothing: no process is shared by several workers."""


class NoForkServers:
    """Takes the place of fork servers on systems without namespaces."""

    def close(self) -> None:
        """Do nothing."""


def begin_no_fork_servers(owner: NoForkServers, hidden: Sequence[Path], submissions: Iterable[Path]) -> None:
    """Do nothing."""


def _begin(folder: Path, box: Box, pipes: WorkerPipes) -> RootProgram:
    home = folder / WORKER_DIRECTORY
    home.mkdir()
    package = _show_package(folder / "lib")
    return RootProgram(
        [sys.executable, "-P", str(package / "worker" / "__main__.py")],
        stdin=pipes.requests,
        stdout=pipes.replies,
        stderr=pipes.output,
        env=_environment(str(home), box),
        cwd=home,
        start_new_session=True,  # Ctrl-C must reach the host alone; on Windows, the flag ensures the same
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _environment(home: str, box: Box) -> dict[str, str]:
    """Return the environment that a worker has on Linux, and its equivalents on Windows."""
    system = {name: os.environ[name] for name in _OF_THE_SYSTEM if name in os.environ}
    return system | environment(home, box) | {"PYTHONUTF8": "1", "TEMP": home, "TMP": home, "USERNAME": "worker"}


def _show_package(library: Path) -> Path:
    """Link or copy the package into a separate folder; otherwise a course next to it would be importable."""
    package = library / "harness"
    library.mkdir()
    try:
        package.symlink_to(package_folder(), target_is_directory=True)
    except (OSError, NotImplementedError):  # Windows requires a privilege that most users lack
        shutil.copytree(package_folder(), package, ignore=shutil.ignore_patterns("__pycache__"))
    return package
