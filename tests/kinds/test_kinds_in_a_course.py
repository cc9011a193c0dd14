"""Regression, multi-label classification and texts from declaration to record, and what is shown of them."""

from __future__ import annotations

from tests.conftest import TemporaryCourse

TASK = """
import numpy as np
import harness

WEIGHTS = np.array([[1.0, -1.0, 0.5], [0.5, 1.0, -1.0]])

def load():
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(300, 3)).astype(np.float32)
    figures = inputs @ WEIGHTS.T + generator.normal(0, 0.1, (300, 2))
    targets = {targets}
    part = lambda start, stop: harness.Split(inputs[start:stop], targets[start:stop])
    return harness.Parts(part(0, 150), part(150, 200), part(200, 300))

TASK = harness.Task(
    title="From three numbers", {declares},
    inputs=harness.Inputs(shape=(3,)),
    sources=(harness.Embedded(title="generated", load=load, baseline=harness.Baseline({baseline}), licence="CC0"),),
    split="as it comes",
    perturb=lambda x, g: x + g.normal(0, 0.001, 3),
    threads=1,
)
"""
LEAST_SQUARES = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.weights = np.linalg.lstsq(train.inputs, train.targets * {factor} - {shift}, rcond=None)[0]

    def predict(self, inputs):
        figures = inputs @ self.weights
        return {returned}
"""


def test_one_number_per_item_is_predicted_and_scored(course: TemporaryCourse) -> None:
    declares = 'kind="regression", metrics=(harness.metrics.r_squared, harness.metrics.root_mean_squared_error)'
    course.add_task("dose", text=TASK.format(targets="figures[:, 0]", declares=declares, baseline=0.9))
    course.submit(LEAST_SQUARES.format(factor=1, shift=0, returned="figures"), task="dose")
    course.submit(LEAST_SQUARES.format(factor=1, shift=0, returned="figures[:, None]"), task="dose", name="ann")
    done = course.harness("evaluate", "submissions/bob", "submissions/ann")
    assert done.returncode == 1, done.stdout + done.stderr
    scores = {score["name"]: score["value"] for score in course.record(task="dose")["scores"]}
    assert scores["r_squared"] > 0.98
    assert 0.05 < scores["root_mean_squared_error"] < 0.2
    failure = course.record("ann", task="dose")["failure"]
    assert failure["kind"] == "bad_predictions"
    assert "expected (100,) numbers; write [:, 0] to drop the last axis" in failure["message"]
    shown = course.harness("tasks", "show", "dose")
    assert "returns (N,) numbers" in shown.stdout
    assert course.harness("tasks", "check", "dose").returncode == 0
    assert course.harness("report", "submissions/bob").returncode == 0


def test_several_labels_per_item_are_predicted_and_scored(course: TemporaryCourse) -> None:
    declares = (
        'kind="multilabel", classes=("warm", "wet"), '
        "metrics=(harness.metrics.macro_f1_of_labels, harness.metrics.exact_match)"
    )
    targets = "(figures > 0).astype(np.int64)"
    course.add_task("signs", text=TASK.format(targets=targets, declares=declares, baseline=0.8))
    returned = "1 / (1 + np.exp(-9 * figures))"
    course.submit(LEAST_SQUARES.format(factor=2, shift=1, returned=returned), task="signs")
    course.submit(LEAST_SQUARES.format(factor=2, shift=1, returned="9 * figures"), task="signs", name="ann")
    done = course.harness("evaluate", "submissions/bob", "submissions/ann")
    assert done.returncode == 1, done.stdout + done.stderr
    scores = {score["name"]: score["value"] for score in course.record(task="signs")["scores"]}
    assert scores["macro_f1_of_labels"] > 0.85
    assert scores["exact_match"] > 0.8
    assert scores["macro_auc_of_labels"] > 0.95
    failure = course.record("ann", task="signs")["failure"]
    assert (failure["kind"], "apply the sigmoid" in failure["message"]) == ("bad_predictions", True)
    shown = course.harness("tasks", "show", "signs")
    assert "warm" in shown.stdout


COUNTS_WORDS = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.cross = np.array([2.0])

    def predict(self, inputs):
        odds = np.array([self.cross[0] * (text.split().count("bad") - 0.5) for text in inputs])
        yes = 1 / (1 + np.exp(-odds))
        return np.stack([1 - yes, yes], axis=1)
"""
REVIEWS = """
import numpy as np
import harness

def part(*numbers):
    texts = [f"quite {'bad' if n % 3 else 'good'} drug {n}" for n in range(*numbers)]
    return harness.Split(texts, np.arange(*numbers) % 2)

TASK = harness.Task(
    title="Reviews", kind="classification", inputs=harness.Inputs(shape=None, dtype="str"), classes=("calm", "cross"),
    sources=(harness.Embedded(title="generated", load=lambda: harness.Parts(part(60), part(60, 90), part(90, 130)),
                              baseline=harness.Baseline(0.3), licence="CC0"),),
    split="as it comes", metrics=(harness.metrics.accuracy,),
)
"""


def test_the_words_of_hard_texts_are_weighed_for_the_report(course: TemporaryCourse) -> None:
    course.add_task("reviews", text=REVIEWS)
    course.submit(COUNTS_WORDS, task="reviews")
    done = course.harness("evaluate", "submissions/bob")
    assert done.returncode == 0, done.stdout + done.stderr
    assert course.harness("report", "submissions/bob").returncode == 0
    page = (course.root / ".harness" / "reports" / "bob-reviews.html").read_text()
    assert 'quite <mark class="for3" title="+0.46">bad</mark> drug' in page
    assert "; memory of " in page  # of how many processes follows from how often they could be looked at
