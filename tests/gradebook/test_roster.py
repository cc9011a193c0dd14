"""Who is in the class: the course's own list, other systems' exports, and what spreadsheets do to them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.errors import UsageError
from harness.gradebook import Person, Roster, compare, folder_name, parse_time, spellings

pytestmark = pytest.mark.unit

TASKS = ("usps", "spect")


ANN_BY_NUMBER = ("ann-ark-a1", "Ann Ark", "", "ann@x.org")
ANN_BY_EMAIL = ("ann-ark-ann", "Ann Ark", "", "ann@x.org")
ANN_OF_GITHUB = ("ann-a", "Ann Ark", "", "ann@x.org")


def read(folder: Path, text: str | bytes, tasks: tuple[str, ...] = TASKS) -> Roster:
    path = folder / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Roster.read(path, tasks)


def test_a_roster_names_people_groups_aliases_and_excuses(tmp_path: Path) -> None:
    roster = read(
        tmp_path,
        "\ufeffsubmission,name,email,alias,excused,grace_days,submitted:usps,deadline:spect\n"
        "team-1,Ann,ann@x.org,red-fox,usps all,,2026-01-31T10:00+00:00,\n"
        "team-1,Bob,bob@x.org,red-fox,,2,,2026-02-07T10:00+00:00\n",
    )
    ann, bob = roster.people
    assert (ann.submission, ann.name, ann.excused, ann.grace_days) == ("team-1", "Ann", ("usps", "all"), None)
    assert ann.submitted_by_task == {"usps": datetime(2026, 1, 31, 10, tzinfo=UTC)}
    assert (bob.grace_days, bob.submitted_by_task) == (2, {})
    assert bob.deadlines == {"spect": datetime(2026, 2, 7, 10, tzinfo=UTC)}
    assert roster.aliases() == {"team-1": "red-fox"}


def test_a_time_without_a_task_counts_if_there_is_only_one_task(tmp_path: Path) -> None:
    text = "submission,submitted,deadline\nann,2026-01-31T10:00Z,2026-02-07T10:00Z\n"
    one = read(tmp_path, text, ("usps",))
    assert one.people[0].submitted == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert list(one.people[0].deadlines) == ["usps"]
    assert not one.warnings
    several = read(tmp_path, text)
    assert (several.people[0].submitted, several.people[0].deadlines) == (None, {})
    assert ["counts for none; name it submitted:usps" in line for line in several.warnings] == [True, False]


def test_times_without_an_offset_are_in_the_courses_time_zone(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(
        "submission,submitted:usps,deadline:usps,submitted:spect\n"
        "ann,2026-01-31 23:30,2026-02-05 10:30,2026-01-31T23:30Z\n"
    )
    (ann,) = Roster.read(path, TASKS, ZoneInfo("Europe/Berlin")).people
    assert ann.submitted_by_task["usps"] == datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
    assert ann.deadlines["usps"] == datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
    assert ann.submitted_by_task["spect"] == datetime(2026, 1, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        "SUBMISSION;Name;E-Mail Address\nann;Ann Ärk;ann@x.org\n;;\n".encode("cp1252"),
        "Submission\tName\tEmail\t\t\nann\tAnn Ärk\tann@x.org\t\t\n".encode("utf-16"),
        "submission,,name,email\n\nann,,Ann Ärk,ann@x.org\n,,,\n".encode(),
        "submission;name;email\rann;Ann Ärk;ann@x.org\r".encode("mac_roman"),
        'submission,name,email\nann,"Ann\nÄrk","=""ann@x.org"""\n'.encode(),
    ],
)
def test_additions_and_changes_of_spreadsheets_do_not_matter(tmp_path: Path, content: bytes) -> None:
    (ann,) = read(tmp_path, content).people
    assert (ann.submission, ann.name, ann.email) == ("ann", "Ann Ärk", "ann@x.org")


