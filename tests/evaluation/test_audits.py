"""What is timed must answer as what was scored."""

from dataclasses import replace

import numpy as np
import pytest

from harness import Metric, Split, metrics
from harness.contract import Predictions
from harness.evaluation import _answers
from harness.evaluation._answers import (
    allowed_to_differ,
    altered_inputs_score_as_well,
    skipped_without_jitter,
    timed_answers_score_as_well,
)
from harness.evaluation._measure import Answered
from harness.kinds import KINDS
from tests.classroom.others import CHEATS
from tests.conftest import BLOBS
from tests.declared import task


def labels(*values):
    return Predictions(np.array(values))


def differing(first, second, kind="classification"):
    return _answers.differing(KINDS[kind], first, second)


def timed_answers_equal_scored(first, second, training=()):
    return _answers.timed_answers_equal_scored(task(), first, second, training)


def test_equal_labels_agree_whatever_the_scores():
    first = Predictions(np.array([1]), np.array([[0.0, 9.0]]))
    second = Predictions(np.array([1]), np.array([[0.0, 1.0]]))
    assert not differing(first, second).any()


def test_a_different_label_is_allowed_where_both_score_vectors_agree():
    first = Predictions(np.array([0]), np.array([[0.500001, 0.5]]))
    second = Predictions(np.array([1]), np.array([[0.5, 0.500001]]))
    assert not differing(first, second).any()
    assert differing(labels(0), labels(1)).all()


def test_masks_boxes_and_forecasts_are_compared_by_tolerance():
    forecasts = Predictions(np.array([[1.0, 2.0], [3.0, 4.0]]))
    moved = Predictions(np.array([[1.0, 2.0001], [3.0, 5.0]]))
    assert differing(forecasts, moved, "forecasting").tolist() == [False, True]
    boxes = Predictions([np.zeros((1, 6)), np.zeros((2, 6))])
    fewer = Predictions([np.zeros((1, 6)), np.zeros((1, 6))])
    assert differing(boxes, fewer, "detection").tolist() == [False, True]


def boxes(n, seed=0):
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 100, (n, 2))
    scores = 0.5 + generator.uniform(0, 1e-5, (n, 1))  # all but equal
    return np.hstack([corners, corners + 20, scores, np.zeros((n, 1))])


def test_boxes_are_compared_as_sets():
    first = boxes(50)
    swapped = first[np.random.default_rng(1).permutation(50)]
    assert not differing(Predictions([first]), Predictions([swapped]), "detection").any()
    assert differing(Predictions([first]), Predictions([boxes(50, seed=2)]), "detection").all()


@pytest.mark.parametrize(("moved", "score", "differs"), [(5, 0.5, False), (6, 0.5, True), (1, 0.9, True)])
def test_a_few_boxes_may_differ_because_of_ties(moved, score, differs):
    first, second = boxes(50), boxes(50)
    second[:moved, :4] += 30
    second[:moved, 4] = first[:moved, 4] = score
    if score == 0.9:
        second[0, 4] = 0.8  # no other box has its score: not a tie
    assert differing(Predictions([first]), Predictions([second]), "detection").tolist() == [differs]


def test_few_boxes_are_compared_one_by_one():
    first, second = boxes(5), boxes(5)
    second[0, 0] += 5
    assert differing(Predictions([first]), Predictions([second]), "detection").all()


@pytest.mark.parametrize(("n", "allowed"), [(1, 2), (400, 2), (1000, 5)])
def test_half_a_percent_of_the_items_may_differ_and_always_two(n, allowed):
    assert allowed_to_differ(n) == allowed


def test_labels_that_change_because_of_ties_are_limited_in_number():
    ties = np.full((400, 2), 0.5) + np.array([1e-7, 0])
    other = ties.copy()
    other[:4] = ties[:4, ::-1]
    assert timed_answers_equal_scored(scored(ties), scored(other)).passed
    audit = timed_answers_equal_scored(scored(ties), scored(ties[:, ::-1]))
    assert not audit.passed
    assert audit.detail.startswith("400 of 400 unaltered items flipped")


def scored(scores):
    return Predictions(scores.argmax(axis=1), scores)


PLANE = Split(np.zeros((200, 2), np.float32), np.arange(200) % 2)
RANKED = task(metrics=(metrics.auc, metrics.accuracy))


def far_from_zero(order):
    """Scores of which rounding could explain all differences: the second class is never the answer."""
    return scored(np.stack([np.full(len(order), 1e7), 1e7 - 20 + order], axis=1))


def score_as_well(first, second, judged=RANKED):
    return timed_answers_score_as_well(judged, PLANE, first, Answered(np.arange(200), second))


