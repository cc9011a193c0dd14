"""The files and data that are sent to other machines, with their digests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from harness.contract import Limits, Split, Task
from harness.course import SHARED, Course
from harness.data import TaskData
from harness.errors import InfrastructureError
from harness.evaluation import read_contents, read_files
from harness.plugins import COURSE_FILE


@dataclass(frozen=True)
class FilesParcel:
    """The files of a folder, with None for anything but a regular file, so that the receiver can refuse it."""

    digest: str
    content: tuple[tuple[bytes, bytes | None], ...]

    @classmethod
    def of_submission(cls, folder: Path, limits: Limits) -> FilesParcel:
        """Return those files of a submission that a snapshot would read."""
        content = tuple((os.fsencode(path), inside) for path, inside in read_files(folder, limits))
        return cls(read_contents(folder, limits).digest, content)

    @classmethod
    def of_task(cls, course: Course, name: str) -> FilesParcel:
        """Return the files of the task `name`, those that all tasks share, and the file that lists plug-ins."""
        folders = (course.tasks_folder / name, course.tasks_folder / SHARED)
        paths = [path for folder in folders for path in sorted(folder.rglob("*"))] + [course.root / COURSE_FILE]
        kept = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
        files = tuple((os.fsencode(path.relative_to(course.root)), path.read_bytes()) for path in kept)
        return cls(course.task_digest(name), files)

    def write(self, folder: Path) -> None:
        """Write the files into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.content:
            path = folder / PurePosixPath(os.fsdecode(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.symlink_to("/nonexistent")
            else:
                path.write_bytes(content)


@dataclass(frozen=True, eq=False)
class DataParcel:
    """The data of a task, without its declaration, which cannot be sent."""

    source: int
    """The index of the data's source among the task's sources."""
    parts: tuple[tuple[Any, Any, Any] | None, ...]
    private: bool
    digest: str

    @classmethod
    def of(cls, task: Task, data: TaskData) -> DataParcel:
        """Return `data` of `task` in a form that can be sent."""
        splits = (data.train, data.validation, data.test)
        parts = tuple(None if split is None else (split.inputs, split.targets, split.groups) for split in splits)
        return cls(task.sources.index(data.source), parts, data.private, data.digest)

    def unpack(self, task: Task) -> TaskData:
        """Return the data for `task`, which is this machine's declaration of it.

        Raises:
            InfrastructureError: the train or the validation part is missing.
        """
        train, validation, test = (None if part is None else Split(*part) for part in self.parts)
        if train is None or validation is None:
            raise InfrastructureError(f"task {task.name}: its data came without a train or validation part")
        return TaskData(
            source=task.sources[self.source],
            train=train,
            validation=validation,
            test=test,
            private=self.private,
            digest=self.digest,
            passed_over=(),
        )
