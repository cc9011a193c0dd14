"""How long the leaderboard of 10,000 records takes: built anew, and again when what was computed of ranks is kept.

pytest tests/benchmarks/test_board.py --benchmark-only -s

Processor time is told beside the time on the clock, which depends on what else the machine does.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.api._board import rebuild_board, stores_of
from harness.course import Course
from harness.record import Evidence, Repeat, Score
from tests.records import changed

pytestmark = [pytest.mark.unit, pytest.mark.timeout(0)]

TASKS, SUBMISSIONS, ITEMS = 10, 1_000, 624


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("large"))
    stores, generator = stores_of(course), np.random.default_rng(0)
    hard = generator.normal(size=ITEMS)
    for number in range(SUBMISSIONS):
        evidence = Evidence(outcomes=hard + generator.normal(size=ITEMS) > -1.5 - 0.5 * number / SUBMISSIONS)
        assert evidence.outcomes is not None
        value = float(evidence.outcomes.mean())
        score = Score(
            name="accuracy",
            value=value,
            low=value - 0.02,
            high=value + 0.02,
            higher_is_better=True,
            unit="",
            primary=True,
        )
        record = changed(
            task={"name": "task0", "scored_on": "test", "n_test": ITEMS},
            submission={"name": f"s{number:04}"},
            scores=(score,),
            run={"evidence_digest": evidence.digest, "id": f"{number:016x}", "repeats": (Repeat(seed=1, value=value),)},
        )
        stores.keep(record, evidence)
    records, kept = course.leaderboard / "records", course.private / "evidence"
    for number in range(1, TASKS):
        shutil.copytree(kept / "task0", kept / f"task{number}")
        (records / f"task{number}").mkdir()
        for path in (records / "task0").glob("*.json"):
            content = path.read_bytes().replace(b'"task0"', f'"task{number}"'.encode())
            (records / f"task{number}" / path.name).write_bytes(content)
    return course


@pytest.mark.parametrize("kept", [False, True], ids=["built anew", "built again"])
def test_a_board_of_ten_thousand_records(benchmark: Any, large: Course, kept: bool) -> None:
    def forget() -> None:
        if not kept:
            shutil.rmtree(large.private / "ranks", ignore_errors=True)

    def build() -> float:
        began = time.process_time()
        board = rebuild_board(large)
        assert sum(len(group.rows) for group in board.groups) == TASKS * SUBMISSIONS
        return time.process_time() - began

    seconds = benchmark.pedantic(build, setup=forget, rounds=2)
    benchmark.extra_info["processor_seconds"] = seconds
    print(f"\n10,000 records, {'what was computed kept' if kept else 'built anew'}: {seconds:.1f} s of processor time")
    size = sum(path.stat().st_size for path in Path(large.private / "ranks").glob("*"))
    benchmark.extra_info["bytes_kept"] = size
