"""One invalid task, metric, record or submission is reported once and stops no other; the exit code shows it."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import TemporaryCourse

NAN = "harness.Metric('figure', lambda t, p: float(p.values.sum() - p.values.sum()) / 0.0, higher_is_better=True))"
BUT_ONE = "(p.values == 0).sum() == len(t) - 1"
RARE = f"harness.Metric('figure', lambda t, p: float('nan') if {BUT_ONE} else 0.5, higher_is_better=True))"
ZEROS = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.nothing = np.zeros(1)

    def predict(self, inputs):
        return (np.arange(len(inputs)) == 7).astype(int)
"""


def add_bad_tasks(course: TemporaryCourse) -> None:
    """Add a task that does not load, and ones whose metrics fail always, and for one student only."""
    good = course.add_task("rare").read_text()
    course.add_task("broken", text="1 / 0")
    course.add_task("raises", text=good.replace("harness.metrics.macro_f1)", NAN))
    course.add_task("rare", text=good.replace("harness.metrics.macro_f1)", RARE))


@pytest.mark.thorough
def test_one_invalid_file_does_not_stop_the_grading_of_a_class(course: TemporaryCourse) -> None:
    add_bad_tasks(course)
    for name in ("ann", "bob"):
        for task in ("blobs", "broken", "raises"):
            course.submit(name=name, task=task)
    course.submit(name="ann", task="rare")
    for name in ("bob", "cid"):
        course.submit(ZEROS, name=name, task="rare")
    records = course.root / "leaderboard" / "records"
    (records / "blobs" / "ann.json").mkdir(parents=True)
    (records / "blobs" / "eve.json").write_text('{"schema_version": 9}')

    done = course.harness("grade", "--data", "embedded")
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    assert sorted(path.relative_to(records).as_posix() for path in records.rglob("*.json") if path.is_file()) == [
        "blobs/ann.json", "blobs/bob.json", "blobs/eve.json", "rare/ann.json",
    ]  # fmt: skip
    lines = said.splitlines()
    assert [line.startswith("left out: task raises: ") for line in lines if "raised ZeroDivisionError" in line] == [
        True
    ]
    assert sum("for the same reason" in line for line in lines) == 1
    assert sum("metric 'figure' returned nan on 120 items" in line for line in lines) == 1
    assert sum("task broken does not load" in line for line in lines) == 1
    assert "2 not graded because of a mistake in their task (fix it); 2 tasks or submissions cannot be graded" in said
    assert "infrastructure" not in lines[-1]
    problems = (course.root / ".harness" / "grade" / "problems.json").read_text()
    assert all(name in problems for name in ("bob · rare", "cid · rare"))

    (course.root / "tasks" / "blobs" / "task.py").write_text("1 / 0")
    again = course.harness("grade", "--data", "embedded").stdout
    assert again.count("ZeroDivisionError") == 3  # once for each task
    assert again.count("task blobs has a mistake, which `harness tasks check blobs` names") == 1
    course.add_task()

    board = course.harness("leaderboard")
    assert board.returncode == 3
    assert board.stdout.count("eve.json cannot be read (schema_version 9, expected 1") == 1
    assert "3 records" in board.stdout
    exported = course.harness("export", "junit")
    assert (exported.returncode, exported.stdout.count("eve.json cannot be read")) == (3, 1)
    assert "3 records" in exported.stdout

    (records / "blobs" / "ann.json").unlink()
    shutil.rmtree(course.root / "submissions" / "ann" / "rare")
    reported = course.harness("report", "submissions/ann")
    assert reported.returncode == 2
    assert "ann · blobs has no record yet" in reported.stderr
    reported = course.harness("report", "submissions/bob", "--task", "blobs")
    assert reported.returncode == 0


def test_evaluate_goes_on_after_a_bad_task(course: TemporaryCourse) -> None:
    add_bad_tasks(course)
    for task in ("blobs", "raises"):
        course.submit(task=task)
    course.submit(name="ann", task="raises")
    (course.root / "leaderboard" / "records" / "blobs").mkdir(parents=True)
    (course.root / "leaderboard" / "records" / "blobs" / "eve.json").write_text("<<<<<<< HEAD")
    done = course.harness("evaluate", "submissions/bob", "submissions/ann")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert course.record()["status"] == "passed"
    assert done.stdout.count("ZeroDivisionError") == 1
    assert "ann · raises: not evaluated, for the same reason" in done.stdout
    assert done.stdout.count("eve.json cannot be read") == 1
    assert done.stdout.splitlines()[-1] == "1 passed, 0 below baseline, 0 failed, 2 could not be evaluated"
    checked = course.harness("check", "submissions/bob")
    assert checked.returncode == 3
    assert "1 could not be checked" in checked.stdout.splitlines()[-1]