def test_numbers_are_read_without_what_spreadsheets_add(tmp_path: Path) -> None:
    header = "submission,canvas_id,id_number,email,name"
    text = f"{header}\nann,101.0,'0017,\u200bann@x.org\ufeff,1.0\nbob,102,12.5,,\u00a0Bob\n"
    ann, bob = read(tmp_path, text).people
    assert (ann.canvas_id, ann.id_number, ann.email, ann.name) == ("101", "0017", "ann@x.org", "1.0")
    assert (bob.canvas_id, bob.id_number, bob.name) == ("102", "12.5", "Bob")


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Clouds (7)\n,,,,,Manual Posting\n    Points Possible,,,,,10\n"
            '"Ark, Ann",11,S1,ann1,M,9\n"Student, Test",99,,x,M,\n',
            [("ark-ann-11", "Ark, Ann", "11", "")],
        ),
        (
            "LastName,FirstName,ID,SIS Login ID,Section\nArk,Ann,11,ann1,M\n",
            [("ann-ark-11", "Ann Ark", "11", "")],
        ),
        (
            "First name,Surname,ID number,Email address\nAnn,Ark,A1,ann@x.org\nBob,Berg,,bob@x.org\n",
            [("ann-ark-a1", "Ann Ark", "", "ann@x.org"), ("bob-berg-bob", "Bob Berg", "", "bob@x.org")],
        ),
        ("First Name,Last Name,SID,Email\nAnn,Ark,A1,ann@x.org\n", [("ann-ark-a1", "Ann Ark", "", "ann@x.org")]),
        ("identifier,github_username,github_id,name\nAnn Ark,Ann-A,1,x\n", [("ann-a", "Ann Ark", "", "")]),
        ("username,first_name,last_name,email,section,github_id\nAnn-A,Ann,Ark,ann@x.org,,1\n", [ANN_OF_GITHUB]),
        ("OrgDefinedId,Username,Last Name,First Name,Email\n#A1,#aark,Ark,Ann,ann@x.org\n", [ANN_BY_NUMBER]),
        ('"Last Name","First Name","Username","Student ID"\nArk,Ann,aark,A1\n', [("ann-ark-a1", "Ann Ark", "", "")]),
        ("Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nAnn;Ark;A1;ann@x.org\n", [ANN_BY_NUMBER]),
        ("Name;Vorname;Matrikelnummer;E-Mail\nArk;Ann;A1;ann@x.org\n", [ANN_BY_NUMBER]),
        ("Prénom,Nom,Numéro d'identification,Adresse de courriel\nAnn,Ark,A1,ann@x.org\n", [ANN_BY_NUMBER]),
        ("Nombre,Apellido(s),Número de ID,Dirección de correo\nAnn,Ark,A1,ann@x.org\n", [ANN_BY_NUMBER]),
        ('ID,"Vollständiger Name",E-Mail-Adresse,Status\nTeilnehmer/in1,Ann Ark,ann@x.org,\n', [ANN_BY_EMAIL]),
        ("LastName,FirstName,ID,Section\nArk,Ann,11,M\nStudent,Test,99,M\n", [("ann-ark-11", "Ann Ark", "11", "")]),
    ],
)
def test_exports_of_other_systems_are_rosters(tmp_path: Path, text: str, people: list[tuple[str, ...]]) -> None:
    found = read(tmp_path, text).people
    assert [(one.submission, one.name, one.canvas_id, one.email) for one in found] == people


