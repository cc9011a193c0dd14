"""What a worker process is given, and how a level starts it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.contract import Limits
from harness.sandbox._cgroup import Group
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


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How to start the worker of a box: a command that takes the worker's two descriptors as last arguments."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    places: tuple[Folder, ...]
    """Where the worker finds each folder, in its own view."""
    processes: int
    """The cap the worker puts on itself; at a level that shares the user's count, that count is added."""
    stop_signal: int
    """What makes the started process take its whole tree along."""
    group: Group | None = None
    """Where the kernel counts what the tree uses."""
    release: tuple[Callable[[], None], ...] = field(default=())
    """Called once everything is dead."""


class Sandbox(Protocol):
    """One isolation level."""

    @property
    def isolation(self) -> Isolation:
        """The level and how it was reached."""

    def plan(self, box: Box) -> Launch:
        """Return how to start a worker that has `box` and nothing else."""


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
