"""`harness -v` explains decisions on standard error; without it nothing is explained."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse


@pytest.mark.thorough
@pytest.mark.line
def test_a_verbose_command_explains_its_decisions(course: TemporaryCourse, tmp_path: Path) -> None:
    course.submit()
    first = course.harness("-v", "evaluate", "submissions/bob").stderr
    for words in (
        f"The course is {course.root}, found from {course.root}.",
        "There is no data root (HARNESS_DATA is not set); downloads are off (HARNESS_OFFLINE).",
        "works and is used.",
        "Workers can read Python's files in ",
        "Task blobs: the embedded data 'generated clouds' is used",
        "bob · blobs: evaluated, because it has no readable record.",
        f"the evidence behind it in {course.root}/.harness/evidence/blobs/bob.",
    ):
        assert words in first
    assert "nothing has changed" in course.harness("-v", "evaluate", "submissions/bob").stderr
    course.submit(CENTROIDS + "\n# a remark\n")
    again = course.harness("-v", "evaluate", "submissions/bob").stderr
    assert "evaluated again, because the submission changed." in again
    assert "is used" not in course.harness("evaluate", "submissions/bob").stderr


@pytest.mark.thorough
@pytest.mark.line
def test_the_log_of_a_grading_run_says_what_was_decided(course: TemporaryCourse) -> None:
    course.submit()
    done = course.harness("grade", "--data", "embedded", "--isolation", "rlimits")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "works and is used." in (course.root / ".harness" / "grade" / "grade.log").read_text()
    assert "is used" not in done.stdout + done.stderr


@pytest.mark.line
def test_logging_is_restored_after_the_command(course: TemporaryCourse) -> None:
    log = logging.getLogger("harness")
    former = (log.level, list(log.handlers))
    for option in ("-v", "-vv"):
        assert "The course is" in course.harness(option, "tasks").stderr
        assert (log.level, list(log.handlers)) == former
