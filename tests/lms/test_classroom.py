"""Tests of an assignment: autograding.json, and what Classroom 50 takes, run as their readers run them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import Limits
from harness.errors import UsageError
from harness.lms.classroom import AutogradingSettings, autograding_json, classroom50_json
from tests import declared
from tests.conftest import CENTROIDS, TemporaryCourse

CLASSROOM50 = {"name": str, "type": str, "run": str, "setup": str, "timeout": int, "points": int}
"""Fields of a test of type ``run``; others are refused (foundation50/classroom50, schemas/assignments-v1)."""
AUTOGRADING = {
    "name": str,
    "setup": str,
    "run": str,
    "input": str,
    "output": str,
    "comparison": str,
    "timeout": int,
    "points": int,
}
"""Fields of a test in autograding.json."""
CUT_OFFS = ((0.5, 0.0), (0.9, 8.0), (1.0, 10.0))


def made(**more: Any) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return the tests of both files."""
    points = more.pop("points", None)
    task = declared.task("usps", **({"points": CUT_OFFS} | more))
    settings = AutogradingSettings(data="auto", points=points)
    return json.loads(autograding_json(task, settings))["tests"], json.loads(classroom50_json(task, settings))


@pytest.mark.unit
def test_every_field_is_one_that_the_reader_knows() -> None:
    autograding, classroom50 = made()
    for tests, fields in ((autograding, AUTOGRADING), (classroom50, CLASSROOM50)):
        assert [{name: type(value) for name, value in one.items()} for one in tests] == [fields, fields]
        assert len({one["name"] for one in tests}) == len(tests)
    assert all(one["comparison"] == "included" and one["output"] == "" for one in autograding)
    assert all(one["type"] == "run" and 1 <= one["timeout"] <= 600 for one in classroom50)


@pytest.mark.unit
def test_time_limits_cover_the_limits_of_the_task_as_far_as_possible() -> None:
    autograding, classroom50 = made(limits=Limits(fit_cpu_seconds=300))
    assert autograding[1]["timeout"] * 60 >= 900 + 5 * 60
    assert classroom50[1]["timeout"] == 600
    quick = Limits(fit_cpu_seconds=5, import_seconds=20, save_seconds=20, load_seconds=20)
    autograding, classroom50 = made(limits=quick)
    assert 315 < classroom50[1]["timeout"] <= autograding[1]["timeout"] * 60 < 600


@pytest.mark.unit
@pytest.mark.parametrize(("cut_offs", "points", "expected"), [(CUT_OFFS, None, 10), ((), None, 100), (CUT_OFFS, 4, 4)])
def test_points_are_those_of_the_task_the_instructor_or_a_hundred(
    cut_offs: tuple[tuple[float, float], ...], points: int | None, expected: int
) -> None:
    for tests in made(points=points) if cut_offs else made_without_cut_offs():
        assert [one["points"] for one in tests] == [0, expected]


def made_without_cut_offs() -> tuple[list[Mapping[str, Any]], ...]:
    task, settings = declared.task("usps"), AutogradingSettings(data="auto")
    return json.loads(autograding_json(task, settings))["tests"], json.loads(classroom50_json(task, settings))


@pytest.mark.unit
def test_points_that_are_not_a_whole_number_are_refused() -> None:
    task = declared.task("usps", points=((0.5, 0.0), (1.0, 7.5)))
    with pytest.raises(UsageError, match=r"7\.5 points at most.*--points"):
        autograding_json(task, AutogradingSettings(data="auto"))


@pytest.mark.line
def test_the_command_writes_both_and_their_commands_grade_a_repository(course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(more="points=((0.5, 0), (1.0, 10)),")
    done = course.harness("export", "autograding", "--task", "blobs", "--data", "embedded", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    tests = json.loads((tmp_path / "autograding.json").read_text())["tests"]
    assert [one["run"] for one in json.loads((tmp_path / "tests.json").read_text())] == [one["run"] for one in tests]
    course.submit(CENTROIDS)
    assert [run(course, one["run"]) for one in tests] == [0, 0]
    course.submit("import harness\n")
    assert [run(course, one["run"]) for one in tests] == [1, 1]


def run(course: TemporaryCourse, command: str) -> int:
    """Run a command of a test in the repository, its patterns expanded as the shell does."""
    program, *arguments = shlex.split(command)
    assert program == "harness"
    found = [sorted(str(path.relative_to(course.root)) for path in course.root.glob(one)) or [one] for one in arguments]
    return course.harness(*(one for several in found for one in several)).returncode
