"""What lateness costs: every rule on its own, and mistakes that name what is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.errors import UsageError
from harness.gradebook import Amount, Policy, deadline_of_command

pytestmark = pytest.mark.unit

DUE = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)


def read(folder: Path, text: str) -> Policy:
    path = folder / "gradebook.toml"
    path.write_text(text)
    return Policy.read(path, ["usps"])


def left(policy: Policy, days: float, points: float = 8.0, grace: int = 0) -> float:
    """Return what of 8 points out of 10 is left so many days after the deadline."""
    return policy.points_left(points, 10.0, policy.lateness(DUE, DUE + timedelta(days=days), grace))


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        'timezone = "Europe/Berlin"\nstaff = ["TA@x.org"]\n[deadlines]\nusps = 2026-01-31T23:59:00\n'
        "[extensions.Ann]\nusps = 2026-02-07T23:59:00+00:00\n"
        '[late]\ngrace_days = 3\nfactor = 0.9\nper_day = "10%"\nper_hour = 0.5\nlowest = 0.5\nlast_day = 7\n'
        "attempt = 'best'\nunit = 'hour'\n",
    )
    assert policy.deadline("usps") == DUE - timedelta(hours=1)
    assert policy.deadline("usps", "ann") == datetime(2026, 2, 7, 23, 59, tzinfo=UTC)
    assert policy.deadline("other") is None
    assert (policy.grace_days, policy.factor, policy.attempt, policy.unit) == (3, 0.9, "best", "hour")
    assert (policy.per_day, policy.per_hour, policy.lowest) == (Amount(0.1, is_share=True), Amount(0.5), 0.5)
    assert (policy.last_day, policy.staff) == (7, ("ta@x.org",))
    assert policy.with_deadline(DUE).deadline("other") == DUE


def test_without_a_policy_nothing_is_late(tmp_path: Path) -> None:
    policy = Policy.read(tmp_path / "gradebook.toml", [])
    assert policy.lateness(policy.deadline("usps"), DUE, 0).days == 0


@pytest.mark.parametrize(
    ("policy", "days", "points"),
    [
        (Policy(factor=0.9), 1.5, 8 * 0.81),
        (Policy(per_day=Amount(1.0)), 1.5, 6),
        (Policy(per_day=Amount(0.1, is_share=True)), 2, 6),
        (Policy(per_hour=Amount(0.5)), 2.5 / 24, 6.5),
        (Policy(factor=0.5, unit="hour"), 1.5 / 24, 2),
        (Policy(factor=0.5, lowest=0.3), 5, 3),
        (Policy(per_day=Amount(9.0), lowest=0.3), 1, 3),
        (Policy(per_day=Amount(9.0)), 1, 0),
        (Policy(last_day=2), 2, 8),
        (Policy(last_day=2), 2.1, 0),
        (Policy(factor=0.0), 0, 8),
        (Policy(factor=0.0), -1, 8),
    ],
)
def test_points_after_a_penalty_for_lateness(policy: Policy, days: float, points: float) -> None:
    assert left(policy, days) == pytest.approx(points)


@pytest.mark.parametrize(("points", "kept"), [(8.0, 2.0), (1.0, 1.0)])
def test_work_that_is_too_late_gets_no_more_than_the_fewest_points(points: float, kept: float) -> None:
    policy = Policy(last_day=2)
    lateness = policy.lateness(DUE, DUE + timedelta(days=3), 0)
    assert policy.points_left(points, 10.0, lateness, fewest=2.0) == kept


def test_a_penalty_never_exceeds_the_points_earned() -> None:
    assert left(Policy(factor=0.5, lowest=0.5), 3, points=2.0) == 2.0


def test_grace_days_come_off_days_and_hours() -> None:
    assert left(Policy(factor=0.5), 3.5, grace=3) == 4
    assert left(Policy(per_hour=Amount(0.5)), 1.25, grace=1) == pytest.approx(8 - 6 * 0.5)


def test_a_day_of_25_hours_is_a_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    due = datetime(2026, 10, 24, 23, 59, tzinfo=berlin)
    policy = Policy(zone=berlin, factor=0.5)
    assert policy.lateness(due, datetime(2026, 10, 25, 23, 59, tzinfo=berlin), 0).days == 1
    assert policy.lateness(due, datetime(2026, 10, 26, 0, 0, tzinfo=berlin), 0).days == 2
    elapsed = datetime(2026, 10, 25, 22, 58, tzinfo=UTC)
    assert policy.lateness(due, elapsed, 0).days == 1
    assert replace(policy, zone=None).lateness(due.astimezone(UTC), elapsed, 0).days == 2


def test_a_deadline_without_an_offset_is_in_the_courses_time_zone(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text('timezone = "Europe/Berlin"\n')
    deadlines = "[deadlines]\nusps = 2026-01-31T23:59:00\n"
    assert read(tmp_path, deadlines).deadline("usps") == DUE - timedelta(hours=1)
    assert read(tmp_path, f"timezone = 'UTC'\n{deadlines}").deadline("usps") == DUE
    (tmp_path / "gradebook.toml").unlink()
    assert Policy.read(tmp_path / "gradebook.toml", ["usps"]).zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("timezone = 'Berlin'\n", "course.toml: timezone 'Berlin' is not a time zone: write one like 'Europe/Berlin'"),
        ("timezone = 1\n", "course.toml: expected timezone ="),
        ("timezone = 'UTC'\ndeadline = 1\n", "course.toml: expected timezone ="),
        ("timezone", "course.toml"),
    ],
)
def test_a_bad_course_file_says_what_is_allowed(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read(tmp_path, "")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[deadlines]\nuspz = 2026-01-31T23:59:00Z\n", "'uspz', which is not a task: did you mean 'usps'"),
        (
            "[deadlines]\nusps = 2026-01-31T23:59:00\n",
            "deadlines.usps = 2026-01-31T23:59:00 has no time zone: write an offset, as in 2026-01-31T23:59:00+01:00, "
            'or timezone = "Europe/Berlin" in course.toml',
        ),
        ("[extensions.ann]\nusps = '2026-01-31T23:59'\n", "extensions.ann.usps = 2026-01-31T23:59:00 has no time zone"),
        ("[deadlines]\nusps = 2026-01-31\n", "deadlines.usps = 2026-01-31 has no time of day: write 2026-01-31T23:59"),
        ("[deadlines]\nusps = 'soon'\n", "deadlines.usps: expected a date and a time, found the moment 'soon'"),
        ("[deadlines]\nusps = 23:59:00\n", "found the time of day"),
        ("[extensions]\nann = 3\n", "extensions.ann: expected a table"),
        ("[extensions.ann]\nuspz = 2026-01-31T23:59:00Z\n", "extensions.ann: a deadline for 'uspz'"),
        ("[late]\nfactor = 2.0\n", "late.factor: expected a factor in [0, 1], found 2.0"),
        ("[late]\ngrace = 2\n", "unknown key late.grace: did you mean 'grace_days'? available: attempt"),
        ("[late]\ngrace_days = 1.5\n", "late.grace_days: expected a whole number of days"),
        ("[late]\nper_day = '10'\n", "late.per_day: expected points"),
        ("[late]\nper_day = -1\n", "late.per_day: expected points"),
        ("[late]\nper_day = nan\n", "late.per_day: expected points"),
        ("[deadlines]\nusps = 2026-01-31T23:59\n", "a time needs its seconds: write 2026-01-31T23:59:00"),
        ("[late]\nlowest = 50\n", "late.lowest: expected a share"),
        ("[late]\nlowest = '150%'\n", "late.lowest: expected a percentage"),
        ("[late]\nattempt = 'first'\n", "late.attempt: expected one of 'last', 'on_time', 'best', 'chosen'"),
        ("deadline = 2026-01-31T23:59:00Z\n", "unknown key deadline: did you mean 'deadlines'"),
        ("timezone = 'Berlin'\n", "'Berlin' is not a time zone: write one like 'Europe/Berlin'"),
        ("staff = 'x'\n", "staff: expected a list"),
        ("[", "gradebook.toml"),
    ],
)
def test_a_bad_policy_says_what_is_allowed(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert problem in str(caught.value)


def test_a_deadline_of_the_command_line_may_be_a_date() -> None:
    assert deadline_of_command("2026-01-31", ZoneInfo("UTC")) == datetime(2026, 1, 31, tzinfo=UTC)
    assert deadline_of_command("2026-01-31T00:00+00:00", None) == datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(UsageError, match="--deadline: 'soon' is not a time"):
        deadline_of_command("soon", None)
    with pytest.raises(UsageError, match="--deadline: 2026-01-31T00:00:00 has no time zone: write an offset"):
        deadline_of_command("2026-01-31", None)
