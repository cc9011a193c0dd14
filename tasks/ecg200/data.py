"""ECG200 from the UCR archive's files, and beats of a dynamical model as a stand-in that needs no download."""

from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.beats import NORMAL, Wave, as_recorded, heart_beats
from .._shared.divide import shuffled
from .._shared.tables import label, read_series

LENGTH = 96
SEED = 0
VALIDATION = 0.2
LABELS = {"-1": 0, "0": 0, "1": 1}  # the archive writes -1, some copies of it 0
EACH_BEAT = 200


def read_ecg200(folder: Path) -> Parts:
    train, validation = _read(folder / "ECG200_TRAIN.tsv").hold_out(VALIDATION, SEED)
    return Parts(train, validation, _read(folder / "ECG200_TEST.tsv"))


def generate_beats() -> Parts:
    """Make as many beats of each kind; how far an infarction has gone differs from beat to beat."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    labels = np.repeat([0, 1], EACH_BEAT)
    waves = np.tile([*NORMAL.values(), Wave(45, 0, 0.3)], (len(labels), 1, 1))
    waves[..., 0] += generator.normal(0, 4, waves.shape[:2])
    waves[..., 1:] *= generator.lognormal(0, 0.15, waves[..., 1:].shape)
    damage = np.where(labels == 0, generator.uniform(0.0, 1, len(labels)), 0)
    waves[:, 1, 1] *= 1 + 2.0 * damage  # a deeper Q
    waves[:, 2, 1] *= 1 - 0.3 * damage  # a lower R
    waves[:, 5, 1] = 1.2 * damage + generator.normal(0, 0.2, len(labels))  # the ST segment raised
    waves[:, 4, 1] *= 1 - 1.2 * damage  # T flat, then inverted
    beats = as_recorded(heart_beats(waves, -60, LENGTH), generator, noise=0.15, wander=0.3)
    everything = Split(beats, labels.astype(np.int64))
    rest, test = everything.hold_out(0.5, SEED)
    train, validation = rest.hold_out(VALIDATION, SEED)
    return shuffled(Parts(train, validation, test), SEED)


def _read(path: Path) -> Split:
    numbers, beats = read_series(path, LENGTH, rows=100)
    labels = [label(path, row, str(found), LABELS) for row, found in enumerate(numbers, start=1)]
    return Split(beats, np.array(labels, np.int64))
