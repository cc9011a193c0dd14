"""Medical abstracts from the corpus's files, and generated clinical notes as a stand-in that needs no download.

Some texts come two or three times, under several labels: all copies of a text are kept in one part.
"""

from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.divide import hold_out_groups
from .._shared.tables import BadFileError, label, read_table

TRAIN, TEST = "medical_tc_train.csv", "medical_tc_test.csv"
CLASSES = ("neoplasms", "digestive system", "nervous system", "cardiovascular", "general pathological")
TEST_ROWS = 2888
SEED = 0
HELD_OUT = 0.3
VALIDATION = 0.15
COLUMNS = ("condition_label", "medical_abstract")
LABELS = {str(number): number - 1 for number in range(1, len(CLASSES) + 1)}


def read_publishers_split(folder: Path) -> Parts:
    """Leave out of the training part what the test part holds as well."""
    test = _read(folder / TEST)
    held = {key(text) for text in test.inputs}
    everything = _read(folder / TRAIN)
    unseen = everything.take([item for item, text in enumerate(everything.inputs) if key(text) not in held])
    train, validation = hold_out_groups(unseen, [key(text) for text in unseen.inputs], VALIDATION, SEED)
    return Parts(train, validation, test)


def read_test_file(folder: Path) -> Parts:
    everything = _read(folder / TEST)
    rest, test = hold_out_groups(everything, [key(text) for text in everything.inputs], HELD_OUT, SEED)
    train, validation = hold_out_groups(rest, [key(text) for text in rest.inputs], VALIDATION, SEED)
    return Parts(train, validation, test)


def key(text: str) -> str:
    """Return what two copies of a text have in common."""
    return " ".join(text.lower().split())


def _read(path: Path) -> Split:
    texts, labels, row = [], [], 0
    for row, fields in read_table(path, COLUMNS):
        texts.append(fields["medical_abstract"])
        labels.append(label(path, row, fields["condition_label"], LABELS))
    if path.name == TEST and row != TEST_ROWS:
        raise BadFileError(path, row, f"the file ends here, expected {TEST_ROWS} rows")
    return Split(texts, np.array(labels, np.int64))
