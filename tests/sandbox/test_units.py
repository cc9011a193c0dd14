"""The parts of the sandbox that need no worker, and one run as an ordinary user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from harness.contract import Limits
from harness.errors import TaskError
from harness.paths import outermost
from harness.sandbox import Allowance, Box, Level
from harness.sandbox._box import environment
from harness.sandbox._interpreter import interpreter_paths, private_ancestor
from harness.sandbox._output import TAIL_BYTES, Tail
from harness.sandbox._rlimits import Rlimits
from harness.sandbox._tree import cpu_seconds


@pytest.mark.parametrize("inside", [".", ".venv", "tools/environment"])
def test_an_environment_made_inside_the_course_does_not_show_the_course(tmp_path, monkeypatch, inside):
    root = tmp_path / "course"
    prefix = root / inside
    packages = prefix / "lib" / "python3" / "site-packages"
    for folder in (packages, prefix / "bin", root / "submissions", root / "tasks", root / "leaderboard"):
        folder.mkdir(parents=True, exist_ok=True)
    (prefix / "lib64").symlink_to("lib")
    (prefix / "pyvenv.cfg").touch()
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "exec_prefix", str(prefix))
    monkeypatch.setattr(sys, "path", [str(packages), str(root), *sys.path])
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(packages))
    shown = interpreter_paths()
    assert {prefix / "bin", prefix / "lib", prefix / "lib64", packages} <= set(shown)
    private = [root, *(root / name for name in ("submissions", "tasks", "leaderboard"))]
    assert not [path for path in private if any(path.is_relative_to(other) for other in outermost(shown))]


def test_shown_folders_of_the_interpreter_exist_and_are_no_whole_home():
    shown = interpreter_paths()
    assert all(path.exists() for path in shown)
    assert not {Path("/"), Path("/usr"), Path.home(), Path.cwd()} & set(outermost(shown))


def test_a_folder_that_a_pth_file_names_shows_if_packages_are_there(tmp_path, monkeypatch):
    installed, checkout = tmp_path / "packages", tmp_path / "checkout"
    (installed / "numpy-2.0.dist-info").mkdir(parents=True)
    (checkout / "harness.egg-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed), str(checkout)])
    assert installed in interpreter_paths()
    assert checkout not in interpreter_paths()


def test_the_topmost_folder_that_others_may_not_pass_is_found(tmp_path):
    tmp_path.chmod(0o755)
    for folder, mode in (("a", 0o755), ("a/b", 0o700), ("a/b/c", 0o700), ("a/b/c/d", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder).chmod(mode)
    found = private_ancestor(tmp_path / "a/b/c/d")
    above = private_ancestor(tmp_path)
    assert found == (above or tmp_path / "a/b")
    assert private_ancestor(Path("/usr/bin")) is None


@pytest.mark.skipif(sys.platform != "linux", reason="counted in hundredths of a second")
def test_cpu_time_is_more_precise_than_in_proc():
    process = psutil.Process()
    waited_for = sum(process.cpu_times()[2:4])
    before = time.process_time()
    counted = cpu_seconds(process) - waited_for
    assert before <= counted <= time.process_time()


@pytest.mark.worker
def test_the_cpu_time_of_children_that_were_waited_for_counts():
    process = psutil.Process()
    before = cpu_seconds(process) - time.process_time()
    work = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-S", "-c", work], check=True)
    assert cpu_seconds(process) - time.process_time() - before > 0.25


def test_the_tail_is_the_end_of_what_came_before_the_cap():
    tail = Tail(cap=10)
    for chunk in (b"abc", b"defghij", b"klm"):
        tail.add(chunk)
    assert tail.text() == "abcdefghij\n[output limit 10 bytes: 3 more were dropped]"


def test_the_tail_stores_no_more_than_it_shows():
    tail = Tail(cap=1 << 30)
    for number in range(100):
        tail.add(bytes([65 + number % 26]) * 10_000)
    text = tail.text()
    told, _, kept = text.partition("\n")
    assert told == f"[{1_000_000 - len(kept):,} bytes before this were not kept]"
    assert TAIL_BYTES - 100 < len(kept) < len(text) <= TAIL_BYTES
    assert text.endswith("V" * 10_000)
    assert sum(map(len, tail._chunks)) < TAIL_BYTES + 10_000


def test_a_tail_cut_within_a_character_can_still_be_read():
    tail = Tail(cap=3)
    tail.add("éé".encode())
    assert tail.text().startswith("é\ufffd")


def test_levels_are_ordered_weakest_first():
    assert sorted({*Level}) == [
        Level.RLIMITS,
        Level.LANDLOCK,
        Level.NAMESPACES,
        Level.NAMESPACES_CGROUP,
    ]


def test_the_environment_of_a_worker_has_nothing_of_the_hosts(monkeypatch):
    monkeypatch.setenv("HARNESS_PRIVATE", "/labels")
    monkeypatch.setenv("LD_PRELOAD", "x")
    variables = environment("/home/of/worker", Box(folders=(), limits=Limits(), threads=3))
    assert not {"HARNESS_PRIVATE", "LD_PRELOAD"} & set(variables)
    assert variables["OMP_NUM_THREADS"] == "3"


def test_a_limit_of_zero_bytes_is_refused():
    assert Allowance(limit="fit_seconds", seconds=1).cpu_seconds is None
    with pytest.raises(TaskError, match="memory_bytes"):
        Limits(memory_bytes=0)


def test_a_released_launch_leaves_no_files(short_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    monkeypatch.setattr("harness.sandbox._home.SOCKET_NAME_BYTES", 1000)  # otherwise that name may be too long
    launch = Rlimits().plan(Box(folders=(), limits=Limits(), threads=1))
    assert list(short_folder.iterdir())
    for release in launch.release:
        release()
    assert list(short_folder.iterdir()) == []


AS_USER = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_an_ordinary_user_gets_a_sandbox_and_a_result(course):
    """Needs an interpreter with harness installed that uid 65534 may read: HARNESS_TEST_USER_PYTHON names it."""
    python = os.environ.get("HARNESS_TEST_USER_PYTHON")
    if os.geteuid() != 0:
        pytest.skip("the tests run as an ordinary user already")
    if not python:
        pytest.skip("HARNESS_TEST_USER_PYTHON names no interpreter that an ordinary user can read")
    course.submit()
    home = Path("/tmp", f"harness-test-user-{os.getpid()}")  # tmp_path lies in a folder of root's
    shutil.copytree(course.root, home / "course")
    try:
        for path in (home, *home.rglob("*")):
            os.chown(path, 65534, 65534)
        variables = course.environment | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PATH": os.defpath}
        done = subprocess.run(
            [sys.executable, "-c", AS_USER, python, "-P", "-m", "harness", "evaluate", "submissions/bob"],
            cwd=home / "course",
            env=variables,
            capture_output=True,
            text=True,
            timeout=200,
        )
    finally:
        shutil.rmtree(home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ordinary user" in done.stdout
    assert "passed: bob" in done.stdout
