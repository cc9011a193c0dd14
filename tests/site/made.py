"""Courses with records that were made, not evaluated: a site needs no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harness.api import CoursePages, open_course
from harness.record import (
    Evidence,
    ExampleAnswers,
    Latency,
    MemoryUse,
    PhaseSpan,
    Record,
    Stores,
    Timeline,
    WordWeights,
)
from tests.conftest import TemporaryCourse
from tests.records import ACCURACY, RECORD, changed, failing

TEXTS = """
import numpy as np
import harness


def part(name, count):
    return harness.Split([f"planted-{name}-item-{n} <b>bold</b>" for n in range(count)], np.arange(count) % 2)


TASK = harness.Task(
    title="Texts <script>alert(1)</script>",
    kind="classification",
    inputs=harness.Inputs(shape=None, dtype="str"),
    classes=("calm", "cross"),
    sources=(
        harness.Embedded(
            title="e",
            load=lambda: harness.Parts(part("train", 20), part("validation", 10), part("scored", 40)),
            baseline=harness.Baseline(0.6),
            licence="none",
        ),
    ),
    split="as it comes",
    metrics=(harness.metrics.accuracy,),
)
"""


WORDS = tuple(WordWeights(item, np.array([0.5, -0.3 if item % 2 else -0.5])) for item in range(6))
TIMELINE = Timeline(
    (PhaseSpan("start", 0.0, 0.5), PhaseSpan("fit", 0.5, 2.0), PhaseSpan("predict", 2.0, 2.5)),
    (MemoryUse((0.5, 1.0, 2.0), (10_000_000, 90_000_000, 80_000_000)),),
)


def evidence_of(generator: np.random.Generator, accuracy: float, **more: Any) -> Evidence:
    """Return evidence of 40 scored items, answered at random as well as `accuracy` says."""
    targets = np.arange(40) % 2
    right = generator.random(40) < accuracy
    said = np.where(right, targets, 1 - targets)
    sure = generator.uniform(0.5, 1, 40)
    scores = np.where(said[:, None] == np.arange(2), sure[:, None], 1 - sure[:, None])
    items = np.arange(10)
    return Evidence(
        outcomes=right,
        predictions=said,
        scores=scores,
        latencies=generator.uniform(1e-4, 2e-4, 64),
        curve=tuple({"epoch": float(n), "loss": 1 / (n + 1), "val_loss": 1.2 / (n + 1)} for n in range(20)),
        examples=ExampleAnswers(items=items, values=1 - items % 2, scores=None, words=WORDS),
        timeline=TIMELINE,
        **more,
    )


def latency_of(ratio: float) -> Latency:
    """Return a latency of so many times the yardstick's."""
    return Latency(
        batch=1, n=64, p50_seconds=ratio * 1e-4, net_p50_seconds=ratio * 9e-5, p90_bound_seconds=None, iqr_ratio=0.1,
        noisy=False, channel_seconds=1e-5, ratio_to_yardstick=ratio, net_low_seconds=ratio * 8e-5,
        net_high_seconds=ratio * 1e-4, ratio_low=ratio * 0.9, ratio_high=ratio * 1.1,
    )  # fmt: skip


def open_site(course: TemporaryCourse) -> CoursePages:
    """Open the pages of the course, without a data root."""
    return open_course(course.root).pages


def digest_of(course: TemporaryCourse, task: str) -> str:
    """Return the digest of the task's embedded data."""
    from harness.data import load_data

    opened = open_course(course.root)
    return load_data(opened.task(task), opened.folders.task_digest(task), opened.places, "embedded").digest


def keep(course: TemporaryCourse, record: Record, evidence: Evidence | None = None) -> None:
    """Write a record with its evidence into the course."""
    evidence = evidence or Evidence()
    record = changed(record, run={"evidence_digest": evidence.digest})
    folder = Path(course.root)
    Stores.of(folder / "leaderboard", folder / ".harness").keep(record, evidence)


def keep_class(course: TemporaryCourse, task: str = "texts", count: int = 8) -> None:
    """Write a class: submissions of all qualities, two references, and one that failed."""
    generator = np.random.Generator(np.random.PCG64(1))
    digest = digest_of(course, task)
    names = [f"student{n:03d}" for n in range(count)] + ["reference/plain", "reference/net"]
    for number, name in enumerate(names):
        accuracy = 0.55 + 0.4 * number / len(names)
        evidence = evidence_of(generator, accuracy)
        assert evidence.outcomes is not None
        value = float(evidence.outcomes.mean())
        score = msgspec.structs.replace(ACCURACY, value=value, low=value - 0.1, high=min(value + 0.1, 1.0))
        base = {"value": 0.6, "met": value >= 0.6, "p_value": 0.02}
        keep(
            course,
            changed(
                RECORD,
                task={"name": task, "data_digest": digest, "scored_on": "test", "n_test": 40},
                submission={"name": name},
                status="passed" if value >= 0.6 else "below_baseline",
                scores=(score,),
                baseline=base,
                cost={"parameters": 1000 * (number + 1), "knowledge_bytes": 4000 * (number + 1), "fit_seconds": 2.5,
                      "latency": latency_of(1 + number)},
                run={"id": f"{number:016x}", "started": f"2026-11-{1 + number % 28:02d}T02:00:00+00:00"},
            ),
            evidence,
        )  # fmt: skip
    keep(
        course,
        changed(
            failing(message="<img src=x onerror=alert(2)> in /home/ann", log_tail="</pre><script>alert(3)</script>"),
            task={"name": task, "data_digest": digest, "scored_on": "test", "n_test": 40},
            submission={"name": "unlucky"},
        ),
    )


def public_bytes(folder: Path) -> bytes:
    """Return everything in a folder: the names of its files and what is in them."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes() for path in found)
