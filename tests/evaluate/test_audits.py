"""What is timed must answer as what was scored."""

import numpy as np
import pytest

from harness.contract import Predictions
from harness.evaluate._agree import allowed_to_differ, differing, same_answers


def labels(*values):
    return Predictions(np.array(values))


def test_equal_labels_agree_whatever_the_scores():
    first = Predictions(np.array([1]), np.array([[0.0, 9.0]]))
    second = Predictions(np.array([1]), np.array([[0.0, 1.0]]))
    assert not differing(first, second).any()


def test_a_flip_is_excused_where_both_score_vectors_agree():
    first = Predictions(np.array([0]), np.array([[0.500001, 0.5]]))
    second = Predictions(np.array([1]), np.array([[0.5, 0.500001]]))
    assert not differing(first, second).any()
    assert differing(labels(0), labels(1)).all()


def test_masks_boxes_and_forecasts_are_compared_by_tolerance():
    forecasts = Predictions(np.array([[1.0, 2.0], [3.0, 4.0]]))
    moved = Predictions(np.array([[1.0, 2.0001], [3.0, 5.0]]))
    assert differing(forecasts, moved).tolist() == [False, True]
    boxes = Predictions([np.zeros((1, 6)), np.zeros((2, 6))])
    fewer = Predictions([np.zeros((1, 6)), np.zeros((1, 6))])
    assert differing(boxes, fewer).tolist() == [False, True]


@pytest.mark.parametrize(("n", "allowed"), [(1, 2), (400, 2), (1000, 5)])
def test_half_a_percent_may_differ_and_two_in_any_case(n, allowed):
    assert allowed_to_differ(n) == allowed


def test_the_audit_fails_above_that_and_gives_its_figures():
    audit = same_answers(labels(0, 0, 0, 0), labels(1, 1, 1, 0))
    assert not audit.passed
    assert audit.severity == "fail"
    assert audit.detail.startswith("3 of 4 unaltered items")


FIT_CENTRES = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def honest(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
"""
CHEATS = {
    "sniffs-the-timed-phase": "        return np.zeros(1, int) if len(inputs) == 1 else self.honest(inputs)\n",
    "guesses-anew": "        return np.random.randint(0, 3, len(inputs))\n",
    "depends-on-order": "        return np.arange(len(inputs)) % 3\n",
}


def test_models_that_know_when_they_are_timed_fail_the_audit(course):
    for name, predict in CHEATS.items():
        course.submit(FIT_CENTRES + predict, name=name)
    course.submit(FIT_CENTRES + "        return self.honest(inputs)\n", name="honest")
    names = ["honest", *CHEATS]
    done = course.harness("evaluate", *(f"submissions/{name}" for name in names))
    assert done.returncode == 1, done.stderr
    records = {name: course.record(name) for name in names}
    assert records["honest"]["status"] == "passed"
    for name in CHEATS:
        assert (records[name]["failure"]["kind"], records[name]["failure"]["phase"]) == ("audit_failed", "audit"), name
        assert records[name]["audits"][0]["passed"] is False
