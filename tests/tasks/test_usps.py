"""The task `usps`: its split is fixed, stratified, and leaks nothing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.course import Course
from harness.data import Places, TaskData, load_data

COURSE = Course(Path(__file__).parents[2])
DATA = Path(os.environ.get("HARNESS_DATA") or "no-data")
EMBEDDED_DIGEST = "sha256:c15961eb6cec6e7ab3774f5274c99f8a6ec0789b089f951b1b773a2e9d199c73"
REAL_DIGEST = "sha256:06ad162c11e2f370a7b514fde72f9109b7d44ea21aff85ee570357be75a2419f"

needs_usps = pytest.mark.skipif(not (DATA / "usps").is_dir(), reason="no $HARNESS_DATA/usps")


def load(cache: Path, root: Path | None, choice: str = "auto") -> TaskData:
    places = Places(root=root, cache=cache, private=None, offline=True)
    return load_data(COURSE.task("usps"), COURSE.task_digest("usps"), places, choice)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load(tmp_path_factory.mktemp("cache"), None)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load(tmp_path_factory.mktemp("cache"), DATA)


def counts(data: TaskData) -> tuple[int, ...]:
    assert data.test is not None
    return len(data.train), len(data.validation), len(data.test)


def proportions(split: harness.Split) -> np.ndarray:
    return np.bincount(split.targets, minlength=10) / len(split)


def check(data: TaskData) -> None:
    """Check what holds for every source."""
    assert data.test is not None
    for split in (data.train, data.validation, data.test):
        assert split.inputs.shape[1:] == (16, 16)
        assert split.inputs.dtype == np.float32
        assert split.inputs.min() == 0
        assert 0.99 < split.inputs.max() <= 1
        assert set(split.targets) == set(range(10))
    assert abs(proportions(data.train) - proportions(data.validation)).max() < 0.01


def test_without_files_the_digits_of_scikit_learn_are_used_and_named(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "not USPS" in embedded.source.title
    assert counts(embedded) == (1212, 135, 450)
    assert embedded.digest == EMBEDDED_DIGEST
    check(embedded)


def test_the_embedded_parts_share_no_item(embedded: TaskData) -> None:
    from sklearn.datasets import load_digits

    assert embedded.test is not None
    everything = np.concatenate([split.inputs for split in (embedded.train, embedded.validation, embedded.test)])
    found = sorted(image[::2, ::2].tobytes() for image in everything)
    assert found == sorted((image / 16).astype(np.float32).tobytes() for image in load_digits().images)


def test_the_embedded_baseline_is_below_the_score_in_its_note(embedded: TaskData) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    assert embedded.test is not None
    rows = [split.inputs.reshape(len(split), -1) for split in (embedded.train, embedded.test)]
    nearest = KNeighborsClassifier(1).fit(rows[0], embedded.train.targets)
    accuracy = nearest.score(rows[1], embedded.test.targets)
    assert accuracy == pytest.approx(0.982, abs=0.0005)
    assert "1-NN .982" in embedded.source.baseline.note
    assert embedded.source.baseline.value == 0.95


def test_a_jittered_digit_stays_a_digit(embedded: TaskData) -> None:
    perturb = COURSE.task("usps").perturb
    assert perturb is not None
    generator = np.random.default_rng(0)
    image = embedded.train.inputs[0]
    jittered = [np.asarray(perturb(image, generator)) for _ in range(20)]
    assert all(one.shape == (16, 16) and one.min() >= 0 and one.max() <= 1 for one in jittered)
    assert all(0 < abs(one - image).mean() < 0.15 for one in jittered)
    assert len({one.tobytes() for one in jittered}) == 20


def test_the_declaration_has_the_requirements_of_the_course() -> None:
    task = COURSE.task("usps")
    assert [metric.name for metric in task.metrics] == ["accuracy", "macro_f1"]
    assert [source.kind for source in task.sources] == ["canonical", "local", "embedded"]
    assert [source.baseline.value for source in task.sources] == [0.94, 0.94, 0.95]
    assert [rule.name for rule in task.rules] == ["fully_connected_only"]


@pytest.mark.thorough
@pytest.mark.usps
@needs_usps
def test_the_official_files_give_the_official_counts(real: TaskData) -> None:
    assert real.source.kind in ("canonical", "local")  # the publisher's archives, or others of the same content
    assert counts(real) == (6561, 730, 2007)
    assert real.digest == REAL_DIGEST
    check(real)


@pytest.mark.thorough
@pytest.mark.usps
@needs_usps
def test_train_and_validation_together_are_the_published_train_file(real: TaskData) -> None:
    from torchvision.datasets import USPS

    usps = USPS(DATA / "usps", train=True)
    official = sorted((image.astype(np.float32) / 255).tobytes() for image in usps.data)
    found = [image.tobytes() for split in (real.train, real.validation) for image in split.inputs]
    assert sorted(found) == official


@pytest.mark.usps
@needs_usps
def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    from harness.errors import InfrastructureError

    (tmp_path / "usps").mkdir()
    (tmp_path / "usps" / "usps.t.bz2").write_bytes((DATA / "usps" / "usps.t.bz2").read_bytes())
    (tmp_path / "usps" / "usps.bz2").write_bytes((DATA / "usps" / "usps.bz2").read_bytes()[:100_000])
    with pytest.raises(InfrastructureError, match=r"usps\.bz2 is no whole USPS file"):
        load(tmp_path / "cache", tmp_path)
