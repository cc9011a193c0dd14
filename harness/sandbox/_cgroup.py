"""Control groups: the kernel counts and limits the memory and processes of a worker.

Version 2 is used where a group is delegated to this user (``systemd-run --user --scope -p Delegate=yes``), version 1
for root. See the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.contract import Limits
from harness.errors import InfrastructureError

_OWN_PROCESSES = 8  # in addition to the worker's processes: the launcher, two of bubblewrap, and some to spare
_SECONDS_TO_EMPTY = 5.0
_HOST = "harness-host"
_numbers = itertools.count()


class WorkerGroup(Protocol):
    """The control group of one worker."""

    @property
    def procs(self) -> tuple[Path, ...]:
        """The files to write a pid to, so that the process joins the group."""

    def oom_kills(self) -> int:
        """Return how many processes the kernel killed because the group was out of memory."""

    def peak_bytes(self) -> int:
        """Return the peak of the memory charged to the group: anonymous memory, tmpfs files and page cache."""

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes that were ever in the group; 0 if it is not counted."""

    def remove(self) -> None:
        """Remove the group once it is empty."""


class Delegation(Protocol):
    """A place in the hierarchy below which groups can be created."""

    @property
    def version(self) -> str:
        """The version of control groups, for display."""

    def make(self, limits: Limits) -> WorkerGroup:
        """Create the group of one worker.

        Raises:
            InfrastructureError: the kernel does not permit it.
        """


def find_delegations() -> Iterator[Delegation]:
    """Yield the places where this process may try to create groups, the best one first."""
    mounts = [line.split() for line in _read(Path("/proc/self/mounts")).splitlines()]
    own = {
        controller: path
        for _, controllers, path in (line.split(":", 2) for line in _read(Path("/proc/self/cgroup")).splitlines())
        for controller in controllers.split(",")
    }
    for _, where, kind, *_ in mounts:
        if kind == "cgroup2" and {"memory", "pids"} <= set(_read(Path(where, "cgroup.controllers")).split()):
            yield HierarchyV2(_below(where, own.get("", "/")))
    first = {
        controller: _below(where, own[controller])
        for _, where, kind, options, *_ in mounts
        if kind == "cgroup"
        for controller in options.split(",")
        if controller in own
    }
    if {"memory", "pids"} <= first.keys():
        yield HierarchiesV1(first["memory"], first["pids"], first.get("cpuacct"))


@dataclass(frozen=True)
class HierarchyV2:
    """Version 2: one hierarchy, in which new groups are created below the group of this process."""

    own: Path

    @property
    def version(self) -> str:
        """The version of control groups, for display."""
        return "cgroup v2"

    def make(self, limits: Limits) -> WorkerGroup:
        """Create a group below the group of this process.

        A group with controllers may not contain processes, so the processes are moved to another group first.
        """
        try:
            parent = self.own.parent if self.own.name == _HOST else self.own
            if {"memory", "pids"} - set(_read(parent / "cgroup.subtree_control").split()):
                _leave(parent)
                (parent / "cgroup.subtree_control").write_text("+memory +pids")
            folder = _fresh(parent)
            (folder / "memory.max").write_text(str(_memory(limits)))
            for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                if (folder / name).exists():
                    (folder / name).write_text(value)
            (folder / "pids.max").write_text(str(limits.processes + _OWN_PROCESSES))
        except OSError as error:
            raise InfrastructureError(f"no control group can be created below {self.own} ({error})") from error
        return ControlGroupV2(folder)


