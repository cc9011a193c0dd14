"""What ``harness tasks --available`` shows: the tasks that come with the harness."""

from __future__ import annotations

from harness.api import AvailableTask, available_tasks
from harness.bundled import HARNESS
from harness.cli import INFRASTRUCTURE, PASSED
from harness.course import Course
from harness.data import Places
from harness.errors import HarnessError
from harness.terminal import Screen
from harness.terminal.shown_samples import draw_picture, draw_samples
from harness.text import count_of


def show_available(out: Screen, course: Course | None, places: Places) -> int:
    """List the tasks that come with the harness or a plug-in, and whether the copies in `course` differ.

    In a terminal each task has a picture; otherwise each is one line.
    """
    available = available_tasks(course)
    for one in available.tasks:
        out.print(_line(one, course), style="bold" if out.is_terminal else "")
        if out.is_terminal:
            _draw(out, one, places)
    for text in available.problems:
        out.error(f"error: {text}")
    out.conclude(
        f"{count_of(len(available.tasks), 'task', 'tasks')}; "
        + ("harness new course FOLDER --tasks NAME,…" if course is None else "harness tasks add NAME copies one here")
    )
    return INFRASTRUCTURE if available.problems else PASSED


def _line(one: AvailableTask, course: Course | None) -> str:
    line = f"{one.task.name:<18} {one.task.kind_name:<15} {one.task.title}"
    origin = one.bundled.origin
    by = "" if origin.package == HARNESS else f"of {origin.package} {origin.version}, "
    return line if course is None else f"{line} ({by}{one.bundled})"


def _draw(out: Screen, one: AvailableTask, places: Places) -> None:
    """Draw the picture of the hand-out, if it is a bitmap; otherwise samples of the generated data."""
    if one.picture is not None and draw_picture(out, one.picture):
        return
    try:
        train = one.generated(places)
    except HarnessError as error:
        out.print(f"  no picture: {error}", style="yellow")
        return
    draw_samples(out, one.task, train)
