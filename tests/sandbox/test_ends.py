"""However a worker ends, the failure has a name, nothing of it survives and nothing it held is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import numpy as np
import psutil
import pytest
from platformdirs import site_runtime_path

from harness.errors import InfrastructureError, SubmissionError
from harness.locks import exclusive_lock, try_lock_file
from harness.sandbox import Folder, Process
from harness.sandbox._box import Box
from harness.sandbox._tree import tree_cpu_seconds
from tests.conftest import PATIENCE

DAEMON = """
def daemon(marker, code="import time; time.sleep(300)"):
    # a double fork into a session of its own, heedless of signals; who called goes on when it runs
    running, held = os.pipe()  # held until the program in `code` takes the place of the last of them
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            import signal
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.execv(sys.executable, [sys.executable, "-S", "-c", code, marker])
        os._exit(0)
    os.close(held)
    os.read(running, 1)
"""


@pytest.fixture
def marker() -> str:
    """An argument that only this test's processes have."""
    return f"harness-test-{uuid.uuid4().hex}"


def alive(marker: str) -> list[int]:
    """Return the processes of the host that have `marker` as an argument; zombies have none."""
    return [p.pid for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or [])]


def gone(marker: str) -> bool:
    """Wait, generously, until none is left."""
    deadline = time.monotonic() + PATIENCE
    while alive(marker) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(marker)


def test_a_daemon_started_in_fit_is_dead_once_the_session_is_closed(any_level, marker):
    with any_level.fitting(f"daemon({marker!r})", DAEMON) as session:
        any_level.fit(session)
        assert alive(marker)
    assert not alive(marker)


def test_a_daemon_is_dead_once_the_worker_ends_by_itself(any_level, marker):
    with any_level.fitting(f"daemon({marker!r}); os._exit(3)", DAEMON) as session:
        any_level.failure(session)
    assert gone(marker)


def test_processes_that_fork_and_end_without_pause_do_not_survive(any_level, marker):
    code = "import os\nwhile True:\n    if os.fork(): os._exit(0)"
    with any_level.fitting(f"daemon({marker!r}, {code!r})", DAEMON) as session:
        any_level.fit(session)
    assert gone(marker)


def test_a_stopped_tree_is_killed(any_level, marker):
    body = f"daemon({marker!r}, 'import os; os.kill(os.getpid(), 19)'); os.kill(os.getpid(), 19)"
    with any_level.fitting(body, DAEMON, fit_cpu_seconds=0.4) as session:
        assert any_level.failure(session).kind == "timeout"
    assert not alive(marker)


HOST = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
import conftest
with conftest.bench_of({way!r}, Path({folder!r})) as bench, bench.fitting({body!r}, {daemon!r}) as session:
    bench.fit(session)