def test_the_order_of_scores_is_compared_by_the_score_itself():
    good, order = np.arange(200) % 2, np.random.default_rng(0).random(200)
    for other in (far_from_zero(0 * order), far_from_zero(order), far_from_zero(good + 3 * order)):
        assert _answers.timed_answers_equal_scored(RANKED, far_from_zero(good + order), other).passed
        audit = score_as_well(far_from_zero(good + order), other)
        assert (audit.name, audit.severity, audit.passed) == ("timed answers equal scored ones", "fail", False)
        assert "auc is 1 for 200 unaltered items when scored" in audit.detail


def test_scores_that_differ_by_rounding_score_as_well():
    random = np.random.default_rng(0)
    scores = random.normal(size=(200, 2)) + np.eye(2)[PLANE.targets]
    for judged in (RANKED, task(metrics=(metrics.log_loss,)), task(metrics=(metrics.pr_auc(positive=1),))):
        rounded = scores * (1 + 1e-6 * random.normal(size=scores.shape))
        assert score_as_well(scored(scores), scored(rounded), judged).passed, judged.primary.name
    assert score_as_well(scored(scores), scored(scores.astype(np.float32))).passed


def test_a_loss_near_zero_may_change_many_times_over():
    certain = np.eye(2, dtype=np.float32)[PLANE.targets]
    nearly = np.abs(certain - np.finfo(np.float32).epsneg)
    assert score_as_well(scored(certain), scored(nearly), task(metrics=(metrics.log_loss,))).passed


def test_a_better_score_when_timed_is_no_offence():
    order = np.random.default_rng(0).random(200)
    assert score_as_well(scored(np.stack([order, 1 - order], 1)), scored(np.eye(2)[PLANE.targets])).passed


def test_the_score_of_timed_answers_is_not_compared_where_there_is_none():
    def refuses(targets, predictions):
        raise ValueError("only one class occurs")

    answers = scored(np.eye(2)[PLANE.targets])
    assert score_as_well(answers, answers, task()) is None
    assert score_as_well(labels(*PLANE.targets), labels(*PLANE.targets)) is None
    own = task(metrics=(Metric("own", refuses, higher_is_better=True, of="scores"),))
    assert score_as_well(answers, answers, own) is None


TWO_ORDERS = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def predict(self, inputs):
        scores = -20 * ((inputs[:, None] - self.centres) ** 2).sum(axis=2)
        if len(inputs) == 1 and {cheats}:
            scores = scores * 0
        return 1e7 + scores + np.array([[20, 0, 0]])
