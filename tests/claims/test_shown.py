"""Claims are shown in the terminal, in the report and on the marking page, always escaped."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.api import ComparedClaims
from harness.course import Submission
from harness.evaluation import Remarks
from harness.gradebook.marking import marking_pages
from harness.record import Record
from harness.report import report_html
from harness.terminal import Screen
from harness.terminal.shown_grading import show_claims
from harness.terminal.shown_record import show_record
from tests.claims.made import claims
from tests.people import ANN, BOB, grade
from tests.records import changed, material

pytestmark = pytest.mark.unit

EVIL = "no score retrained: <script>alert(1)</script>\x1b[2J"
SUBMISSION = Submission("bob", "blobs", Path("submissions/bob/blobs"), None)


def screen() -> Screen:
    return Screen(markup=False, highlight=False, emoji=False, soft_wrap=True, width=200)


def shown(record: Record) -> str:
    out = screen()
    with out.capture() as captured:
        show_record(out, record, None, Remarks())
    return captured.get()


def test_the_terminal_shows_each_figure_and_what_agrees() -> None:
    text = shown(changed(claims=claims(problem=EVIL)))
    for words in (
        "claimed                   0.9900 (0.98",
        "with the shipped weights  0.9100",
        "retrained   ",
        "(p 0.4",
    ):
        assert words in text
    assert "\x1b" not in text
    assert "claims" not in shown(changed())
    assert "nothing, and no weights" in shown(changed(claims=claims(claimed=(), shipped=None)))


def test_grade_shows_submissions_that_state_a_claim() -> None:
    out = screen()
    with out.capture() as captured:
        show_claims(
            out, [ComparedClaims(SUBMISSION, claims()), ComparedClaims(SUBMISSION, claims(claimed=(), shipped=None))]
        )
    lines = captured.get().splitlines()
    assert lines[0].startswith("claims: bob · blobs: claimed 0.9900 (0.9850 to")
    assert len(lines) == 4


def test_the_report_shows_claims_where_there_are_any() -> None:
    page = report_html(material(changed(claims=claims(problem=EVIL))))
    assert "<h2>Claims</h2>" in page
    assert "0.9900 (0.9850 to 0.9950" in page
    assert "<script>alert" not in page
    for other in (changed(), changed(claims=claims(claimed=(), shipped=None))):
        assert "<h2>Claims</h2>" not in report_html(material(other))


def test_the_marking_page_shows_claims_beside_the_grade(tmp_path: Path) -> None:
    made = marking_pages("t", [grade(ANN), grade(BOB)], {}, {}, tmp_path, {"ann": ["claimed 0.99", EVIL]})
    (index,) = (file.content.decode() for file in made)
    assert "claimed 0.99<br>no score retrained: &lt;script&gt;" in index
    assert index.count("<th>") == 6
    assert index.count("<td>") == 12
