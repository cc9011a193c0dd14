"""The task `spect`: phantoms that look like the literature's patients, and an instructor's folder read with care."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.images import COURSE, classes_in, counts, hand_out, jittered, load, shared

EMBEDDED_DIGEST = "sha256:1248b386d41830c3620a0356d1a94d349c134bca8b1d5506ec6293b7995e774a"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("spect", tmp_path_factory.mktemp("cache"))


def module_of(name: str) -> Any:
    """A module of the task, as the course imported it."""
    COURSE.task("spect")
    return next(module for key, module in sys.modules.items() if key.endswith(f".spect.{name}"))


def ratios(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Binding ratios of (caudate, putamen), each (N, 2) left and right, from regions of 10 mm."""
    caudate = np.stack([images[:, 45 + side * 6 - 2 : 45 + side * 6 + 3, 57:65].mean((1, 2)) for side in (-1, 1)], 1)
    putamen = np.stack([images[:, 45 + side * 13 - 2 : 45 + side * 13 + 3, 46:62].mean((1, 2)) for side in (-1, 1)], 1)
    return caudate - 1, putamen - 1


def test_without_files_phantoms_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "not patients" in embedded.source.title
    assert counts(embedded) == (312, 78, 130)
    assert embedded.digest == EMBEDDED_DIGEST
    assert shared(embedded) == [0, 0, 0]
    assert classes_in(embedded) == [{0, 1, 2}] * 3
    assert embedded.train.inputs.shape[1:] == (91, 109)


def test_uptake_falls_with_the_stage_and_the_putamen_before_the_caudate(embedded: TaskData) -> None:
    caudate, putamen = ratios(embedded.train.inputs)
    stages = embedded.train.targets
    for ratio in (caudate, putamen):
        means = [ratio[stages == stage].mean() for stage in range(3)]
        assert means[0] > means[1] > means[2] > 0
    assert (putamen[stages == 2].mean() / caudate[stages == 2].mean()) < 0.9


def test_one_side_is_worse_and_each_side_equally_often(embedded: TaskData) -> None:
    _, putamen = ratios(embedded.train.inputs[embedded.train.targets == 0])
    asymmetry = abs(putamen[:, 0] - putamen[:, 1]) / putamen.mean(axis=1)
    assert 0.1 < np.median(asymmetry) < 0.5
    assert 0.35 < (putamen[:, 0] < putamen[:, 1]).mean() < 0.65


def test_controls_have_binding_ratios_of_the_literature() -> None:
    phantoms = module_of("phantoms")
    generator = np.random.Generator(np.random.PCG64(1))
    images = np.stack([phantoms.phantom(phantoms.CONTROL, generator) for _ in range(40)]) / 1000
    caudate, putamen = ratios(images)
    assert caudate.mean() == pytest.approx(3.15, abs=1.5)  # a square region holds less than the outlined nucleus
    assert putamen.mean() == pytest.approx(1.89, abs=0.6)
    assert (caudate.mean(axis=1).std(), putamen.mean(axis=1).std()) < (0.6, 0.5)


def test_stages_overlap_so_that_no_classifier_is_perfect(embedded: TaskData) -> None:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    def features(images: np.ndarray) -> np.ndarray:
        return np.concatenate([np.sort(ratio, axis=1) for ratio in ratios(images)], axis=1)

    assert embedded.test is not None
    model = LinearDiscriminantAnalysis().fit(features(embedded.train.inputs), embedded.train.targets)
    accuracy = model.score(features(embedded.test.inputs), embedded.test.targets)
    assert 0.55 < accuracy < 0.85


def test_a_jittered_slice_stays_a_valid_slice(embedded: TaskData) -> None:
    item = embedded.train.inputs[0]
    assert all(0 < abs(copy - item).mean() < 0.05 for copy in jittered("spect", item))


def test_the_declaration_and_the_hand_out_say_the_same() -> None:
    task, text = COURSE.task("spect"), hand_out("spect")
    assert [metric.name for metric in task.metrics] == ["accuracy", "balanced_accuracy", "quadratic_kappa"]
    assert all((source.baseline.value, source.baseline.strict) == (0.25, True) for source in task.sources)
    assert "accuracy > 0.25" in text
    assert ".33" in text
    assert task.restricted
    assert [asset.name.partition("-")[2][:8] for asset in task.assets] == [
        asset.digest.removeprefix("sha256:")[:8] for asset in task.assets
    ]
    assert all(asset.name in text for asset in task.assets)


# An instructor's own images


def volume(stage: int, seed: int) -> np.ndarray:
    """A volume (91, 109, 91) whose slice 41 is a phantom, in counts as a camera gives them."""
    phantoms = module_of("phantoms")
    whole = np.zeros((91, 109, 91), np.int16)
    whole[:, :, 41] = phantoms.phantom(phantoms.STAGES[stage], np.random.Generator(np.random.PCG64(seed)))
    return whole


def write_npy(path: Path, whole: np.ndarray) -> Path:
    np.save(path.with_suffix(".npy"), whole)
    return path.with_suffix(".npy")


def write_nifti(path: Path, whole: np.ndarray) -> Path:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(whole, np.diag([2, 2, 2, 1])), path.with_suffix(".nii.gz"))
    return path.with_suffix(".nii.gz")


