"""Warm workers: forked from a process that has imported what they need, each into an inner sandbox of its own.

The isolation is the same as that of a worker that is started as a program; only the time for imports is saved. A worker
that cannot be forked is started as a program.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.forkserver import JOB, STAGING, SpawnRequest
from harness.paths import outermost
from harness.sandbox._box import Box, Folder, StartedWorker, WorkerPipes, environment
from harness.sandbox._bubblewrap import HOME, Bubblewrap, shared_bytes
from harness.sandbox._forkserver_process import ForkServerConnection, SpawnError
from harness.sandbox._forkservers import ForkServers
from harness.sandbox._levels import Isolation, Notify, cold_start_notice
from harness.sandbox._preload import modules_for, own_modules
from harness.sandbox._seccomp import NESTING, compile_filter

_log = logging.getLogger(__name__)
_COVERED = ("/tmp", "/dev/shm")  # noqa: S108 - in the worker's view
"""Folders that each worker has of its own; parts of the interpreter below them are made visible there again."""
_RESERVED = (JOB, STAGING)
"""Folders in which nothing else can be visible."""
_SUBMISSION = "submission"


def _below(folders: Iterable[str], paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the outermost of the `paths` that lie below one of the `folders`."""
    return outermost(path for path in paths if any(path.is_relative_to(folder) for folder in folders))


def _obstacle(box: Box, same: frozenset[str]) -> str | None:
    """Return why the worker of `box` cannot be forked, if so; `same` are its modules that are named like libraries."""
    if box.gpu is not None:
        return "a process that has been forked cannot use a GPU (nothing to do)"
    if same:
        names = ", ".join(sorted(same))
        return f"the submission has files named like libraries that are loaded before ({names}): rename them"
    return None


@dataclass(eq=False)
class Warm:
    """The isolation of `cold`, with workers that are forked where they can be."""

    cold: Bubblewrap
    fork_servers: ForkServers
    notify: Notify = _log.warning
    problem: str | None = None
    """Why workers start cold from now on, and what to do about it."""

    def __post_init__(self) -> None:
        reserved = _below(_RESERVED, self.cold.view().shown)
        if reserved:
            self.problem = (
                f"Python or a package lies in {reserved[0]}, where each worker finds its own files: "
                "install it elsewhere"
            )

    @property
    def isolation(self) -> Isolation:
        """The level, and which bubblewrap gives it."""
        return self.cold.isolation

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker that has `box` and nothing else; one with a GPU, or modules named like libraries, cold."""
        folder = next((folder.source for folder in box.folders if folder.name == _SUBMISSION), None)
        modules = frozenset[str]() if folder is None else modules_for(folder)
        own = frozenset[str]() if folder is None else own_modules(folder)
        packages = frozenset(name.partition(".")[0] for name in modules)
        cold = self.cold.hiding(box.hidden)
        problem = self.problem or _obstacle(box, own & packages)
        if problem is None:
            try:
                found = self._forked(box, pipes, cold, modules, own)
            except SpawnError as error:
                found = self.problem = f"{error}: run `harness doctor`"
            if isinstance(found, StartedWorker):
                return found
            problem = found
        self.notify(cold_start_notice(problem))
        return self.cold.start(box, pipes)

    def close(self) -> None:
        """Do nothing: the owner of the fork servers closes them."""

    def _forked(
        self, box: Box, pipes: WorkerPipes, cold: Bubblewrap, modules: frozenset[str], own: frozenset[str]
    ) -> StartedWorker | str:
        """Return a worker, or why this one must start cold.

        A fork server may be killed between the connection and the request; another is started in its place, once.
        """
        for is_last in (False, True):
            with closing(self.fork_servers.connect(cold, modules)) as connection:
                problem = _obstacle(box, own & connection.packages)
                if problem is not None:
                    return problem
                try:
                    return self._fork(box, pipes, connection)
                except SpawnError:
                    if is_last:
                        raise
        raise AssertionError("the last attempt returns or raises")

    def _fork(self, box: Box, pipes: WorkerPipes, connection: ForkServerConnection) -> StartedWorker:
        with ExitStack() as undo:
            group = None if self.cold.delegation is None else self.cold.delegation.make(box.limits)
            if group is not None:
                undo.callback(group.remove)
            job = connection.stage(box.folders)
            undo.callback(partial(shutil.rmtree, job, ignore_errors=True))  # it may be gone already
            worker = connection.spawn(self._request(box, job), pipes, group)
            undo.callback(worker.close)
            held = undo.pop_all()
        return StartedWorker(
            root=worker,
            places=tuple(Folder(folder.name, Path(JOB, folder.name)) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGKILL,  # the death of the init process is that of its namespace
            group=group,
            release=(held.close,),
        )

    def _request(self, box: Box, job: Path) -> SpawnRequest:
        seen = self.cold.hiding(box.hidden).view()
        return SpawnRequest(
            job=job.name,
            home=HOME,
            visible=tuple(map(str, _below(_COVERED, seen.shown))),
            links=tuple((str(link.path), str(link.target)) for link in seen.links if _below(_COVERED, [link.path])),
            environment=environment(HOME, box),
            threads=box.threads,
            cores=tuple(os.sched_getaffinity(0)),
            scratch_bytes=box.limits.scratch_bytes,
            shared_memory_bytes=shared_bytes(box.limits),
            seccomp_filter=compile_filter(NESTING),
        )
