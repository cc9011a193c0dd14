"""The tasks `pneumoniamnist` and `bloodmnist`: the publisher's split as it is, and stand-ins that can be learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.images import COURSE, DATA, classes_in, counts, hand_out, jittered, load, needs, shared

SHAPES = {"pneumoniamnist": (28, 28), "bloodmnist": (28, 28, 3)}
EMBEDDED = {
    "pneumoniamnist": ((595, 105, 300), "sha256:fddbb1eaeff4f3d39cb969910e0e92295193da3f45f7b22406cf6301d569a435"),
    "bloodmnist": ((714, 126, 360), "sha256:13afdbf74980d7fec6e3b086ee2cb8a380d2eab96c25e0676b82be2c90a7351e"),
}
OFFICIAL = {"pneumoniamnist": (4708, 524, 624), "bloodmnist": (11959, 1712, 3421)}
REAL_DIGEST = "sha256:314b1ebea59384b790e2ac2563c38d2049162b1e04961d6f02ccb690c761a4fe"


@pytest.fixture(scope="module", params=EMBEDDED)
def embedded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, TaskData]:
    return request.param, load(request.param, tmp_path_factory.mktemp("cache"))


def test_without_files_generated_images_are_used_and_labelled_so(embedded: tuple[str, TaskData]) -> None:
    name, data = embedded
    assert data.source.kind == "embedded"
    assert "practice only" in data.source.title
    assert (counts(data), data.digest) == EMBEDDED[name]
    assert data.train.inputs.shape[1:] == SHAPES[name]
    assert shared(data) == [0, 0, 0]


def test_every_part_has_every_class_in_the_same_proportion(embedded: tuple[str, TaskData]) -> None:
    name, data = embedded
    labels = set(range(len(COURSE.task(name).classes)))
    assert classes_in(data) == [labels] * 3
    assert data.test is not None
    shares = [np.bincount(split.targets) / len(split) for split in (data.train, data.validation, data.test)]
    assert max(abs(shares[0] - share).max() for share in shares) < 0.02


def test_generated_images_are_neither_trivial_nor_impossible_to_classify(embedded: tuple[str, TaskData]) -> None:
    from sklearn.linear_model import RidgeClassifier

    _, data = embedded
    assert data.test is not None
    rows = [split.inputs.reshape(len(split), -1) for split in (data.train, data.test)]
    accuracy = RidgeClassifier(10.0).fit(rows[0], data.train.targets).score(rows[1], data.test.targets)
    assert np.bincount(data.test.targets).max() / len(data.test) < accuracy < 0.97


def test_a_jittered_image_stays_a_valid_image(embedded: tuple[str, TaskData]) -> None:
    name, data = embedded
    copies = jittered(name, data.train.inputs[0])
    assert all(0 < abs(copy - data.train.inputs[0]).mean() < 0.05 for copy in copies)


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_declaration_and_the_hand_out_say_the_same(name: str) -> None:
    task, text = COURSE.task(name), hand_out(name)
    assert [metric.name for metric in task.metrics][:3] == ["accuracy", "auc", "macro_f1"]
    assert [source.kind for source in task.sources] == ["canonical", "local", "embedded"]
    assert task.sources[0].counts == OFFICIAL[name]
    for number in OFFICIAL[name]:
        assert f"{number:,}" in text
    for source in task.sources:
        assert f"{source.baseline.value:g}" in text
    for score, points in task.points:
        assert f"{points:g} at {score:.2f}" in text or f"{points:g} at {score:g}" in text


def archive(folder: Path, **arrays: Any) -> Path:
    (folder / "pneumoniamnist").mkdir()
    path = folder / "pneumoniamnist" / "pneumoniamnist.npz"
    sizes = {"train": 8, "val": 4, "test": 4}
    whole = {f"{part}_images": np.zeros((size, 28, 28), np.uint8) for part, size in sizes.items()}
    whole |= {f"{part}_labels": np.zeros((size, 1), np.uint8) for part, size in sizes.items()}
    whole |= arrays
    np.savez(path, **{name: array for name, array in whole.items() if array is not None})
    return path


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"test_labels": None}, "has no array test_labels: found test_images"),
        ({"val_images": np.zeros((4, 64, 64), np.uint8)}, r"val_images is uint8 \(4, 64, 64\), expected"),
        ({"train_images": np.zeros((8, 28, 28))}, "train_images is float64"),
        ({"test_labels": np.zeros((3, 1), np.uint8)}, r"test_labels has shape \(3, 1\), expected \(4, 1\)"),
    ],
)
def test_an_archive_of_another_form_is_reported_with_its_problem(
    tmp_path: Path, arrays: dict[str, Any], says: str
) -> None:
    archive(tmp_path, **arrays)
    with pytest.raises(InfrastructureError, match=rf"pneumoniamnist\.npz.*{says}"):
        load("pneumoniamnist", tmp_path / "cache", tmp_path)


def test_an_archive_cut_short_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InfrastructureError, match=r"pneumoniamnist\.npz is no whole npz file"):
        load("pneumoniamnist", tmp_path / "cache", tmp_path)


@needs("pneumoniamnist")
def test_the_real_pictures_come_as_published(tmp_path: Path) -> None:
    data = load("pneumoniamnist", tmp_path, DATA)
    assert data.source.kind in ("canonical", "local")
    assert counts(data) == OFFICIAL["pneumoniamnist"]
    assert data.digest == REAL_DIGEST
    assert shared(data) == [8, 0, 0]  # so it was published; no test picture is among the others
    assert data.test is not None
    assert np.bincount(data.test.targets).tolist() == [234, 390]
