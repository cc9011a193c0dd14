"""Sample data of packages is hidden, and nothing else of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.sandbox._sample_data import sample_data

pytestmark = pytest.mark.unit


def test_folders_of_sample_data_are_found_where_packages_lie(tmp_path: Path) -> None:
    for name in ("sklearn/datasets/data", "sklearn/datasets/descr", "matplotlib/mpl-data/sample_data", "mine/data"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    found = sample_data([tmp_path / "site-packages", tmp_path / "nowhere"])
    names = [path.relative_to(tmp_path / "site-packages").as_posix() for path in found]
    assert names == ["sklearn/datasets/data", "matplotlib/mpl-data/sample_data"]


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_a_workers_view_hides_them(tmp_path: Path) -> None:
    from harness.sandbox._bubblewrap import Bubblewrap

    sklearn = pytest.importorskip("sklearn")
    hidden = Path(sklearn.__file__).resolve().parent / "datasets" / "data"
    assert hidden in Bubblewrap(Path("/usr/bin/bwrap"), ()).view().hidden
