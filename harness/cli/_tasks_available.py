"""What ``harness tasks --available`` shows: the tasks that come with the harness."""

from __future__ import annotations

from pathlib import Path

from harness.bundled import BundledTask, bundled_course, compare
from harness.cli import PASSED
from harness.cli._options import Screen
from harness.cli._pictures import draw_picture, draw_samples
from harness.contract import Task
from harness.course import Course
from harness.data import Places, load_data
from harness.errors import HarnessError
from harness.text import count_of

_PICTURE = "samples.png"


def show_available(out: Screen, course: Course | None, places: Places) -> int:
    """List the tasks that come with the harness, and how the copies in `course` stand to them.

    A terminal gets a picture of each; elsewhere each is a line.
    """
    bundled, found = bundled_course(), compare(course)
    for one in found:
        task = bundled.task(one.name)
        out.print(_line(one, task, course), style="bold" if out.is_terminal else "")
        if out.is_terminal:
            _draw(out, bundled, task, places)
    out.conclude(
        f"{count_of(len(found), 'task', 'tasks')}; "
        + ("harness new course FOLDER --tasks NAME,…" if course is None else "harness tasks add NAME copies one here")
    )
    return PASSED


def _line(one: BundledTask, task: Task, course: Course | None) -> str:
    line = f"{one.name:<18} {task.kind:<15} {task.title}"
    return line if course is None else f"{line} ({one})"


def _draw(out: Screen, bundled: Course, task: Task, places: Places) -> None:
    """Draw the picture of the hand-out, where it has one of pixels; otherwise samples of the generated data."""
    picture = Path(bundled.tasks_folder, task.name, _PICTURE)
    if picture.is_file() and draw_picture(out, picture):
        return
    try:
        data = load_data(task, bundled.task_digest(task.name), places, "embedded")
    except HarnessError as error:
        out.print(f"  no picture: {error}", style="yellow")
        return
    draw_samples(out, task, data.train)
