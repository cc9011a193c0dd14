"""Warm workers are forked from a process that has imported what they need, each into a separate inner sandbox.

The isolation is the same as for a worker that is started as a program; only the time for imports is saved. A worker
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
from harness.sandbox._preload import modules_for, own_modules, top_level
from harness.sandbox._seccomp import NESTING, compile_filter

_log = logging.getLogger(__name__)
_COVERED = ("/tmp", "/dev/shm")  # noqa: S108 - in the worker's view
"""Folders that are separate for each worker; parts of the interpreter below them are made visible in them again."""
_RESERVED = (JOB, STAGING)
"""Folders in which nothing of the interpreter can be made visible."""
_SUBMISSION = "submission"


def _below(folders: Iterable[str], paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the outermost of the `paths` that lie below one of the `folders`."""
    return outermost(path for path in paths if any(path.is_relative_to(folder) for folder in folders))


def _obstacle(box: Box, same: frozenset[str]) -> str | None:
    """Return why the worker of `box` cannot be forked, or None; `same` are its modules with the name of a library."""
    if box.gpu is not None:
        return "a process that has been forked cannot use a GPU (nothing to do)"
    if same:
        names = ", ".join(sorted(same))
        return f"files of the submission have the names of libraries that are already loaded ({names}): rename them"
    return None


@dataclass(eq=False)
class Warm:
    """The isolation of `cold`, with workers that are forked if possible."""

    cold: Bubblewrap
    fork_servers: ForkServers
    notify: Notify = _log.warning
    problem: str | None = None
    """Why workers start cold from now on, and what to do about it."""

    def __post_init__(self) -> None:
        reserved = _below(_RESERVED, self.cold.view().shown)
        if reserved:
            self.problem = (
                f"Python or a package is installed in {reserved[0]}, which is the folder of each worker's own files: "
                "install it elsewhere"
            )

    @property
    def isolation(self) -> Isolation:
        """The level, and which bubblewrap provides it."""
        return self.cold.isolation

    def start(self, box: Box, pipes: WorkerPipes) -> StartedWorker:
        """Start a worker that has `box` and nothing else; if it cannot be forked, it is started as a program."""
        folder = next((folder.source for folder in box.folders if folder.name == _SUBMISSION), None)
        modules = frozenset[str]() if folder is None else modules_for(folder)
        own = frozenset[str]() if folder is None else own_modules(folder)
        packages = top_level(modules)
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
        """Return a forked worker, or the reason why this worker must start cold.

        If the fork server dies between the connection and the request, another one is started, once.
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
            undo.callback(partial(shutil.rmtree, job, ignore_errors=True))  # it may already be removed
            worker = connection.spawn(self._request(box, job), pipes, group)
            undo.callback(worker.close)
            resources = undo.pop_all()
        return StartedWorker(
            root=worker,
            places=tuple(Folder(folder.name, Path(JOB, folder.name)) for folder in box.folders),
            processes=box.limits.processes,
            stop_signal=signal.SIGKILL,  # when the init process dies, the kernel kills all others of its namespace
            group=group,
            release=(resources.close,),
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
