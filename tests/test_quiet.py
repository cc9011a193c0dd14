"""Many work at once, who measures is alone: with real processes, for locks are the kernel's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import InfrastructureError
from harness.quiet import Quiet, machine_wide

pytestmark = pytest.mark.worker

HOLDER = """
import sys
from pathlib import Path
from harness.quiet import Quiet
folder = Path(sys.argv[1])
with getattr(Quiet(own=folder / sys.argv[3], shared=folder), sys.argv[2])():
    print("in", flush=True)
    sys.stdin.read()
print("out", flush=True)
"""
USERS = ("same", "other")


def quiet_of(folder: Path, user: str = "same", patience: float = 0.1) -> Quiet:
    """What one of two users keeps to: the locks of each are in a folder of its own."""
    return Quiet(own=folder / user, shared=folder, own_patience=patience, patience=patience)


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
    """Tell whether we could measure alone now."""
    with quiet_of(folder, user).measuring() as alone:
        return alone


def waited_for(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return which locks were waited for in vain, and who was told."""
    return [name for record in caplog.records for name in re.findall(r"(\S+)\.lock for", record.getMessage())]


@pytest.mark.parametrize("user", USERS)
def test_any_number_works_at_once_and_nobody_measures_alone(place: Path, user: str, caplog) -> None:
    with holder(place, "working") as one, holder(place, "working", user) as two:
        assert said(one) == said(two) == "in"
        with quiet_of(place).working():
            assert waited_for(caplog) == []
        assert not alone(place)
        assert not alone(place, "other")


@pytest.mark.parametrize("user", USERS)
def test_beside_one_who_measures_nobody_works_nor_measures_without_a_word(place: Path, user: str, caplog) -> None:
    with holder(place, "measuring", user) as one:
        assert said(one) == "in"
        expected = [place / "same", place] if user == "same" else [place]
        with quiet_of(place).working():
            assert [Path(path).parent for path in waited_for(caplog)] == expected
        assert not alone(place)


def test_a_killed_holder_holds_nothing(place: Path) -> None:
    with holder(place, "measuring") as one:
        assert said(one) == "in"
        one.kill()
        one.wait()
        assert alone(place)


@pytest.mark.parametrize("user", USERS)
def test_one_who_waits_to_measure_keeps_new_work_from_beginning(place: Path, user: str, caplog) -> None:
    with holder(place, "working") as worker:
        assert said(worker) == "in"
        with holder(place, "measuring", user) as measurer:
            while not waited_for(caplog):  # until it has come to the gate
                with quiet_of(place).working():
                    pass
            worker.communicate("")
            assert said(measurer) == "in"


def test_whoever_was_waited_for_in_vain_is_told_once_and_waited_for_no_more(place: Path, caplog) -> None:
    with holder(place, "measuring", "other") as one:
        assert said(one) == "in"
        impatient = quiet_of(place, patience=0.2)
        for _ in range(3):
            with impatient.working():
                pass
        assert len(waited_for(caplog)) == 1
        assert f"fuser {place}/harness-" in caplog.text
    with impatient.measuring() as alone:
        assert alone  # as soon as the lock can be had, it is


def test_of_several_things_each_has_one_of_its_own(place: Path) -> None:
    quiet = quiet_of(place)
    with quiet.one_of(["a", "b"]) as first, quiet.one_of(["a", "b"]) as second:
        assert (first, second) == ("a", "b")
        with pytest.raises(InfrastructureError, match=r"fuser .*own-a.lock .*own-b.lock"), quiet.one_of("ab"):
            pass
        with quiet_of(place, "other").one_of(["a", "b"]) as another_users:
            assert another_users == "a"
    with quiet.one_of(["a", "b"]) as again:
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
@pytest.mark.parametrize("name", ["gate", "room"])
def test_what_lies_in_a_locks_place_makes_figures_noisy_and_stops_nobody(place: Path, squat, name: str, caplog) -> None:
    squat(place / f"harness-{name}.lock")
    quiet = quiet_of(place)
    with quiet.measuring() as alone:
        assert not alone
    with quiet.working():
        pass
    assert caplog.text.count("remove it, or let HARNESS_LOCKS name another folder") == 1
    assert not (place / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_lock_of_another_user_counts_where_only_that_user_can_replace_it(place: Path, mode: int) -> None:
    place.chmod(mode)
    (place / "harness-room.lock").touch()
    os.chown(place / "harness-room.lock", 12345, 12345)
    assert alone(place) == (mode == 0o1777)


def test_a_folder_that_is_not_there_stops_nobody(place: Path) -> None:
    with Quiet(own=place / "none", shared=place / "none").measuring() as alone:
        assert not alone


def test_the_place_is_one_for_every_user_unless_another_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(place))
    quiet = machine_wide()
    with quiet.working():
        assert (place / "harness-room.lock").stat().st_mode & 0o777 == 0o644
    assert (quiet.shared, quiet.own) == (place, place / f"harness-{os.geteuid()}")
    monkeypatch.delenv("HARNESS_LOCKS")
    assert machine_wide().shared == Path("/tmp")


def test_where_the_shared_place_cannot_be_written_to_ones_own_lies_elsewhere(place: Path, monkeypatch) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(place / "none"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "same"))
    assert machine_wide().own == place / "same" / f"harness-{os.geteuid()}"
