"""What travels to another machine: files and data under their digests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from harness.contract import Limits, Split, Task
from harness.course import SHARED
from harness.data import TaskData
from harness.errors import InfrastructureError
from harness.evaluation import read_contents, read_files


@dataclass(frozen=True)
class Files:
    """A folder's files; None for what is no plain file, which whoever evaluates must see and refuse."""

    digest: str
    content: tuple[tuple[bytes, bytes | None], ...]

    @classmethod
    def of_submission(cls, folder: Path, limits: Limits) -> Files:
        """Take a submission along, as far as a snapshot would read it."""
        content = tuple((os.fsencode(path), inside) for path, inside in read_files(folder, limits))
        return cls(read_contents(folder, limits).digest, content)

    @classmethod
    def of_task(cls, tasks: Path, name: str, digest: str) -> Files:
        """Take the folder of one of the `tasks` along, and what they share."""
        paths = [path for folder in (tasks / name, tasks / SHARED) for path in sorted(folder.rglob("*"))]
        kept = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
        return cls(digest, tuple((os.fsencode(path.relative_to(tasks)), path.read_bytes()) for path in kept))

    def write(self, folder: Path) -> None:
        """Lay the files out."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.content:
            path = folder / PurePosixPath(os.fsdecode(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.symlink_to("/nonexistent")
            else:
                path.write_bytes(content)


@dataclass(frozen=True, eq=False)
class TravellingData:
    """A task's data without its declaration, which cannot travel."""

    source: int
    """The number of its source among the task's."""
    parts: tuple[tuple[Any, Any, Any] | None, ...]
    private: bool
    digest: str

    @classmethod
    def of(cls, task: Task, data: TaskData) -> TravellingData:
        """Take `data` of `task` along."""
        splits = (data.train, data.validation, data.test)
        parts = tuple(None if split is None else (split.inputs, split.targets, split.groups) for split in splits)
        return cls(task.sources.index(data.source), parts, data.private, data.digest)

    def unpack(self, task: Task) -> TaskData:
        """Return the data, of `task` as it is declared here.

        Raises:
            InfrastructureError: a part that a task cannot do without is missing.
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
