"""The data of a course's tasks: download the official files, and keep test parts private."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.api._course_session import CourseSession
from harness.api._follow import Follower
from harness.api._results import DataDescription, DescribedPart, LoadedTasks, PrivateTest
from harness.contract import Canonical, File, Split, Task
from harness.course import Course
from harness.data import DataChoice, Found, NotHere, Withheld, fetch_asset, in_cache, keep_private, load_data, survey
from harness.errors import HarnessError, InfrastructureError, TaskError, UsageError


def load_tasks(course: Course, names: Sequence[str]) -> LoadedTasks:
    """Return the named tasks, or all, without those that have a mistake.

    Raises:
        UsageError: there is no task of one of these names.
    """
    tasks, errors = list[Task](), list[HarnessError]()
    for name in names or course.task_names():
        try:
            tasks.append(course.task(name))
        except UsageError:
            if names:
                raise
            errors.append(TaskError(f"the folder tasks/{name} has a name that is not allowed: rename it"))
        except TaskError as error:
            errors.append(error)
    return LoadedTasks(tasks=tuple(tasks), errors=tuple(errors))


class CourseDatasets:
    """The files of tasks' data: `OpenCourse.datasets`."""

    def __init__(self, session: CourseSession) -> None:
        self._session = session

    def files(self, task: str) -> list[Found]:
        """Return which files of a task's data are on this machine, and whether they are the official ones.

        Parameters
        ----------
        task : str
            The name of the task.

        Returns
        -------
        list of Found
            Each file of the data root and of the cache, with its state.

        Raises
        ------
        UsageError
            There is no such task.
        TaskError
            The declaration has a mistake.
        """
        return list(survey(self._session.folders.task(task), self._session.places))

    def describe(self, task: str, *, data: DataChoice = "auto") -> DataDescription:
        """Return the size of each part of a task's data, and the train part; nothing is downloaded.

        Parameters
        ----------
        task : str
            The task.
        data : str
            The source, as for `OpenCourse.data`.

        Returns
        -------
        DataDescription
            The source, the parts, and the train part. Test targets are only counted by class.

        Raises
        ------
        UsageError
            There is no such task.
        TaskError
            The declaration or the data has a mistake.
        InfrastructureError
            The data is not on this machine.
        """
        declared = self._session.folders.task(task)
        here = replace(self._session.places, offline=True)
        found = load_data(declared, self._session.folders.task_digest(task), here, data)
        splits = {"train": found.train, "validation": found.validation, "test": found.test}
        parts = tuple(
            DescribedPart(part, len(split), _class_counts(declared, split))
            for part, split in splits.items()
            if split is not None
        )
        return DataDescription(source=found.source.kind, scored_on=found.scored_on, parts=parts, train=found.train)

    def fetch(self, tasks: Sequence[str] | None = None, *, follower: Follower | None = None) -> list[Path]:
        """Download the official files and the assets of tasks into the cache.

        Parameters
        ----------
        tasks : sequence of str, optional
            The names of tasks; otherwise all tasks.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        list of pathlib.Path
            The folder of each source's files, and the file of each asset.

        Raises
        ------
        UsageError
            There is no such task.
        TaskError
            The declaration of a task has a mistake.
        InfrastructureError
            Something cannot be downloaded. Everything else is in the cache.
        """
        course, follower = self._session.folders, follower or Follower()
        declared = [course.task(name) for name in (course.task_names() if tasks is None else tasks)]
        found, problems = list[Path](), list[str]()
        for task in declared:
            for item in _official(task):
                try:
                    path = self._fetch(task, item, follower)
                except NotHere as reason:
                    problems.append(f"task {task.name}: {reason}")
                    continue
                follower.downloaded(item, path)
                found.append(path)
        if problems:
            remedy = "try again, or put the files into <data root>/<task>/ and set HARNESS_DATA"
            raise InfrastructureError(f"{'; '.join(problems)}: {remedy}")
        return found

    def write_private_test(
        self, task: str, *, keep: Withheld = "targets", data: DataChoice = "auto", follower: Follower | None = None
    ) -> PrivateTest:
        """Write the private test part of a task to ``$HARNESS_PRIVATE/<task>/``, made from the data on this machine.

        Parameters
        ----------
        task : str
            The name of a task that declares ``private_test=True``.
        keep : str
            What students must not have: ``targets`` or ``inputs-and-targets``.
        data : str
            The source of the data, as in `RunOptions`.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        PrivateTest
            The file, and a description of its contents.

        Raises
        ------
        UsageError
            The task declares no private test part, or ``HARNESS_PRIVATE`` is not set.
        InfrastructureError
            The data on this machine has no test targets.
        """
        course, places = self._session.folders, self._session.places
        declared = course.task(task)
        if not declared.private_test:
            raise UsageError(f"task {task} does not declare private_test=True: its test part is public")
        with (follower or Follower()).loading(task):
            public = load_data(
                replace(declared, private_test=False, public_score="every", quota=None).named(task),
                course.task_digest(task),
                places,
                data,
            )
        if public.test is None:
            raise InfrastructureError(f"task {task}: the {public.source.kind} data on this machine has no test targets")
        path = keep_private(declared, public.test, places, keep)
        return PrivateTest(path=path, items=len(public.test), source=public.source.kind)

    def _fetch(self, task: Task, item: Canonical | File, follower: Follower) -> Path:
        with follower.downloading(task, item) as bars:
            if isinstance(item, File):
                return fetch_asset(task, item, self._session.places, bars).path
            return in_cache(task, item, self._session.places, bars)


def _official(task: Task) -> Iterator[Canonical | File]:
    yield from (source for source in task.sources if isinstance(source, Canonical))
    yield from task.assets


def _class_counts(task: Task, split: Split) -> dict[str, int]:
    counts = task.kind_definition.class_counts(task, split.targets)
    return {} if counts is None else {name: int(count) for name, count in zip(task.classes, counts, strict=True)}
