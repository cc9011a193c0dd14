"""The task `ecg200`: the archive's parts, a stand-in of overlapping kinds, broken files named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.loading import COURSE, DATA, all_distinct, counts, in_order_of_classes, load, place, shares, splits

EMBEDDED_DIGEST = "sha256:42ad28ea11251e9c6e27c65df7594db2cb81a0329e03b4fa6bf1dcf0a01aa94d"
REAL_DIGEST = "sha256:705d5900a230f16d5a8f74a4f5b627d8b8e2853f1ff01d60a1a7e8e421f68f54"

needs_data = pytest.mark.skipif(not (DATA / "ecg200").is_dir(), reason="no $HARNESS_DATA/ecg200")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("ecg200", tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("ecg200", tmp_path_factory.mktemp("cache"), DATA)


def nearest(data: TaskData) -> float:
    from sklearn.neighbors import KNeighborsClassifier

    train, validation, test = splits(data)
    known = np.concatenate([train.inputs, validation.inputs]), np.concatenate([train.targets, validation.targets])
    return float(KNeighborsClassifier(1).fit(*known).score(test.inputs, test.targets))


def test_without_files_generated_beats_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "not ECG200" in embedded.source.title
    assert counts(embedded) == (160, 40, 200)
    assert embedded.digest == EMBEDDED_DIGEST
    assert all_distinct(embedded)
    assert not any(in_order_of_classes(split) for split in splits(embedded))


def test_generated_beats_resemble_those_of_the_archive(embedded: TaskData) -> None:
    for split in splits(embedded):
        assert split.inputs.shape[1:] == (96,)
        assert abs(split.inputs.mean(axis=1)).max() < 1e-4
        assert abs(split.inputs.std(axis=1) - 1).max() < 1e-4
        assert shares(split, 2).tolist() == [0.5, 0.5]


def test_generated_classes_overlap_and_the_note_states_the_baseline(embedded: TaskData) -> None:
    from sklearn.linear_model import LogisticRegression

    train, _, test = splits(embedded)
    assert nearest(embedded) == embedded.source.baseline.value == 0.755
    linear = LogisticRegression(max_iter=2000).fit(train.inputs, train.targets).score(test.inputs, test.targets)
    assert 0.8 < linear < 0.95


def test_a_jittered_beat_keeps_its_class(embedded: TaskData) -> None:
    perturb = COURSE.task("ecg200").perturb
    assert perturb is not None
    generator = np.random.default_rng(0)
    beat = embedded.train.inputs[0]
    jittered = [np.asarray(perturb(beat, generator)) for _ in range(20)]
    assert all(one.shape == beat.shape and one.dtype == np.float32 for one in jittered)
    assert all(0 < abs(one - beat).mean() < 0.1 for one in jittered)
    assert len({one.tobytes() for one in jittered}) == 20


@needs_data
def test_the_archives_files_give_its_parts_and_the_published_baseline(real: TaskData) -> None:
    assert real.source.kind == "local"
    assert counts(real) == (80, 20, 100)
    assert real.digest == REAL_DIGEST
    assert abs(shares(real.train, 2) - shares(real.validation, 2)).max() < 0.02
    assert nearest(real) == pytest.approx(0.88)
    assert real.source.baseline.value == 0.88


def archive(count: int = 100, length: int = 96, labels: tuple[str, ...] = ("-1", "1"), seed: int = 0) -> str:
    beats = np.random.default_rng(seed).normal(size=(count, length)).round(4)
    return "".join(
        "\t".join([labels[row % len(labels)], *map(str, values)]) + "\n" for row, values in enumerate(beats.tolist())
    )


@pytest.mark.parametrize("labels", [("-1", "1"), ("0", "1")])
def test_both_ways_to_write_the_labels_are_read(tmp_path: Path, labels: tuple[str, ...]) -> None:
    train, test = (archive(labels=labels, seed=seed) for seed in (1, 2))
    root = place(tmp_path / "root", "ecg200", ECG200_TRAIN__tsv=train, ECG200_TEST__tsv=test)
    data = load("ecg200", tmp_path / "cache", root)
    assert data.source.kind == "local"
    assert shares(splits(data)[2], 2).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) // 2], r"ECG200_TEST\.tsv, row 50: \d+ fields, expected a label and 96 values"),
        (lambda text: text[: text.index("\n") + 1], r"ECG200_TEST\.tsv, row 1: the file ends here, expected 100 rows"),
        (lambda text: text.replace("\t0.", "\tx.", 1), r"ECG200_TEST\.tsv, row 1: 'x\.\d+' is no finite number"),
        (lambda text: text.replace("\t0.", "\tnan\t0.", 1).replace("\t", "", 1), r"row 1: .* is no finite number"),
        (lambda text: "7" + text[2:], r"ECG200_TEST\.tsv, row 1: the label '7' is none of -1, 0, 1"),
        (lambda text: "", r"ECG200_TEST\.tsv, row 0: the file ends here"),
        (lambda text: b"\xff" + text.encode(), r"ECG200_TEST\.tsv, row 1: byte 0 is not UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_its_row(tmp_path: Path, spoil: object, says: str) -> None:
    text = archive()
    root = place(tmp_path / "root", "ecg200", ECG200_TRAIN__tsv=text, ECG200_TEST__tsv=spoil(text))  # type: ignore[operator]
    with pytest.raises(InfrastructureError, match=says) as caught:
        load("ecg200", tmp_path / "cache", root)
    assert "replace the file" in str(caught.value)
