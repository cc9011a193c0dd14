"""Of a task with restricted data only rounded figures are published, whatever a worker sends."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from harness.evaluation._publish import bounded
from harness.evaluation._worker_failures import plausible
from harness.record import Audit, ClockFacts, Cost, Latency, Record, Repeat, Throughput, Uncertainty, stored_form
from harness.sandbox import Folder
from harness.wire import Raised
from tests.records import ACCURACY, RECORD, changed


def told(number: int) -> Record:
    """Return a record in which a worker says `number` wherever it decides a figure."""
    draw = random.Random(number)
    seconds = [draw.uniform(1, 9.5) for _ in range(9)]
    return changed(
        scores=(msgspec.structs.replace(ACCURACY, value=draw.uniform(0.1, 0.9)),),
        cost=Cost(
            parameters=draw.randrange(10**5, 10**6),
            parameters_verified=True,
            artifact_bytes=draw.randrange(10**6, 10**7),
            knowledge_bytes=draw.randrange(10**6, 10**7),
            flops_per_sample=draw.randrange(1 << 52),
            fit_seconds=seconds[0],
            cpu_seconds=seconds[1],
            peak_memory_bytes=draw.randrange(10**8, 10**9),
            peak_device_bytes=draw.randrange(10**8, 10**9),
            latency=Latency(
                batch=1,
                n=draw.randrange(100, 999),
                p50_seconds=seconds[2],
                net_p50_seconds=seconds[3],
                p90_bound_seconds=seconds[4],
                iqr_ratio=seconds[5],
                noisy=False,
                channel_seconds=seconds[6],
                ratio_to_yardstick=seconds[7],
                net_low_seconds=draw.random(),
                net_high_seconds=draw.random(),
                ratio_low=draw.random(),
                ratio_high=draw.random(),
                uncertainty=Uncertainty(
                    rounds=draw.uniform(0.1, 0.9), processes=0.0392, channel=draw.uniform(0.1, 0.9)
                ),
                rounds=draw.randrange(100),
                void_rounds=draw.randrange(100),
                stopped="precision",
            ),
            throughput=Throughput(batch=256, samples_per_second=seconds[8] * 1000),
        ),
        audits=(Audit(name="same answers", passed=True, severity="fail", detail=f"{draw.random()} items"),),
        run={
            "machine": msgspec.structs.replace(RECORD.run.machine, clock=busy(draw)),
            "seconds": seconds[0],
            "phases": {"predict": draw.uniform(1, 9.5)},
            "repeats": (Repeat(seed=1, value=draw.uniform(0.1, 0.9)),),
        },
    )


def busy(draw: random.Random) -> ClockFacts:
    return ClockFacts(
        governor="performance",
        turbo=False,
        multithreading=True,
        swap_bytes=draw.randrange(10**9),
        steal=draw.random(),
        load=draw.random(),
    )


def figures(record: Record) -> dict[str, object]:
    """Return every number and text of a record by its place in it."""
    found: dict[str, object] = {}

    def walk(place: str, value: object) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(f"{place}.{name}", inner)
        elif isinstance(value, list | tuple):
            for number, inner in enumerate(value):
                walk(f"{place}.{number}", inner)
        else:
            found[place] = value

    walk("", msgspec.to_builtins(record))
    return found


@pytest.mark.compute
@pytest.mark.parametrize("fit_too", [False, True])
def test_each_published_figure_takes_few_values(fit_too: bool) -> None:
    told_by_fit = {".cost.parameters", ".cost.artifact_bytes", ".cost.knowledge_bytes"}
    scores = {".scores.0.value", ".run.repeats.0.value"}
    records = [figures(bounded(told(number), fit_too=fit_too)) for number in range(3_000)]
    for place in records[0]:
        values = {record[place] for record in records}
        if place in scores or (place in told_by_fit and not fit_too):
            continue
        if place.endswith(("_low", "_high", "_low_seconds", "_high_seconds")) and "latency" in place:
            continue  # made from others
        most = 901 if place == ".cost.parameters" else 91
        assert len(values) <= most, place
    assert all(len(f"{record[place]:.12g}".lstrip("0.")) <= 5 for record in records[:50] for place in scores)


def test_intervals_are_computed_from_the_published_figures() -> None:
    one, other = told(0), told(1)
    moved = msgspec.structs.replace(
        one.cost.latency, ratio_low=0.1, ratio_high=7.0, net_low_seconds=0.2, net_high_seconds=8.0
    )
    moved_record = changed(one, cost=msgspec.structs.replace(one.cost, latency=moved))
    assert bounded(moved_record, fit_too=True) == bounded(one, fit_too=True) != bounded(other, fit_too=True)


def test_a_published_record_can_be_stored() -> None:
    stored_form(bounded(told(0), fit_too=True))
    stored_form(bounded(RECORD, fit_too=True))


@pytest.mark.parametrize(("line", "kept"), [(1, 1), (3, 3), (4, 4), (5, None), ((1 << 31) - 1, None), (0, None)])
def test_a_line_number_beyond_the_file_is_dropped(tmp_path: Path, line: int, kept: int | None) -> None:
    (tmp_path / "model.py").write_text("a\nb\nc\n")
    raised = Raised("RuntimeError", "no", "model.py", line, "")
    found = plausible(raised, [Folder("submission", tmp_path)])
    assert (found.file, found.line) == ("model.py", kept)


@pytest.mark.parametrize("file", ["../model.py", "/etc/passwd", "none.py", "", "a\0b", "inner"])
def test_a_file_name_that_is_not_in_the_submission_is_dropped(tmp_path: Path, file: str) -> None:
    (tmp_path / "inner").mkdir()
    found = plausible(Raised("RuntimeError", "no", file, 1, ""), [Folder("submission", tmp_path)])
    assert (found.file, found.line) == (None, None)
