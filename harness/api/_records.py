"""Access to the records of a course on disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from harness.course import Course, suggest
from harness.errors import InfrastructureError, UsageError
from harness.record import Record, Stores, Unreadable


class Records:
    """The newest record of each submission, and the earlier ones.

    Examples
    --------
    >>> for record in course.records:
    ...     print(record.submission.name, record.task.name, record.status)
    """

    def __init__(self, course: Course, stores: Stores) -> None:
        self._course, self._stores = course, stores

    def __iter__(self) -> Iterator[Record]:
        """Yield the newest records that can be read, by task and name."""
        return (found for found in self._stores.records.all() if isinstance(found, Record))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def of_task(self, task: str | None) -> list[Record]:
        """Return the newest records for one task, or for all if `task` is None.

        Raises
        ------
        UsageError
            There is no such task.
        """
        if task is not None:
            self._course.require_task(task)
        return [record for record in self if task in (None, record.task.name)]

    @property
    def unreadable(self) -> list[Unreadable]:
        """The files of records that cannot be read, with reasons."""
        return [found for found in self._stores.records.all() if isinstance(found, Unreadable)]

    def get(self, task: str, submission: str) -> Record | None:
        """Return the newest record of `submission` for `task`, or None if there is none.

        Raises
        ------
        InfrastructureError
            The file of the record cannot be read.
        """
        found = self._stores.records.read(task, submission)
        if isinstance(found, Unreadable):
            raise InfrastructureError(f"{found}: restore or remove it")
        return found

    def history(self, task: str, submission: str) -> list[Record]:
        """Return the earlier records of `submission` for `task`, oldest first."""
        return list(self._stores.records.history(task, submission))

    def of_run(self, task: str, submission: str, run: str) -> Record | None:
        """Return the newest or earlier record of the run with the id `run`, or None if there is none."""
        newest = self._stores.records.read(task, submission)
        found = [newest, *self.history(task, submission)]
        return next((one for one in found if isinstance(one, Record) and one.run.id == run), None)

    def withdraw(self, name: str) -> list[Path]:
        """Move the records of a submission out of the leaderboard, with their history and evidence.

        Parameters
        ----------
        name : str
            ``NAME`` for all tasks, or ``NAME/TASK``.

        Returns
        -------
        list of pathlib.Path
            The folders that they were moved to, one for each task. They can be moved back by hand.

        Raises
        ------
        UsageError
            There is no such record.
        """
        folder = self._course.leaderboard / "records"
        kept = {
            ("/".join(path.relative_to(folder).with_suffix("").parts[1:]), path.relative_to(folder).parts[0])
            for path in (*folder.glob("*/*.json"), *folder.glob("*/reference/*.json"))
        }
        wanted = {(one, task) for one, task in kept if name in (one, f"{one}/{task}")}
        if not wanted:
            raise UsageError(f"there is no record of {name}{suggest(name, {one for one, _ in kept})}")
        to = self._course.private / "withdrawn" / f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S.%f}"
        for one, task in sorted(wanted):
            self._stores.withdraw(task, one, to)
        return [to / task / one for one, task in sorted(wanted)]
