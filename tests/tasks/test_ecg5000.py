"""The task `ecg5000`: the archive's parts, its train file alone, a stand-in with rare kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.loading import DATA, all_distinct, counts, in_order_of_classes, load, place, shares, splits
from tests.tasks.test_ecg200 import archive, nearest

EMBEDDED_DIGEST = "sha256:9ba387c96185debb7a82a55e976b40872522562bdbfaa4ad48b95f9a1e4d296f"
TRAIN_FILE_DIGEST = "sha256:4f64c5bd6a895a6b020536a6d62853d8d9065a48375a90a1f2c1303d1698f6f2"

needs_data = pytest.mark.skipif(not (DATA / "ecg5000").is_dir(), reason="no $HARNESS_DATA/ecg5000")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("ecg5000", tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("ecg5000", tmp_path_factory.mktemp("cache"), DATA)


def test_without_files_generated_beats_have_every_class_in_every_part(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "not ECG5000" in embedded.source.title
    assert counts(embedded) == (383, 97, 320)
    assert embedded.digest == EMBEDDED_DIGEST
    assert all_distinct(embedded)
    assert not any(in_order_of_classes(split) for split in splits(embedded))
    assert splits(embedded)[0].inputs.shape[1:] == (140,)
    for split in splits(embedded):
        assert np.allclose(shares(split, 5), [0.5, 0.25, 0.1, 0.1, 0.05], atol=0.01)


def test_generated_classes_overlap_and_the_note_states_the_baseline(embedded: TaskData) -> None:
    from sklearn.linear_model import LogisticRegression

    train, _, test = splits(embedded)
    assert nearest(embedded) == embedded.source.baseline.value == 0.7875
    linear = LogisticRegression(max_iter=2000).fit(train.inputs, train.targets).score(test.inputs, test.targets)
    assert 0.8 < linear < 0.95


@needs_data
def test_the_train_file_alone_is_divided_within_each_class(real: TaskData) -> None:
    assert (real.source.kind, real.source.title) == ("local", "ECG5000's train file alone, divided anew")
    assert counts(real) == (240, 59, 201)
    assert real.digest == TRAIN_FILE_DIGEST
    assert [np.bincount(split.targets, minlength=5).tolist() for split in splits(real)] == [
        [140, 85, 5, 9, 1],
        [35, 21, 1, 2, 0],
        [117, 71, 4, 8, 1],
    ]
    assert all_distinct(real)
    assert not any(in_order_of_classes(split) for split in splits(real))
    assert nearest(real) == pytest.approx(0.8955, abs=0.00005)


def test_both_files_give_the_archives_own_parts(tmp_path: Path) -> None:
    kinds = ("1",) * 292 + ("2",) * 177 + ("3",) * 10 + ("4",) * 19 + ("5",) * 2  # as the archive has them
    root = place(
        tmp_path / "root",
        "ecg5000",
        ECG5000_TRAIN__tsv=archive(500, 140, kinds),
        ECG5000_TEST__tsv=archive(4500, 140, kinds, seed=1),
    )
    data = load("ecg5000", tmp_path / "cache", root)
    assert data.source.title == "ECG5000 from the UCR archive"
    assert counts(data) == (401, 99, 4500)
    assert data.source.baseline.value == 0.9248
    assert not any(in_order_of_classes(split) for split in splits(data))


def test_a_train_file_cut_short_is_named_and_not_replaced(tmp_path: Path) -> None:
    root = place(tmp_path / "root", "ecg5000", ECG5000_TRAIN__tsv=archive(499, 140, ("1", "2")))
    with pytest.raises(InfrastructureError, match=r"ECG5000_TRAIN\.tsv, row 499: the file ends here, expected 500"):
        load("ecg5000", tmp_path / "cache", root)
