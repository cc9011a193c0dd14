"""From records to grades: lateness, grace, attempts, excuses, decisions by hand, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from harness.contract import Task
from harness.course import Course
from harness.errors import InfrastructureError, UsageError
from harness.gradebook import (
    Adjustment,
    Amount,
    Attempt,
    Attempted,
    Entry,
    HandIn,
    Person,
    Policy,
    Roster,
    Rules,
    Times,
    changes,
    compile_gradebook,
    describe,
    extensions_by_person,
    gradebook_csv,
    keep_gradebook,
    make_gradebook,
    useless_extensions,
)
from harness.record import Record, Store
from tests.conftest import TemporaryCourse
from tests.people import task
from tests.records import changed, failing

pytestmark = pytest.mark.unit

DUE = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
BEFORE, NOW = DUE - timedelta(hours=1), DUE + timedelta(days=30)
ANN = Person(submission="ann", name="Ann Ark")


TASKS = {"usps": task("usps")}
DUE_USPS = Policy(deadlines={"usps": DUE})
LATER = DUE + timedelta(days=60)
EXTENDED = Policy(deadlines={"usps": LATER})
HALF, TENTH = replace(DUE_USPS, factor=0.5), replace(DUE_USPS, per_day=Amount(0.1, is_share=True))
CURVED = ((0.5, 0.0), (0.9, 10.0))


def record(value: float | None, *, digest: str = "d1", task_digest: str = "t1") -> Record:
    parts = {"task": {"name": "usps", "digest": task_digest, "scored_on": "test"}, "submission": {"digest": digest}}
    if value is None:
        return changed(failing(message="no attribute 'means'"), **parts)
    score = msgspec.structs.replace(changed().scores[0], value=value)
    return changed(scores=(score,), run={"id": f"run-{digest}"}, **parts)


def one(value: float | None = 0.9, days: float = -1, **named: str) -> Attempt:
    return Attempt(record=record(value, **named), handed_in=HandIn(moment=DUE + timedelta(days=days), source="roster"))


def grade(
    attempts: Sequence[Attempt],
    policy: Policy = DUE_USPS,
    person: Person = ANN,
    now: datetime = NOW,
    problem: str = "",
    adjustments: tuple[Adjustment, ...] = (),
    points: tuple[tuple[float, float], ...] = ((0.5, 0.0), (1.0, 10.0)),
) -> Entry:
    rules = Rules(policy=policy, adjustments=adjustments)
    found = Attempted(tuple(attempts), problem)
    (entry,) = make_gradebook(Roster((person,)), {"usps": task("usps", points)}, lambda _, __: found, rules, now)
    return entry


def decide(action: str, value: float = 0.0, **more: object) -> Adjustment:
    return Adjustment(people=frozenset({ANN.key}), task="usps", action=action, reason="because", value=value, **more)  # type: ignore[arg-type]


def test_points_are_what_the_score_earns() -> None:
    entry = grade([one(0.9)])
    assert (entry.final, entry.maximum, entry.days_late, entry.factor) == (8, 10, 0, 1)


def test_a_failure_earns_the_fewest_points() -> None:
    assert grade([one(None)]).final == 0


@pytest.mark.parametrize(("days", "late"), [(-0.001, 0), (0, 0), (0.001, 1), (0.5, 1), (1, 1), (1.01, 2), (9.5, 10)])
def test_each_day_begun_counts(days: float, late: int) -> None:
    entry = grade([one(1.0, days)], replace(DUE_USPS, factor=0.9))
    assert entry.days_late == late
    assert entry.final == round(10 * 0.9**late, 2)


def test_grace_days_come_first() -> None:
    entry = grade([one(1.0, 3.5)], replace(DUE_USPS, factor=0.5, grace_days=3))
    assert (entry.days_late, entry.grace_days, entry.factor, entry.final) == (4, 3, 0.5, 5)


def test_grace_days_of_a_person_replace_those_of_the_policy() -> None:
    entry = grade([one(1.0, 3.5)], replace(DUE_USPS, factor=0.5, grace_days=1), replace(ANN, grace_days=9))
    assert (entry.grace_days, entry.final) == (4, 10)


def test_grace_days_are_spent_on_the_earliest_deadline_first() -> None:
    tasks = {"a": task("a"), "b": task("b")}
    policy = Policy(deadlines={"b": DUE, "a": DUE + timedelta(days=7)}, grace_days=3, factor=0.5)
    late = {"b": 2, "a": 9}
    entries = make_gradebook(
        Roster((ANN,)), tasks, lambda _, name: Attempted((one(1.0, late[name]),)), Rules(policy=policy), NOW
    )
    assert [(entry.task, entry.days_late, entry.grace_days, entry.final) for entry in entries] == [
        ("b", 2, 2, 10),
        ("a", 2, 1, 5),
    ]


def test_a_submission_without_a_known_time_is_not_late() -> None:
    assert grade([Attempt(record=record(1.0))], replace(DUE_USPS, factor=0)).final == 10


def test_the_last_attempt_counts_unless_the_best_does() -> None:
    attempts = [one(0.95, -5, digest="d1"), one(0.7, -1, digest="d2")]
    assert grade(attempts).final == 4
    best = grade(attempts, replace(DUE_USPS, attempt="best"))
    assert (best.final, best.submission_digest) == (9, "d1")


def test_the_best_attempt_is_the_best_after_lateness() -> None:
    attempts = [one(0.9, -1, digest="d1"), one(1.0, 5, digest="d2")]
    assert grade(attempts, replace(DUE_USPS, attempt="best", factor=0.5)).submission_digest == "d1"


def test_an_attempt_at_another_version_of_the_task_does_not_count() -> None:
    attempts = [one(1.0, -5, digest="d1", task_digest="t0"), one(0.7, -1, digest="d2")]
    assert grade(attempts, replace(DUE_USPS, attempt="best")).submission_digest == "d2"


@pytest.mark.parametrize("excused", [("usps",), ("all",)])
def test_an_excused_person_gets_no_points_and_spends_no_grace_days(excused: tuple[str, ...]) -> None:
    entry = grade([one(1.0, 3)], replace(DUE_USPS, grace_days=5), replace(ANN, excused=excused))
    assert (entry.excused, entry.final, entry.grace_days) == (True, None, 0)


def test_missing_work_has_no_grade_before_and_no_points_after_the_deadline() -> None:
    assert (grade([], now=BEFORE).status, grade([], now=BEFORE).final) == ("missing", None)
    assert grade([], now=NOW).final == 0
    assert grade([], Policy(), now=NOW).final is None
    generous = {"usps": replace(TASKS["usps"], points=((0.8, 5), (0.9, 10)))}
    for attempts, points in (((), 0), ((one(None),), 5)):
        (entry,) = make_gradebook(
            Roster((ANN,)), generous, lambda _, __, found=attempts: Attempted(found), Rules(policy=DUE_USPS), NOW
        )
        assert entry.final == points


def test_a_group_shares_a_submission_but_not_its_excuses() -> None:
    roster = Roster((ANN, Person(submission="ann", name="Bob", excused=("usps",))))
    entries = make_gradebook(roster, TASKS, lambda _, __: Attempted((one(1.0),)), Rules(policy=DUE_USPS), NOW)
    assert [entry.final for entry in entries] == [10, None]


def test_an_infrastructure_failure_is_not_graded_as_zero() -> None:
    entry = grade([], problem="the task's metric raised")
    assert (entry.status, entry.points, entry.final, entry.is_graded) == ("not graded", None, None, False)
    assert describe(entry) == "not graded: the task's metric raised"
    (other,) = make_gradebook(Roster((ANN,)), {"usps": None}, lambda _, __: Attempted(), Rules(policy=DUE_USPS), NOW)
    assert (other.status, other.final) == ("missing", None)


def test_a_mark_that_something_is_late_counts_as_one_day() -> None:
    policy = replace(DUE_USPS, factor=0.9)
    marked = Attempt(record=record(1.0), handed_in=HandIn(late=True, source="Canvas: marked LATE"))
    entry = grade([marked], policy)
    assert (entry.days_late, entry.final, entry.submitted, entry.source) == (1, 9, "unknown", "Canvas: marked LATE")
    assert "the exact lateness is unknown" in entry.note
    extended = replace(ANN, deadlines={"usps": DUE + timedelta(days=7)})
    assert grade([marked], policy, extended).days_late == 0
    assert grade([marked], replace(policy, deadlines={})).days_late == 0


def test_an_extension_is_for_one_person_and_never_shortens() -> None:
    policy = replace(DUE_USPS, factor=0.5)
    assert grade([one(1.0, 3)], policy, replace(ANN, deadlines={"usps": DUE + timedelta(days=7)})).final == 10
    assert grade([one(1.0, -1)], policy, replace(ANN, deadlines={"usps": DUE - timedelta(days=7)})).final == 10
    by_name = replace(policy, extensions={"ann ark": {"usps": DUE + timedelta(days=2)}})
    assert grade([one(1.0, 3)], by_name).days_late == 1


def test_an_extension_names_a_person_by_any_name_in_the_roster() -> None:
    lee, other = Person(submission="lee", name="Ann"), Person(submission="kim", name="Lee", email="kim@x.org")
    roster = Roster((lee, other))
    for name, extended in (("lee", lee), ("KIM@x.org", other), ("a n n", lee)):
        policy = extensions_by_person(replace(DUE_USPS, extensions={name.lower(): {"usps": LATER}}), roster)
        assert policy.deadline("usps", extended.key) == LATER
        assert [policy.deadline("usps", one.key) for one in (lee, other) if one is not extended] == [DUE]
    with pytest.raises(UsageError, match="an extension for 'leo', who is not in the class: did you mean 'lee'"):
        extensions_by_person(replace(DUE_USPS, extensions={"leo": {}}), roster)
    with pytest.raises(UsageError, match=r"'lee@x\.org', who is not in the class: the roster has no e-mail addresses"):
        extensions_by_person(replace(DUE_USPS, extensions={"lee@x.org": {}}), Roster((lee,)))
    twice = Roster((Person(submission="a", name="Ann"), Person(submission="b", name="Ann")))
    with pytest.raises(UsageError, match=r"for 'ann', who is Ann \(a\), Ann \(b\): name the submission"):
        extensions_by_person(replace(DUE_USPS, extensions={"ann": {}}), twice)


def test_an_extension_that_ends_before_the_deadline_is_reported() -> None:
    early = DUE - timedelta(days=365)
    roster = Roster((ANN, Person(submission="bob", deadlines={"usps": early}), Person(submission="cy")))
    policy = replace(DUE_USPS, extensions={"ann": {"usps": early}, "cy": {"usps": LATER}})
    told = list(useless_extensions(extensions_by_person(policy, roster), roster))
    assert [line.partition(" for task")[0] for line in told] == [
        "the extension of Ann Ark (ann)",
        "the extension of bob",
    ]


def test_a_chosen_attempt_that_does_not_exist_gives_no_grade() -> None:
    entry = grade([one(0.9), one(0.8, digest="d2")], adjustments=(decide("attempt", attempt="3"),))
    assert (entry.status, entry.final) == ("not graded", None)
    assert entry.note == "attempt 3 was chosen, but none of the 2 on the current task is that one"


@pytest.mark.parametrize(
    ("rule", "chosen", "digest"),
    [("last", "", "d3"), ("on_time", "", "d2"), ("best", "", "d1"), ("last", "1", "d1"), ("last", "run-d2", "d2")],
)
def test_which_attempt_counts(rule: str, chosen: str, digest: str) -> None:
    attempts = [one(0.95, -5, digest="d1"), one(0.7, -1, digest="d2"), one(0.8, 2, digest="d3")]
    decisions = (decide("attempt", attempt=chosen),) if chosen else ()
    entry = grade(attempts, replace(DUE_USPS, attempt=rule, factor=0.5), adjustments=decisions)  # type: ignore[arg-type]
    assert entry.submission_digest == digest


def test_decisions_by_hand_are_stored_apart_from_measured_results() -> None:
    part = decide("part", 3.0, maximum=4.0)
    entry = grade([one(0.9)], adjustments=(decide("points", -1.5), part))
    assert (entry.points, entry.adjustment, entry.final, entry.maximum) == (8, 1.5, 9.5, 14)
    assert entry.reason == "points: because; part: because"
    assert grade([one(0.95)], adjustments=(decide("points", -1.5), part)).final == 10.5
    assert grade([one(0.5)], adjustments=(decide("points", -1.5),)).final == 0
    assert grade([one(0.9)], adjustments=(decide("set", 5.0),)).final == 5
    assert grade([], problem="x", adjustments=(decide("set", 5.0),)).final == 5
    assert grade([], problem="x", adjustments=(part,)).final is None


def test_what_is_excused_or_dropped_is_not_a_grade() -> None:
    excused = grade([one(0.9, 3)], replace(DUE_USPS, grace_days=3), adjustments=(decide("excuse"),))
    assert (excused.excused, excused.final, excused.grace_days) == (True, None, 0)
    everybody = replace(decide("drop"), people=frozenset())
    dropped = grade([one(0.9)], adjustments=(everybody,))
    assert (dropped.excused, dropped.dropped, dropped.final, dropped.is_graded) == (False, True, None, False)


def test_feedback_says_why() -> None:
    late = grade([one(0.9, 1.5)], replace(DUE_USPS, factor=0.9), adjustments=(decide("points", 1.0),))
    assert describe(late) == (
        "score 0.9000, 8.00 points; 2 days late (roster), costs 1.52 points; by hand (+1): points: because"
    )
    assert describe(grade([one(None)])) == "failed: fit error in fit (model.py, line 7): no attribute 'means'"
    assert describe(grade([])) == "nothing was handed in"


def test_no_cell_of_the_gradebook_is_a_formula() -> None:
    text = gradebook_csv([grade([one()], person=replace(ANN, name="=cmd()"))])
    assert ",'=cmd()," in text


def test_a_task_without_cut_offs_has_no_points() -> None:
    (entry,) = make_gradebook(
        Roster((ANN,)), {"usps": task("usps", ())}, lambda _, __: Attempted((one(),)), Rules(policy=DUE_USPS), NOW
    )
    assert (entry.points, entry.final, entry.maximum) == (None, None, None)


# what changed


def missing_where(task_in_course: Task | None) -> Entry:
    """The grade of somebody who handed in nothing for a task that is None while it does not load."""
    (entry,) = make_gradebook(
        Roster((ANN,)), {"usps": task_in_course}, lambda _, __: Attempted(), Rules(policy=DUE_USPS), NOW
    )
    return entry


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (grade([one(0.9)]), grade([one(0.8, digest="d2")]), "8 → 6 (changed submission; score 0.8, was 0.9)"),
        (
            grade([one(0.9), one(0.8, digest="d2")], replace(DUE_USPS, attempt="best")),
            grade([one(0.9), one(0.8, digest="d2")]),
            "8 → 6 (another attempt counts: last, was best; score 0.8, was 0.9)",
        ),
        (grade([one(0.9)]), grade([one(0.8, task_digest="t2")]), "8 → 6 (changed task; score 0.8, was 0.9)"),
        (grade([one(0.9)]), grade([one(None)]), f"8 → 0 ({describe(grade([one(None)]))})"),
        (grade([], now=BEFORE), grade([one(0.8)]), "none → 6 (submitted)"),
        (grade([], now=BEFORE), grade([], now=NOW), "none → 0 (deadline passed)"),
        (
            grade([], EXTENDED),
            grade([], DUE_USPS),
            f"none → 0 (the deadline is {DUE.isoformat()}, was {LATER.isoformat()})",
        ),
        (
            missing_where(task("usps")),
            missing_where(None),
            "0 → none (task usps has a mistake: its points are not known)",
        ),
        (missing_where(None), missing_where(task("usps")), "none → 0 (the mistake in the task is mended)"),
        (missing_where(task("usps", ())), missing_where(task("usps")), "none → 0 (other cut-offs)"),
        (grade([one(0.9)]), grade([]), "8 → 0 (the work has been removed)"),
        (grade([one(0.9)]), grade([], problem="no sandbox"), "8 → not graded (no sandbox)"),
        (grade([], problem="no sandbox"), grade([one(0.9)]), "not graded → 8 (graded)"),
        (
            grade([one(0.9)]),
            grade([one(0.9)], adjustments=(decide("points", 1.0),)),
            "8 → 9 (by hand: points: because)",
        ),
        (grade([one()]), grade([one(0.8)], adjustments=(decide("drop"),)), "8 → dropped (by hand: drop: because)"),
        (grade([one()]), grade([one()], person=replace(ANN, excused=("all",))), "8 → excused (excused)"),
        (
            grade([one()]),
            grade([one(0.9, 2)], HALF),
            "8 → 2 (2 days late, was 0; rules for lateness: HALF, were none)",
        ),
        (grade([one()], HALF), grade([one(0.9, 2)], HALF), "8 → 2 (2 days late, was 0)"),
        (
            grade([one(0.9, 2)], HALF),
            grade([one(0.9, 2)], DUE_USPS),
            "2 → 8 (rules for lateness: none, were HALF)",
        ),
        (
            grade([one(0.9, 2)], HALF),
            grade([one(0.9, 2)], replace(HALF, deadlines={"usps": LATER})),
            f"2 → 8 (0 days late, was 2; the deadline is {LATER.isoformat()}, was {DUE.isoformat()})",
        ),
        (
            grade([one(0.9, 2)], replace(HALF, grace_days=1)),
            grade([one(0.9, 2)], HALF),
            "4 → 2 (0 grace days spent, was 1)",
        ),
        # cut-offs and hand-in time change together: both are named where both cost something, else the one that does
        (
            grade([one(0.9, 2)], HALF),
            grade([one(0.9)], HALF, points=CURVED),
            "2 → 10 (other cut-offs: 10 points for the same score, were 8; 0 days late, was 2)",
        ),
        (
            grade([one(0.9, 2)], DUE_USPS),
            grade([one(0.9)], DUE_USPS, points=CURVED),
            "8 → 10 (other cut-offs: 10 points for the same score, were 8)",
        ),
        (
            grade([one(0.9, 2)], TENTH),
            grade([one(0.9, 2)], TENTH, points=CURVED),
            "6 → 8 (other cut-offs: 10 points for the same score, were 8)",
        ),
    ],
)
def test_a_changed_grade_says_why(before: Entry, after: Entry, why: str) -> None:
    assert [str(change) for change in changes([before], [msgspec.structs.replace(after, person=ANN)])] == [
        f"Ann Ark · usps: {why.replace('HALF', 'factor 0.5 per day')}"
    ]


def test_equal_grades_and_new_people_are_not_changes() -> None:
    assert changes([grade([one()])], [grade([one(digest="d2")])]) == []
    assert changes([], [grade([one()])]) == []


def test_the_last_gradebook_is_kept_and_an_unreadable_one_untouched(tmp_path: Path) -> None:
    course = Course(tmp_path)
    assert keep_gradebook(course, (grade([one(0.9)]),)) == []
    assert len(keep_gradebook(course, (grade([one(0.8)]),))) == 1
    assert keep_gradebook(course, (grade([one(0.8)]),)) == []
    path = tmp_path / ".harness" / "grade" / "gradebook.json"
    path.write_text("{")
    with pytest.raises(InfrastructureError, match="cannot be read"):
        keep_gradebook(course, (grade([one(0.9)]),))
    assert path.read_text() == "{"


def test_work_that_only_another_system_has_is_not_graded(course: TemporaryCourse) -> None:
    here, records = Course(course.root), Store(course.root / "records", course.root / "lock")
    rules = Rules(roster=Roster((ANN,)), policy=Policy(deadlines={"blobs": DUE}))
    assert compile_gradebook(here, records, rules, NOW).entries[0].status == "missing"
    times = Times(here)
    times.learn_table(ANN, "blobs", "", BEFORE, "the table submissions.csv")
    times.save()
    (entry,) = compile_gradebook(here, records, rules, NOW).entries
    assert (entry.status, entry.final) == ("not graded", None)
    assert "the table submissions.csv says that it was handed in, and no files of it are here" in entry.note


def test_the_files_of_a_current_record_are_not_read_again(course: TemporaryCourse) -> None:
    here, records = Course(course.root), Store(course.root / "records", course.root / "lock")
    rules = Rules(roster=Roster((ANN,)))
    record = changed(submission={"name": "ann"}, task={"scored_on": "test"})
    (entry,) = compile_gradebook(here, records, rules, NOW, current={("ann", "blobs"): record}).entries
    assert (entry.status, entry.score) == ("passed", 0.9)
    on_validation = changed(record, task={"scored_on": "validation"})
    (entry,) = compile_gradebook(here, records, rules, NOW, current={("ann", "blobs"): on_validation}).entries
    assert (entry.status, entry.score) == ("not graded", None)
    (entry,) = compile_gradebook(here, records, rules, NOW).entries
    assert entry.status == "missing"
