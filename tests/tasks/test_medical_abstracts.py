"""The task `medical_abstracts`: no text is in two parts, even with different labels."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.loading import DATA, counts, load, place, shares, splits

EMBEDDED_DIGEST = "sha256:a8d45400e4b91688417a636e1b1e1ce2b0207950a941b3d9df598ac7f7e5bc91"
TEST_FILE_DIGEST = "sha256:512d434ea611735f00e68a0eaa9bb61bb63541890bf510a99620f7764f055bdd"

needs_data = pytest.mark.skipif(not (DATA / "medical_abstracts").is_dir(), reason="no $HARNESS_DATA/medical_abstracts")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("medical_abstracts", tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("medical_abstracts", tmp_path_factory.mktemp("cache"), DATA)


def text_key(text: str) -> str:
    return " ".join(text.lower().split())


def texts_apart(data: TaskData) -> bool:
    """Return whether no text, however it is spaced and cased, is in two parts."""
    train, validation, test = ({text_key(text) for text in split.inputs} for split in splits(data))
    return not (train & validation or train & test or validation & test)


def tfidf(data: TaskData) -> float:
    """Return the macro-F1 of what the baseline is."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline

    train, validation, test = splits(data)
    words = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
    model = make_pipeline(words, LogisticRegression(class_weight="balanced", max_iter=1000))
    model.fit(train.inputs + validation.inputs, np.concatenate([train.targets, validation.targets]))
    return float(f1_score(test.targets, model.predict(test.inputs), average="macro"))


def table(rows: list[tuple[str, str]], header: tuple[str, str] = ("condition_label", "medical_abstract")) -> str:
    """Return a CSV file of the corpus's form."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def test_without_files_generated_notes_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "no real patients" in embedded.source.title
    assert counts(embedded) == (765, 135, 600)
    assert embedded.digest == EMBEDDED_DIGEST
    assert texts_apart(embedded)
    assert all(abs(shares(split, 5) - 0.2).max() < 0.03 for split in splits(embedded))


def test_a_bag_of_words_gets_the_score_that_the_note_states(embedded: TaskData) -> None:
    assert tfidf(embedded) == pytest.approx(0.755, abs=0.0005)
    assert "gets .755" in embedded.source.baseline.note
    assert embedded.source.baseline.value == 0.75


@needs_data
def test_the_test_file_alone_is_divided_with_all_copies_of_a_text_together(real: TaskData) -> None:
    assert real.source.title.endswith("its test file alone divided anew")
    assert counts(real) == (1704, 305, 879)
    assert sum(counts(real)) == 2888
    assert real.digest == TEST_FILE_DIGEST
    assert texts_apart(real)
    assert all(abs(shares(split, 5) - shares(real.train, 5)).max() < 0.03 for split in splits(real))


@needs_data
def test_there_are_texts_with_two_labels_and_they_stay_together(real: TaskData) -> None:
    labels = defaultdict(set)
    for split in splits(real):
        for text, label in zip(split.inputs, split.targets, strict=True):
            labels[text_key(text)].add(int(label))
    assert len(labels) == 2770  # 118 rows repeat one of these
    assert sum(len(found) > 1 for found in labels.values()) == 113


@pytest.mark.thorough
@needs_data
def test_the_baseline_of_the_test_file_alone_is_that_of_the_note(real: TaskData) -> None:
    assert tfidf(real) == pytest.approx(0.597, abs=0.0005)
    assert "gets .597" in real.source.baseline.note


def rows_of(count: int, start: int = 0) -> list[tuple[str, str]]:
    return [(str(1 + number % 5), f"Abstract, number {number}.") for number in range(start, start + count)]


def test_with_both_files_the_training_part_holds_no_text_of_the_test_part(tmp_path: Path) -> None:
    train = [*rows_of(100), ("2", "abstract,  NUMBER 150."), ("3", "Abstract, number 7.")]
    root = place(
        tmp_path / "root",
        "medical_abstracts",
        medical_tc_train__csv=table(train),
        medical_tc_test__csv=table(rows_of(2888, start=100)),
    )
    data = load("medical_abstracts", tmp_path / "cache", root)
    assert sum(counts(data)[:2]) == 101  # number 150 stands in the test part, number 7 comes twice
    assert counts(data)[2] == 2888
    assert texts_apart(data)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (table(rows_of(20))[:-8], r"medical_tc_test\.csv, row 20: .*the file is cut short or a quote is wrong"),
        (table([*rows_of(3), ("6", "x")]), r"medical_tc_test\.csv, row 4: the label '6' is none of 1, 2, 3, 4, 5"),
        (table(rows_of(3)) + "1\n", r"medical_tc_test\.csv, row 4: 1 fields, expected 2"),
        (table(rows_of(3), ("label", "text")), r"row 0: the header has no condition_label, medical_abstract"),
        (table(rows_of(20)), r"medical_tc_test\.csv, row 20: the file ends here, expected 2888 rows"),
        ("", r"medical_tc_test\.csv, row 0: the file is empty"),
    ],
)
def test_a_broken_file_is_named_with_its_row(tmp_path: Path, content: str, says: str) -> None:
    root = place(tmp_path / "root", "medical_abstracts", medical_tc_test__csv=content)
    with pytest.raises(InfrastructureError, match=says):
        load("medical_abstracts", tmp_path / "cache", root)
