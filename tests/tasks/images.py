"""What the tests of the image tasks have in common."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.course import Course
from harness.data import Places, TaskData, load_data

COURSE = Course(Path(__file__).parents[2])
DATA = Path(os.environ.get("HARNESS_DATA") or "no-data")


def load(task: str, cache: Path, root: Path | None = None, choice: str = "auto") -> TaskData:
    places = Places(root=root, cache=cache, private=None, offline=True)
    return load_data(COURSE.task(task), COURSE.task_digest(task), places, choice)  # type: ignore[arg-type] # one of four


def needs(task: str) -> pytest.MarkDecorator:
    """Skip where this machine has no real data for `task`."""
    return pytest.mark.skipif(not (DATA / task).is_dir(), reason=f"no $HARNESS_DATA/{task}")


def counts(data: TaskData) -> tuple[int, int, int]:
    assert data.test is not None
    return len(data.train), len(data.validation), len(data.test)


def shared(data: TaskData) -> list[int]:
    """How many inputs train and validation, train and test, validation and test have in common."""
    assert data.test is not None
    parts = [{item.tobytes() for item in split.inputs} for split in (data.train, data.validation, data.test)]
    return [len(first & second) for first, second in itertools.combinations(parts, 2)]


def classes_in(data: TaskData) -> list[set[int]]:
    assert data.test is not None
    return [set(split.targets.tolist()) for split in (data.train, data.validation, data.test)]


def jittered(task: str, item: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Ten jittered copies of an item, held to the form that the task declares."""
    declared = COURSE.task(task)
    assert declared.perturb is not None
    generator = np.random.default_rng(0)
    copies = [np.asarray(declared.perturb(item, generator)) for _ in range(10)]
    for copy in copies:
        assert copy.shape == item.shape
        assert copy.astype(declared.inputs.dtype).min() >= declared.inputs.low
        assert copy.max() <= declared.inputs.high
    assert len({copy.tobytes() for copy in copies}) == 10
    return copies


def hand_out(task: str) -> str:
    """The README of a task, whose sample pictures must lie beside it."""
    folder = COURSE.root / "tasks" / task
    assert (folder / "samples.png").stat().st_size < 200_000
    text = (folder / "README.md").read_text()
    assert "(samples.png)" in text
    return text
