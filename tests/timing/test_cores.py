"""Where a model is timed: not on a core that somebody keeps busy, and away from the host."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.timing import _cores
from harness.timing._cores import Cores, _siblings, look_for_idle_cores, pinned, quickest_cores

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
needs_choice = pytest.mark.skipif(not CORES, reason="no choice of cores")
several = pytest.mark.skipif(len(CORES) < 2, reason="one core, or no choice of cores")
SPIN = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); print(flush=True)\nwhile True: pass"


@contextmanager
def busy(core: int) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", SPIN, str(core)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.kill()


@pytest.mark.worker
@several
def test_a_busy_core_is_hardly_idle() -> None:
    with busy(CORES[0]):
        assert _cores._idle_shares()[CORES[0]] < 0.3


@several
def test_real_cores_are_chosen_and_all_are_restored_afterwards() -> None:
    found = quickest_cores()
    assert {found.workers, found.host} <= set(CORES)
    assert sorted(os.sched_getaffinity(0)) == CORES


@needs_choice
def test_where_one_core_is_allowed_host_and_workers_share_it() -> None:
    with pinned(CORES[0]):
        assert quickest_cores() == Cores(CORES[0], CORES[0])


def test_without_support_by_the_system_no_core_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert quickest_cores() == Cores(None, None)
    assert not quickest_cores().apart
    with pinned(None):
        pass


@several
def test_all_cores_are_restored_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="fails"), pinned(CORES[0]):
        assert os.sched_getaffinity(0) == {CORES[0]}
        raise RuntimeError("what is measured fails")
    assert sorted(os.sched_getaffinity(0)) == CORES


@pytest.mark.worker
@several
def test_processes_started_on_one_core_stay_there_when_the_host_moves() -> None:
    with pinned(CORES[0]):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        with pinned(CORES[1]):
            assert os.sched_getaffinity(child.pid) == {CORES[0]}
            child.communicate(b"\n")
        assert os.sched_getaffinity(0) == {CORES[0]}


@pytest.mark.parametrize(
    ("told", "siblings"), [("0", {0}), ("0,4", {0, 4}), ("0-1,8-9", {0, 1, 8, 9}), ("nonsense", set())]
)
def test_the_siblings_of_a_core_are_read_as_the_system_writes_them(
    told: str, siblings: set[int], tmp_path: Path
) -> None:
    topology = tmp_path / "cpu3" / "topology"
    topology.mkdir(parents=True)
    (topology / "thread_siblings_list").write_text(told + "\n")
    assert _siblings(3, tmp_path) == siblings


def test_without_information_a_core_has_no_siblings(tmp_path: Path) -> None:
    assert _siblings(0, tmp_path) == set()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cores]:
    """Choose on a machine of four cores, of which we say how idle they are, how slow and how related."""

    def choose(idle: list[float], seconds: list[float], siblings: Sequence[set[int]] = ({0}, {1}, {2}, {3})) -> Cores:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
        monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None, raising=False)
        monkeypatch.setattr(_cores, "_idle_shares", lambda: idle)
        monkeypatch.setattr(_cores, "_seconds_on", seconds.__getitem__)
        monkeypatch.setattr(_cores, "_siblings", siblings.__getitem__)
        return quickest_cores()

    return choose


def test_workers_get_the_fastest_core_and_the_host_the_next(machine: Callable[..., Cores]) -> None:
    assert machine([1.0, 1.0, 1.0, 1.0], [4, 2, 1, 3]) == Cores(2, 1)


def test_a_fast_core_that_is_busy_is_not_chosen(machine: Callable[..., Cores]) -> None:
    assert machine([1.0, 1.0, 0.2, 1.0], [4, 2, 1, 3]) == Cores(1, 3)


def test_the_host_keeps_away_from_the_other_thread_of_the_workers_core(machine: Callable[..., Cores]) -> None:
    pairs = ({0, 3}, {1, 2}, {1, 2}, {0, 3})
    assert machine([1.0, 1.0, 1.0, 1.0], [4, 2, 1, 3], pairs) == Cores(2, 3)
    assert machine([0.2, 1.0, 1.0, 0.3], [4, 2, 1, 3], pairs) == Cores(2, 3)
    assert machine([1.0, 1.0, 1.0, 1.0], [4, 2, 1, 3], [{0, 1, 2, 3}] * 4) == Cores(2, 2)


def test_with_one_idle_core_the_host_gets_the_idlest_of_the_others(machine: Callable[..., Cores]) -> None:
    assert machine([0.1, 0.2, 1.0, 0.3], [1, 2, 4, 3]) == Cores(2, 3)


@pytest.mark.parametrize("idle", [[0.0] * 4, [0.08, 0.06, 0.07, 0.08], [0.45, 0.4, 0.44, 0.45]])
def test_without_an_idle_core_the_host_shares_that_of_the_workers(
    machine: Callable[..., Cores], idle: list[float]
) -> None:
    assert not machine(idle, [4, 2, 1, 3]).apart


def test_work_that_was_paused_meanwhile_does_not_occupy_a_core(machine: Callable[..., Cores]) -> None:
    machine([0.0] * 4, [4, 2, 1, 3])
    looked = look_for_idle_cores()
    assert not looked.quickest(paused=False).apart
    assert looked.quickest(paused=True) == Cores(2, 1)
