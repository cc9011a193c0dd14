"""What the tests of several tasks need: a task's data as the harness loads them, and a task's own modules."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from harness import Split
from harness.course import Course
from harness.data import Places, TaskData, load_data

COURSE = Course(Path(__file__).parents[2])
DATA = Path(os.environ.get("HARNESS_DATA") or "no-data")


def load(name: str, cache: Path, root: Path | None = None, choice: str = "auto") -> TaskData:
    """Load the task `name` with a cache of its own and no network."""
    places = Places(root=root, cache=cache, private=None, offline=True)
    return load_data(COURSE.task(name), COURSE.task_digest(name), places, choice)  # type: ignore[arg-type]


def module_of(name: str, module: str) -> ModuleType:
    """Return a module of the task `name` as its declaration imports it."""
    COURSE.task(name)
    (package,) = [known.rpartition(".")[0] for known in sys.modules if known.endswith(f".{name}.task")]
    return importlib.import_module(f"{package}.{module}")


def shared(module: str) -> ModuleType:
    """Return a module that tasks share."""
    return importlib.import_module(f"..._shared.{module}", module_of("ecg5000", "data").__package__ + ".x")


def splits(data: TaskData) -> tuple[Split, Split, Split]:
    """Return train, validation and test."""
    assert data.test is not None
    return data.train, data.validation, data.test


def counts(data: TaskData) -> tuple[int, ...]:
    """Return how many items each part has."""
    return tuple(len(split) for split in splits(data))


def all_distinct(data: TaskData) -> bool:
    """Return whether no item of an array comes twice, in one part or in two."""
    rows = np.concatenate([split.inputs for split in splits(data)])
    return len(np.unique(rows, axis=0)) == len(rows)


def shares(split: Split, classes: int) -> np.ndarray:
    """Return the share of each class."""
    return np.bincount(split.targets, minlength=classes) / len(split)


def in_order_of_classes(split: Split) -> bool:
    """Return whether neighbours are of the same class much more often than by chance."""
    alike = float((split.targets[1:] == split.targets[:-1]).mean())
    return alike > ((np.bincount(split.targets) / len(split)) ** 2).sum() + 0.1


def place(root: Path, name: str, **files: str | bytes) -> Path:
    """Write a data root with the task's files (``a__csv`` is ``a.csv``) and return it."""
    (root / name).mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        path = root / name / file.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
