"""The task `bccd`: the publisher's lists, boxes that lie where the cells are, and what is broken by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.images import COURSE, DATA, counts, hand_out, jittered, load, needs, shared

EMBEDDED_DIGEST = "sha256:037a6c0ee07174d4b1fc99ee702db685ab1ed170e06029365cfd0651211067e8"
REAL_DIGEST = "sha256:3ab592fa0c3c137441a72b3ee3dabf017eb21bd690cc5162025ef098da13a7c4"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("bccd", tmp_path_factory.mktemp("cache"))


def boxes_of(data: TaskData) -> np.ndarray:
    assert data.test is not None
    return np.concatenate([boxes for split in (data.train, data.validation, data.test) for boxes in split.targets])


@pytest.mark.thorough
def test_without_files_generated_smears_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "practice only" in embedded.source.title
    assert counts(embedded) == (40, 10, 20)
    assert embedded.digest == EMBEDDED_DIGEST
    assert shared(embedded) == [0, 0, 0]


@pytest.mark.thorough
def test_generated_boxes_lie_inside_and_hold_their_class(embedded: TaskData) -> None:
    boxes = boxes_of(embedded)
    assert set(boxes[:, 4]) == {0, 1, 2}
    assert boxes[:, :2].min() >= 0
    assert (boxes[:, 2:4] <= (320, 240)).all()
    purple = []
    for image, rows in zip(embedded.train.inputs, embedded.train.targets, strict=True):
        for x1, y1, x2, y2, label in rows:
            middle = image[int((y1 + y2) / 2) : int((y1 + y2) / 2) + 2, int((x1 + x2) / 2) : int((x1 + x2) / 2) + 2]
            purple.append((label, float(middle[..., 2].mean()) - float(middle[..., 1].mean())))
    bluer = {kind: np.median([value for label, value in purple if label == kind]) for kind in range(3)}
    assert bluer[0] < 20 < min(bluer[1], bluer[2])


@pytest.mark.thorough
def test_a_jitter_moves_nothing_and_keeps_bytes(embedded: TaskData) -> None:
    copies = jittered("bccd", embedded.train.inputs[0])
    assert all(copy.dtype == np.uint8 for copy in copies)
    assert abs(np.mean(copies, axis=0) - embedded.train.inputs[0]).mean() < 2


def test_the_declaration_and_the_hand_out_say_the_same() -> None:
    task, text = COURSE.task("bccd"), hand_out("bccd")
    assert [metric.name for metric in task.metrics] == ["map50", "ap50_rbc", "ap50_wbc", "ap50_platelets"]
    assert all(f"{source.baseline.value:g}" in text for source in task.sources)
    assert "205 images to train on, 87 to validate, 72 to test" in text


OBJECT = (
    "<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>20</ymin><xmax>90</xmax><ymax>80</ymax></bndbox></object>"
)


def voc(folder: Path) -> Path:
    """A set of three images in VOC's format, one a part."""
    root = folder / "bccd"
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / name).mkdir(parents=True)
    for part in ("train", "val", "test"):
        (root / "ImageSets" / "Main" / f"{part}.txt").write_text(f"of_{part}\n")
        Image.new("RGB", (640, 480), (200, len(part) * 20, 180)).save(root / "JPEGImages" / f"of_{part}.jpg")
        content = OBJECT.format(name="WBC", x=10) + OBJECT.format(name="RBC", x=90)  # the second has no area
        (root / "Annotations" / f"of_{part}.xml").write_text(f"<annotation>{content}</annotation>")
    return root


def put(path: str, content: str) -> Callable[[Path], object]:
    return lambda root: (root / path).write_text(content)


def remove(path: str) -> Callable[[Path], object]:
    return lambda root: (root / path).unlink()


ANNOTATION = "Annotations/of_val.xml"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (remove("ImageSets/Main/test.txt"), r"test\.txt is missing"),
        (put("ImageSets/Main/test.txt", "of_test\nof_train\n"), "test.txt, row 2: of_train is in train.txt, row 1 as"),
        (remove("JPEGImages/of_val.jpg"), r"of_val\.jpg cannot be read"),
        (put("JPEGImages/of_val.jpg", "no picture"), r"of_val\.jpg cannot be read"),
        (
            lambda root: Image.new("RGB", (64, 48)).save(root / "JPEGImages/of_val.jpg"),
            r"of_val\.jpg.*\(64, 48\) pixels",
        ),
        (remove(ANNOTATION), r"of_val\.xml cannot be read: FileNotFoundError"),
        (put(ANNOTATION, "<annotation><object>"), r"of_val\.xml cannot be read: ParseError"),
        (put(ANNOTATION, f"<a>{OBJECT.format(name='Yeast', x=1)}</a>"), r"of_val\.xml cannot be read: ValueError"),
        (put(ANNOTATION, f"<a>{OBJECT.format(name='RBC', x='?')}</a>"), r"of_val\.xml cannot be read: ValueError"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(voc(tmp_path))
    with pytest.raises(InfrastructureError, match=says):
        load("bccd", tmp_path / "cache", tmp_path)


def test_boxes_are_halved_with_the_pictures_and_empty_ones_left_out(tmp_path: Path) -> None:
    parts = COURSE.task("bccd").sources[0].load(voc(tmp_path))  # type: ignore[call-arg] # a local source's takes the folder
    assert parts.train.inputs.shape == (1, 240, 320, 3)
    np.testing.assert_array_equal(parts.train.targets[0], [[5, 10, 45, 40, 1]])


@needs("bccd")
def test_the_real_set_comes_as_its_publisher_divided_it(tmp_path: Path) -> None:
    data = load("bccd", tmp_path, DATA)
    assert data.source.kind == "local"
    assert counts(data) == (205, 87, 72)
    assert data.digest == REAL_DIGEST
    assert shared(data) == [0, 0, 0]
    assert np.bincount(boxes_of(data)[:, 4].astype(int)).tolist() == [4153, 372, 361]  # 2 of 4,155 have no area


@needs("bccd")
def test_a_real_set_with_a_picture_cut_short_is_named(tmp_path: Path) -> None:
    shutil.copytree(DATA / "bccd", tmp_path / "bccd")
    path = tmp_path / "bccd" / "JPEGImages" / "BloodImage_00001.jpg"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InfrastructureError, match=r"BloodImage_00001\.jpg cannot be read"):
        load("bccd", tmp_path / "cache", tmp_path)
