"""No page, file, comment or check tells anything of a private part but the public score, and all of them tell that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.api import Evaluations
from harness.ci import COMMENT_BYTES, Graded, Result, junit_suites, result_markdown
from harness.ci._annotations import notes_of
from harness.course import Submission
from harness.evaluation import Evaluation
from harness.export.junit import junit_xml, suites_of
from harness.gradebook import NOT_GRADED, Attempt, Attempted, Person, Roster, Rules, make_gradebook
from harness.grading import ResultSummary, describe_summary
from harness.leaderboard import build, course_board, write_board
from harness.lms.gradescope import results_json, results_of
from harness.record import EvidenceStore, Record
from harness.release import KeptScores
from harness.report import Audience, report_html
from harness.site._board_sections import sections_of
from harness.terminal.shown_record import verdict
from tests.records import TWO_CLOUDS, changed, material
from tests.release.test_ladder import NOW, SECRETS, full

pytestmark = pytest.mark.unit


@pytest.fixture
def public(tmp_path: Path) -> Record:
    record, evidence = full()
    return KeptScores(tmp_path / "private").release(record, evidence)


def graded(public: Record) -> Result:
    one = Graded(record=public, reused=False, renamed_from=None, former=None, place=None, points=None)
    return Result(
        base="a", head="b", score_on="test", isolation="namespaces", refused=False, findings=(), graded=(one,),
        deleted=(), problems=(),
    )  # fmt: skip


def board_files(public: Record, folder: Path) -> str:
    board = build([public, changed(public, submission={"name": "eve"}, public_score=None)], EvidenceStore(folder / "e"))
    write_board(folder / "board", board)
    return "\n".join(path.read_text() for path in sorted((folder / "board").iterdir()))


def site_sections(public: Record, folder: Path) -> str:
    store = EvidenceStore(folder)
    boards = {"one": build([public], store)}
    return repr(sections_of(boards, store, {}, Audience.PUBLIC, {"blobs": False}))


SHOWN: dict[str, Callable[[Record, Path], str]] = {
    "boards": board_files,
    "site": site_sections,
    "report of the author": lambda public, _: report_html(material(public), Audience.STUDENT),
    "report for all": lambda public, _: report_html(material(public), Audience.PUBLIC),
    "comment": lambda public, _: result_markdown(graded(public), COMMENT_BYTES),
    "result of ci": lambda public, _: msgspec.json.encode(graded(public)).decode(),
    "terminal": lambda public, _: verdict(public),
    "grading": lambda public, _: describe_summary(ResultSummary.of(public)),
}


@pytest.mark.parametrize("name", SHOWN)
def test_shown_records_hold_only_the_public_score(public: Record, tmp_path: Path, name: str) -> None:
    text = re.sub("(?s)<style>.*?</style>", "", SHOWN[name](public, tmp_path))
    assert public.public_score is not None
    assert f"{public.public_score.value:.4g}" in text
    for secret in SECRETS[1:]:
        assert f"{secret:.3f}"[1:] not in text
    for word in ("below the baseline", "below_baseline", "not met", "macro_f1", "altered inputs score"):
        assert word not in re.sub("nothing below the baseline|Nothing below the\\s+baseline", "", text)


def test_checks_and_notes_do_not_reveal_whether_it_passed(public: Record) -> None:
    better = changed(public, status="withheld")
    for made in (lambda one: junit_xml(suites_of([one])), lambda one: junit_xml(junit_suites(graded(one)))):
        assert made(public) == made(better)
        assert b"skipped" in made(public)
        assert not any(f"{secret}".encode() in made(public) for secret in SECRETS)
    assert notes_of(graded(public)) == []
    assert graded(public).good


def test_the_exit_code_does_not_reveal_whether_it_passed(public: Record) -> None:
    submission = Submission("bob", "blobs", Path("submissions/bob/blobs"))
    assert Evaluations((Evaluation(submission=submission, record=public, how="evaluated"),)).passed


def test_nobody_has_points_before_the_final_board(public: Record) -> None:
    person = Person(submission="bob", name="Bob")
    roster = Roster((person,))

    def attempts(*records: Record) -> Any:
        return lambda _person, _task: Attempted(tuple(Attempt(record=one) for one in records))

    (entry,) = make_gradebook(roster, {"blobs": TWO_CLOUDS}, attempts(public), Rules(), NOW)
    assert (entry.status, entry.score, entry.points, entry.final) == (NOT_GRADED, None, None, None)
    assert "withheld until the final board" in entry.note
    record, _ = full()
    (entry,) = make_gradebook(roster, {"blobs": TWO_CLOUDS}, attempts(public, record), Rules(), NOW)
    assert entry.score == pytest.approx(SECRETS[0])


def test_gradescope_shows_the_rest_only_with_the_grades(public: Record) -> None:
    record, _ = full()
    results = results_of(record, 0.5, 10, public)
    now = [one for one in results.tests if one.visibility == "visible"]
    assert results.visibility == "after_published"
    assert {one.name for one in results.leaderboard} >= {"public accuracy"}
    shown = results.output + repr(now) + repr(results.leaderboard)
    assert not any(f"{secret:.3f}"[1:] in shown for secret in SECRETS[1:])
    assert all(one.visibility == "after_published" for one in results.tests if one.name == "beats baseline")
    assert b'"released"' in results_json(results)


def test_a_task_that_is_withheld_counts_in_no_table_over_tasks(public: Record, tmp_path: Path) -> None:
    other = changed(public, task={"name": "rings", "public_scores": "every"}, status="passed", public_score=None,
                    scores=full()[0].scores, baseline={"met": True})  # fmt: skip
    whole = course_board(build([public, other], EvidenceStore(tmp_path)))
    assert (whole.tasks, whole.withheld) == (("rings",), ("blobs",))
    assert whole.rows[0].profile(0.0) == 1.0
