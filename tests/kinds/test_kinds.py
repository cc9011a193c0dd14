"""What holds for every kind of task; to this file a new kind adds an example and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import harness
from harness.contract import CheckedKind, Predictions, TaskInfo
from harness.course import Course
from harness.data._check_parts import check_parts
from harness.errors import SubmissionError, TaskError
from harness.evaluation._answers import differing
from harness.evaluation._predictions import accept, admit_predictions, join_predictions
from harness.evaluation._score import score
from harness.kinds import KINDS, PREDICTION_FORMS, Kind
from harness.scaffold import new_submission
from harness.taskcheck import CheckedMetric
from harness.wire import ArrayHeader, Done, WireError, pack
from harness.worker._to_arrays import plain
from tests.declared import info, source, task
from tests.plugin_example.wards_for_harness import mean_steps, within_one_step
from tests.plugin_example.wards_for_harness.ordinal import ORDINAL

N = 6
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.random((N, 8, 8)).astype(np.float32)
SIGNALS = GENERATOR.random((N, 5)).astype(np.float32)
BOX = np.array([[1.0, 1, 3, 4, 0], [2, 2, 6, 7, 1]])


@dataclass(frozen=True, kw_only=True)
class Example:
    """A small task of one kind: its data, what a model may return for it, and what it may not."""

    inputs: Any
    targets: Any
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    wrong_targets: tuple[Any, ...]
    declares: dict[str, Any] = field(default_factory=dict)


LABELS = np.array([0, 1, 2, 0, 1, 2])
NUMBERS = GENERATOR.random(N)
MASKS = (GENERATOR.random((N, 8, 8)) > 0.5).astype(np.int64)
SEVERAL = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [0, 1], [1, 1]])
COMING = GENERATOR.random((N, 3))
FOUND = [np.insert(BOX, 4, 0.9, axis=1)] * N

EXAMPLES = {
    "classification": Example(
        inputs=SIGNALS,
        targets=LABELS,
        declares={"classes": ("a", "b", "c")},
        good=(LABELS, LABELS.tolist(), LABELS.astype(float), np.eye(3)[LABELS], GENERATOR.normal(size=(N, 3)) * 1e300),
        bad=(LABELS[:5], LABELS + 1, LABELS - 1, LABELS + 0.5, np.eye(3)[LABELS] * np.nan, np.eye(2)[LABELS % 2]),
        wrong_targets=(LABELS + 1, LABELS.astype(float), LABELS[:, None], np.eye(3)[LABELS]),
    ),
    "multilabel": Example(
        inputs=SIGNALS,
        targets=SEVERAL,
        declares={"classes": ("a", "b")},
        good=(SEVERAL, SEVERAL.tolist(), SEVERAL.astype(bool), SEVERAL.astype(np.uint8), SEVERAL * 0.9),
        bad=(SEVERAL[:, 0], SEVERAL[:5], SEVERAL + 1, SEVERAL * 3.0 - 1, SEVERAL * np.nan, np.zeros((N, 3))),
        wrong_targets=(SEVERAL + 1, SEVERAL.astype(float), SEVERAL[:, 0]),
    ),
    "regression": Example(
        inputs=SIGNALS,
        targets=NUMBERS,
        good=(NUMBERS, NUMBERS.tolist(), NUMBERS.astype(np.float16), np.arange(N)),
        bad=(NUMBERS[:5], NUMBERS[:, None], NUMBERS * np.nan, NUMBERS * 1e200, np.float64(1)),
        wrong_targets=(NUMBERS[:, None], np.arange(N), NUMBERS * np.inf),
    ),
    "forecasting": Example(
        inputs=SIGNALS,
        targets=COMING,
        declares={"horizon": 3},
        good=(COMING, COMING.tolist(), COMING.astype(np.float32)),
        bad=(COMING[:, :2], COMING[:5], COMING[:, 0], COMING * np.nan, COMING * 1.7e308, np.ones((N, 3), int)),
        wrong_targets=(COMING[:, :2], COMING * np.nan, np.ones((N, 3), int)),
    ),
    "segmentation": Example(
        inputs=IMAGES,
        targets=MASKS,
        declares={"classes": ("out", "in")},
        good=(MASKS, MASKS.astype(np.uint8), MASKS * 0.8),
        bad=(MASKS[:, :4], MASKS[:5], MASKS * 2, -MASKS, MASKS * 1.5, MASKS * np.nan),
        wrong_targets=(MASKS.astype(float), MASKS[:, :4], MASKS * 2),
    ),
    "detection": Example(
        inputs=IMAGES,
        targets=[BOX] * N,
        declares={"classes": ("a", "b")},
        good=(FOUND, [np.zeros((0, 6))] * N, tuple(boxes.tolist() for boxes in FOUND)),
        bad=(FOUND[:5], [BOX] * N, [boxes * np.nan for boxes in FOUND], [boxes + 5 for boxes in FOUND], np.zeros(3)),
        wrong_targets=([BOX[:, :4]] * N, np.zeros((N, 2, 5)), [-BOX] * N, [BOX * np.nan] * N),
    ),
    "ordinal": Example(
        inputs=SIGNALS,
        targets=LABELS,
        declares={"classes": ("a", "b", "c")},
        good=(LABELS, LABELS.tolist(), LABELS.astype(float), LABELS.astype(np.uint8)),
        bad=(LABELS[:5], LABELS + 1, LABELS - 1, LABELS + 0.5, LABELS * np.nan, np.eye(3)[LABELS]),
        wrong_targets=(LABELS + 1, LABELS.astype(float), LABELS[:, None], np.eye(3)[LABELS]),
    ),
}
OFFERED: dict[str, Kind] = {**KINDS, "ordinal": CheckedKind(ORDINAL)}
"""The kinds that come with the harness, and that of the example of a plug-in."""
METRICS = {name: [getattr(harness.metrics, one) for one in kind.metrics] for name, kind in OFFERED.items()}
METRICS["ordinal"] = [within_one_step, mean_steps]
KIND = pytest.mark.parametrize("name", OFFERED)


def task_of(name: str) -> harness.Task:
    example = EXAMPLES[name]
    usual = {"classes": ()} | example.declares
    return task(
        name,
        kind=name if name in KINDS else OFFERED[name],
        inputs=harness.Inputs(shape=example.inputs.shape[1:]),
        sources=(source(part=harness.Split(example.inputs, example.targets)),),
        metrics=tuple(METRICS[name]),
        **usual,
    )


def info_of(task: harness.Task) -> TaskInfo:
    return info(
        name=task.name, kind=task.kind_name, input_shape=task.input_shape, input_dtype=task.inputs.dtype,
        classes=task.classes, horizon=task.horizon, n_train=N, n_validation=N,
    )  # fmt: skip


def predicted(task: harness.Task, result: Any) -> Predictions:
    """Do what a worker and then the host do with what `predict` returned."""
    info = info_of(task)
    _, arrays = plain(result, PREDICTION_FORMS[task.kind_definition.form])
    headers = [ArrayHeader(array.dtype, array.shape) for array in arrays]
    admit_predictions(task.kind_definition, info, N, info.input_shape or (), "predict")(Done(), headers)
    return accept(task.kind_definition, info, list(arrays), "predict")


def test_every_kind_has_an_example() -> None:
    assert set(EXAMPLES) == set(OFFERED)


@pytest.mark.compute
@KIND
def test_what_a_perfect_model_returns_is_accepted_and_scores_best(name: str) -> None:
    task, example = task_of(name), EXAMPLES[name]
    right = Predictions(*OFFERED[name].perfect_predictions(task, example.targets))
    again = predicted(task, right.values)
    assert not differing(OFFERED[name], again, right).any()
    scored = score(task, harness.Split(example.inputs, example.targets), right)
    for metric, figure in zip(task.metrics, scored.scores, strict=False):
        best = metric.within[1] if metric.higher_is_better else metric.within[0]
        assert figure.value == pytest.approx(1 if np.isinf(best) else best)


@pytest.mark.compute
@KIND
def test_every_metric_is_a_finite_number_on_any_answers(name: str) -> None:
    task, example = task_of(name), EXAMPLES[name]
    right = Predictions(*OFFERED[name].perfect_predictions(task, example.targets))
    answers = [right, *map(partial(predicted, task), example.good)]
    answers += [one.take([item] * N) for one in answers for item in range(N)]
    listed = [one for one in vars(harness.metrics).values() if isinstance(one, harness.Metric) and name in one.kinds]
    metrics = listed or METRICS[name]
    assert len(metrics) >= len(METRICS[name])
    for metric in metrics:
        for answer in answers:
            if metric.of == "values" or answer.scores is not None:
                CheckedMetric(task=name, metric=metric, targets=example.targets, predictions=answer).value()


@pytest.mark.compute
@KIND
def test_valid_predictions_are_accepted_in_batches_too(name: str) -> None:
    task, example = task_of(name), EXAMPLES[name]
    for result in example.good:
        found = predicted(task, result)
        assert len(found) == N
        assert OFFERED[name].returns
        assert len(join_predictions([found.take(range(2)), found.take(range(2, N))])) == N
        assert not differing(OFFERED[name], found, found.take(range(N))).any()
        scored = score(task, harness.Split(example.inputs, example.targets), found)
        names = {figure.name for figure in scored.scores}
        assert names >= {metric.name for metric in task.metrics}
        if found.scores is not None:
            assert names >= set(OFFERED[name].metrics_of_scores)


def rounded(numbers: Any) -> Any:
    """Floats as another order of additions may give them; whole numbers, such as labels, as they are."""
    if isinstance(numbers, list):
        return [rounded(one) for one in numbers]
    if numbers is None or numbers.dtype.kind != "f":
        return numbers
    with np.errstate(over="ignore"):
        return np.where(numbers == np.floor(numbers), numbers, numbers * (1 + 1e-9))


@KIND
def test_answers_that_differ_by_rounding_are_the_same(name: str) -> None:
    task, example = task_of(name), EXAMPLES[name]
    for result in example.good:
        found = predicted(task, result)
        again = Predictions(rounded(found.values), rounded(found.scores))
        assert not differing(OFFERED[name], found, again).any(), "write agreement, or derive the kind from Numbers"


@KIND
def test_the_model_of_a_new_submission_fits_and_predicts(name: str, tmp_path: Path) -> None:
    task, example = task_of(name), EXAMPLES[name]
    (path,) = new_submission(Course(tmp_path), "bob", task)
    names: dict[str, Any] = {}
    exec(path.read_text(), names)
    model, split = names["Model"](), harness.Split(example.inputs, example.targets)
    model.task = info_of(task)
    model.fit(split, split)
    assert len(predicted(task, model.predict(split.inputs))) == N


@KIND
def test_invalid_predictions_are_the_submissions_failure(name: str) -> None:
    task = task_of(name)
    for result in EXAMPLES[name].bad:
        with pytest.raises((SubmissionError, Exception), match="predict returned") as caught:
            predicted(task, result)
        assert "expected" in str(caught.value)


@pytest.mark.parametrize("shape", [(N,), (N, 1)])
def test_the_error_for_one_sigmoid_column_says_how_to_make_two(shape: tuple[int, ...]) -> None:
    two = replace(task_of("classification"), classes=("a", "b"))
    with pytest.raises(Exception, match=r"turn the one column p of a sigmoid into two, np\.stack"):
        predicted(two, np.full(shape, 0.3))


def test_the_error_for_fractional_labels_names_the_shape_of_scores() -> None:
    with pytest.raises(Exception, match=r"expected whole numbers; for scores return one column per class, \(6, 3\)"):
        predicted(task_of("classification"), np.full(N, 0.3))


@KIND
def test_targets_of_another_form_are_a_mistake_of_the_task(name: str) -> None:
    task, example = task_of(name), EXAMPLES[name]
    good = harness.Split(example.inputs, example.targets)
    with pytest.raises(TaskError, match="inputs are in the train part"):
        check_parts(task, task.sources[0], harness.Parts(good, good, good))  # the targets are right
    for targets in example.wrong_targets:
        with pytest.raises(TaskError, match=f"task {name}, embedded data, train part: "):
            check_parts(task, task.sources[0], harness.Parts(harness.Split(example.inputs, targets), good, good))


@KIND
def test_a_missing_or_unexpected_field_of_a_declaration_is_named(name: str) -> None:
    task, declares = task_of(name), EXAMPLES[name].declares
    for change in ({"classes": ()}, {"horizon": None}) if declares else ({"classes": ("a", "b")}, {"horizon": 2}):
        (changed,) = change
        if changed in declares and name != "segmentation":
            with pytest.raises(TaskError, match=f"^{changed}: found"):
                replace(task, **change)
    with pytest.raises(TaskError, match="horizon: found"):
        replace(task, horizon=2 if task.horizon is None else None)
    other = next(kind for kind in KINDS if not set(KINDS[kind].metrics) & set(OFFERED[name].metrics))
    with pytest.raises(TaskError, match=f"a metric for {name}"):
        replace(task, metrics=tuple(getattr(harness.metrics, metric) for metric in KINDS[other].metrics))


@given(
    name=st.sampled_from(list(OFFERED)),
    array=st.sampled_from(["?", "i1", "i8", "u8", "f2", "f8"]).flatmap(
        lambda dtype: hnp.arrays(dtype, st.sampled_from([(N,), (N, 1), (N, 2), (N, 3), (N, 8, 8), (N, 6), (2, 6)]))
    ),
)
def test_any_array_is_accepted_or_refused_without_another_error(name: str, array: np.ndarray[Any, Any]) -> None:
    task = task_of(name)
    info = info_of(task)
    one_array = PREDICTION_FORMS[OFFERED[name].form].arrays == 1 or not array.ndim
    arrays = [array] if one_array else list(pack([array] * N)[1])
    headers = [ArrayHeader(one.dtype, one.shape) for one in arrays]
    try:
        admit_predictions(task.kind_definition, info, N, info.input_shape or (), "predict")(Done(), headers)
        found = accept(task.kind_definition, info, arrays, "predict")
    except (SubmissionError, WireError) as error:
        assert str(error)
        return
    for values in found.values if isinstance(found.values, list) else [found.values]:
        assert np.isfinite(values.astype(np.float64) ** 2).all()
