"""Where a model is timed: alone on one core, and not on one that somebody keeps busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.evaluate._measure import one_core

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
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


@several
@pytest.mark.parametrize("core", CORES[:2])
def test_a_core_that_somebody_keeps_busy_is_not_timed_on(core: int) -> None:
    with busy(core):
        for _ in range(3):
            with one_core():
                (chosen,) = os.sched_getaffinity(0)
                assert chosen != core
    assert sorted(os.sched_getaffinity(0)) == CORES


@several
def test_all_cores_are_had_again_whatever_happens() -> None:
    with pytest.raises(RuntimeError, match="fails"), one_core():
        assert len(os.sched_getaffinity(0)) == 1
        raise RuntimeError("what is measured fails")
    assert sorted(os.sched_getaffinity(0)) == CORES
