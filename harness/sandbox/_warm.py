"""Warm workers: forked from a process that has imported what they need, each behind an inner wall of its own.

What isolates is the same as for a worker that is started: importing is what is saved. A worker that cannot be had
this way is started cold, and nobody is the worse for it but by the time.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from harness.forkserver import JOB, SPOOL, Birth
from harness.paths import outermost
from harness.sandbox._box import Box, Ends, Folder, Started, environment
from harness.sandbox._bubblewrap import HOME, Bubblewrap, shared_bytes
from harness.sandbox._forkserver import ForkServer, NotBornError
from harness.sandbox._levels import Isolation, Tell, describe_cold
from harness.sandbox._preload import modules_for, own_modules
from harness.sandbox._seccomp import NESTING, compile_filter

_log = logging.getLogger(__name__)
_MOST = 4
"""Nurseries at a time: a preloaded torch holds some 300 MiB."""
_COVERED = ("/tmp", "/dev/shm")  # noqa: S108 - in the worker's view
"""Folders that each worker has of its own; what of the interpreter lies below them is shown there again."""
_TAKEN = (JOB, SPOOL)
"""Folders in which nothing else can be shown."""
_SUBMISSION = "submission"

Libraries = frozenset[str]


@dataclass(frozen=True)
class _Wanted:
    """What of a submission decides which fork server its worker comes from."""

    modules: frozenset[str]
    own: frozenset[str]

    @classmethod
    def of(cls, box: Box) -> _Wanted:
        folder = next((folder.source for folder in box.folders if folder.name == _SUBMISSION), None)
        if folder is None or not folder.is_dir():
            return cls(frozenset(), frozenset())
        return cls(modules_for(folder), own_modules(folder))

    @property
    def libraries(self) -> Libraries:
        """The packages: a worker must not find one loaded that it never asked for."""
        return frozenset(name.partition(".")[0] for name in self.modules)


def _below(folders: Iterable[str], paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the outermost of the `paths` that lie below one of the `folders`."""
    return outermost(path for path in paths if any(path.is_relative_to(folder) for folder in folders))


def _obstacle(box: Box, same: frozenset[str]) -> str | None:
    """Return why the worker of `box`, in which `same` are called like libraries, cannot be forked, if so."""
    if box.gpu is not None:
        return "a process that has been forked cannot use a GPU (nothing to do)"
    if same:
        names = ", ".join(sorted(same))
        return f"the submission has files called like libraries that are imported before ({names}): rename them"
    return None


@dataclass(eq=False)
class Warm:
    """The isolation of `cold`, with workers that are forked where they can be."""

    cold: Bubblewrap
    tell: Tell = _log.warning
    problem: str | None = None
    """Why workers start cold from now on, and what to do about it."""
    _fork_servers: dict[Libraries, ForkServer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        covered = _below(_TAKEN, self.cold.view().shown)
        if covered:
            self.problem = (
                f"Python or a package lies in {covered[0]}, where each worker finds its own files: install it elsewhere"
            )

    @property
    def isolation(self) -> Isolation:
        """The level, and which bubblewrap gives it."""
        return self.cold.isolation

    def start(self, box: Box, ends: Ends) -> Started:
        """Start a worker that has `box` and nothing else; one with a GPU, or modules called like libraries, cold."""
        wanted = _Wanted.of(box)
        problem = self.problem or _obstacle(box, wanted.own & wanted.libraries)
        if problem is None:
            try:
                fork_server = self._fork_server(wanted.libraries)
                problem = _obstacle(box, wanted.own & fork_server.learn(wanted.modules))
                if problem is None:
                    return self._fork(box, ends, fork_server)
            except NotBornError as error:
                problem = self.problem = f"{error}: run `harness doctor`"
        self.tell(describe_cold(problem))
        return self.cold.start(box, ends)

    def close(self) -> None:
        """End every fork server."""
        with self._lock:
            while self._fork_servers:
                self._fork_servers.popitem()[1].close()

    def _fork(self, box: Box, ends: Ends, fork_server: ForkServer) -> Started:
        with ExitStack() as undo:
            group = None if self.cold.delegation is None else self.cold.delegation.make(box.limits)
            if group is not None:
                undo.callback(group.remove)
            job = fork_server.spool(box.folders)
            undo.callback(shutil.rmtree, job)
            seen = self.cold.view()
            birth = Birth(
                job=job.name,
                home=HOME,
                shown=tuple(map(str, _below(_COVERED, seen.shown))),
                links=tuple((str(link.path), str(link.target)) for link in seen.links if _below(_COVERED, [link.path])),
                environment=environment(HOME, box),
                threads=box.threads,
                cores=tuple(os.sched_getaffinity(0)),
                scratch_bytes=box.limits.scratch_bytes,
                shared_bytes=shared_bytes(box.limits),
                calls=compile_filter(NESTING),
            )
            born = fork_server.bear(birth, ends, group)
            undo.callback(born.close)
            held = undo.pop_all()
        return Started(
            root=born,
            places=tuple(Folder(folder.name, Path(JOB, folder.name)) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGKILL,  # the death of the first process is that of its namespace
            group=group,
            release=(held.close,),
        )

    def _begin(self, libraries: Libraries) -> ForkServer:
        _log.info("Workers that need %s are forked from one process.", ", ".join(sorted(libraries)) or "NumPy alone")
        return ForkServer(self.cold.fork_server())

    def _fork_server(self, libraries: Libraries) -> ForkServer:
        """Return the fork server of `libraries`, started if need be; the one that nobody wanted longest makes room."""
        with self._lock:
            for wanted in (frozenset[str](), libraries):  # the yardstick will want the first
                fork_server = self._fork_servers.pop(wanted, None) or self._begin(wanted)
                self._fork_servers[wanted] = fork_server
            while len(self._fork_servers) > _MOST:
                self._fork_servers.pop(next(iter(self._fork_servers))).close()
            return fork_server
