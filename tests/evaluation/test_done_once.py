"""What one evaluation does once: it imports the task, reads and copies the submission, and starts few processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import PATIENCE, TemporaryCourse

pytestmark = pytest.mark.line

COUNTED = """
import collections, json, os, sys

counted = collections.Counter()

def count(event, arguments):
    if event == "exec" and arguments[0].co_filename.endswith("/tasks/blobs/task.py"):
        counted["task imported"] += 1
    elif event == "open" and str(arguments[0]).endswith("/tasks/blobs/task.py"):
        counted["task read"] += 1
    elif event == "open" and arguments[0] == "model.py":
        counted["submission read"] += 1
    elif event == "open" and str(arguments[0]).endswith("/submission/model.py") and arguments[1] == "w":
        counted["submission copied"] += 1
    elif event == "subprocess.Popen":
        counted[os.path.basename(str(arguments[0]))] += 1
        if "--version" in arguments[1]:
            counted["version asked"] += 1

sys.addaudithook(count)
from harness.cli import run

code = run(sys.argv[1:])
print(json.dumps([code, counted]), file=sys.stderr)
"""


def counts(course: TemporaryCourse, *arguments: str) -> dict[str, int]:
    """Run a command in a process of its own, and count what it does itself."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", COUNTED, *arguments],
        cwd=course.root,
        env=os.environ | course.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    code, counted = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stdout + done.stderr
    return counted


@pytest.mark.thorough
def test_an_evaluation_does_each_thing_once(course: TemporaryCourse) -> None:
    course.submit()
    first = counts(course, "evaluate", "submissions/bob")
    assert (first["task imported"], first["submission read"], first["submission copied"]) == (1, 1, 1)
    assert first["task read"] == 2  # to import it, and for its digest
    assert "version asked" not in first
    assert first["git"] == 1  # the commit of the course
    again = counts(course, "evaluate", "submissions/bob")
    assert (again["task imported"], again["task read"]) == (1, 2)
    assert (again["submission read"], again["submission copied"]) == (1, 1)  # its digest is that of the copy
    assert again.get("git", 0) == 0


@pytest.mark.thorough
def test_a_grading_run_does_each_thing_once_for_a_task(course: TemporaryCourse) -> None:
    for name in ("ann", "bob"):
        course.submit(name=name)
    found = counts(course, "grade", "--data", "embedded", "--isolation", "rlimits", "--no-audit-learning")
    assert (found["task imported"], found["task read"]) == (1, 2)
    # for the plan, and again when the grades are written: files that changed during the run get no grade
    assert found["submission read"] == 4
    assert "version asked" not in found
