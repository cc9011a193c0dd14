"""Control groups: what the kernel counts and caps, and what is left when a worker is gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.contract import Limits
from harness.errors import InfrastructureError
from harness.sandbox import _cgroup
from harness.sandbox._cgroup import ControlGroupV2, HierarchyV2

MIB = 1 << 20


def test_a_child_killed_for_memory_is_out_of_memory_if_its_parent_lives(counted):
    body = f"""
        child = os.fork()
        if child == 0:
            import mmap
            kept = [mmap.mmap(-1, 40 * {MIB}) for _ in range(20)]
            for one in kept:
                one[::4096] = bytes(len(one) // 4096)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        raise RuntimeError(f"the child ended with {{status}}")
    """
    limits = {"memory_bytes": 200 * MIB, "scratch_bytes": 16 * MIB}
    with counted.fitting(body, **limits) as session:
        error = counted.failure(session)
    assert error.kind == "out_of_memory"
    assert "limit memory_bytes" in error.message
    assert "209,715,200 bytes allowed" in error.message


def test_a_parent_that_sleeps_after_its_child_was_killed_is_ended(counted):
    body = f"""
        for _ in range(2):
            if os.fork() == 0:
                kept = bytearray(110 * {MIB})
                time.sleep(600)
        time.sleep(600)
    """
    limits = {"memory_bytes": 200 * MIB, "scratch_bytes": 16 * MIB, "fit_cpu_seconds": 100}
    with counted.fitting(body, **limits) as session:
        error = counted.failure(session)
    assert error.kind == "out_of_memory"


def test_the_cpu_time_of_children_that_were_not_waited_for_is_counted(counted):
    body = """
        import signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(4):
            if os.fork() == 0:
                begin = time.process_time()
                while time.process_time() - begin < 0.5:
                    pass
                os._exit(0)
        try:
            os.wait()  # until all have ended; their times are thrown away
        except ChildProcessError:
            pass
    """
    with counted.fitting(body) as session:
        counted.fit(session)
        assert session.process.cpu_seconds > 1.8


def test_the_group_is_gone_with_its_worker(counted):
    with counted.fitting("pass") as session:
        folders = [procs.parent for procs in session.process._started.group.procs]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_groups_of_a_host_that_was_killed_are_swept_when_the_next_is_made(tmp_path):
    stale, alive = tmp_path / "harness-999999999-0", tmp_path / f"harness-{os.getpid()}-77"
    stale.mkdir()
    alive.mkdir()
    made = _cgroup._fresh(tmp_path)
    assert not stale.exists()
    assert alive.exists()
    assert made.is_dir()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Folders and files as version 2 shows them: files, but no kernel behind."""
    own = tmp_path / "user.scope"
    own.mkdir()
    (own / "cgroup.procs").write_text("101\n102\n")
    (own / "cgroup.subtree_control").write_text("\n")
    return own


def test_version_2_moves_itself_before_it_creates_groups(tree):
    group = HierarchyV2(tree).make(Limits(memory_bytes=1000, scratch_bytes=500, processes=10))
    assert (tree / "harness-host" / "cgroup.procs").read_text() == "102"  # the last that moved
    assert (tree / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (group.folder / "memory.max").read_text() == "1500"
    assert (group.folder / "pids.max").read_text() == "18"
    assert group.procs == (group.folder / "cgroup.procs",)


def test_version_2_recognises_that_it_was_moved_already(tree):
    HierarchyV2(tree).make(Limits())
    again = HierarchyV2(tree / "harness-host").make(Limits())
    assert again.folder.parent == tree


def test_the_counts_of_version_2_are_read(tmp_path):
    (tmp_path / "memory.events").write_text("low 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n")
    (tmp_path / "memory.peak").write_text("4096\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    group = ControlGroupV2(tmp_path)
    assert (group.oom_kills(), group.peak_bytes(), group.cpu_seconds()) == (1, 4096, 2.5)


def test_without_cgroups_the_level_says_why(tmp_path):
    with pytest.raises(InfrastructureError, match="no control group can be created below"):
        HierarchyV2(tmp_path / "nowhere").make(Limits())
