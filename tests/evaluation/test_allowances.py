"""Each stage of an evaluation runs under its limits, of CPU time as well: looked at where they are set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.evaluation._weighing import WEIGH_MEMORY_BYTES, WEIGH_PATIENCE_SECONDS, WEIGH_SECONDS
from harness.sandbox import Allowance, Box, Process, Sandbox
from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.line

LIMITS = "import_seconds=41, fit_cpu_seconds=42, save_seconds=43, load_seconds=44, predict_seconds=45"


def test_a_busy_machine_may_take_three_times_the_cpu_time(
    course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Allowance] = []
    boxes: list[Box] = []
    allow, start = Process.allow, Process.__init__

    @contextmanager
    def noted(self: Process, allowance: Allowance) -> Iterator[None]:
        asked.append(allowance)
        with allow(self, allowance):
            yield

    def started(self: Process, sandbox: Sandbox, box: Box) -> None:
        boxes.append(box)
        start(self, sandbox, box)

    monkeypatch.setattr(Process, "allow", noted)
    monkeypatch.setattr(Process, "__init__", started)
    course.add_task(limits=LIMITS)
    assert course.evaluate()["status"] == "passed"
    of_limit = {one.limit: one for one in asked}
    assert {name: one.cpu_seconds for name, one in of_limit.items() if one.cpu_limit} == {
        "import_seconds": 41,
        "fit_seconds": 42,
        "save_seconds": 43,
        "load_seconds": 44,
        "weigh_seconds": WEIGH_SECONDS,
    }
    wall_clock = {name: one.times * one.seconds for name, one in of_limit.items()}
    assert {name: seconds for name, seconds in wall_clock.items() if of_limit[name].cpu_limit} == {
        "import_seconds": 3 * 41,
        "fit_seconds": 3 * 42,
        "save_seconds": 3 * 43,
        "load_seconds": 3 * 44,
        "weigh_seconds": WEIGH_PATIENCE_SECONDS,
    }
    assert wall_clock["predict_seconds"] == 45
    assert WEIGH_MEMORY_BYTES in {box.limits.memory_bytes for box in boxes}
