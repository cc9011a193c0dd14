"""From records to grades: lateness, grace, attempts, excuses, groups, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import Baseline, Embedded, Inputs, Parts, Task, metrics
from harness.contract import InfrastructureError, UsageError
from harness.course import Course
from harness.grade import (
    Attempt,
    Entry,
    Person,
    Policy,
    Roster,
    changes,
    keep_gradebook,
    make_gradebook,
    parse_time,
)
from harness.record import Record

DUE = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
BEFORE, NOW = DUE - timedelta(hours=1), DUE + timedelta(days=30)
ANN = Person(submission="ann", name="Ann Ark")


def task(name: str, points: tuple[tuple[float, float], ...] = ((0.5, 0.0), (1.0, 10.0))) -> Task:
    source = Embedded(title="none", load=lambda: Parts(None, None, None), baseline=Baseline(0.5), licence="CC0")  # type: ignore[arg-type]
    return Task(
        title="t",
        kind="classification",
        inputs=Inputs(shape=(2,)),
        sources=(source,),
        split="none",
        metrics=(metrics.accuracy,),
        classes=("a", "b"),
        points=points,
    ).named(name)


TASKS = {"usps": task("usps")}
DUE_USPS = Policy(deadlines={"usps": DUE})


def record(value: float | None, *, digest: str = "d1", task_digest: str = "t1", name: str = "ann") -> Record:
    score = {"name": "accuracy", "value": value, "low": 0, "high": 1, "higher_is_better": True, "unit": ""}
    failure = {"kind": "fit_error", "phase": "fit", "message": "", "file": None, "line": None, "log_tail": ""}
    part = {"source": "embedded", "data_digest": "x", "scored_on": "test", "test_labels": "public"}
    machine = {"system": "", "processor": "", "cores": 1, "memory_bytes": 1, "python": ""}
    run = {"id": digest, "started": "", "seconds": 1, "phases": {}, "seed": 0, "repeats": [], "harness_version": ""}
    more = {"isolation": {"level": "namespaces", "detail": ""}, "machine": machine, "packages": {}, "git": None}
    return msgspec.convert(
        {
            "task": part | {"name": "usps", "digest": task_digest, "n_train": 1, "n_validation": 1, "n_test": 1},
            "submission": {"name": name, "digest": digest, "mode": "trained"},
            "status": "failed" if value is None else "passed",
            "failure": failure if value is None else None,
            "scores": [] if value is None else [score | {"primary": True}],
            "baseline": {"metric": "accuracy", "value": 0.5, "strict": False, "met": None, "p_value": None},
            "cost": {},
            "audits": [],
            "run": run | more | {"evidence_digest": None},
        },
        Record,
    )


def one(value: float | None = 0.9, days: float = -1, **named: str) -> Attempt:
    return Attempt(record=record(value, **named), submitted=DUE + timedelta(days=days))


def grade(attempts: Sequence[Attempt], policy: Policy = DUE_USPS, person: Person = ANN, now: datetime = NOW) -> Entry:
    (entry,) = make_gradebook(Roster((person,)), TASKS, lambda _, __: attempts, policy, now)
    return entry


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


def test_a_persons_own_grace_days_replace_the_policys() -> None:
    entry = grade([one(1.0, 3.5)], replace(DUE_USPS, factor=0.5, grace_days=1), replace(ANN, grace_days=9))
    assert (entry.grace_days, entry.final) == (4, 10)


def test_grace_days_are_spent_on_the_earliest_deadline_first() -> None:
    tasks = {"a": task("a"), "b": task("b")}
    policy = Policy(deadlines={"b": DUE, "a": DUE + timedelta(days=7)}, grace_days=3, factor=0.5)
    late = {"b": 2, "a": 9}
    entries = make_gradebook(Roster((ANN,)), tasks, lambda _, name: [one(1.0, late[name])], policy, NOW)
    assert [(entry.task, entry.days_late, entry.grace_days, entry.final) for entry in entries] == [
        ("b", 2, 2, 10),
        ("a", 2, 1, 5),
    ]


def test_where_nobody_knows_when_it_was_submitted_it_is_not_late() -> None:
    assert grade([Attempt(record=record(1.0), submitted=None)], replace(DUE_USPS, factor=0)).final == 10


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
def test_who_is_excused_gets_no_points_and_spends_no_grace(excused: tuple[str, ...]) -> None:
    entry = grade([one(1.0, 3)], replace(DUE_USPS, grace_days=5), replace(ANN, excused=excused))
    assert (entry.excused, entry.final, entry.grace_days) == (True, None, 0)


def test_what_is_missing_is_nothing_before_the_deadline_and_the_fewest_points_after() -> None:
    assert (grade([], now=BEFORE).status, grade([], now=BEFORE).final) == ("missing", None)
    assert grade([], now=NOW).final == 0
    assert grade([], Policy(), now=NOW).final is None


def test_a_group_shares_a_submission_but_not_its_excuses() -> None:
    roster = Roster((ANN, Person(submission="ann", name="Bob", excused=("usps",))))
    entries = make_gradebook(roster, TASKS, lambda _, __: [one(1.0)], DUE_USPS, NOW)
    assert [entry.final for entry in entries] == [10, None]


def test_a_task_without_cut_offs_has_no_points() -> None:
    (entry,) = make_gradebook(Roster((ANN,)), {"usps": task("usps", ())}, lambda _, __: [one()], DUE_USPS, NOW)
    assert (entry.points, entry.final, entry.maximum) == (None, None, None)


# what changed


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (grade([one(0.9)]), grade([one(0.8, digest="d2")]), "8 → 6 (changed submission)"),
        (grade([one(0.9)]), grade([one(0.8, task_digest="t2")]), "8 → 6 (changed task)"),
        (grade([one(0.9)]), grade([one(0.8)]), "8 → 6 (score 0.9, now 0.8)"),
        (grade([], now=BEFORE), grade([one(0.8)]), "none → 6 (submitted)"),
        (grade([], now=BEFORE), grade([], now=NOW), "none → 0 (deadline passed)"),
        (grade([one(0.9)]), grade([]), "8 → 0 (nothing is there any more)"),
        (grade([one()]), grade([one()], person=replace(ANN, excused=("all",))), "8 → excused (excused)"),
        (
            grade([one()]),
            grade([one(0.9, 2)], replace(DUE_USPS, factor=0.5)),
            "8 → 2 (2 days late, were 0)",
        ),
        (
            grade([one(0.9, 2)], replace(DUE_USPS, factor=0.5)),
            grade([one(0.9, 2)], replace(DUE_USPS, factor=1)),
            "2 → 8 (other rules for lateness)",
        ),
    ],
)
def test_a_changed_grade_says_why(before: Entry, after: Entry, why: str) -> None:
    assert [str(change) for change in changes([before], [msgspec.structs.replace(after, person=ANN)])] == [
        f"Ann Ark · usps: {why}"
    ]


def test_what_stays_the_same_and_who_is_new_is_no_change() -> None:
    assert changes([grade([one()])], [grade([one(digest="d2")])]) == []
    assert changes([], [grade([one()])]) == []


def test_the_gradebook_last_seen_is_kept_and_one_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    course = Course(tmp_path)
    assert keep_gradebook(course, (grade([one(0.9)]),)) == []
    assert len(keep_gradebook(course, (grade([one(0.8)]),))) == 1
    assert keep_gradebook(course, (grade([one(0.8)]),)) == []
    path = tmp_path / ".harness" / "grade" / "gradebook.json"
    path.write_text("{")
    with pytest.raises(InfrastructureError, match="cannot be read"):
        keep_gradebook(course, (grade([one(0.9)]),))
    assert path.read_text() == "{"


# rosters and policies


def read_roster(folder: Path, text: str) -> Roster:
    path = folder / "roster.csv"
    path.write_text(text)
    return Roster.read(path)


def test_a_roster_names_people_groups_aliases_and_excuses(tmp_path: Path) -> None:
    roster = read_roster(
        tmp_path,
        "\ufeffsubmission,name,email,alias,excused,grace_days,submitted\n"
        "team-1,Ann,ann@x.org,red-fox,usps all,,2026-01-31T10:00+00:00\n"
        "team-1,Bob,bob@x.org,red-fox,,2,\n",
    )
    ann, bob = roster.people
    assert (ann.submission, ann.name, ann.excused, ann.grace_days) == ("team-1", "Ann", ("usps", "all"), None)
    assert ann.submitted == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert (bob.grace_days, bob.submitted) == (2, None)
    assert roster.aliases() == {"team-1": "red-fox"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name\nAnn\n", "no column `submission`"),
        ("submission,mail\nann,x\n", "unknown column 'mail': did you mean 'email'"),
        ("submission\nAnn\n", "line 2: submission name 'Ann' is not allowed"),
        ("submission,email\nann,a@x\nbob,A@x\n", "email 'a@x' twice"),
        ("submission,alias\nann,fox\nbob,fox\n", "gives 'fox' to two submissions"),
        ("submission,alias\nann,bob\nbob,\n", "gives 'bob' to two submissions"),
        ("submission,alias\nann,*\n", "alias name"),
        ("submission,grace_days\nann,two\n", "line 2: grace_days 'two'"),
        ("submission,submitted\nann,yesterday\n", "'yesterday' is no time"),
        (b"submission\n\xff\n", "cannot be read as UTF-8"),
    ],
)
def test_a_bad_roster_says_what_and_where(tmp_path: Path, text: Any, problem: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        Roster.read(path)
    assert problem in str(caught.value)


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.toml"
    path.write_text(
        "[deadlines]\nusps = 2026-01-31T23:59:00+00:00\n[late]\ngrace_days = 3\nfactor = 0.9\nattempt = 'best'\n"
    )
    policy = Policy.read(path, ["usps"])
    assert policy.deadline("usps") == DUE
    assert policy.deadline("other") is None
    assert (policy.grace_days, policy.factor, policy.attempt) == (3, 0.9, "best")
    assert policy.with_deadline(BEFORE).deadline("other") == BEFORE


def test_without_a_policy_nothing_is_late(tmp_path: Path) -> None:
    assert Policy.read(tmp_path / "gradebook.toml", []).days_late("usps", NOW) == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[deadlines]\nuspz = 2026-01-31T23:59:00Z\n", "did you mean 'usps'"),
        ("[late]\nfactor = 2.0\n", "expected a factor in [0, 1]"),
        ("[late]\ngrace = 2\n", "unknown field `grace`"),
        ("[deadlines]\nusps = 'soon'\n", "$.deadlines"),
        ("[", "gradebook.toml"),
    ],
)
def test_a_bad_policy_says_what(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "gradebook.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        Policy.read(path, ["usps"])
    assert problem in str(caught.value)


def test_a_time_without_an_offset_is_local() -> None:
    assert parse_time("2026-01-31T12:00") == datetime(2026, 1, 31, 12).astimezone()
    with pytest.raises(ValueError, match="is no time"):
        parse_time("noon")
