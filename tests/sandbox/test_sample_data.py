"""Sample data of packages is hidden, and nothing else of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.errors import TaskError
from harness.sandbox._launcher import _rules
from harness.sandbox._sample_data import installed_data, package_places, sample_data

pytestmark = pytest.mark.unit


def test_folders_of_sample_data_in_packages_are_found(tmp_path: Path) -> None:
    for name in ("sklearn/datasets/data", "sklearn/datasets/descr", "matplotlib/mpl-data/sample_data", "mine/data"):
        (tmp_path / "site-packages" / name).mkdir(parents=True)
    found = sample_data([tmp_path / "site-packages", tmp_path / "nowhere"])
    names = [path.relative_to(tmp_path / "site-packages").as_posix() for path in found]
    assert names == ["sklearn/datasets/data", "matplotlib/mpl-data/sample_data"]


def test_beside_code_only_the_data_files_are_hidden(tmp_path: Path) -> None:
    kept = ("__init__.py", "sun/__init__.py", "sun/data.py", "sun/__pycache__/data.cpython-311.pyc")
    hidden = ("sun/sun.csv", "sun/raw", "all.csv")
    for name in (*kept, "sun/sun.csv", "sun/raw/__init__.py", "sun/raw/sun.dat", "all.csv", "small.txt"):
        path = tmp_path / "statsmodels" / "datasets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        large = path.suffix in (".csv", ".dat")
        path.write_text("# a package\n" if name == "sun/raw/__init__.py" else "x" * (5_000 if large else 1))
    found = {path.relative_to(tmp_path / "statsmodels" / "datasets").as_posix() for path in sample_data([tmp_path])}
    assert found == set(hidden)


def test_tasks_and_solutions_are_hidden_with_their_code(tmp_path: Path) -> None:
    solution = tmp_path / "site-packages" / "harness_course" / "reference" / "knn" / "usps" / "model.py"
    solution.parent.mkdir(parents=True)
    solution.write_text("class Model: ...\n")
    assert sample_data([tmp_path / "site-packages"]) == (tmp_path / "site-packages" / "harness_course",)


def test_packages_of_other_interpreters_in_shown_folders_are_found(tmp_path: Path) -> None:
    places = ("lib/python3/dist-packages", "local/lib/python3.12/site-packages", "lib64/python3.9/site-packages")
    for name in (*places, "lib/python3/other", "target/numpy-2.0.dist-info"):
        (tmp_path / name).mkdir(parents=True)
    found = package_places([tmp_path, tmp_path / "target", tmp_path / "nowhere"])
    assert {path.relative_to(tmp_path).as_posix() for path in found} == {*places, "target"}


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_view_of_a_worker_hides_sample_data(tmp_path: Path) -> None:
    from harness.sandbox._bubblewrap import Bubblewrap

    sklearn = pytest.importorskip("sklearn")
    hidden = Path(sklearn.__file__).resolve().parent / "datasets" / "data"
    assert hidden in Bubblewrap(Path("/usr/bin/bwrap"), ()).view().hidden


def test_a_task_can_hide_data_and_never_code(tmp_path: Path) -> None:
    for name in ("pack/tables/a.csv", "pack/tables/b.csv", "pack/mixed/data.py", "pack/mixed/c.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    assert installed_data(["pack/tables", "pack/mixed/c.csv", "elsewhere/d"], [tmp_path]) == (
        tmp_path / "pack" / "tables",
        tmp_path / "pack" / "mixed" / "c.csv",
    )
    for name in ("pack/mixed", "pack", "pack/mixed/data.py"):
        with pytest.raises(TaskError, match=r"an import may need data\.py"):
            installed_data([name], [tmp_path])


def test_landlock_rules_allow_everything_except_hidden_paths(tmp_path: Path) -> None:
    for name in ("a/data/x", "a/data/y", "a/code.py", "b/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link").symlink_to("a/data")
    whole = str(tmp_path)
    assert list(_rules(whole, 0b1101, [])) == [(whole, 0b1101)]
    rules = dict(_rules(whole, 0b1101, [f"{whole}/a/data"]))
    listed, given = {whole: 0b1000, f"{whole}/a": 0b1000}, {f"{whole}/a/code.py": 0b1101, f"{whole}/b": 0b1101}
    assert rules == listed | given
