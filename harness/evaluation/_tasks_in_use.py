"""The tasks of a run with their digests and data, read once and the same way for every command."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from harness.contract import Task
from harness.course import Course
from harness.data import Asset, DataFacts, Places, TaskData, assets_here, facts_file, load_data, read_facts, write_facts
from harness.errors import HarnessError
from harness.evaluation._host import describe_packages
from harness.evaluation._settings import Settings
from harness.taskcheck import try_task


@dataclass(frozen=True, kw_only=True)
class TaskInUse:
    """A task as this run evaluates it."""

    task: Task
    digest: str
    """The digest of its code."""
    facts: DataFacts
    """Facts about the data that it is evaluated on."""
    assets: tuple[Asset, ...] = ()
    """Its pretrained weights on this machine."""


class TasksInUse:
    """Reads the tasks of a course, each once, under the same settings."""

    def __init__(self, course: Course, places: Places, settings: Settings) -> None:
        self._course, self._places, self._settings = course, places, settings
        self._data: dict[str, TaskData] = {}
        self._in_use: dict[str, TaskInUse] = {}

    def task(self, name: str) -> TaskInUse:
        """Return what decides results about the task `name`, loading its data only if it was never read before.

        Raises:
            UsageError: there is no such task.
            TaskError: its declaration or its data has a mistake.
            InfrastructureError: its data is not on this machine.
        """
        if name not in self._in_use:
            task, digest = self._course.task(name), self._course.task_digest(name)
            facts = None
            if name not in self._data:
                facts = read_facts(self._facts_file(task, digest))
            if facts is None:
                facts = DataFacts.of(task, self.data(name))
            assets = assets_here(task, self._places)
            self._in_use[name] = TaskInUse(task=task, digest=digest, facts=facts, assets=assets)
        return self._in_use[name]

    def load_ahead(self, name: str) -> None:
        """Load the data of the task `name` before it is used, if that takes a moment because it was loaded before.

        Mistakes are ignored here, because they occur again when the task is used.
        """
        with contextlib.suppress(HarnessError, OSError):
            task, digest = self._course.task(name), self._course.task_digest(name)
            if read_facts(self._facts_file(task, digest)) is not None:
                self.data(name)

    def data(self, name: str) -> TaskData:
        """Return the data of the task `name`, loaded once, after the task's own functions were tried on it."""
        if name not in self._data:
            task, digest = self._course.task(name), self._course.task_digest(name)
            data = load_data(task, digest, self._places, self._settings.data)
            # before the facts are stored: with stored facts the data is not loaded, and a mistake would not be found
            try_task(task, self._as_scored(data))
            write_facts(self._facts_file(task, digest), DataFacts.of(task, data), data.source)
            self.supply(name, data)
        return self._data[name]

    def supply(self, name: str, data: TaskData) -> None:
        """Use `data` for the task `name` instead of searching for its data."""
        self._data[name] = self._as_scored(data)
        self._in_use.pop(name, None)  # it may describe older data

    def _as_scored(self, data: TaskData) -> TaskData:
        return data if self._settings.score_on == "test" else data.without_test()

    def _facts_file(self, task: Task, digest: str) -> Path:
        return facts_file(task, digest, self._places, self._settings.data, describe_packages())