def write_dicom(path: Path, whole: np.ndarray) -> Path:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = NuclearMedicineImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(path.with_suffix(".dcm"), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = 91, 109, 91
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelData = whole.transpose().astype(np.uint16).tobytes()
    dataset.save_as(path.with_suffix(".dcm"), enforce_file_format=True)
    return path.with_suffix(".dcm")


WRITERS = (write_npy, write_nifti, write_dicom)


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty subjects, one of them with two images, in the three formats by turns."""
    root = tmp_path_factory.mktemp("patients") / "spect"
    (root / "images").mkdir(parents=True)
    rows = []
    for number in range(31):
        subject = 3000 + number % 30
        stage = (number % 30) % 3
        path = WRITERS[number % 3](root / "images" / f"i{number}", volume(stage, number))
        rows.append({"subject": subject, "stage": stage + 1, "file": path.name})
    write_table(root, rows)
    return root


@pytest.fixture
def folder(patients: Path, tmp_path: Path) -> Path:
    """The patients' folder, to be changed."""
    return Path(shutil.copytree(patients, tmp_path / "data" / "spect"))


def write_table(root: Path, rows: list[dict[str, Any]]) -> None:
    with (root / "stages.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def table(root: Path) -> list[dict[str, Any]]:
    with (root / "stages.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def loaded(root: Path) -> TaskData:
    return load("spect", root.parents[1] / "cache", root.parent)


def test_dicom_nifti_and_npy_give_the_same_slice(folder: Path) -> None:
    ppmi, whole = module_of("ppmi"), volume(1, 99)
    slices = [ppmi._slice(write(folder / "images" / "same", whole)) for write in WRITERS]
    assert slices[0].shape == (91, 109)
    assert slices[0].max() > 1000
    np.testing.assert_array_equal(slices[0], slices[1])
    np.testing.assert_array_equal(slices[0], slices[2])


def test_images_of_an_instructor_are_divided_by_subject(folder: Path) -> None:
    data = loaded(folder)
    assert data.source.kind == "local"
    assert sum(counts(data)) == 31
    assert classes_in(data) == [{0, 1, 2}] * 3
    assert np.median(data.train.inputs[0][30:60, 30:80]) == pytest.approx(1, abs=0.3)
    task_data, ppmi = module_of("data"), module_of("ppmi")
    rows = ppmi.read_table(folder)
    parts = task_data.divide_subjects(rows)
    assert {parts[row.subject] for row in rows if row.subject == "3000"} == {parts["3000"]}
    assert [row.subject for row in rows].count("3000") == 2
    groups = [set(split.groups) for split in (data.train, data.validation, data.scored)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 30


def test_a_table_may_decide_the_split(folder: Path) -> None:
    names = ("train", "validation", "test")
    write_table(folder, [row | {"part": names[int(row["subject"]) // 3 % 3]} for row in table(folder)])
    assert counts(loaded(folder)) == (9, 13, 9)


def change(number: int, **columns: Any) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        rows = table(root)
        rows[number] |= columns
        write_table(root, rows)

    return spoil


def add(**columns: Any) -> Callable[[Path], None]:
    return lambda root: write_table(root, [*table(root), columns])


def with_parts(*wrong: tuple[int, str]) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        rows = [row | {"part": "train"} for row in table(root)]
        for number, part in wrong:
            rows[number]["part"] = part
        write_table(root, rows)

    return spoil


def overwrite(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / "images" / name).write_bytes(content)


def truncate(name: str) -> Callable[[Path], object]:
    return lambda root: (root / "images" / name).write_bytes((root / "images" / name).read_bytes()[:2000])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (change(4, file="gone.npy"), r"row 6: no image images/gone\.npy of subject '3004'"),
        (change(4, subject=""), "row 6: the subject is missing"),
        (change(4, stage="4"), "row 6: stage '4' of subject '3004': expected 1, 2 or 3"),
        (add(subject="9", stage="1", file="i3.npy"), r"i3\.npy is listed twice, in rows \[5, 33\]"),
        (with_parts((30, "test")), r"subject '3000' is in several parts: train \(row 2\), test \(row 32\)"),
        (with_parts((3, "exam")), "row 5: part 'exam': expected train, validation, test"),
        (with_parts((3, "")), "some rows have a part and some have none"),
        (lambda root: write_table(root, [r | {"stage": 2} for r in table(root)]), "no subject of stage 1, 3 in 31"),
        (lambda root: write_table(root, [{"who": 1, "stage": 1}]), r"stages\.csv has no column subject, file: found"),
        (overwrite("i3.npy", b"nothing"), r"1 images cannot be read: row 5, images/i3\.npy"),
        (truncate("i2.dcm"), r"row 4, images/i2\.dcm"),
        (truncate("i1.nii.gz"), r"row 3, images/i1\.nii\.gz"),
        (lambda root: np.save(root / "images" / "i3.npy", np.ones((64, 64))), r"i3\.npy.*shape \(64, 64\), expected"),
        (lambda root: np.save(root / "images" / "i3.npy", np.zeros((91, 109))), "i3.npy.*it holds no finite uptake"),
        (lambda root: write_table(root, table(root)[:9]), "only 3 subjects of stage 1: expected at least 8"),
    ],
)
def test_a_mistake_is_named_with_file_and_row(folder: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(folder)
    with pytest.raises(InfrastructureError, match=says):
        loaded(folder)


def test_all_mistakes_are_reported_at_once(folder: Path) -> None:
    change(4, file="gone.npy")(folder)
    change(7, stage="x")(folder)
    with pytest.raises(InfrastructureError, match=r"row 6: no image .*; row 9: stage 'x'"):
        loaded(folder)