@dataclass(frozen=True)
class ControlGroupV2:
    """A group of version 2."""

    folder: Path

    @property
    def procs(self) -> tuple[Path, ...]:
        """The file to write a pid to, so that the process joins the group."""
        return (self.folder / "cgroup.procs",)

    def oom_kills(self) -> int:
        """Return the kernel's count."""
        return _entry(self.folder / "memory.events", "oom_kill")

    def peak_bytes(self) -> int:
        """Return the most memory charged (Linux 5.19)."""
        return int(_read(self.folder / "memory.peak") or 0)

    def cpu_seconds(self) -> float:
        """Return the CPU time used."""
        return _entry(self.folder / "cpu.stat", "usage_usec") / 1e6

    def remove(self) -> None:
        """Remove the group."""
        _remove(self.folder)


@dataclass(frozen=True)
class HierarchiesV1:
    """Version 1: a hierarchy for each controller."""

    memory: Path
    pids: Path
    cpuacct: Path | None

    @property
    def version(self) -> str:
        """The version of control groups, for display."""
        return "cgroup v1"

    def make(self, limits: Limits) -> WorkerGroup:
        """Create a group in each hierarchy."""
        try:
            memory, pids = _fresh(self.memory), _fresh(self.pids)
            (memory / "memory.limit_in_bytes").write_text(str(_memory(limits)))
            with contextlib.suppress(OSError):  # it does not exist if swap is not counted
                (memory / "memory.memsw.limit_in_bytes").write_text(str(_memory(limits)))
            (pids / "pids.max").write_text(str(limits.processes + _OWN_PROCESSES))
            cpuacct = None if self.cpuacct is None else _fresh(self.cpuacct)
        except OSError as error:
            raise InfrastructureError(f"no control group can be created below {self.memory} ({error})") from error
        return ControlGroupV1(memory, pids, cpuacct)


@dataclass(frozen=True)
class ControlGroupV1:
    """The groups of one worker in the hierarchies of version 1."""

    memory: Path
    pids: Path
    cpuacct: Path | None

    @property
    def _folders(self) -> tuple[Path, ...]:
        return tuple(folder for folder in (self.memory, self.pids, self.cpuacct) if folder is not None)

    @property
    def procs(self) -> tuple[Path, ...]:
        """The files to write a pid to, so that the process joins the group."""
        return tuple(folder / "cgroup.procs" for folder in self._folders)

    def oom_kills(self) -> int:
        """Return the kernel's count (Linux 4.13)."""
        return _entry(self.memory / "memory.oom_control", "oom_kill")

    def peak_bytes(self) -> int:
        """Return the most memory charged."""
        return int(_read(self.memory / "memory.max_usage_in_bytes") or 0)

    def cpu_seconds(self) -> float:
        """Return the CPU time used."""
        return 0.0 if self.cpuacct is None else int(_read(self.cpuacct / "cpuacct.usage") or 0) / 1e9

    def remove(self) -> None:
        """Remove the groups."""
        for folder in self._folders:
            _remove(folder)


def _memory(limits: Limits) -> int:
    """Return the limit of the group, which includes scratch files because they are in memory."""
    return limits.memory_bytes + limits.scratch_bytes


def _fresh(parent: Path) -> Path:
    _sweep(parent)
    folder = parent / f"harness-{os.getpid()}-{next(_numbers)}"
    folder.mkdir()
    return folder


def _sweep(parent: Path) -> None:
    """Remove the empty groups of host processes that were killed."""
    for folder in parent.glob("harness-[0-9]*-*"):
        pid = folder.name.split("-")[1]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _leave(group: Path) -> None:
    """Move the processes of a group to a new one below it."""
    host = group / _HOST
    host.mkdir(exist_ok=True)
    for pid in _read(group / "cgroup.procs").split():
        with contextlib.suppress(ProcessLookupError):
            (host / "cgroup.procs").write_text(pid)


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_EMPTY
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:  # a process that has just died is still counted for a moment
            if time.monotonic() > deadline:
                raise InfrastructureError(f"the control group {folder} of a dead worker is not empty") from error
            time.sleep(0.001)
        else:
            return


def _below(mount: str, path: str) -> Path:
    return Path(mount, path.lstrip("/"))


def _entry(path: Path, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
