"""Cut-offs decide no result: whatever else a task declares does."""

from __future__ import annotations

import pytest

from harness.taskcode import without_points

pytestmark = pytest.mark.unit

TASK = "import harness\nTASK = harness.Task(\n    title='größe',\n    points=((0.5, 0), (0.8, 6)),\n    kind='x',\n)\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TASK, TASK.replace("0.8", "0.9")),
        (TASK, TASK.replace("((0.5, 0), (0.8, 6))", "tuple(\n  (s, p) for s, p in [(1, 2)])")),
        (
            TASK.replace("TASK", "CUTS = ((0.5, 0),)\nTASK", 1).replace("((0.5, 0), (0.8, 6))", "CUTS"),
            TASK.replace("TASK", "CUTS = ((0.7, 0),)\nTASK", 1).replace("((0.5, 0), (0.8, 6))", "CUTS"),
        ),
        (TASK.replace("harness.Task", "Task"), TASK.replace("harness.Task", "Task").replace("0.8", "0.9")),
    ],
)
def test_new_cut_offs_leave_the_rest_as_it_was(one: str, other: str) -> None:
    assert one != other
    assert without_points(one.encode()) == without_points(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TASK, TASK.replace("kind='x'", "kind='y'")),
        (TASK, TASK + "# more\n"),
        (
            TASK.replace("TASK", "CUT = 0.5\nTASK", 1).replace("0.5, 0", "CUT, 0").replace("'x'", "str(CUT)"),
            TASK.replace("TASK", "CUT = 0.7\nTASK", 1).replace("0.5, 0", "CUT, 0").replace("'x'", "str(CUT)"),
        ),
        ("points = 1\n", "points = 2\n"),
        ("def f(:\n", "def g(:\n"),
    ],
)
def test_everything_else_decides(one: str, other: str) -> None:
    assert without_points(one.encode()) != without_points(other.encode())