"""


def test_the_death_of_the_host_is_the_death_of_the_tree(any_level, marker, tmp_path, short_folder):
    body = f"daemon({marker!r}); time.sleep(300)"
    script = HOST.format(
        here=str(Path(__file__).parent), way=any_level.way, folder=str(tmp_path), body=body, daemon=DAEMON
    )
    variables = os.environ | {"TMPDIR": str(short_folder)}  # a host that is killed cannot tidy up
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True, env=variables) as host:
        try:
            deadline = time.monotonic() + PATIENCE
            while not alive(marker):
                assert host.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            tree = psutil.Process(host.pid).children(recursive=True)
            host.send_signal(signal.SIGKILL)
            host.wait(PATIENCE)
        finally:
            host.kill()
    assert gone(marker)
    _, left = psutil.wait_procs(tree, timeout=PATIENCE)
    assert [p for p in left if p.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os._exit(7)", "ended with exit code 7 during fit"),
        ("os._exit(0)", "ended with exit code 0 during fit"),
        ("os.kill(os.getpid(), 9)", "was killed by SIGKILL during fit"),
        ("os.kill(os.getpid(), 11)", "was killed by SIGSEGV during fit"),
        ("os.abort()", "was killed by SIGABRT during fit"),
        ("import ctypes; ctypes.string_at(0)", "was killed by SIGSEGV during fit"),
        ("sys.stderr.close(); sys.stdout.close(); os.close(1); os.close(2); os._exit(5)", "ended with exit code 5"),
    ],
)
def test_an_end_in_fit_is_reported_with_its_cause(wall, body, said):
    with wall.fitting(body) as session:
        error = wall.failure(session)
    assert (error.kind, error.phase) == ("fit_error", "fit")
    assert said in error.message


@pytest.mark.parametrize("body", ["os._exit(7)", "os.kill(os.getpid(), 9)"])
def test_an_end_in_fit_has_the_same_cause_at_the_level_rlimits(accident, body):
    with accident.fitting(body) as session:
        message = accident.failure(session).message
    assert ("exit code 7" if "exit" in body else "SIGKILL") in message


def test_an_end_in_predict_is_reported_with_its_cause(any_level):
    model = """
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs): os._exit(9)
    """
    with any_level.session(model) as session:
        session.setup(0)
        error = any_level.failure(session, lambda s: s.request(np.zeros((1, 2), np.float32))())
    assert (error.kind, error.phase) == ("predict_error", "predict")
    assert "ended with exit code 9 during predict" in error.message


def test_an_end_at_import_is_an_invalid_submission(wall):
    with wall.fitting("pass", "os._exit(4)") as session:
        error = wall.failure(session)
    assert (error.kind, error.phase) == ("invalid_submission", "import")
    assert "exit code 4" in error.message


def test_calling_sys_exit_is_explained_and_the_worker_lives_on(wall):
    with wall.fitting("sys.exit(0)") as session:
        error = wall.failure(session)
        assert wall.failure(session).kind == "fit_error"
    assert "sys.exit(0)" in error.message
    assert error.file == "model.py"


def test_nothing_called_harness_is_left_in_the_temporary_folder(any_level, short_folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    with any_level.fitting("Path('left').write_text('x'); Path(os.environ['HOME'], 'sub').mkdir(0)") as session:
        any_level.fit(session)
    with any_level.fitting("os._exit(1)") as session:
        any_level.failure(session)
    assert list(short_folder.iterdir()) == []


def test_descriptors_are_closed_and_threads_ended(any_level):
    held, threads = list(Path("/proc/self/fd").iterdir()), threading.active_count()
    for _ in range(2):
        with any_level.fitting("pass") as session:
            any_level.fit(session)
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(held)
    assert threading.active_count() == threads


def test_a_uid_is_free_again_once_its_worker_is_gone(any_level):
    if os.geteuid() != 0:
        pytest.skip("only a root host has uids to give")
    with any_level.fitting("pass") as session:
        (uid,) = {process.uids().real for process in session.process._tree()}
        lock = site_runtime_path("harness") / f"uid-{uid}.lock"
        assert try_lock_file(lock) is None
    if any_level.way.startswith("warm"):
        any_level.fork_servers.close()  # the uid is its fork server's
    with exclusive_lock(lock, timeout=PATIENCE):  # others may run workers at this moment
        pass


def test_a_missing_folder_is_an_infrastructure_error(walled, tmp_path):
    session = walled.fitting("pass")
    session.folders = (Folder("submission", tmp_path / "missing"),)
    with pytest.raises(InfrastructureError, match="harness doctor"):
        session.__enter__()


def test_closing_twice_and_after_the_end_is_allowed(any_level):
    session = any_level.fitting("pass")
    box = Box(folders=session.folders, limits=session.limits, threads=1)
    with Process(any_level.sandbox, box) as process:
        process.kill()
        process.kill()
        assert process.exit_description().startswith(("was killed by", "ended with"))


def test_a_paused_worker_and_its_children_do_nothing_until_resumed(any_level):
    spins = """
        if os.fork() == 0:
            while True: pass
        while True: pass
    """
    failures = []

    def fit(session):
        try:
            any_level.fit(session)
        except (SubmissionError, InfrastructureError) as error:
            failures.append(error)

    with any_level.fitting(spins) as session:
        process = session.process
        fitting = threading.Thread(target=fit, args=(session,))
        fitting.start()
        until_worked(process, process.cpu_seconds + 0.1)
        with process.paused():
            clock, worked = process.clock(), tree_cpu_seconds(process.pids[0])
            time.sleep(0.05)
            assert process.clock() == clock
            assert tree_cpu_seconds(process.pids[0]) < worked + 0.001  # each takes microseconds to come to rest
        until_worked(process, worked + 0.1)
        assert process.clock() > clock
        process.kill()
        fitting.join()
    assert failures


def until_worked(process, seconds):
    """Wait until the processes of a worker have had so much CPU time."""
    deadline = time.monotonic() + PATIENCE
    while process.cpu_seconds < seconds:
        assert time.monotonic() < deadline
        time.sleep(0.01)
