"""The machine's lock: shared by those who work, exclusive for measuring; with real processes and files."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import InfrastructureError
from harness.timing import MachineLock, machine_lock
from harness.timing._lock_holders import describe_holders
from harness.timing._machine_lock import _unusable

pytestmark = [pytest.mark.worker, pytest.mark.user]

HOLDER = """
import sys
from pathlib import Path
from harness.timing import MachineLock
folder = Path(sys.argv[1])
with getattr(MachineLock(own_folder=folder / sys.argv[3], shared_folder=folder), sys.argv[2])():
    print("in", flush=True)
    sys.stdin.read()
print("out", flush=True)
"""
USERS = ("same", "other")


def lock_of(folder: Path, user: str = "same", timeout: float = 0.1) -> MachineLock:
    """The lock as one of two users sees it: each has a folder of its own."""
    return MachineLock(own_folder=folder / user, shared_folder=folder, own_timeout=timeout, shared_timeout=timeout)


def told_while_waiting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a user is told who waits in vain for a lock, when a moment has passed."""
    monkeypatch.setattr("harness.timing._machine_lock._SECONDS_WITHOUT_A_WORD", 0.05)
    told: list[str] = []
    with replace(lock_of(folder), notify=told.append).shared():
        pass
    return told


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for user in USERS:
        (tmp_path / user).mkdir()
    return tmp_path


@contextmanager
def holder(folder: Path, how: str, user: str = "same") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), how, user], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def alone(folder: Path, user: str = "same") -> bool:
    """Return whether we could measure alone now."""
    with lock_of(folder, user).exclusive() as alone:
        return alone


