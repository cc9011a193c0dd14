"""`fit` never gets scored items: where validation is scored it gets parts of train, and the order is secret."""

from __future__ import annotations

import numpy as np
import pytest

from harness import Split
from harness.contract import Predictions
from harness.data import TaskData
from harness.evaluation._secret_order import SecretOrder
from tests.conftest import TemporaryCourse
from tests.declared import source


def split(targets: list[int], start: int = 0, groups: list[str] | None = None) -> Split:
    inputs = np.arange(start, start + len(targets), dtype=np.float32)[:, None]
    return Split(inputs, np.array(targets), groups)


def data(train: Split, validation: Split, test: Split | None = None) -> TaskData:
    return TaskData(
        source=source(), train=train, validation=validation, test=test, private=False, digest="", passed_over=()
    )


TRAIN, VALIDATION = split([0, 1] * 40), split([0, 1] * 10, 1000)


def test_fit_is_given_what_is_declared_where_the_test_part_is_scored() -> None:
    shown = data(TRAIN, VALIDATION, VALIDATION).for_fit
    assert (shown.train, shown.validation) == (TRAIN, VALIDATION)


def test_fit_is_given_parts_of_train_where_validation_is_scored() -> None:
    scored_on_validation = data(TRAIN, VALIDATION)
    shown = scored_on_validation.for_fit
    assert scored_on_validation.scored is VALIDATION
    assert sorted([*shown.train.inputs[:, 0], *shown.validation.inputs[:, 0]]) == list(range(80))
    assert np.bincount(shown.validation.targets).tolist() == [8, 8]
    assert np.array_equal(shown.train.inputs, data(TRAIN, VALIDATION).for_fit.train.inputs)


def test_groups_stay_together_in_what_fit_is_given() -> None:
    shown = data(split([0, 1] * 40, groups=[f"person {item // 4}" for item in range(80)]), VALIDATION).for_fit
    assert not set(shown.train.groups) & set(shown.validation.groups)


@pytest.mark.parametrize(
    "train", [split([0] * 9 + [1]), split([0, 1], groups=["a", "a"]), split([0, 1]), split([0])], ids=len
)
def test_a_part_too_small_for_stratification_is_still_divided(train: Split) -> None:
    shown = data(train, VALIDATION).for_fit
    assert len(shown.train)
    assert len(shown.validation)
    assert {*shown.train.inputs[:, 0], *shown.validation.inputs[:, 0]} == {*train.inputs[:, 0]}


@pytest.mark.parametrize("texts", [False, True])
def test_inputs_are_shuffled_anew_and_answers_restored_to_their_order(texts: bool) -> None:
    inputs = [str(item) for item in range(100)] if texts else np.arange(100.0)
    first, second = (SecretOrder.of(inputs, 32) for _ in range(2))
    assert [len(batch) for batch in first.batches()] == [32, 32, 32, 4]
    assert not np.array_equal(first.order, second.order)
    asked = np.array([float(item) for batch in first.batches() for item in batch])
    assert first.in_original_order(Predictions(asked)).values.tolist() == list(range(100))


KEEPS_VALIDATION = """
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.points, self.labels = validation.inputs, validation.targets

    def predict(self, inputs):
        return self.labels[((inputs[:, None] - self.points) ** 2).sum(axis=2).argmin(axis=1)]
"""


def test_a_model_that_stores_the_validation_part_is_not_scored_on_it(course: TemporaryCourse) -> None:
    course.add_task(more="private_test=True")
    record = course.evaluate(KEEPS_VALIDATION)
    task = record["task"]
    assert (task["scored_on"], task["n_validation"]) == ("validation", 45)
    assert (task["n_fit_train"], task["n_fit_validation"]) == (101, 34)
    assert 0.7 < record["scores"][0]["value"] < 1


READS_POSITIONS = """
import numpy as np
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.nothing = np.zeros(1)

    def predict(self, inputs):
        return np.arange(len(inputs)) * 3 // len(inputs)
"""
"""The items of the blobs are in the order of their classes."""


def test_the_position_of_an_item_does_not_reveal_its_label(course: TemporaryCourse) -> None:
    course.add_task()
    record = course.evaluate(READS_POSITIONS)
    assert record["scores"][0]["value"] < 0.6
