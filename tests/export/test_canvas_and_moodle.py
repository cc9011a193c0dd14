"""Gradebook files that the importers read as they are meant, or that are not written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from harness.contract import UsageError
from harness.export._tables import Table
from harness.export.canvas import canvas_csv
from harness.export.csv import gradebook_csv
from harness.export.moodle import moodle_csv, moodle_worksheet
from harness.grade import Entry, Person

ANN = Person(submission="ann", name="Ann Ark", email="ann@x.org", canvas_id="11", sis_login_id="ann1", id_number="A1")
BOB = Person(submission="bob", name="Böb, B", email="bob@x.org", sis_user_id="S2", id_number="B2")


def entry(person: Person = ANN, final: float | None = 7.5, *, excused: bool = False, late: int = 0) -> Entry:
    return Entry(
        person=person, task="usps", status="passed", score=0.95, points=final, days_late=late, grace_days=0,
        factor=1.0, final=final, maximum=10.0, excused=excused, submitted="", submission_digest="", task_digest="",
        run="r",
    )  # fmt: skip


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,USPS (7),Essay (8),Final Score\r\n"
    "    Points Possible,,,,,10.0,5.0,(read only)\r\n"
    "\"Ark, Ann\",11,S1,ann1,M1,,4.00,80\r\n"
    "Böb B,12,s2,bob1,M1,1.00,3.00,60\r\n"
    "\"Student, Test\",99,,,M1,,,\r\n"
)  # fmt: skip


def table(folder: Path, text: str) -> Table:
    path = folder / "theirs.csv"
    path.write_bytes(text.encode())
    return Table.read(path)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_in_canvas_own_export_one_column_changes_and_nothing_else(tmp_path: Path) -> None:
    text = canvas_csv([entry(ANN), entry(BOB, excused=True, final=None)], "USPS", table(tmp_path, CANVAS))
    assert text == CANVAS.replace("M1,,4.00", "M1,7.50,4.00").replace("M1,1.00,3.00", "M1,EX,3.00")


def test_a_byte_order_mark_stays_where_it_was(tmp_path: Path) -> None:
    text = canvas_csv([entry(ANN)], "USPS (7)", table(tmp_path, "\ufeff" + CANVAS))
    assert text == "\ufeff" + CANVAS.replace("M1,,4.00", "M1,7.50,4.00")


def test_no_grade_is_an_empty_cell(tmp_path: Path) -> None:
    assert rows(canvas_csv([entry(BOB, None)], "USPS", table(tmp_path, CANVAS)))[3][5] == ""


@pytest.mark.parametrize(
    ("people", "assignment", "text", "problem"),
    [
        ([Person(submission="eve", name="Eve")], "USPS", CANVAS, "Eve (eve) is not in the file"),
        (
            [ANN],
            "USPS (9)",
            CANVAS,
            "'USPS (9)' is not in the file, Canvas would propose a new one: did you mean 'USPS (7)'",
        ),
        ([ANN], "USPS", CANVAS.replace("Essay (8)", "USPS (8)"), "more than once"),
        ([ANN], "USPS", CANVAS.replace("10.0", "100"), "10 points at most, the other side 100"),
        ([ANN], "USPS", CANVAS.replace("10.0", ""), "does not say"),
        ([ANN], "USPS", CANVAS.replace("Points Possible", "x"), "no row 'Points Possible'"),
        ([ANN], "USPS", CANVAS.replace("Böb B,12", "Böb B,11"), "is 2 rows of the file"),
        ([ANN, Person(submission="x", canvas_id="11")], "USPS", CANVAS, "are the same row"),
    ],
)
def test_what_canvas_would_misread_is_not_written(
    tmp_path: Path, people: list[Person], assignment: str, text: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        canvas_csv([entry(person) for person in people], assignment, table(tmp_path, text))
    assert problem in str(caught.value)


def test_without_a_template_canvas_gets_ids_and_the_points_possible() -> None:
    written = rows(canvas_csv([entry(ANN), entry(BOB)], "USPS (7)", None))
    assert written == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "USPS (7)"],
        ["Points Possible", "", "", "", "", "10"],
        ["Ann Ark", "11", "", "ann1", "", "7.50"],
        ["Böb, B", "", "S2", "", "", "7.50"],
    ]


def test_without_a_template_nothing_new_is_proposed_to_canvas() -> None:
    with pytest.raises(UsageError, match="new assignment"):
        canvas_csv([entry()], "USPS", None)
    with pytest.raises(UsageError, match="new user"):
        canvas_csv([entry(Person(submission="eve", name="Eve"))], "USPS (7)", None)


# Moodle

WORKSHEET = (
    "Identifier,\"Full name\",\"ID number\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\","
    "\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n"
    "Participant 1,Ann Ark,A1,ann@x.org,Submitted,,10.00,Yes,-,-,\n"
    "Participant 2,Bob B,B2,,Submitted,3.00,10.00,Yes,-,-,old\n"
)  # fmt: skip


def test_moodles_gradebook_gets_who_has_a_grade_and_nobody_else() -> None:
    late = entry(ANN, late=2)
    written = rows(moodle_csv([late, entry(BOB, None), entry(BOB, None, excused=True)], "USPS", "10"))
    assert written == [
        ["Email address", "ID number", "USPS", "USPS (feedback)"],
        ["ann@x.org", "A1", "7.50", "score 0.9500, 2 days late, 0 of grace, × 1"],
    ]


def test_moodles_maximum_must_be_the_tasks() -> None:
    with pytest.raises(UsageError, match="10 points at most, the other side 100"):
        moodle_csv([entry()], "USPS", "100")


def test_who_moodle_cannot_know_is_not_written() -> None:
    with pytest.raises(UsageError, match="neither email nor id_number"):
        moodle_csv([entry(Person(submission="eve"))], "USPS", "10")


def test_a_worksheet_is_filled_in_by_email_else_number(tmp_path: Path) -> None:
    written = rows(moodle_worksheet([entry(ANN), entry(BOB)], table(tmp_path, WORKSHEET)))
    assert [row[5] for row in written] == ["Grade", "7.50", "7.50"]
    assert [row[10] for row in written[1:]] == ["score 0.9500", "score 0.9500"]
    assert [row[:5] + row[6:10] for row in written] == [row[:5] + row[6:10] for row in rows(WORKSHEET)]


def test_a_worksheet_row_without_a_grade_of_ours_stays_as_it_was(tmp_path: Path) -> None:
    written = rows(moodle_worksheet([entry(BOB, None)], table(tmp_path, WORKSHEET)))
    assert written == rows(WORKSHEET)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (WORKSHEET.replace("Identifier", "Id"), "no column Identifier"),
        (WORKSHEET.replace("10.00", "100.00"), "the other side 100.00"),
        (WORKSHEET.replace("10.00,Yes", "10.00,No"), "locked"),
        (WORKSHEET.replace("ann@x.org", "").replace("A1", "").replace("Ann Ark", "x"), "is not in the file"),
        ("", "is empty"),
        ('a,"b\n', "is no CSV file"),
    ],
)
def test_a_worksheet_that_does_not_fit_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        moodle_worksheet([entry(ANN)], table(tmp_path, text))


def test_the_plain_table_has_a_row_a_person_and_task() -> None:
    first, second = csv.DictReader(io.StringIO(gradebook_csv([entry(ANN), entry(BOB, None, excused=True)])))
    assert (first["name"], first["task"], first["final"], first["maximum"]) == ("Ann Ark", "usps", "7.5", "10.0")
    assert (second["name"], second["final"], second["excused"]) == ("Böb, B", "", "True")
