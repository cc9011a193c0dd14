"""Download the official data of tasks, and keep their private test parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.api._follow import Follower
from harness.api._results import LoadedTasks, PrivateTest
from harness.contract import Canonical, File, Task
from harness.course import Course
from harness.data import DataChoice, NotHere, Places, Withheld, fetch_asset, in_cache, keep_private, load_data
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


def fetch(tasks: Iterable[Task], places: Places, follower: Follower) -> list[Path]:
    """Download the official files and the assets of `tasks` into the cache, and return where they are.

    Raises:
        InfrastructureError: something cannot be downloaded; everything else is in the cache then.
    """
    found, problems = list[Path](), list[str]()
    for task in tasks:
        for item in _official(task):
            try:
                with follower.downloading(task, item) as bars:
                    if isinstance(item, File):
                        path = fetch_asset(task, item, places, bars).path
                    else:
                        path = in_cache(task, item, places, bars)
            except NotHere as reason:
                problems.append(f"task {task.name}: {reason}")
                continue
            follower.downloaded(item, path)
            found.append(path)
    if problems:
        raise InfrastructureError("; ".join(problems))
    return found


def _official(task: Task) -> Iterator[Canonical | File]:
    yield from (source for source in task.sources if isinstance(source, Canonical))
    yield from task.assets


def write_private_test(
    course: Course, places: Places, name: str, keep: Withheld, data: DataChoice, follower: Follower
) -> PrivateTest:
    """Write the private test part of the task `name`, made from the data on this machine.

    Raises:
        UsageError: the task declares none, or HARNESS_PRIVATE is not set.
        InfrastructureError: the data on this machine has no test targets.
    """
    task = course.task(name)
    if not task.private_test:
        raise UsageError(f"task {name} does not declare private_test=True: its test part is public")
    with follower.loading(name):
        public = load_data(replace(task, private_test=False).named(name), course.task_digest(name), places, data)
    if public.test is None:
        raise InfrastructureError(f"task {name}: the {public.source.kind} data on this machine has no test targets")
    path = keep_private(task, public.test, places, keep)
    return PrivateTest(path=path, items=len(public.test), source=public.source.kind)
