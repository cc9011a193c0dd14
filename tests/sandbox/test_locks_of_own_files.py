"""No worker can lock a file that others see; what locks files of its own still works, or does without."""

from __future__ import annotations

import errno

import pytest

from tests.sandbox.conftest import bench_of


def test_a_lock_of_filelock_excludes_others(any_level):
    assert (
        any_level.ask(
            """
        with filelock.FileLock("lock"):
            try:
                filelock.FileLock("lock", timeout=0.1, is_singleton=False).acquire()
            except filelock.Timeout:
                return "kept out"
        """,
            "import filelock",
        )
        == "kept out"
    )


def test_a_database_of_sqlite_is_written_and_read(any_level):
    assert any_level.ask(
        """
        rows = []
        for mode in ("delete", "wal"):
            with closing(sqlite3.connect(mode)) as one, closing(sqlite3.connect(mode)) as two:
                one.execute(f"pragma journal_mode={mode}")
                one.execute("create table numbers (number)")
                one.executemany("insert into numbers values (?)", [(1,), (2,)])
                one.commit()
                rows += two.execute("select number from numbers").fetchall()
        return rows
        """,
        "import sqlite3\nfrom contextlib import closing",
    ) == [[1], [2], [1], [2]]


def test_caches_on_disk_work(any_level):
    assert any_level.ask(
        """
        cached = joblib.Memory("cache", verbose=0).cache(sum)
        with shelve.open("shelf") as shelf:
            shelf["sum"] = [cached([1, 2]), cached([1, 2])]
        with shelve.open("shelf") as shelf:
            return shelf["sum"]
        """,
        "import shelve\nimport joblib",
    ) == [3, 3]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["warm", "landlock"])
def test_torch_compile_and_matplotlib_can_write_their_caches(way, tmp_path):
    with bench_of(way, tmp_path) as bench:
        assert bench.ask(
            """
            import matplotlib
            matplotlib.use("agg")
            import matplotlib.pyplot as plt
            import torch
            x = torch.linspace(0, 1, 100)
            plt.plot(x, torch.compile(lambda x: x.sin() + x.cos())(x))
            plt.savefig("figure.png")
            return os.path.getsize("figure.png") > 0
            """,
            fit_cpu_seconds=200,
            processes=256,
        )


def test_locks_leases_and_watches_on_shared_files_are_refused(walled):
    codes = walled.ask(
        """
        def attempt(call, *arguments):
            try:
                return call(*arguments)
            except OSError as error:
                return error.errno
        own = open("own", "w")
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
        return [attempt(fcntl.flock, own, fcntl.LOCK_EX), attempt(fcntl.fcntl, own, 37, lock),
                attempt(fcntl.fcntl, own, fcntl.F_SETLEASE, fcntl.F_WRLCK), attempt(fcntl.fcntl, own, 1036, b"1" * 8),
                attempt(fcntl.fcntl, os.open(".", 0), fcntl.F_NOTIFY, fcntl.DN_ACCESS)]
        """,
        "import fcntl\nimport struct",
    )
    assert codes == [errno.ENOSYS, *[errno.EINVAL] * 4]
