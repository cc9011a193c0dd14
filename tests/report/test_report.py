"""The page of one submission: whole, escaped, and right."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import harness
from harness.contract import Limits
from harness.record import (
    Audit,
    Evidence,
    ExampleAnswers,
    Latency,
    MemoryUse,
    PhaseSpan,
    Timeline,
    WordWeights,
)
from harness.report import report_html
from harness.report._learning_curves import quantities
from harness.report._limits_used import limits_used
from harness.text import neutral
from tests.conftest import CENTROIDS, TemporaryCourse
from tests.records import changed, failing, material

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


def test_everything_in_a_record_and_its_evidence_is_shown() -> None:
    evidence = Evidence(
        predictions=np.array([0, 1, 1, 1]),
        latencies=np.linspace(1e-4, 2e-4, 64),
        curve=tuple({"epoch": e, "epochs": 5, "loss": 1 / (e + 1)} for e in range(5)),
    )
    record = changed(
        cost={"latency": LATENCY, "cpu_seconds": 150.0, "peak_memory_bytes": 2**30, "parameters": 7},
        audits=(Audit(name="timed answers equal scored ones", passed=True, severity="fail", detail="fine"),),
    )
    page = Page(report_html(material(record, evidence)))
    assert page.tags.count("svg") == 5  # the curve, the confusion matrix, each class, latency, phases
    for part in ("Two clouds", "Passed", "0.9000", "0.8500 to 0.9500", "<left>", "50 µs without", "on a noisy machine",
                 "150.0 s", "50 %", "timed answers equal scored ones", "epoch 0", "epoch 4"):  # fmt: skip
        assert part in page.text, part
    assert any("loss while learning: train from 1 to 0.2" in (value or "") for _, value in page.attributes)


def test_phases_are_drawn_over_time_with_the_memory_of_each_process() -> None:
    spans = (PhaseSpan("start", 0.0, 0.5), PhaseSpan("fit", 0.5, 4.0), PhaseSpan("start", 4.0, 4.5))
    used = tuple(MemoryUse((at + 0.5, at + 1.0), (2**20, 2**29)) for at in (0.0, 4.0))
    page = Page(report_html(material(evidence=Evidence(timeline=Timeline(spans, used)))))
    described = "; memory of 2 processes, at most 512 MiB"
    assert any((value or "").endswith(described) for name, value in page.attributes if name == "aria-label")
    assert "start: 0.5 s" in page.text
    assert "fit: 3.5 s" in page.text
    assert "memory, MiB" in page.text


def test_words_are_marked_by_their_weight() -> None:
    texts = harness.Split(["so good <b>", "so bad"], np.array([0, 1]))
    words = (WordWeights(0, np.array([0.0, -0.2, 0.6])), WordWeights(1, np.array([0.001, 0.0])))
    scores = np.array([[0.1, 0.9], [0.7, 0.3]])
    examples = ExampleAnswers(items=np.arange(2), values=np.array([1, 0]), scores=scores, words=words)
    html = report_html(material(evidence=Evidence(examples=examples), fit_validation=texts))
    assert (
        'so <mark class="against2" title="-0.20">good</mark> <mark class="for3" title="+0.60">&lt;b&gt;</mark>' in html
    )
    text = Page(html).text
    assert "weighs most: <b> +0.60, good -0.20" in text
    assert "no word alone changes the answer" in text
    assert "Li, Monroe and Jurafsky 2016" in text


def test_sections_without_data_are_left_out() -> None:
    page = Page(report_html(material(changed(run={"phases": {}}))))
    assert "svg" not in page.tags
    assert "Confusion matrix" not in page.text
    assert "What went wrong" not in page.text


def test_a_failure_is_shown_with_its_place_and_its_log_last() -> None:
    page = Page(report_html(material(failing(log_tail="last words"))))
    assert "submissions/bob/blobs/model.py:7" in page.text
    assert "Training raised an exception (fit)." in page.text
    assert page.text.index("last words") > page.text.index("Limits")
    assert "Scores" not in page.text


def test_a_result_of_a_removed_task_is_shown() -> None:
    page = Page(report_html(material(task=None)))
    assert "bob · blobs" in page.text
    assert "0.9000" in page.text


def test_the_page_loads_nothing() -> None:
    page = Page(report_html(material(changed(cost={"latency": LATENCY}))))
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert not {"src", "href", "onload", "style"} & {name for name, _ in page.attributes}
    (policy,) = (value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


written = st.text(st.one_of(st.sampled_from("<>&\"'{}%#\0\x1b"), st.characters()))


@cache
def plain_tags() -> list[str]:
    """Return the tags of a page on which nothing odd was written."""
    return Page(report_html(material(failing(log_tail="l"), Evidence(curve=({"a": 1.0}, {"a": 2.0}))))).tags


@given(written, written, written, written)
@example("<b>&lt;'\"", "<script>alert(1)</script>", "<i>\x1b", "<u>{{ 1 }}")
def test_text_of_submissions_is_escaped(message: str, log: str, file: str, name: str) -> None:
    curve = ({name: 1.0}, {name: 2.0})
    record = failing(message=message or "m", log_tail=log, file=file, kind=name)
    hostile = Page(report_html(material(record, Evidence(curve=curve))))
    if name not in ("epoch", "epochs", "step", "steps") and log.strip():
        assert hostile.tags == plain_tags()
    assert "\x1b" not in hostile.text
    assert neutral(message).replace("\r", "\n") in hostile.text.replace("\r", "\n")


@pytest.mark.parametrize(
    ("curve", "ends"),
    [
        ([{"loss": 3.0}, {"loss": 1.0}], ("report 1", "report 2")),
        ([{"epoch": 0.0, "step": 10.0, "loss": 3.0}, {"epoch": 4.0, "loss": 1.0}], ("epoch 0", "epoch 4")),
        ([{"step": 1.0, "steps": 900.0, "loss": 3.0}, {"step": 1_500_000.0, "loss": 1.0}], ("step 1", "step 1.5e+06")),
    ],
)
def test_a_curve_shows_its_first_and_last_value(curve: list[dict[str, float]], ends: tuple[str, str]) -> None:
    (one,) = quantities(curve)
    assert one.values == (3.0, 1.0)
    assert one.moments == ends
    text = Page(report_html(material(evidence=Evidence(curve=tuple(curve))))).text
    assert all(label in text for label in ends)


@pytest.mark.parametrize("curve", [[], [{"loss": 1.0}], [{"epoch": 1.0}, {"epoch": 2.0}], [{"a": float("inf")}] * 3])
def test_without_logged_values_no_curve_is_drawn(curve: list[dict[str, float]]) -> None:
    assert quantities(curve) == []


@pytest.mark.parametrize(
    ("key", "name", "held_out"),
    [
        ("loss", "loss", False),
        ("train_loss", "loss", False),
        ("val_acc", "accuracy", True),
        ("validation/F1", "f1", True),
        ("my loss", "my loss", False),
        ("val_", "val_", False),
    ],
)
def test_train_and_validation_curves_are_recognised_by_name(key: str, name: str, held_out: bool) -> None:
    (one,) = quantities([{key: 1.0}, {key: 0.5}])
    assert (one.name, one.held_out) == (name, held_out)


def test_the_limits_of_the_task_are_shown() -> None:
    cost = {"fit_seconds": 9.0, "parameters": 50, "artifact_bytes": 2**20}
    record = changed(cost=cost, run={"phases": {"import": 18.0}})
    used = {one.name: one for one in limits_used(record, Limits(fit_cpu_seconds=30, parameters=100))}
    assert used["fit, wall clock"].share == pytest.approx(0.1)
    assert used["import, wall clock"].share == pytest.approx(0.1)
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
    assert "Among 45 items of the validation part" in page.text
    assert "svg" in page.tags


def test_a_task_without_a_record_stops_no_other_page(course: TemporaryCourse) -> None:
    course.evaluate(CENTROIDS)
    course.add_task("again")
    course.submit(CENTROIDS, task="again")
    done = course.harness("report", "submissions/bob")
    assert done.returncode == 2
    assert "bob · again has no record yet" in done.stderr
    assert (course.root / ".harness" / "reports" / "bob-blobs.html").exists()
