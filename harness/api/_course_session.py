"""The state that all parts of an open course share: its folders, the places of its data, and its workers."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path

from harness.api._follow import Follower
from harness.course import Course, Submission
from harness.data import Places
from harness.sandbox import ForkServerOwner, Requirement, Sandbox, Start, begin_fork_servers, find_required_sandbox

FOR_GRADES = "landlock"
"""The weakest isolation that is accepted for grades by default."""


class CourseSession:
    """The folders of one course, the places of its data, and the fork servers of its workers."""

    def __init__(
        self, folders: Course, data_root: Path | None = None, fork_servers: ForkServerOwner | None = None
    ) -> None:
        self.folders = folders
        self._data_root = data_root
        self._fork_servers = fork_servers
        self.find_places()

    def find_places(self) -> None:
        """Look for folders with data again, because the course's own one may have been created."""
        self.places = Places.of(os.environ, self._data_root, self.folders.data)

    def fork_servers(self, start: Start) -> ForkServerOwner | None:
        """Return the fork servers of workers, the same for the life of this object; None for a cold `start`."""
        if start == "cold":
            return None
        if self._fork_servers is None:
            self._fork_servers = ForkServerOwner()
            weakref.finalize(self, self._fork_servers.close)
        return self._fork_servers

    def begin_workers(self, required: Requirement, start: Start, submissions: Sequence[Submission]) -> None:
        """Start to import what the workers of the first of the `submissions` need; nothing waits for it."""
        fork_servers = self.fork_servers(start)
        if fork_servers is not None and submissions and not required.exactly:
            begin_fork_servers(fork_servers, self._hidden, [submissions[0].folder])

    def sandbox(self, required: Requirement, start: Start, follower: Follower) -> Sandbox:
        """Open a sandbox whose workers see neither the course nor its data; the caller closes it.

        Raises
        ------
        InfrastructureError
            No worker starts here with the required isolation.
        """
        return find_required_sandbox(self._hidden, required, self.fork_servers(start), follower.notice)

    @property
    def _hidden(self) -> list[Path]:
        return [self.folders.root, *self.places.all()]
