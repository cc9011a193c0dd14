"""ECG5000 from the UCR archive's files, and beats of a dynamical model as a stand-in that needs no download."""

from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.beats import NORMAL, as_recorded, heart_beats
from .._shared.divide import hold_out_of_each, shuffled
from .._shared.tables import label, read_series

LENGTH = 140
SEED = 0
TEST = 0.4
VALIDATION = 0.2
KINDS = ("normal", "r-on-t pvc", "pvc", "supraventricular", "unclassified")
LABELS = {str(number): number - 1 for number in range(1, len(KINDS) + 1)}
GENERATED = (400, 200, 80, 80, 40)  # beats of each kind: rare ones are rare in the clinic too


def read_publishers_split(folder: Path) -> Parts:
    train, validation = hold_out_of_each(_read(folder / "ECG5000_TRAIN.tsv", rows=500), VALIDATION, SEED)
    return shuffled(Parts(train, validation, _read(folder / "ECG5000_TEST.tsv", rows=4500)), SEED)


def read_train_file(folder: Path) -> Parts:
    return _divide(_read(folder / "ECG5000_TRAIN.tsv", rows=500))


def generate_beats() -> Parts:
    """Make premature beats of wide bells with no P before them, others from the normal beat by degrees."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = np.repeat(np.arange(len(KINDS)), GENERATED)
    waves = np.tile(list(NORMAL.values()), (len(labels), 1, 1))
    waves[..., 0] += generator.normal(0, 5, waves.shape[:2])
    waves[..., 1:] *= generator.lognormal(0, 0.2, waves[..., 1:].shape)
    degree = generator.uniform(0.2, 1, len(labels))
    p, q, r, s, t = range(5)
    ventricular, on_t, early = (labels == 1) | (labels == 2), labels == 1, labels == 3
    waves[ventricular, p, 1] *= 1 - degree[ventricular]
    waves[ventricular, r, 2] *= 1 + 1.5 * degree[ventricular]
    waves[ventricular, s, 1] *= 1 + degree[ventricular]
    waves[ventricular, t, 1] *= 1 - 2 * degree[ventricular]
    waves[on_t, q : s + 1, 0] -= 40 * degree[on_t, None]
    waves[early, p, 0] += 30 * degree[early]
    waves[early, p, 1] *= 1 - 2 * degree[early]
    unknown = labels == 4
    waves[unknown, :, 1] *= generator.uniform(-0.2, 1.5, (int(unknown.sum()), 5))
    beats = as_recorded(heart_beats(waves, -130, LENGTH), generator, noise=0.15, wander=0.3)
    return _divide(Split(beats, labels.astype(np.int64)))


def _divide(everything: Split) -> Parts:
    rest, test = hold_out_of_each(everything, TEST, SEED)
    train, validation = hold_out_of_each(rest, VALIDATION, SEED)
    return shuffled(Parts(train, validation, test), SEED)


def _read(path: Path, rows: int) -> Split:
    numbers, beats = read_series(path, LENGTH, rows=rows)
    labels = [label(path, row, str(found), LABELS) for row, found in enumerate(numbers, start=1)]
    return Split(beats, np.array(labels, np.int64))
