"""The `rlimits` level where the system is not Linux: a child process, and a watchdog that counts what it uses."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox._box import WORKER_DIRECTORY, Box, Folder, RootProgram, StartedWorker, WorkerPipes, environment
from harness.sandbox._interpreter import package_folder
from harness.sandbox._levels import Isolation, Level
from harness.scratch import Scratch

_OF_THE_SYSTEM = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS")
"""What Windows tells every process; without the first, Python does not start there."""


@dataclass(frozen=True)
class PortableSandbox:
    """No isolation: a child process with an empty environment, killed when it passes a limit. Not security.

    Nothing is used that only Linux, or only POSIX, has: the worker's pipes are its standard input and output.
    """

    @property
    def isolation(self) -> Isolation:
        """The level, and on which system."""
        return Isolation(Level.RLIMITS, f"{platform.system()}, time and memory watched from outside")

    def start(self, box: Box, ends: WorkerPipes) -> StartedWorker:
        """Start a worker; the folders of `box` are where they are.

        Raises:
            OSError: the interpreter cannot be started.
        """
        scratch = Scratch.make("worker")
        try:
            root = _begin(scratch.path, box, ends)
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
        """Do nothing: each worker is started by itself."""


class NoForkServers:
    """What stands in for the owner of fork servers on a system that has no namespaces to fork workers into."""

    def close(self) -> None:
        """Do nothing: there are none."""


def _begin(folder: Path, box: Box, ends: WorkerPipes) -> RootProgram:
    home = folder / WORKER_DIRECTORY
    home.mkdir()
    package = _show_package(folder / "lib")
    return RootProgram(
        [sys.executable, "-P", str(package / "worker" / "__main__.py")],
        stdin=ends.requests,
        stdout=ends.replies,
        stderr=ends.output,
        env=_environment(str(home), box),
        cwd=home,
        start_new_session=True,  # Ctrl-C is the host's to handle, here and, by the flag, on Windows
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _environment(home: str, box: Box) -> dict[str, str]:
    """Return what a worker is told elsewhere, and what means the same on Windows."""
    system = {name: os.environ[name] for name in _OF_THE_SYSTEM if name in os.environ}
    return system | environment(home, box) | {"PYTHONUTF8": "1", "TEMP": home, "TMP": home, "USERNAME": "worker"}


def _show_package(library: Path) -> Path:
    """Show the package in a folder of its own, else the course beside it would be importable."""
    package = library / "harness"
    library.mkdir()
    try:
        package.symlink_to(package_folder(), target_is_directory=True)
    except (OSError, NotImplementedError):  # Windows asks for a privilege that few have
        shutil.copytree(package_folder(), package, ignore=shutil.ignore_patterns("__pycache__"))
    return package
