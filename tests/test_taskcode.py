"""Cut-offs, titles and notes do not change the identity of a task; every other field does."""

from __future__ import annotations

import pytest

from harness.taskcode import deciding_code

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
        (TASK, TASK.replace("    points=((0.5, 0), (0.8, 6)),\n", "")),
        (TASK.replace("TASK", "CUTS = ((0.5, 0),)\nTASK", 1).replace("((0.5, 0), (0.8, 6))", "CUTS"), TASK),
        (TASK, TASK.replace("größe", "Größe der Zellen")),
        (TASK, TASK + "# more\n"),
        (
            TASK.replace("kind='x'", "kind=Local(title='a', licence='b', baseline=Baseline(0.5, note='c'))"),
            TASK.replace("kind='x'", "kind=Local(title='d', license='e', baseline=Baseline(0.5))"),
        ),
        (TASK.replace("harness.Task", "Task"), TASK.replace("harness.Task", "Task").replace("0.8", "0.9")),
    ],
)
def test_descriptions_and_cut_offs_do_not_change_the_identity(one: str, other: str) -> None:
    assert one != other
    assert deciding_code(one.encode()) == deciding_code(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TASK, TASK.replace("kind='x'", "kind='y'")),
        (TASK, TASK + "LIMIT = 3\n"),
        (TASK, TASK.replace("Task(", "Split(")),
        (
            TASK.replace("TASK", "CUT = 0.5\nTASK", 1).replace("0.5, 0", "CUT, 0").replace("'x'", "str(CUT)"),
            TASK.replace("TASK", "CUT = 0.7\nTASK", 1).replace("0.5, 0", "CUT, 0").replace("'x'", "str(CUT)"),
        ),
        ("points = 1\n", "points = 2\n"),
        ("def f(:\n", "def g(:\n"),
    ],
)
def test_every_other_field_changes_the_identity(one: str, other: str) -> None:
    assert deciding_code(one.encode()) != deciding_code(other.encode())
