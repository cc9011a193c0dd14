"""The tasks that come with the harness or a plug-in, for a course to copy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.bundled import BundledTask, bundled_course, compare, compare_task, origin_of, plugin_tasks
from harness.contract import Split, Task
from harness.course import Course
from harness.data import Places, load_data
from harness.errors import HarnessError

_PICTURE = "samples.png"


@dataclass(frozen=True)
class AvailableTask:
    """A task that a course can copy.

    Attributes
    ----------
    bundled : harness.bundled.BundledTask
        Where it comes from, and how the course's copy differs.
    task : Task
        Its declaration.
    """

    bundled: BundledTask
    task: Task

    @property
    def picture(self) -> Path | None:
        """The bitmap in its hand-out; None if there is none."""
        path = self.bundled.origin.folder / _PICTURE
        return path if path.is_file() else None

    def generated(self, places: Places) -> Split:
        """Return the train part of its embedded data.

        Raises
        ------
        TaskError
            The data has a mistake.
        InfrastructureError
            The task has no embedded data.
        """
        folders = Course(self.bundled.origin.root)
        return load_data(self.task, folders.task_digest(self.task.name), places, "embedded").train


@dataclass(frozen=True)
class AvailableTasks:
    """The tasks that a course can copy.

    Attributes
    ----------
    tasks : tuple of AvailableTask
        Those that come with the harness, and then those of plug-ins.
    problems : tuple of str
        Why tasks of plug-ins, or whole plug-ins, cannot be used.
    """

    tasks: tuple[AvailableTask, ...]
    problems: tuple[str, ...]


def available_tasks(course: Course | None = None) -> AvailableTasks:
    """Return the tasks that come with the harness, and those of the plug-ins that `course` names.

    Raises
    ------
    UsageError
        This installation has no tasks.
    """
    own = bundled_course()
    found = [AvailableTask(one, own.task(one.name)) for one in compare(course)]
    if course is None:
        return AvailableTasks(tuple(found), ())
    problems = list(course.plugins.problems())
    for name in plugin_tasks(course):
        try:
            one = compare_task(course, origin_of(name, course))
            found.append(AvailableTask(one, course.task_from(name, one.origin.folder)))
        except HarnessError as error:
            problems.append(str(error))
    return AvailableTasks(tuple(found), tuple(dict.fromkeys(problems)))
