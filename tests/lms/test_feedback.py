"""Feedback that each person may read: why, in words, and nothing about anybody else."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest

from harness.gradebook import Person
from harness.lms import Origin
from harness.lms.feedback import file_stems, make_feedback, zip_for_canvas, zip_for_moodle
from harness.lms.moodle import participants
from tests.people import ANN, BOB, grade, sheet, task
from tests.records import RECORD, failing, material

pytestmark = pytest.mark.unit

TASK = task("usps")
RUN = RECORD.run.id


def test_feedback_says_the_grade_the_reason_and_the_checks() -> None:
    made = make_feedback(
        grade(final=6.0, run=RUN, days_late=2, source="roster", penalty=1.5, reason="points: plots"),
        TASK,
        material(RECORD),
    )
    for words in ("6 of 10 points", "2 days late (roster), costs 1.5 points", "points: plots", "accuracy"):
        assert words in made.page
        assert words in made.text
    assert "0.8500 to 0.9500" in made.page


def test_a_failure_is_shown_with_place_and_log_and_without_markup() -> None:
    record = failing(message="<b>no</b> attribute", log_tail="last\x1b[31m <script>")
    entry = grade(final=0.0, status="failed", score=None, run=RUN, note="fit error in fit: <b>no</b> attribute")
    made = make_feedback(entry, TASK, material(record))
    assert "✗ trains: submissions/bob/blobs/model.py:7: <b>no</b> attribute" in made.text
    assert "&lt;b&gt;no&lt;/b&gt; attribute" in made.page
    assert "last\\x1b[31m &lt;script&gt;" in made.page


def test_the_record_of_another_run_is_not_shown() -> None:
    made = make_feedback(grade(run="another"), TASK, material(RECORD))
    assert "accuracy" not in made.page + made.text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"excused": True, "final": None}, "Excused"),
        ({"dropped": True, "final": None}, "This task does not count"),
        ({"status": "not graded", "final": None, "note": "no sandbox"}, "No grade yet"),
    ],
)
def test_what_has_no_grade_says_so(more: dict[str, object], words: str) -> None:
    entry = msgspec.structs.replace(grade(), **more)
    assert words in make_feedback(entry, TASK, None).text


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_files_in_zips_are_named_as_each_system_expects() -> None:
    made = [make_feedback(grade(person), TASK, None) for person in (ANN, BOB, Person(submission="eve"))]
    worksheet = sheet(
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
        "Participant 77,Ann_Ark,ann@x.org,x,,10\nParticipant 78,Bob Berg,bob@x.org,x,,10\n"
    )
    content, left_out = zip_for_moodle(made, participants(worksheet, [one.entry for one in made]))
    assert names(content) == [
        "Ann Ark_77_assignfeedback_file_/feedback.html",
        "Bob Berg_78_assignfeedback_file_/feedback.html",
    ]
    assert left_out == ["eve"]
    origin = Origin(system="canvas", who="arkann", number="101", files=("arkann_LATE_101_5001_model-1.py",))
    content, left_out = zip_for_canvas(made, {"ann": origin})
    assert names(content) == ["arkann_LATE_101_5001_feedback.html"]
    assert len(left_out) == 2


def test_members_of_a_group_have_files_of_their_own() -> None:
    people = [Person(submission="team", name=name) for name in ("Eve Eel", "Fay Fox")]
    assert list(file_stems(people).values()) == ["team-eve-eel", "team-fay-fox"]
    nameless = [Person(submission="team", email=email) for email in ("eve@x.org", "fay@x.org")]
    assert list(file_stems(nameless).values()) == ["team-email-eve-x-org", "team-email-fay-x-org"]
    assert list(file_stems(nameless[:1]).values()) == ["team"]


@pytest.mark.parametrize(("later", "told"), [(0, []), (2, ["Eve Eel", "Fay Fox"])])
def test_a_file_for_a_group_holds_what_all_members_may_read(later: int, told: list[str]) -> None:
    eve, fay = (Person(submission="team", name=name) for name in ("Eve Eel", "Fay Fox"))
    made = [make_feedback(grade(eve), TASK, None), make_feedback(grade(fay, days_late=later), TASK, None)]
    origin = Origin(system="canvas", who="team", number="101", files=("team_101_5001_model.py",))
    content, left_out = zip_for_canvas(made, {"team": origin})
    assert names(content) == ([] if told else ["team_101_5001_feedback.html"])
    assert [name.split(" (")[0] for name in left_out] == told
