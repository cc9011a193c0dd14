"""The picture in the leaderboard's README."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from harness.leaderboard import Board, build
from harness.leaderboard._board_picture import board_picture
from harness.record import EvidenceStore
from tests.records import changed, failing

pytestmark = pytest.mark.unit


@pytest.fixture
def board(tmp_path) -> Board:
    records = [
        changed(submission={"name": name}, task={"name": task, "source": source})
        for task, source in (("blobs", "embedded"), ("blobs", "canonical"), ("texts", "embedded"))
        for name in ("ann", "reference/knn")
    ]
    return build([*records, failing()], EvidenceStore(tmp_path))


def test_the_picture_is_one_svg_with_a_background_for_both_modes(board: Board) -> None:
    picture = board_picture(board)
    assert picture is not None
    root = ElementTree.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"prefers-color-scheme: dark" in picture
    assert root.find(".//{*}rect[@class='paper']") is not None
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("blobs") == 1, "the canonical data only"
    assert texts.count("ann") == 2
    assert picture == board_picture(board)


def test_without_a_score_there_is_no_picture(tmp_path) -> None:
    assert board_picture(build([failing()], EvidenceStore(tmp_path))) is None
