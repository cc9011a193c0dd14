"""The task `nuclei`: each image in one part, and a baseline that is what Otsu's threshold gets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.images import COURSE, DATA, counts, hand_out, jittered, load, needs, shared

EMBEDDED_DIGEST = "sha256:f224dab85f30798bd04bac878efca1a60632801974803e8120d4c02681cbf0a6"
REAL_DIGEST = "sha256:b14b69b81f9cb890c9d565178f8e806f83b74dda49fd387ed9da2563ac4f5918"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("nuclei", tmp_path_factory.mktemp("cache"))


def check(data: TaskData) -> None:
    assert shared(data) == [0, 0, 0]
    assert data.test is not None
    for split in (data.train, data.validation, data.test):
        assert split.inputs.shape[1:] == split.targets.shape[1:] == (256, 256)
        assert set(np.unique(split.targets)) == {0, 1}
        assert 0.02 < split.targets.mean() < 0.5


@pytest.mark.thorough
def test_without_files_generated_nuclei_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "practice only" in embedded.source.title
    assert counts(embedded) == (40, 12, 24)
    assert embedded.digest == EMBEDDED_DIGEST
    check(embedded)


@pytest.mark.thorough
def test_a_jitter_moves_nothing(embedded: TaskData) -> None:
    copies = jittered("nuclei", embedded.train.inputs[0])
    assert abs(np.mean(copies, axis=0) - embedded.train.inputs[0]).max() < 0.03


@pytest.mark.thorough
def test_a_dim_picture_is_jittered_as_little_as_a_bright_one(embedded: TaskData) -> None:
    bright = embedded.train.inputs[0]
    changes = [np.std(np.subtract(jittered("nuclei", one)[0], one)) / one.max() for one in (bright, 0.05 * bright)]
    assert changes[1] == pytest.approx(changes[0], rel=0.1)
    assert 0.005 < changes[0] < 0.01


def test_the_declaration_and_the_hand_out_say_the_same() -> None:
    task, text = COURSE.task("nuclei"), hand_out("nuclei")
    assert [metric.name for metric in task.metrics] == [
        *("dice", "iou", "hausdorff_95", "surface_distance_within_2"),
    ]
    assert [source.kind for source in task.sources] == ["local", "embedded"]
    for source in task.sources:
        assert source.counts is not None
        assert f"{source.baseline.value:g}" in text
    assert "200 images to train on, 50 to validate, 84 to test" in text
    assert "40/12/24" in text


IDS = np.array([f"{number:04}" for number in range(334)])


def archive(folder: Path, **arrays: np.ndarray | None) -> Path:
    (folder / "nuclei").mkdir()
    images = np.random.default_rng(0).integers(0, 256, (334, 256, 256), np.uint8)
    whole = {"images": images, "labels": (images > 128).astype(np.uint16), "ids": IDS} | arrays
    path = folder / "nuclei" / "dsb2018_fluo256.npz"
    np.savez(path, **{name: array for name, array in whole.items() if array is not None})
    return path


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"ids": None}, "has no array ids: found images, labels"),
        ({"labels": np.zeros((334, 128, 128), np.uint8)}, r"labels \(334, 128, 128\), expected \(334, 256, 256\)"),
        ({"ids": np.where(np.arange(334) == 7, "0003", IDS)}, r"image 0003 is there twice, in rows \[3, 7\]"),
    ],
)
def test_an_archive_of_another_form_is_reported_with_its_problem(
    tmp_path: Path, arrays: dict[str, np.ndarray | None], says: str
) -> None:
    archive(tmp_path, **arrays)
    with pytest.raises(InfrastructureError, match=rf"dsb2018_fluo256\.npz.*{says}"):
        load("nuclei", tmp_path / "cache", tmp_path)


def test_an_archive_cut_short_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path)
    path.write_bytes(path.read_bytes()[: 1 << 20])
    with pytest.raises(InfrastructureError, match=r"dsb2018_fluo256\.npz is no whole npz file"):
        load("nuclei", tmp_path / "cache", tmp_path)


@pytest.mark.thorough
def test_the_split_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    path = archive(tmp_path)
    first = load("nuclei", tmp_path / "one", tmp_path)
    with np.load(path) as arrays:
        turned = {name: array[::-1] for name, array in arrays.items()}
    np.savez(path, **turned)
    assert load("nuclei", tmp_path / "two", tmp_path).digest == first.digest


@needs("nuclei")
def test_the_real_images_give_the_counts_the_course_states(tmp_path: Path) -> None:
    data = load("nuclei", tmp_path, DATA)
    assert data.source.kind == "local"
    assert counts(data) == (200, 50, 84)
    assert data.digest == REAL_DIGEST
    check(data)


def best_cut(picture: np.ndarray, mask: np.ndarray) -> float:
    """The Dice coefficient of the best threshold there is on the smoothed picture, chosen with the mask in hand."""

    from scipy.ndimage import gaussian_filter

    brightest_first = mask.ravel()[np.argsort(gaussian_filter(picture, 1), axis=None)[::-1]]
    sizes = np.arange(1, mask.size + 1)
    return float((2 * brightest_first.cumsum() / (sizes + mask.sum())).max())


@needs("nuclei")
def test_the_best_threshold_per_image_scores_what_the_page_states(tmp_path: Path) -> None:
    """What docs/accounts.toml says of real nuclei: how far above .875 a mask may hope to be."""
    test = load("nuclei", tmp_path, DATA).test
    assert test is not None
    best = np.mean([best_cut(picture, mask > 0) for picture, mask in zip(test.inputs, test.targets, strict=True)])
    assert best == pytest.approx(0.9135, abs=0.0005)
