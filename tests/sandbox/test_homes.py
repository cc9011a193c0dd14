"""Workers that see the host's files get a folder whose name leaves room for the sockets of their own processes."""

from __future__ import annotations

import multiprocessing.connection
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from harness.sandbox import _home
from harness.sandbox._box import WORKER_DIRECTORY
from harness.sandbox._home import make_home
from harness.sandbox._rlimits import Rlimits
from tests.sandbox.conftest import bench_of

pytestmark = [pytest.mark.user]


@pytest.fixture
def long_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files with a long name, in one that workers of root can traverse."""
    place = tmp_path / ("long" * 20)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def short_place(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this user's that is used instead of ``/tmp``."""
    monkeypatch.setattr(_home, "_SHORT", short_folder)
    return short_folder


@pytest.mark.worker
def test_a_loader_with_a_process_works_where_tmpdir_is_long(long_place: Path, tmp_path: Path) -> None:
    with bench_of("rlimits", tmp_path) as bench:
        found = bench.ask("""
            from torch.utils.data import DataLoader
            batches = DataLoader(list(range(6)), batch_size=3, num_workers=1, timeout=150)
            return [batch.tolist() for batch in batches]
        """)
    assert found == [[0, 1, 2], [3, 4, 5]]
    assert list(long_place.iterdir()) == []


@pytest.mark.unit
def test_the_longest_socket_can_be_bound_in_a_home(long_place: Path, short_place: Path) -> None:
    with closing(make_home()) as made:
        assert made.path.is_relative_to(short_place)
        name = made.path / WORKER_DIRECTORY / _home._LONGEST_IN_A_HOME
        name.parent.mkdir(parents=True)
        multiprocessing.connection.Listener(str(name)).close()
    assert list(short_place.iterdir()) == []


@pytest.mark.unit
def test_a_short_folder_for_temporary_files_is_used(short_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_place))
    monkeypatch.setattr(_home, "_SHORT", Path("/nowhere"))
    with closing(make_home()) as made:
        assert made.path.is_relative_to(short_place)
    assert "TMPDIR" not in str(Rlimits().isolation)


@pytest.mark.unit
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o755, None], ids=str)
def test_a_place_is_used_only_where_nobody_else_can_replace_folders(
    long_place: Path, short_place: Path, mode: int | None
) -> None:
    if mode is None:
        short_place.rmdir()
    else:
        short_place.chmod(mode)
    used = mode in (0o1777, 0o755)
    with closing(make_home()) as made:
        assert made.path.is_relative_to(short_place if used else long_place)
    assert ("set TMPDIR to a folder with a short name" in str(Rlimits().isolation)) is not used


@pytest.mark.unit
def test_a_name_is_measured_in_bytes(short_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = short_place / ("ü" * 18)
    wide.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(wide))
    with closing(make_home()) as made:
        assert made.path.parent.parent == short_place
    assert list(wide.iterdir()) == []