"""


@pytest.mark.parametrize("cheats", [True, False])
def test_a_model_that_orders_items_only_when_scored_fails(course, cheats):
    course.add_task(text=BLOBS.replace("metrics.accuracy", "metrics.auc").replace("{limits}", "").replace("{more}", ""))
    record = course.evaluate(TWO_ORDERS.format(cheats=cheats))
    assert record["scores"][0]["value"] > 0.9
    audit = record["audits"][0]
    assert (audit["name"], audit["passed"]) == ("timed answers equal scored ones", not cheats), audit["detail"]
    assert record["status"] == ("failed" if cheats else "passed")


def test_without_a_jitter_the_audit_says_what_it_could_not_test():
    audit = skipped_without_jitter("altered inputs score as well", task(), "a table of answers")
    assert audit.passed
    assert audit.severity == "warn"
    assert "declares no `perturb`" in audit.detail
    assert "a table of answers goes unnoticed" in audit.detail


def test_more_different_answers_than_allowed_fail_with_their_number():
    audit = timed_answers_equal_scored(labels(0, 0, 0, 0), labels(1, 1, 1, 0))
    assert not audit.passed
    assert audit.severity == "fail"
    assert audit.detail.startswith("3 of 4 unaltered items")
    audit = timed_answers_equal_scored(labels(0, 0, 0, 0), labels(1, 1, 1, 0), ("Dropout",))
    assert audit.detail.endswith("predict ran Dropout in training mode: call self.net.eval() at the end of fit")


def test_models_that_detect_when_they_are_timed_fail_the_audit(classroom):
    assert classroom.record()["status"] == "passed"
    for name in CHEATS:
        record = classroom.record(name)
        assert (record["failure"]["kind"], record["failure"]["phase"]) == ("audit_failed", "audit"), name
        assert record["audits"][0]["passed"] is False


def blobs(cost):
    return task(metrics=(metrics.accuracy, metrics.macro_f1), perturb=lambda item, _: item, perturb_cost=cost)


TRUTH = Split(np.zeros((400, 2), np.float32), np.arange(400) % 2)


def wrong(share, items):
    """Labels of `items`, of which this share is wrong."""
    flipped = np.random.default_rng(1).random(len(items)) < share
    return Predictions(np.where(flipped, 1 - items % 2, items % 2))


@pytest.mark.parametrize("metric", [metrics.accuracy, metrics.macro_f1])
@pytest.mark.parametrize(("share", "passed"), [(0.0, True), (0.05, True), (0.09, True), (0.3, False), (0.5, False)])
def test_a_score_may_fall_by_the_cost_stated_and_by_chance(metric, share, passed):
    task = replace(blobs(0.05), metrics=(metric,))
    items = np.random.default_rng(0).permutation(400)[:200]
    audit = altered_inputs_score_as_well(task, TRUTH, wrong(0.0, np.arange(400)), Answered(items, wrong(share, items)))
    assert audit.passed == passed
    assert audit.severity == "fail"
    assert passed or "on 200 items" in audit.detail


def test_a_jitter_that_costs_nothing_passes_a_limit_of_zero():
    items = np.arange(200)
    audit = altered_inputs_score_as_well(
        blobs(0.0), TRUTH, wrong(0.0, np.arange(400)), Answered(items, wrong(0.0, items))
    )
    assert audit.passed


def test_an_error_that_rises_is_a_score_that_falls():
    error = Metric("error", lambda t, p: float((p.values != t).mean()), higher_is_better=False)
    items = np.arange(200)
    audit = altered_inputs_score_as_well(
        replace(blobs(0.05), metrics=(error,)), TRUTH, wrong(0.0, np.arange(400)), Answered(items, wrong(0.4, items))
    )
    assert not audit.passed


def test_a_task_that_states_no_cost_has_no_such_audit():
    items = np.arange(200)
    assert (
        altered_inputs_score_as_well(blobs(None), TRUTH, wrong(0.0, np.arange(400)), Answered(items, wrong(0.9, items)))
        is None
    )


@pytest.mark.compute
def test_honest_noise_is_hardly_ever_reported_as_memorising():
    """The cost is at the bound exactly: one in a hundred may be called out, and the paired bootstrap is close."""
    generator, alarms = np.random.default_rng(3), 0
    for _ in range(200):
        items = generator.integers(0, 400, 200)
        flipped = generator.random(200) < 0.05
        answers = Predictions(np.where(flipped, 1 - items % 2, items % 2))
        alarms += not altered_inputs_score_as_well(
            blobs(0.05), TRUTH, wrong(0.0, np.arange(400)), Answered(items, answers)
        ).passed
    assert alarms <= 8


WORK = """
import time
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])
        self.seen = {}

    def honest(self, inputs):
        time.sleep(0.03 if len(inputs) == 1 else 0)
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
"""
"""Each answer takes long beside whatever else the machine does: others can only add to it."""


@pytest.mark.thorough
def test_stored_answers_fail_and_honest_models_pass(course):
    course.submit(WORK + "        return self.honest(inputs)\n", name="honest")
    course.submit(
        WORK + "        key = inputs.tobytes()\n"
        "        if key not in self.seen:\n            self.seen[key] = self.honest(inputs)\n"
        "        return self.seen[key]\n",
        name="replays",
    )
    # time for two dozen inputs to be asked three times each, where a dozen are needed to judge
    course.harness("evaluate", "submissions/honest", "submissions/replays", "--latency-seconds", "2.8")
    honest, replays = course.record("honest"), course.record("replays")
    assert honest["status"] == "passed"
    assert {audit["name"]: audit["passed"] for audit in honest["audits"]}["repeated inputs are computed again"]
    assert replays["failure"]["kind"] == "audit_failed"
    assert "nine inputs in ten take" in replays["failure"]["message"]


def test_a_model_that_looks_its_answers_up_by_the_exact_input_is_caught(classroom):
    record = classroom.record("knows", "memory")
    assert record["scores"][0]["value"] == 1.0
    assert record["failure"]["kind"] == "audit_failed"
    assert "altered inputs score as well" in record["failure"]["message"]


BUSY_CHILDREN = """
import os
import signal
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def predict(self, inputs):
        if len(inputs) == 1 and not hasattr(self, "children"):
            self.children = [os.fork() for _ in range(3)]
            if 0 in self.children:
                while True:
                    pass
        for child in getattr(self, "children", []):
            os.kill(child, signal.SIGSTOP)
        answer = ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
        for child in getattr(self, "children", []):
            os.kill(child, signal.SIGCONT)
        return answer
"""


def test_a_model_with_background_work_has_no_ratio_to_the_yardstick(course):
    """Children that stop while their own model is timed, and work while the yardstick is."""
    course.environment["HARNESS_LATENCY_SECONDS"] = "0.3"
    record = course.evaluate(BUSY_CHILDREN)
    audits = {audit["name"]: audit for audit in record["audits"]}
    assert not audits["no background work"]["passed"], record["failure"]
    assert "worked for" in audits["no background work"]["detail"]
    assert record["cost"]["latency"]["ratio_to_yardstick"] is None
    assert record["cost"]["latency"]["net_p50_seconds"] is None


def test_an_honest_model_has_no_background_work(course):
    course.environment["HARNESS_LATENCY_SECONDS"] = "0.3"
    audits = {audit["name"]: audit["passed"] for audit in course.evaluate()["audits"]}
    assert audits["no background work"]
    assert audits["one core while timed"]
    assert audits["altered inputs take as long"]
