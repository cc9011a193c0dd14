"""The page of one submission: whole, escaped, and right."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.contract import Limits, Task
from harness.record import Audit, Evidence, Latency
from harness.report import report_html
from harness.report._charts import HEIGHT, MARGIN, WIDTH, confusion, histogram, learning_curve
from harness.report._limits_used import limits_used
from harness.text import neutral
from tests.conftest import CENTROIDS, TemporaryCourse
from tests.records import RECORD, changed, failing

SPLIT = harness.Split(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))
TASK = Task(
    title="Two clouds",
    kind="classification",
    inputs=harness.Inputs(shape=(2,)),
    classes=("<left>", "right"),
    sources=(
        harness.Embedded(
            title="t", licence="l", baseline=harness.Baseline(0.5), load=lambda: harness.Parts(SPLIT, SPLIT, SPLIT)
        ),
    ),
    split="s",
    metrics=(harness.metrics.accuracy,),
)
LATENCY = Latency(
    batch=1, n=64, p50_seconds=1e-4, net_p50_seconds=5e-5, p90_bound_seconds=None, iqr_ratio=0.1, noisy=True,
    channel_seconds=1e-5, ratio_to_yardstick=0.5,
)  # fmt: skip


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_everything_there_is_is_shown() -> None:
    evidence = Evidence(
        predictions=np.array([0, 1, 1, 1]),
        latencies=np.linspace(1e-4, 2e-4, 64),
        curve=tuple({"epoch": e, "epochs": 5, "loss": 1 / (e + 1)} for e in range(5)),
    )
    record = changed(
        cost={"latency": LATENCY, "cpu_seconds": 150.0, "peak_memory_bytes": 2**30, "parameters": 7},
        audits=(Audit(name="timed answers equal scored ones", passed=True, severity="fail", detail="fine"),),
    )
    page = Page(report_html(record, TASK, evidence, SPLIT.targets))
    assert page.tags.count("svg") == 2
    assert page.tags.count("polyline") == 1
    for part in ("Two clouds", "passed", "0.9000", "0.8500 to 0.9500", "loss, last 0.2", "<left>",
                 "50 µs without", "on a noisy machine", "150.0 s", "50 %",
                 "timed answers equal scored ones"):  # fmt: skip
        assert part in page.text, part
    assert {"0.2", "1", "epoch 0", "epoch 4"} <= set(page.text.split("\n")), "between what the loss was, and when"


def test_what_is_missing_is_left_out() -> None:
    page = Page(report_html(RECORD, TASK, None, None))
    assert "svg" not in page.tags
    assert "Confusion matrix" not in page.text
    assert "What went wrong" not in page.text


def test_a_failure_is_shown_with_its_place() -> None:
    page = Page(report_html(failing(log_tail="last words"), TASK, None, None))
    assert "submissions/bob/blobs/model.py:7" in page.text
    assert "last words" in page.text
    assert "Scores" not in page.text


def test_the_page_loads_nothing() -> None:
    page = Page(report_html(changed(cost={"latency": LATENCY}), TASK, None, None))
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert not {"src", "href", "onload"} & {name for name, _ in page.attributes}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


written = st.text(st.one_of(st.sampled_from("<>&\"'{}%#\0\x1b"), st.characters()))


@cache
def plain_tags() -> list[str]:
    """Return the tags of a page on which nothing odd was written."""
    return Page(report_html(failing(log_tail="l"), TASK, Evidence(curve=({"a": 1.0}, {"a": 2.0})), None)).tags


@settings(deadline=None, max_examples=50)
@given(written, written, written, written)
def test_whatever_was_written_is_text(message: str, log: str, file: str, name: str) -> None:
    curve = ({name: 1.0}, {name: 2.0})
    record = failing(message=message, log_tail=log or "l", file=file, kind=name)
    hostile = Page(report_html(record, TASK, Evidence(curve=curve), None))
    if name not in ("epoch", "epochs", "step", "steps"):
        assert hostile.tags == plain_tags()
    assert "\x1b" not in hostile.text
    assert neutral(message).replace("\r", "\n") in hostile.text.replace("\r", "\n")


def test_curves_are_scaled_into_their_frame() -> None:
    (line,) = learning_curve([{"epoch": n, "loss": n * 10.0} for n in range(1000)] + [{"loss": float("nan")}])
    points = [tuple(map(float, point.split(","))) for point in line.points.split()]
    assert (line.name, line.low) == ("loss", 0.0)
    assert len(points) <= 500
    assert all(MARGIN <= x <= WIDTH - MARGIN and MARGIN <= y <= HEIGHT - MARGIN for x, y in points)
    assert points[0][1] > points[-1][1]


@pytest.mark.parametrize(
    ("curve", "ends"),
    [
        ([{"loss": 3.0}, {"loss": 1.0}], ("report 1", "report 2")),
        ([{"epoch": 0.0, "step": 10.0, "loss": 3.0}, {"epoch": 4.0, "loss": 1.0}], ("epoch 0", "epoch 4")),
        ([{"step": 1.0, "steps": 900.0, "loss": 3.0}, {"step": 1_500_000.0, "loss": 1.0}], ("step 1", "step 1.5e+06")),
    ],
)
def test_a_curve_says_where_it_begins_and_ends_and_between_what(
    curve: list[dict[str, float]], ends: tuple[str, str]
) -> None:
    (line,) = learning_curve(curve)
    assert (line.begin, line.end) == ends
    text = Page(report_html(RECORD, TASK, Evidence(curve=tuple(curve)), None)).text
    assert all(label in text.split("\n") for label in (*ends, "3", "1"))


@pytest.mark.parametrize("curve", [[], [{"loss": 1.0}], [{"epoch": 1.0}, {"epoch": 2.0}], [{"a": float("inf")}] * 3])
def test_no_curve_is_drawn_of_nothing(curve: list[dict[str, float]]) -> None:
    assert learning_curve(curve) == []


def test_every_latency_is_in_a_bar() -> None:
    seconds = np.concatenate([np.linspace(1e-4, 2e-4, 200), [1.0]])
    bars = histogram(seconds)
    assert sum(int(bar.label.split(": ")[1]) for bar in bars) == 201
    assert all(bar.y >= MARGIN and bar.y + bar.height <= HEIGHT - MARGIN + 1e-9 for bar in bars)
    assert histogram(np.array([])) == histogram(np.array([1.0, 1.0])) == []


def test_confusion_counts_true_by_predicted() -> None:
    found = confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ("a", "b"))
    assert found.counts == ((1, 1), (0, 2))
    assert found.rows == [("a", [(1, 0.5, True), (1, 0.5, False)]), ("b", [(0, 0.0, False), (2, 1.0, True)])]


def test_limits_are_those_of_the_task() -> None:
    record = changed(cost={"fit_seconds": 9.0, "parameters": 50, "artifact_bytes": 2**20})
    used = {one.name: one for one in limits_used(record, Limits(fit_cpu_seconds=30, parameters=100))}
    assert used["fit, wall clock"].share == pytest.approx(0.1)
    assert used["parameters"].share == 0.5
    assert "memory" not in used
    assert "parameters" not in {one.name for one in limits_used(record, Limits())}


def test_the_command_writes_a_page_for_the_newest_record(course: TemporaryCourse) -> None:
    course.submit(CENTROIDS)
    done = course.harness("report", "submissions/bob")
    assert done.returncode == 2
    assert "harness evaluate" in done.stderr
    course.evaluate(CENTROIDS)
    done = course.harness("report", "submissions/bob")
    assert done.returncode == 0, done.stderr
    page = Page((course.root / ".harness" / "reports" / "bob-blobs.html").read_text())
    assert "Confusion matrix" in page.text
    assert "svg" in page.tags


def test_a_task_without_a_record_keeps_no_other_from_its_page(course: TemporaryCourse) -> None:
    course.evaluate(CENTROIDS)
    course.add_task("again")
    course.submit(CENTROIDS, task="again")
    done = course.harness("report", "submissions/bob")
    assert done.returncode == 2
    assert "bob · again has no record yet" in done.stderr
    assert (course.root / ".harness" / "reports" / "bob-blobs.html").exists()
