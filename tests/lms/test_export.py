"""Grades in files of other systems: only the cells of graded people change, and each grade reaches its own person."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.errors import UsageError
from harness.gradebook import Entry, Person, in_zone
from harness.lms import Filled, Manner
from harness.lms._moments import parse_moment
from harness.lms.canvas import canvas_csv
from harness.lms.canvas import feedback_name as canvas_feedback_name
from harness.lms.moodle import moodle_csv, moodle_worksheet
from tests.people import ANN, BOB, grade, sheet

pytestmark = pytest.mark.unit

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,USPS (7),Essay (8),Final Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,10.0,5.0,(read only)\r\n"
    "\"Ark, Ann\",11,S1,ann1,M1,,4.00,80\r\n"
    "Böb Berg,12,s2,bob1,M1,-,3.00,60\r\n"
    "\"Student, Test\",99,,,M1,,,\r\n"
)  # fmt: skip
SPLIT = (
    "LastName,FirstName,ID,SIS Login ID,Section,USPS (7)\n    Points Possible,,,,,10.00\n"
    "Ark,Ann,,,M1,\nBerg,Böb,12,,M1,\nArk,Bob,13,,M1,\n"
)
WORKSHEET = (
    "Identifier,\"Full name\",\"ID number\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Grade can be changed\","
    "\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n"
    "Participant 1,Ann Ark,A1,ann@x.org,Submitted,,10.00,Yes,-,-,\n"
    "Participant 2,Böb Berg,B2,,Submitted,,10.00,Yes,-,-,\n"
)  # fmt: skip


def canvas(entries: list[Entry], text: str | bytes = CANVAS, title: str = "USPS", **manner: Any) -> Filled:
    scale = manner.pop("scale", False)
    return canvas_csv(entries, title, sheet(text), Manner(**manner), scale=scale)


def moodle(entries: list[Entry], text: str | bytes = WORKSHEET, **manner: Any) -> Filled:
    numbers, scale = manner.pop("numbers", {}), manner.pop("scale", False)
    number_of = lambda person: numbers.get(person.submission, "")  # noqa: E731 - what an import told
    return moodle_worksheet(entries, sheet(text), Manner(**manner), number_of, scale=scale)


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


# Canvas


def test_one_column_of_graded_people_changes_and_nothing_else() -> None:
    filled = canvas([grade(ANN), grade(BOB, None, excused=True)])
    expected = CANVAS.replace("M1,,4.00", "M1,7.50,4.00").replace("M1,-,3.00", "M1,EX,3.00")
    assert filled.content.decode() == expected
    assert [str(change) for change in filled.changes] == ["Ann Ark (ann): nothing → 7.50", "Böb Berg (bob): - → EX"]


def test_people_without_a_grade_keep_the_existing_entry() -> None:
    text = CANVAS.replace("M1,-,", "M1,8.50,")
    for entry in (grade(BOB, None), grade(BOB, None, status="not graded"), grade(BOB, None, dropped=True)):
        assert canvas([entry], text).content.decode() == text


@pytest.mark.parametrize(
    ("before", "why"), [("8.50", "somebody typed it"), ("EX", "is excused"), ("N/A", "not assigned"), ("A-", "typed")]
)
def test_an_entry_typed_by_hand_is_kept_unless_overwriting_is_chosen(before: str, why: str) -> None:
    text = CANVAS.replace("M1,-,", f"M1,{before},")
    filled = canvas([grade(BOB)], text)
    assert filled.content.decode() == text
    assert why in str(filled.kept[0])
    forced = canvas([grade(BOB)], text, overwrite=True)
    assert ("M1,7.50,3.00" in forced.content.decode()) == (before != "N/A")


def test_a_percentage_is_not_taken_for_points() -> None:
    text = CANVAS.replace("S1,ann1,M1,,", "S1,ann1,M1,7.5%,")
    filled = canvas([grade(ANN, 7.5)], text)
    assert (filled.content.decode(), len(filled.kept)) == (text, 1)


def test_what_an_earlier_export_wrote_may_be_replaced() -> None:
    text = CANVAS.replace("M1,-,", "M1,6.00,")
    written = canvas([grade(BOB, 6.0)]).written
    assert "M1,7.50,3.00" in canvas([grade(BOB)], text, former=written).content.decode()
    assert canvas([grade(BOB, 6.0)], text).changes == canvas([grade(BOB, 6.0)], text).kept == ()


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (
            CANVAS.replace('"Ark, Ann"', "Ann Ark").replace(",", ";").replace("0,", "0;").replace(".", ","),
            ";7,50;",
        ),
        (CANVAS.replace("10.0,5.0", '"10,0","5,0"').replace("4.00", '"4,00"').replace("3.00", '"3,00"'), ',"7,50",'),
        (SPLIT, "Ark,Ann,,,M1,7.50"),
    ],
)
def test_files_in_other_languages_are_filled_in_as_they_are(text: str, cell: str) -> None:
    filled = canvas([grade(ANN)], text)
    assert cell in filled.content.decode()
    assert len(filled.changes) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_of_the_file_stays(encoding: str) -> None:
    filled = canvas([grade(ANN)], CANVAS.encode(encoding))
    assert filled.content == CANVAS.replace("M1,,4.00", "M1,7.50,4.00").encode(encoding)


def test_names_are_found_in_either_order() -> None:
    names_only = Person(submission="ann", name="Ann Ark")
    assert len(canvas([grade(names_only)]).changes) == 1
    twice = CANVAS.replace("Böb Berg,12", "Ann Ark,12")
    with pytest.raises(UsageError, match="2 rows of the file have the name of"):
        canvas([grade(names_only)], twice)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            CANVAS.replace(",11,S1,ann1,", ",99,S9,ann9,"),
            "Ann Ark (ann) (line 4 has this name, but its ID is '99', not '11')",
        ),
        (WORKSHEET.replace("A1,ann@x.org", "A9,"), "its id_number is 'a9', not 'a1'"),
        (WORKSHEET.replace("A1,ann@x.org", ",ann9@x.org"), "its email is 'ann9@x.org', not 'ann@x.org'"),
    ],
)
def test_a_namesake_with_another_number_gets_no_grade(text: str, problem: str) -> None:
    fill = moodle if text.startswith("Identifier") else canvas
    with pytest.raises(UsageError) as caught:
        fill([grade(ANN)], text)
    assert problem in str(caught.value)
    assert fill([grade(ANN)], text, skip_missing=True).content.decode() == text


def test_a_maximum_with_thousands_says_which_mark_is_decimal() -> None:
    text = WORKSHEET.replace("10.00", '"1.000,00"')
    assert '"750,00","1.000,00"' in moodle([grade(ANN)], text, scale=True).content.decode()


def test_all_people_missing_from_the_file_are_named() -> None:
    strangers = [grade(Person(submission=name, name=name.title())) for name in ("eve", "fay")]
    with pytest.raises(UsageError) as caught:
        canvas([grade(ANN), *strangers])
    for words in ("2 graded people are not in the file", "Eve (eve)", "Fay (fay)", "--skip-missing"):
        assert words in str(caught.value)
    filled = canvas([grade(ANN), *strangers], skip_missing=True)
    assert (len(filled.changes), len(filled.left_out)) == (1, 2)


def test_points_are_scaled_only_where_that_is_asked_for() -> None:
    text = CANVAS.replace("10.0,", "100,")
    with pytest.raises(UsageError, match=r"the other side has 100: .* or scale with --scale"):
        canvas([grade(ANN)], text)
    assert "M1,75.00,4.00" in canvas([grade(ANN)], text, scale=True).content.decode()


@pytest.mark.parametrize("order", [1, -1])
def test_a_person_with_their_own_maximum_is_scaled_by_it(order: int) -> None:
    entries = [grade(ANN), grade(BOB, 10.5, maximum=14.0)][::order]
    assert [row[5] for row in rows(canvas(entries, scale=True).content)[3:5]] == ["7.50", "7.50"]


@pytest.mark.parametrize(
    ("people", "title", "text", "problem"),
    [
        ([ANN], "USPS (9)", CANVAS, "Canvas would propose a new one: did you mean 'USPS (7)'"),
        ([ANN], "USPS", CANVAS.replace("Essay (8)", "USPS (8)"), "more than once"),
        ([ANN], "USPS", CANVAS.replace("10.0", ""), "does not say"),
        ([ANN], "USPS", CANVAS.replace("10.0", "(Schreibschutz)"), "Canvas computes the column"),
        ([ANN], "USPS", CANVAS.replace("Points Possible", "x").replace("10.0", ""), "no row 'Points Possible'"),
        ([ANN], "USPS", CANVAS.replace("Böb Berg,12", "Böb Berg,11"), "2 rows of the file have the ID of"),
        ([ANN], "USPS", CANVAS.replace(",12,", ",1.2E+11,"), "line 5: '1.2E+11' is a number that a spreadsheet"),
        ([ANN, replace(BOB, canvas_id="11")], "USPS", CANVAS, "are the same row"),
    ],
)
def test_entries_that_canvas_would_misread_are_refused(
    people: list[Person], title: str, text: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        canvas([grade(person) for person in people], text, title)
    assert problem in str(caught.value)


def test_titles_may_hold_parentheses() -> None:
    assert canvas([grade(ANN)], CANVAS.replace("USPS (7)", "USPS (part 1) (7)"), "USPS (part 1)").changes


def test_a_new_file_for_canvas_has_ids_points_and_no_formula() -> None:
    ann = replace(ANN, name="=cmd()")
    written = rows(canvas_csv([grade(ann), grade(BOB), grade(BOB, None)], "USPS (7)", None, Manner()).content)
    assert written == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "USPS (7)"],
        ["Points Possible", "", "", "", "", "10"],
        ["'=cmd()", "11", "S1", "ann1", "", "7.50"],
        ["Böb Berg", "12", "S2", "bob1", "", "7.50"],
    ]
    with pytest.raises(UsageError, match="new assignment"):
        canvas_csv([grade()], "USPS", None, Manner())
    with pytest.raises(UsageError, match=r"Eve \(eve\), fay: no Canvas or SIS id"):
        strangers = [Person(submission="eve", name="Eve"), Person(submission="fay")]
        canvas_csv([grade(person) for person in strangers], "USPS (7)", None, Manner())


# Moodle


def test_a_worksheet_is_filled_in_with_feedback_that_says_why() -> None:
    filled = moodle([grade(ANN, source="roster", days_late=2, penalty=1.0), grade(BOB, note="no model.py", score=None)])
    written = rows(filled.content)
    assert [row[5] for row in written] == ["Grade", "7.50", "7.50"]
    assert [row[10] for row in written[1:]] == [
        "score 0.9500, 7.50 points; 2 days late (roster), costs 1 point",
        "failed: no model.py",
    ]
    assert [row[:5] + row[6:10] for row in written] == [row[:5] + row[6:10] for row in rows(WORKSHEET.encode())]


def test_feedback_written_by_hand_is_kept() -> None:
    text = WORKSHEET.replace("-,-,\nParticipant 2", "-,-,<p>nice</p>\nParticipant 2")
    filled = moodle([grade(ANN)], text)
    assert rows(filled.content)[1][10] == "<p>nice</p>"
    assert "somebody wrote this feedback" in str(filled.kept[0])
    assert rows(moodle([grade(ANN)], text, overwrite=True).content)[1][10].startswith("score")


@pytest.mark.parametrize(
    "header",
    [
        "ID,Vollständiger Name,ID-Nummer,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
        "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar",
        "Id,Nombre completo,Número de ID,Correo,Estado,Calificación,Calificación máxima,Se puede cambiar,x,y,z",
        "a,b,c,d,e,f,g,h,i,j,k",
    ],
)
def test_worksheets_in_any_language_are_read_by_position_and_content(header: str) -> None:
    text = "\n".join([header, *WORKSHEET.splitlines()[1:]]).replace("10.00", '"10,00"').replace("Participant ", "T/in")
    filled = moodle([grade(ANN)], text)
    assert rows(filled.content)[1][5] == "7,50"
    assert len(filled.changes) == 1


def test_an_anonymous_worksheet_needs_numbers_from_an_earlier_import() -> None:
    text = "Identifier,Status,Grade,Maximum Grade\nParticipant 1,x,,10.00\nParticipant 2,x,,10.00\n"
    with pytest.raises(UsageError, match=r"holds no names \(anonymous marking\)"):
        moodle([grade(ANN)], text)
    filled = moodle([grade(ANN)], text, numbers={"ann": "2"})
    assert [row[2] for row in rows(filled.content)] == ["Grade", "", "7.50"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (WORKSHEET.replace("Participant 1", "x"), "is not a grading worksheet"),
        (WORKSHEET.replace("Maximum Grade", "Scale").replace("10.00", "Pass"), "graded by a scale"),
        (WORKSHEET.replace("10.00", "100.00"), "the other side has 100"),
        (WORKSHEET.replace("ann@x.org", "").replace("A1", "").replace("Ann Ark", "X Y"), "1 graded person is not in"),
        ("a,b\n", "is not a grading worksheet"),
    ],
)
def test_a_worksheet_that_does_not_fit_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        moodle([grade(ANN)], text)


def test_a_worksheet_without_feedback_keeps_its_times() -> None:
    text = WORKSHEET.replace(',"Feedback comments"', "").replace(",-,-,\n", ",-,-\n")
    assert moodle([grade(ANN, 7.5)], text).content.decode() == text.replace(",,10.00", ",7.50,10.00", 1)
    other = text.replace("Maximum Grade", "Bestwertung").replace("Last modified (grade)", "Zuletzt geändert")
    assert b"score" not in moodle([grade(ANN, 7.5)], other).content


def test_a_locked_grade_is_kept_and_reported() -> None:
    text = WORKSHEET.replace("10.00,Yes", "10.00,Nein", 1)
    filled = moodle([grade(ANN), grade(BOB)], text)
    assert ["locked" in str(line) for line in filled.kept] == [True]
    assert [row[5] for row in rows(filled.content)[1:]] == ["", "7.50"]


def test_a_grade_above_the_maximum_is_not_written_and_reported() -> None:
    filled = moodle([grade(ANN, 10.5)])
    assert "more than the maximum of 10" in str(filled.kept[0])


def test_the_file_for_moodles_gradebook_identifies_people_by_one_column() -> None:
    entries = [grade(ANN), grade(BOB, None), grade(BOB, None, excused=True)]
    assert rows(moodle_csv(entries, "USPS", "10,00").content) == [
        ["Email address", "USPS", "USPS (feedback)"],
        ["ann@x.org", "7.50", "score 0.9500, 7.50 points"],
    ]
    by_number = rows(moodle_csv([grade(replace(ANN, email="")), grade(BOB)], "USPS", "10").content)
    assert [row[0] for row in by_number] == ["ID number", "A1", "B2"]
    with pytest.raises(UsageError, match=r"without email: Ann Ark \(ann\); without id_number: Böb Berg \(bob\)"):
        moodle_csv([grade(replace(ANN, email="")), grade(replace(BOB, id_number=""))], "USPS", "10")
    with pytest.raises(UsageError, match="the other side has 100"):
        moodle_csv([grade()], "USPS", "100")
    ours = rows(moodle_csv([grade()], "USPS", "10").content)[1][1]
    scaled = moodle_csv([grade()], "USPS", "100", scale=True)
    assert float(rows(scaled.content)[1][1]) == pytest.approx(10 * float(ours))
    assert list(scaled.written.values()) == [rows(scaled.content)[1][1]]


# times


MOMENTS = [
    "2026-01-30T10:15:00Z",
    "2026-01-30 10:15:00 UTC",
    "2026-01-30 12:15:00 +0200",
    "Friday, 30 January 2026, 10:15 AM",
    "Freitag, 30. Januar 2026, 10:15",
    "vendredi 30 janvier 2026, 10:15",
    "30 de enero de 2026, 10:15",
    "Jan 30, 2026 1015 AM",
    "Jan 30, 2026 at 10:15am",
    "30.01.2026 10:15",
    "piątek, 30 stycznia 2026, 10:15",
    "пятница, 30 января 2026, 10:15",
    "sexta-feira, 30 de janeiro de 2026 às 10:15",
    "fredag den 30. januar 2026 kl. 10.15",
    "30 Ocak 2026, Cuma, 10:15",
    "perjantai, 30 tammikuu 2026, 10:15",
    "divendres, 30 gener 2026, 10:15",
    "2026年 01月 30日(金曜日) 10:15",
    "2026年01月30日 星期五 10:15",
]


def test_dates_are_read_in_the_languages_of_the_systems() -> None:
    read = {text: in_zone(parse_moment(text) or datetime.min, UTC) for text in MOMENTS}
    assert {text: one for text, one in read.items() if one != datetime(2026, 1, 30, 10, 15, tzinfo=UTC)} == {}


@pytest.mark.parametrize("text", ["03/02/2026 10:15", "soon", "", "2026-13-01 10:15", "30 Foo 2026, 10:15"])
def test_an_ambiguous_date_is_not_read(text: str) -> None:
    assert parse_moment(text) is None


def test_feedback_for_canvas_is_named_after_a_file_of_the_download() -> None:
    assert canvas_feedback_name(["arkann_LATE_101_5001_model.py"], "f.html") == "arkann_LATE_101_5001_f.html"
    assert canvas_feedback_name(["anon_aB3xY_5001_model.py", "arkann_101_text.html"], "f.html") is None
