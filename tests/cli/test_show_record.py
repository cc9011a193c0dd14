"""The result of an evaluation in a narrow terminal, and through a pipe."""

from __future__ import annotations

import io

import pytest
from msgspec import structs

from harness.evaluation import Remarks
from harness.record import Audit, Latency, Record, Throughput
from harness.sandbox._output import Tail
from harness.terminal import Screen
from harness.terminal.shown_record import show_record
from tests.records import changed

pytestmark = pytest.mark.unit

LATENCY = Latency(
    batch=1, n=64, p50_seconds=1.1e-3, net_p50_seconds=1e-3, p90_bound_seconds=None, iqr_ratio=0.1, noisy=True,
    channel_seconds=1e-5, ratio_to_yardstick=26.8, net_low_seconds=9e-4, net_high_seconds=2e-3, ratio_low=20.0,
    ratio_high=30.0,
)  # fmt: skip
COST = {"parameters": 346_179, "knowledge_bytes": 1_381_053, "fit_seconds": 90.5, "cpu_seconds": 170.25,
        "peak_memory_bytes": 2**30, "latency": LATENCY,
        "throughput": Throughput(batch=256, samples_per_second=12_833.0)}  # fmt: skip
RECORD = changed(submission={"name": "reference/random-forest"}, cost=COST)


def printed(record: Record, width: int, *, terminal: bool = True, output: str = "") -> list[str]:
    file = io.StringIO()
    out = Screen(file=file, markup=False, highlight=False, width=width, force_terminal=terminal, color_system=None)
    out.soft_wrap = not out.is_terminal
    notes = ("the learning curve is full: " + "log less often " * 8,)
    show_record(out, record, None, Remarks(notes=notes, printed=output))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_shows_all_of_a_result_and_breaks_no_word(width: int) -> None:
    narrow = printed(RECORD, width)
    assert max(map(len, narrow)) <= width
    assert "".join(narrow).count("●") == 1
    words = " ".join(printed(RECORD, width, terminal=False)).replace(",", "").split()
    assert sorted(" ".join(narrow).replace(",", "").split()) == sorted(words)


def test_a_pipe_gets_each_fact_on_one_line() -> None:
    lines = printed(RECORD, 80, terminal=False)
    (accuracy,) = (line for line in lines if line.startswith("  accuracy"))
    assert "0.9000 ± 0.0500" in accuracy
    assert "●" in accuracy
    assert accuracy.endswith("baseline 0.8 met (p 0.01)")
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("lines", "told"), [(3, "  printed           3 lines"), (20_000, "  printed           more than is kept: ")]
)
def test_what_was_printed_is_counted_only_where_all_of_it_was_kept(lines: int, told: str) -> None:
    tail = Tail(cap=1 << 30)
    for number in range(lines):
        tail.add(f"epoch {number}\n".encode())
    shown = printed(RECORD, 80, terminal=False, output=tail.text())
    (line,) = (line for line in shown if "printed" in line)
    assert line.startswith(told)
    assert shown[-1] == f"  │ epoch {lines - 1}"


def test_a_latency_of_few_requests_says_why_it_is_noisy() -> None:
    few = structs.replace(LATENCY, n=12, stopped="limit")
    said = "\n".join(printed(changed(cost=COST | {"latency": few}), 200))
    assert "(noisy: only 12 requests fitted into measure_seconds)" in said


def test_an_audit_that_only_warns_is_shown() -> None:
    found = (
        Audit(name="altered inputs score as well", passed=False, severity="warn", detail="accuracy falls by 0.7"),
        Audit(name="no background work", passed=False, severity="warn", detail=""),  # of private data
        Audit(name="one core while timed", passed=True, severity="warn", detail="it used one core"),
    )
    shown = printed(structs.replace(RECORD, audits=found), 80, terminal=False)
    assert [line for line in shown if "warning" in line] == [
        "  warning: altered inputs score as well: accuracy falls by 0.7",
        "  warning: no background work",
    ]