def test_staff_in_an_export_are_left_out_and_named(tmp_path: Path) -> None:
    text = "First Name,Last Name,SID,Email,Role\nAnn,Ark,A1,ann@x.org,Student\nTi,Ta,T1,ta@x.org,Instructor\n"
    roster = read(tmp_path, text)
    assert [person.name for person in roster.people] == ["Ann Ark"]
    assert [warning.rpartition("leaves out ")[2] for warning in roster.warnings] == ["Ti Ta: Instructor"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name\nAnn\n", "no column `submission`"),
        ("submission,mail\nann,x\n", "unknown column 'mail': did you mean 'email'"),
        ("submission,due:usps\nann,x\n", "expected submitted:<task> or deadline:<task>"),
        ("submission,submitted:uspz\nann,x\n", "no such task: did you mean 'usps'"),
        ("submission\nAnn\n", "line 2: submission name 'Ann' is not allowed"),
        ("submission,name\nann,Ark, Ann\n", "line 2: 3 cells, expected at most 2"),
        ("submission,email\nann,a@x\nbob,A@x\n", "email 'a@x' twice (ann and bob)"),
        ("submission,name\nann,Ann\nann,Ann\n", "has Ann (ann) twice"),
        ("submission,alias\nann,fox\nbob,fox\n", "gives 'fox' to two submissions"),
        ("submission,alias\nann,bob\nbob,\n", "gives 'bob' to two submissions"),
        ("submission,alias\nann,*\n", "alias name"),
        ("submission,grace_days\nann,two\n", "line 2: grace_days 'two'"),
        ("submission,submitted:usps\nann,yesterday\n", "'yesterday' is not a time"),
        ("submission,submitted:usps\nann,2026-01-31\n", "'2026-01-31' is not a time"),
        ("submission,canvas_id\nann,1.02E+11\n", "line 2: canvas_id '1.02E+11' is a number that a spreadsheet"),
        ("submission,excused\nann,uspz\n", "ann is excused from 'uspz', which is not a task: did you mean 'usps'"),
        ('submission,name\nann,"Ann\n', "line 2: a quoted cell does not end"),
        ("submission,name,\nann,Ann,usps\n", "line 2: 'usps' is in a column without a heading"),
        ("submission,name\n", "names nobody"),
    ],
)
def test_a_bad_roster_says_what_and_where(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert problem in str(caught.value)


def test_people_and_folders_without_a_match_are_reported_with_a_guess() -> None:
    people = (Person(submission="anne", name="Ann Ark"), Person(submission="bob"), Person(submission="xi", name="Xi"))
    found = compare(Roster(people), ["ann", "bob", "zoe"])
    assert found.meant == {"anne": "ann"}
    assert found.lines() == [
        "submissions/ann has nobody in the roster: did the roster mean it by 'anne'?",
        "submissions/zoe has nobody in the roster",
        "the roster's Ann Ark (anne) has no submission: is it submissions/ann?",
        "1 in the roster without a submission: Xi (xi)",
    ]


def test_folder_names_hold_the_number_in_a_class_of_any_size() -> None:
    assert folder_name("Zoë O'Hara", "77") == "zoe-o-hara-77"
    assert folder_name("李", "3") == "user-3"
    assert folder_name("reference", "") == "reference-1"
    assert folder_name("anon_aB3xY", "anon_aB3xY") == "anon-ab3xy"
    assert folder_name("a_ark", "HW 1_a_ark") == "hw-1-a-ark"
    assert len(folder_name("a" * 90, "123456")) == 64


def test_a_name_is_the_same_in_any_order_and_unicode_form() -> None:
    assert "arkann" in spellings("Ann Ark")
    assert "cruzlópezmaríadelcarmendela" in spellings("María del Carmen de la Cruz López")
    assert spellings("Zoe\u0308 Ark") == spellings("Zoë Ark")
    assert spellings("प्रिया शर्मा") != spellings("परय शरम")


def test_a_time_without_an_offset_needs_a_zone() -> None:
    assert parse_time("2026-01-31T12:00", UTC) == datetime(2026, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="2026-01-31T12:00:00 has no time zone: write an offset"):
        parse_time("2026-01-31T12:00")
    assert parse_time("2026-01-31 12:00:05 UTC") == datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
    with pytest.raises(ValueError, match="is not a time"):
        parse_time("noon")
