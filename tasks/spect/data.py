"""Slices and stages: the instructor's, divided by subject, or phantoms."""

from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.parts import divide
from .phantoms import STAGES, phantom
from .ppmi import PARTS, Row, read_images, read_table

SEED = 20_265
TEST, VALIDATION = 0.25, 0.2
FEWEST = 8
"""Subjects of each stage, so that every part gets one."""
GENERATED = (220, 200, 100)
"""Phantoms of each stage: few are in the third, as among PPMI's participants."""


def read(folder: Path) -> Parts:
    """Return the parts of the instructor's images: as the table says, else by subject with a fixed seed."""
    rows = read_table(folder)
    images = read_images(folder, rows)
    stages = np.array([row.stage for row in rows], np.int64)
    everything = Split(images, stages, groups=[row.subject for row in rows])
    part_of = divide_subjects(rows)
    named = [np.flatnonzero([part_of[row.subject] == part for row in rows]) for part in PARTS]
    return Parts(*map(everything.take, named))


def divide_subjects(rows: list[Row]) -> dict[str, str]:
    """Return the part of each subject: nobody is in two, stages are in the same proportion by the first image."""
    if rows[0].part:
        return {row.subject: row.part for row in rows}
    first = {row.subject: row.stage for row in reversed(rows)}
    subjects = sorted(first)
    counts = np.bincount(list(first.values()), minlength=len(STAGES))
    if counts.min() < FEWEST:
        scarce = int(counts.argmin())
        raise ValueError(f"only {counts[scarce]} subjects of stage {scarce + 1}: expected at least {FEWEST} to divide")
    rest, test = _held_out(subjects, TEST, first)
    train, validation = _held_out(rest, VALIDATION, first)
    return {s: part for part, names in zip(PARTS, (train, validation, test), strict=True) for s in names}


def generate() -> Parts:
    generator = np.random.Generator(np.random.PCG64(SEED))
    stages = generator.permutation(np.repeat(np.arange(3), GENERATED)).astype(np.int64)
    images = np.stack([phantom(STAGES[stage], generator) for stage in stages])
    return divide(Split(images.astype(np.float32) / 1000, stages), TEST, VALIDATION, SEED)


def _held_out(subjects: list[str], share: float, stage: dict[str, int]) -> tuple[list[str], list[str]]:
    from sklearn.model_selection import train_test_split

    return train_test_split(
        subjects, test_size=share, random_state=SEED, stratify=[stage[subject] for subject in subjects]
    )
