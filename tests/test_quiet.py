"""Many work at once, who measures is alone: with real processes, for locks are the kernel's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.contract import InfrastructureError
from harness.quiet import Quiet, machine_wide

HOLDER = """
import sys, time
from pathlib import Path
from harness.quiet import Quiet
with getattr(Quiet(folder=Path(sys.argv[1])), sys.argv[2])():
    print("in", flush=True)
    sys.stdin.read()
print("out", flush=True)
"""


@contextmanager
def holder(folder: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def may(folder: Path, how: str) -> bool:
    """Tell whether we could begin now."""
    try:
        with getattr(Quiet(folder=folder, patience=0.1), how)():
            return True
    except InfrastructureError:
        return False


@pytest.mark.worker
def test_any_number_works_at_once_and_nobody_measures_meanwhile(tmp_path: Path) -> None:
    with holder(tmp_path, "working") as one, holder(tmp_path, "working") as two:
        assert said(one) == said(two) == "in"
        assert may(tmp_path, "working")
        assert not may(tmp_path, "measuring")


def test_of_several_things_each_has_one_of_its_own_and_who_comes_too_late_waits(tmp_path: Path) -> None:
    quiet = Quiet(folder=tmp_path, patience=0.1)
    with quiet.one_of(["a", "b"]) as first, quiet.one_of(["a", "b"]) as second:
        assert (first, second) == ("a", "b")
        with pytest.raises(InfrastructureError, match=r"fuser .*harness-a.lock .*harness-b.lock"), quiet.one_of("ab"):
            pass
    with quiet.one_of(["a", "b"]) as again:
        assert again == "a"


@pytest.mark.worker
def test_who_measures_is_alone(tmp_path: Path) -> None:
    with holder(tmp_path, "measuring") as one:
        assert said(one) == "in"
        assert not may(tmp_path, "working")
        assert not may(tmp_path, "measuring")


@pytest.mark.worker
def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path, "measuring") as one:
        assert said(one) == "in"
        one.kill()
        one.wait()
        assert may(tmp_path, "measuring")


@pytest.mark.worker
def test_who_waits_to_measure_keeps_new_work_from_beginning_and_has_its_turn(tmp_path: Path) -> None:
    with holder(tmp_path, "working") as worker:
        assert said(worker) == "in"
        with holder(tmp_path, "measuring") as measurer:
            while may(tmp_path, "working"):  # until it has come to the gate
                pass
            worker.communicate("")
            assert said(measurer) == "in"


@pytest.mark.worker
def test_who_waits_in_vain_is_told_of_whom(tmp_path: Path) -> None:
    with holder(tmp_path, "measuring") as one:
        assert said(one) == "in"
        impatient = Quiet(folder=tmp_path, patience=0)
        with pytest.raises(InfrastructureError, match=r"another harness.*fuser"), impatient.working():
            raise AssertionError("this must not begin")


def test_a_link_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "harness-gate.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InfrastructureError, match="cannot be opened"), Quiet(folder=tmp_path).working():
        raise AssertionError("this must not begin")
    assert not (tmp_path / "elsewhere").exists()


def test_the_place_is_one_for_every_user_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_LOCKS", str(tmp_path))
    with machine_wide().working():
        assert (tmp_path / "harness-room.lock").stat().st_mode & 0o777 == 0o644
    monkeypatch.delenv("HARNESS_LOCKS")
    assert machine_wide().folder == Path("/tmp")
