"""What ``harness tasks --available`` shows: the tasks that come with the harness."""

from __future__ import annotations

from harness.bundled import HARNESS, BundledTask, bundled_course, compare, compare_task, origin_of, plugin_tasks
from harness.cli import INFRASTRUCTURE, PASSED
from harness.contract import Task
from harness.course import Course
from harness.data import Places, load_data
from harness.errors import HarnessError
from harness.terminal import Screen
from harness.terminal.shown_samples import draw_picture, draw_samples
from harness.text import count_of

_PICTURE = "samples.png"


def show_available(out: Screen, course: Course | None, places: Places) -> int:
    """List the tasks that come with the harness or a plug-in, and whether the copies in `course` differ.

    In a terminal each has a picture; elsewhere each is one line.
    """
    bundled, found = bundled_course(), compare(course)
    for one in found:
        _show(out, one, bundled.task(one.name), course, places)
    problems = [] if course is None else list(course.plugins.problems())
    for name in [] if course is None else plugin_tasks(course):
        assert course is not None
        try:
            one = compare_task(course, origin_of(name, course))
            _show(out, one, course.task_from(name, one.origin.folder), course, places)
        except HarnessError as error:
            problems.append(str(error))
        else:
            found.append(one)
    for text in dict.fromkeys(problems):
        out.error(f"error: {text}")
    out.conclude(
        f"{count_of(len(found), 'task', 'tasks')}; "
        + ("harness new course FOLDER --tasks NAME,…" if course is None else "harness tasks add NAME copies one here")
    )
    return INFRASTRUCTURE if problems else PASSED


def _show(out: Screen, one: BundledTask, task: Task, course: Course | None, places: Places) -> None:
    out.print(_line(one, task, course), style="bold" if out.is_terminal else "")
    if out.is_terminal:
        _draw(out, one, task, places)


def _line(one: BundledTask, task: Task, course: Course | None) -> str:
    line = f"{one.name:<18} {task.kind_name:<15} {task.title}"
    by = "" if one.origin.package == HARNESS else f"of {one.origin.package} {one.origin.version}, "
    return line if course is None else f"{line} ({by}{one})"


def _draw(out: Screen, one: BundledTask, task: Task, places: Places) -> None:
    """Draw the picture of the hand-out, if it is a bitmap; otherwise samples of the generated data."""
    picture = one.origin.folder / _PICTURE
    if picture.is_file() and draw_picture(out, picture):
        return
    try:
        data = load_data(task, Course(one.origin.root).task_digest(task.name), places, "embedded")
    except HarnessError as error:
        out.print(f"  no picture: {error}", style="yellow")
        return
    draw_samples(out, task, data.train)
