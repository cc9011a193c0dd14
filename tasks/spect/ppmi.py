"""The instructor's PPMI images: a folder of DICOM, NIfTI or npy files, and a table of who is in which stage."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .phantoms import SHAPE, relative

TABLE, IMAGES = "stages.csv", "images"
STAGES = ("1", "2", "3")
PARTS = ("train", "validation", "test")
SLICE = 41
"""Of PPMI's 91 transaxial slices the one through the middle of the striatum, counted from 0."""


@dataclass(frozen=True)
class Row:
    """One image of the table; `part` is empty where the table leaves the split to the task."""

    number: int
    subject: str
    stage: int
    file: str
    part: str


def read_table(folder: Path) -> list[Row]:
    """Return the rows of ``stages.csv``: columns subject, stage (1 to 3) and file, and part if it decides the split.

    Raises:
        ValueError: rows are wrong, files missing, or a subject is in two parts; names every row.
    """
    path = folder / TABLE
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [name for name in ("subject", "stage", "file") if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}: found {', '.join(reader.fieldnames or ())}")
        raw = [(reader.line_num, {key: (value or "").strip() for key, value in row.items() if key}) for row in reader]
    problems = [text for number, row in raw for text in _problems(folder, number, row)]
    if not problems:
        rows = [
            Row(number, row["subject"], int(row["stage"]) - 1, row["file"], row.get("part", "")) for number, row in raw
        ]
        problems = _problems_of_all(rows)
    if problems:
        shown = "; ".join(problems[:20]) + (f"; and {len(problems) - 20} more" if len(problems) > 20 else "")
        raise ValueError(f"{path}: {shown}")
    return rows


def read_images(folder: Path, rows: Sequence[Row]) -> np.ndarray:
    """Return (N, 91, 109) float32 slices relative to their unspecific uptake.

    Raises:
        ValueError: files cannot be read or are no such image; names each with its row.
    """
    images, problems = [], []
    for row in rows:
        try:
            images.append(relative(_slice(folder / IMAGES / row.file)).astype(np.float32))
        except Exception as error:  # pydicom, nibabel and NumPy fail in dozens of ways
            problems.append(f"row {row.number}, {IMAGES}/{row.file}: {type(error).__name__}: {error}")
    if problems:
        raise ValueError(f"{len(problems)} images cannot be read: " + "; ".join(problems[:20]))
    return np.stack(images)


def _problems(folder: Path, number: int, row: dict[str, str]) -> list[str]:
    subject, stage, file, part = (row.get(key, "") for key in ("subject", "stage", "file", "part"))
    found = []
    if not subject:
        found.append(f"row {number}: the subject is missing")
    if stage not in STAGES:
        found.append(f"row {number}: stage {stage!r} of subject {subject!r}: expected 1, 2 or 3")
    if not file or not (folder / IMAGES / file).is_file():
        found.append(f"row {number}: no image {IMAGES}/{file} of subject {subject!r}")
    if part and part not in PARTS:
        found.append(f"row {number}: part {part!r}: expected {', '.join(PARTS)} or nothing")
    return found


def _problems_of_all(rows: Sequence[Row]) -> list[str]:
    found = []
    parts, files = defaultdict(dict), defaultdict(list)
    for row in rows:
        parts[row.subject].setdefault(row.part, row.number)
        files[row.file].append(row.number)
    found += [f"{file} is listed twice, in rows {numbers}" for file, numbers in files.items() if len(numbers) > 1]
    for subject, where in parts.items():
        if len(where) > 1:
            places = ", ".join(f"{part or 'no part'} (row {number})" for part, number in where.items())
            found.append(f"subject {subject!r} is in several parts: {places}")
    stages = {row.stage for row in rows}
    absent = [STAGES[stage] for stage in range(len(STAGES)) if stage not in stages]
    if absent:
        found.append(f"no subject of stage {', '.join(absent)} in {len(rows)} rows: expected all three")
    if len({bool(row.part) for row in rows}) > 1:
        found.append("some rows have a part and some have none: expected all or none")
    return found


def _slice(path: Path) -> np.ndarray:
    """Return the (91, 109) slice of an image: NIfTI's and npy's axes are x, y, z, DICOM's are z, y, x."""
    if path.suffix == ".npy":
        volume = np.load(path, allow_pickle=False)
    elif path.name.endswith((".nii", ".nii.gz")):
        import nibabel

        volume = np.asarray(nibabel.load(path).dataobj)
    else:
        import pydicom

        volume = pydicom.dcmread(path).pixel_array.transpose()
    image = volume[:, :, SLICE] if volume.ndim == 3 and volume.shape[2] > SLICE else volume
    if image.shape != SHAPE:
        raise ValueError(f"shape {volume.shape}, expected {SHAPE} or {(*SHAPE, 91)}")
    image = image.astype(np.float64)
    if not np.isfinite(image).all() or image.max() <= 0:
        raise ValueError("it holds no finite uptake")
    return np.clip(image, 0, None)
