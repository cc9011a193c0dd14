"""Limits hold, and the failure names the limit and its value."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from harness.sandbox import Allowance

MIB = 1 << 20
SMALL = {"memory_bytes": 150 * MIB}


def test_memory_beyond_the_cap_is_out_of_memory(any_level):
    with any_level.fitting(f"kept = bytearray(600 * {MIB}); kept[::4096] = b'x' * len(kept[::4096])", **SMALL) as s:
        error = any_level.failure(s)
    assert (error.kind, error.phase) == ("out_of_memory", "fit")
    assert f"memory_bytes {150 * MIB:,}" in error.message


def test_memory_of_several_processes_is_counted_together(any_level):
    body = f"""
        for _ in range(4):
            if os.fork() == 0:
                kept = bytearray(100 * {MIB})
                time.sleep(60)
        time.sleep(60)
    """
    with any_level.fitting(body, **SMALL) as session:
        error = any_level.failure(session)
    assert error.kind == "out_of_memory"
    assert "memory_bytes" in error.message


def test_shared_memory_is_counted(wall):
    """Neither RLIMIT_DATA nor the resident size less what is shared sees it."""
    limits = {"memory_bytes": 300 * MIB}
    how = f"import mmap; kept = mmap.mmap(-1, 600 * {MIB}); kept[::4096] = bytes(600 * {MIB} // 4096)"
    with wall.fitting(f"{how}\ntime.sleep(600)", **limits) as s:
        error = wall.failure(s)
    assert error.kind == "out_of_memory"


IGNORED = """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in range(30):
        pid = os.fork()
        if pid == 0:
            while time.process_time() < 0.05:
                pass
            os._exit(0)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass
"""


def test_cpu_time_of_children_whose_end_is_ignored_is_counted(any_level):
    """They are gone before the watchdog looks, and a parent that ignores their end inherits none of their time."""
    if any_level.way == "rlimits":
        pytest.skip("no call is refused there")
    with any_level.fitting(IGNORED, "import signal") as session:
        any_level.fit(session)
        assert session.process.cpu_seconds > 1.4


def test_children_are_waited_for_where_no_handler_can_be_set(any_level):
    told = any_level.ask(
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)
        async def talk():
            child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
            return (await child.communicate(b"from a loop"))[0].decode()
        run = subprocess.run("false; (exit 3) | cat; echo from a shell", shell=True, stdout=-1, text=True)
        return [asyncio.run(talk()), run.stdout.strip()]
        """,
        "import asyncio, signal",
        processes=64,
    )
    assert told == ["from a loop", "from a shell"]


def test_a_fork_loop_is_stopped_by_the_limit_on_processes(any_level):
    if os.geteuid() != 0 and any_level.sandbox.isolation.level.value == "rlimits":
        pytest.skip("the count is shared with this user's processes")
    body = """
        count = 0
        while count < 1000:
            if os.fork() == 0:
                time.sleep(60)
            count += 1
    """
    with any_level.fitting(body, processes=24) as session:
        error = any_level.failure(session)
    assert error.kind == "resource_limit"
    assert "limit processes 24" in error.message


def test_threads_beyond_the_cap_are_a_resource_limit(wall):
    body = """
        import threading
        for _ in range(100):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    """
    with wall.fitting(body, processes=24) as session:
        error = wall.failure(session)
    assert (error.kind, error.line is not None) == ("resource_limit", True)


def test_a_full_scratch_is_a_resource_limit_that_names_its_value(wall):
    with wall.fitting(f"open('x', 'wb').write(bytes(40 * {MIB}))", scratch_bytes=32 * MIB) as session:
        error = wall.failure(session)
    assert error.kind == "resource_limit"
    assert f"scratch_bytes {32 * MIB:,}" in error.message


def test_a_hang_in_fit_is_a_timeout_that_names_the_limit_and_its_value(any_level):
    with any_level.fitting("time.sleep(60)", fit_cpu_seconds=0.25) as session:
        error = any_level.failure(session)
    assert (error.kind, error.phase) == ("timeout", "fit")
    assert "fit_seconds" in error.message
    assert "0.75 s allowed" in error.message


def test_a_busy_loop_runs_out_of_cpu_time_in_a_child_too(any_level):
    """However long that takes: on a busy machine the limit on the wall's time might be passed before."""
    model = """
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs):
                subprocess.run([sys.executable, '-S', '-c', 'while True: pass'])
    """
    patient = Allowance(limit="fit_seconds", seconds=600, cpu_limit="fit_cpu_seconds", cpu_seconds=0.5)
    with any_level.session(model) as session:
        session.setup(0)
        with session.process.allow(patient):
            error = any_level.failure(session, lambda one: one.request(np.zeros((1, 2), np.float32))())
    assert error.kind == "timeout"
    assert "fit_cpu_seconds" in error.message
    assert "0.5 s allowed" in error.message


def test_a_hang_that_blocks_every_signal_is_still_killed(any_level):
    body = """
        import signal
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        time.sleep(60)
    """
    with any_level.fitting(body, fit_cpu_seconds=0.2) as session:
        assert any_level.failure(session).kind == "timeout"


def test_a_hang_at_import_is_a_timeout_of_the_import(wall):
    with wall.fitting("pass", "time.sleep(600)", import_seconds=0.5) as session:
        error = wall.failure(session)
    assert (error.kind, error.phase) == ("timeout", "import")
    assert re.search(r"import_seconds: .* 0\.5 s allowed(, and 3 times as many of wall-clock time)?;", error.message)


def test_a_worker_that_never_reads_what_it_is_sent_does_not_hang_the_host(wall):
    model = """
        class Model(harness.Model):
            def fit(self, train, validation): pass
            def predict(self, inputs):
                os.kill(os.getpid(), 19)
                return np.zeros(len(inputs), int)
    """
    with wall.session(model, predict_seconds=1) as session:
        session.setup(0)
        big = np.zeros((1_000_000, 2), np.float32)

        def twice(session):
            with session.within("predict_seconds"):
                session.request(big)()

        assert wall.failure(session, twice).kind == "timeout"


def test_the_tail_of_a_flood_of_output_is_kept_and_nothing_blocks(any_level):
    body = f"""
        sys.stdout.write("the first line\\n")
        for _ in range(200):
            os.write(1, b"x" * {MIB})
        raise RuntimeError("printed it all")
    """
    with any_level.fitting(body, output_bytes=100_000) as session:
        error = any_level.failure(session)
    log = session.process.log_tail
    assert "printed it all" in error.message
    assert len(log) < 70_000
    assert "output limit 100000 bytes" in log
    assert len(error.log_tail) <= 65_536


def test_what_is_printed_is_in_the_tail_even_after_a_sudden_end(any_level):
    with any_level.fitting("print('last words', flush=True); os._exit(0)") as session:
        error = any_level.failure(session)
    assert "last words" in session.process.log_tail + error.log_tail
