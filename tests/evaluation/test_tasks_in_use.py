"""When the data of tasks are loaded."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness.course import Course
from harness.data import Places
from harness.evaluation import Settings, TasksInUse
from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.unit


def tasks_of(course: TemporaryCourse, cache: Path) -> TasksInUse:
    places = replace(Places.of(os.environ | course.environment), cache=cache)
    return TasksInUse(Course(course.root), places, Settings(data="embedded"))


def test_only_data_that_were_loaded_before_are_loaded_ahead(course: TemporaryCourse, tmp_path: Path) -> None:
    first = tasks_of(course, tmp_path / "cache")
    first.load_ahead("blobs")
    assert not first._data
    first.data("blobs")
    second = tasks_of(course, tmp_path / "cache")
    second.load_ahead("blobs")
    assert second._data.keys() == {"blobs"}


def test_a_mistake_in_a_task_is_not_reported_ahead(course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(text="TASK = 1")
    tasks_of(course, tmp_path / "cache").load_ahead("blobs")
    tasks_of(course, tmp_path / "cache").load_ahead("no_such_task")