def waited_for(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return which locks were waited for in vain, and who was told."""
    return [name for record in caplog.records for name in re.findall(r"(\S+)\.lock for", record.getMessage())]


@pytest.mark.parametrize("user", USERS)
def test_many_processes_share_the_lock_and_none_of_them_measures(place: Path, user: str, caplog) -> None:
    with holder(place, "shared") as one, holder(place, "shared", user) as two:
        assert said(one) == said(two) == "in"
        with lock_of(place).shared():
            assert waited_for(caplog) == []
        assert not alone(place)
        assert not alone(place, "other")


@pytest.mark.parametrize("user", USERS)
def test_an_exclusive_lock_is_waited_for_and_the_wait_is_reported(place: Path, user: str, caplog) -> None:
    with holder(place, "exclusive", user) as one:
        assert said(one) == "in"
        expected = [place / "same", place] if user == "same" else [place]
        with lock_of(place).shared():
            assert [Path(path).parent for path in waited_for(caplog)] == expected
        assert not alone(place)


def test_a_killed_process_releases_the_lock(place: Path) -> None:
    with holder(place, "exclusive") as one:
        assert said(one) == "in"
        one.kill()
        one.wait()
        assert alone(place)


@pytest.mark.parametrize("user", USERS)
def test_no_new_work_begins_while_one_waits_to_measure(place: Path, user: str, caplog) -> None:
    with holder(place, "shared") as worker:
        assert said(worker) == "in"
        with holder(place, "exclusive", user) as measurer:
            while not waited_for(caplog):  # until it holds the entry
                with lock_of(place).shared():
                    pass
            worker.communicate("")
            assert said(measurer) == "in"


def test_a_wait_that_timed_out_is_reported_once_and_not_repeated(place: Path, caplog) -> None:
    with holder(place, "exclusive", "other") as one:
        assert said(one) == "in"
        impatient = lock_of(place, timeout=0.2)
        for _ in range(3):
            with impatient.shared():
                pass
        assert len(waited_for(caplog)) == 1
        assert f"fuser {place}/harness-" in caplog.text
    with impatient.exclusive() as alone:
        assert alone  # as soon as the lock can be had, it is


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="elsewhere the kernel does not tell who holds a lock")
def test_a_waiting_process_is_told_which_process_it_waits_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holder(place, "exclusive", "other") as one:
        assert said(one) == "in"
        waiting, gave_up = told_while_waiting(place, monkeypatch)
        assert waiting.startswith(f"waiting for process {one.pid} (-c ")
        assert "continues in any case" in waiting
        assert "stopped" not in waiting
        assert "measured during other work" in gave_up


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="elsewhere the kernel does not tell who holds a lock")
def test_a_waiting_process_is_told_that_the_other_one_is_stopped(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holder(place, "exclusive", "other") as one:
        assert said(one) == "in"
        os.kill(one.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, one.pid, os.WSTOPPED | os.WNOWAIT)
        told = told_while_waiting(place, monkeypatch)
        os.kill(one.pid, signal.SIGCONT)
    assert "which is stopped, as by Ctrl-Z (continue it with `fg` in its terminal, or end it)" in told[0]


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="elsewhere the kernel does not tell who holds a lock")
def test_jobs_of_one_grading_run_wait_for_each_other_without_a_message(place: Path) -> None:
    path = place / "lock"
    script = "import fcntl, sys; f = open(sys.argv[2], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('in', flush=True)"
    command = [sys.executable, "-c", f"{script}; sys.stdin.read()", "harness.grading", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as job:
        assert said(job) == "in"
        with path.open() as file:
            assert describe_holders([file.fileno()]) is None  # this process started the job
        job.communicate("")
    with path.open() as file:
        assert describe_holders([file.fileno()]) == "another harness on this machine"


def test_each_of_several_names_is_held_by_one_job(place: Path) -> None:
    lock = lock_of(place)
    with lock.one_of(["a", "b"]) as first, lock.one_of(["a", "b"]) as second:
        assert (first, second) == ("a", "b")
        with pytest.raises(InfrastructureError, match=r"fuser .*own-a.lock .*own-b.lock"), lock.one_of("ab"):
            pass
        with lock_of(place, "other").one_of(["a", "b"]) as another_users:
            assert another_users == "a"
    with lock.one_of(["a", "b"]) as again:
        assert again == "a"


def a_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def a_link_to_a_file(path: Path) -> None:
    path.with_name("a-file").touch()
    path.symlink_to(path.with_name("a-file"))


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_second_name(path: Path) -> None:
    path.with_name("first").touch()
    path.hardlink_to(path.with_name("first"))


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("squat", [a_link, a_link_to_a_file, a_pipe, a_second_name, a_folder])
@pytest.mark.parametrize("name", ["entry", "work"])
def test_another_file_in_place_of_a_lock_stops_no_work(place: Path, squat, name: str, caplog) -> None:
    squat(place / f"harness-{name}.lock")
    lock = lock_of(place)
    with lock.exclusive() as alone:
        assert not alone
    with lock.shared():
        pass
    assert caplog.text.count("remove it, or let HARNESS_LOCKS name another folder") == 1
    assert not (place / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_lock_of_another_user_counts_in_a_sticky_folder_only(place: Path, mode: int) -> None:
    place.chmod(mode)
    (place / "harness-work.lock").touch()
    os.chown(place / "harness-work.lock", 12345, 12345)
    assert alone(place) == (mode == 0o1777)


@pytest.mark.skipif(os.name != "posix", reason="files have owners on POSIX")
@pytest.mark.parametrize(
    ("kind", "names", "owner", "folders_owner", "mode", "usable"),
    [
        (stat.S_IFREG, 1, 12345, 54321, 0o1777, True),
        (stat.S_IFREG, 1, 12345, 54321, 0o777, False),
        (stat.S_IFREG, 1, 12345, 12345, 0o755, True),
        (stat.S_IFREG, 1, 0, 54321, 0o755, True),
        (stat.S_IFREG, 2, 0, 0, 0o1777, False),
        (stat.S_IFIFO, 1, 0, 0, 0o1777, False),
    ],
)
def test_only_locks_of_trusted_owners_count(
    kind: int, names: int, owner: int, folders_owner: int, mode: int, usable: bool
) -> None:
    found = os.stat_result((kind | 0o644, 1, 1, names, owner, 0, 0, 0, 0, 0))
    folder = os.stat_result((stat.S_IFDIR | mode, 1, 1, 2, folders_owner, 0, 0, 0, 0, 0))
    assert (_unusable(found, folder) is None) == usable


def test_a_missing_folder_of_locks_stops_no_work(place: Path) -> None:
    with MachineLock(own_folder=place / "none", shared_folder=place / "none").exclusive() as alone:
        assert not alone


def test_every_user_has_the_same_folder_unless_one_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(place))
    lock = machine_lock()
    with lock.shared():
        assert (place / "harness-work.lock").stat().st_mode & 0o777 == 0o644
    assert (lock.shared_folder, lock.own_folder) == (place, place / f"harness-{os.geteuid()}")
    monkeypatch.delenv("HARNESS_LOCKS")
    assert machine_lock().shared_folder == Path("/tmp")


def test_the_own_folder_lies_elsewhere_if_the_shared_one_is_read_only(place: Path, monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(place / "none"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "same"))
    assert machine_lock().own_folder == place / "same" / f"harness-{os.geteuid()}"


class Work:
    """Work that writes down when it is paused."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.events.append("paused")
        yield
        self.events.append("resumed")


@pytest.mark.parametrize("user", USERS)
def test_a_fit_is_paused_while_another_process_measures(place: Path, user: str) -> None:
    work = Work()
    with lock_of(place, timeout=200).shared() as share, holder(place, "exclusive", user) as measurer:
        with share.pausing_for_measurements(work):
            assert said(measurer) == "in"
            assert work.events == ["paused"]
            measurer.communicate("")
        assert work.events == ["paused", "resumed"]
        assert not alone(place)


def test_a_waiting_process_may_measure_between_two_steps(place: Path) -> None:
    work = Work()
    with lock_of(place, timeout=200).shared() as share:
        share.pause_for_measurements(work)
        assert work.events == []
        with holder(place, "exclusive") as measurer:
            threading.Thread(target=lambda: said(measurer) and measurer.kill()).start()
            while not work.events:
                share.pause_for_measurements(work)
        assert work.events == ["paused", "resumed"]
        assert not alone(place)


def test_a_process_that_timed_out_once_is_not_waited_for_again(place: Path) -> None:
    work = Work()
    with holder(place, "exclusive", "other") as one:
        assert said(one) == "in"
        with lock_of(place).shared() as share:
            share.pause_for_measurements(work)
    assert work.events == []
