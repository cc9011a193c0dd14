"""Tables of decisions and of hand-in times, by person and task."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.gradebook import Person, Roster, read_adjustments, read_handed_in

pytestmark = pytest.mark.unit

EVE, FAY = Person(submission="team", name="Eve Eel", email="eve@x.org"), Person(submission="team", name="Fay Fox")
XI = Person(submission="xi", name="Xi Xu", canvas_id="9")
ROSTER = Roster((EVE, FAY, XI))


def test_decisions_name_a_person_a_group_or_everybody(tmp_path: Path) -> None:
    path = tmp_path / "adjustments.csv"
    path.write_text(
        "who;task;action;value;reason\neve@x.org;usps;points;-1,5;copied a plot\nteam;usps;part;3/4;report\n"
        "*;usps;drop;;the data was wrong\n9;usps;attempt;2;asked for it\n"
    )
    one, group, everybody, chosen = read_adjustments(path, ROSTER, ["usps"])
    assert (one.people, one.action, one.value, one.reason) == ({EVE.key}, "points", -1.5, "copied a plot")
    assert [group.concerns(person, "usps") for person in ROSTER.people] == [True, True, False]
    assert (group.value, group.maximum) == (3, 4)
    assert all(everybody.concerns(person, "usps") for person in ROSTER.people)
    assert not everybody.concerns(XI, "spect")
    assert chosen.attempt == "2"


def test_hand_in_times_are_by_person_and_task(tmp_path: Path) -> None:
    path = tmp_path / "submitted.csv"
    path.write_text("name,task,submitted\nEve Eel,usps,2026-01-30T10:00Z\nXi Xu,spect,\n")
    found = read_handed_in(path, ROSTER, ["usps", "spect"], None)
    assert found.of(EVE, "usps") == datetime(2026, 1, 30, 10, tzinfo=UTC)
    assert [found.of(FAY, "usps"), found.of(EVE, "spect"), found.of(XI, "spect")] == [None, None, None]


def test_without_a_file_there_are_no_decisions(tmp_path: Path) -> None:
    assert read_adjustments(tmp_path / "none.csv", ROSTER, []) == ()
    assert read_handed_in(tmp_path / "none.csv", ROSTER, [], None).moments == {}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("eva,usps,points,1,x", "line 2: nobody in the class is 'eva'"),
        ("team,uspz,points,1,x", "line 2: there is no task 'uspz': did you mean 'usps'"),
        ("team,usps,bonus,1,x", "action 'bonus': expected one of excuse, drop, points"),
        ("team,usps,points,1,", "points needs a reason"),
        ("team,usps,points,one,x", "'one' is not a number"),
        ("team,usps,part,3,x", "part needs points and their maximum, as in 3.5/4"),
        ("team,usps,attempt,,x", "attempt needs its number"),
        ("team,usps,points,1,x,y", "6 cells, expected at most 5"),
    ],
)
def test_a_bad_decision_says_what_and_where(tmp_path: Path, row: str, problem: str) -> None:
    path = tmp_path / "adjustments.csv"
    path.write_text(f"who,task,action,value,reason\n{row}\n")
    with pytest.raises(UsageError) as caught:
        read_adjustments(path, ROSTER, ["usps"])
    assert problem in str(caught.value)


def test_a_table_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "submitted.csv"
    path.write_text("who,task,submitted\nteam,usps,2026-01-30T10:00Z\neve@x.org,usps,2026-01-31T10:00Z\n")
    with pytest.raises(UsageError, match=r"two times for Eve Eel \(team\) and task usps"):
        read_handed_in(path, ROSTER, ["usps"], None)
    path.write_text("who,submitted\n")
    with pytest.raises(UsageError, match="expected the columns who, task, submitted"):
        read_handed_in(path, ROSTER, ["usps"], None)
