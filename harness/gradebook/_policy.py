"""The policy of a gradebook: the cost of lateness, and the attempt that counts."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from harness.course import suggest
from harness.errors import UsageError
from harness.gradebook._zones import (
    days_between,
    hours_between,
    in_zone,
    parse_time,
    parse_zone,
    read_course_zone,
)
from harness.plugins import COURSE_FILE

POLICY_FILE = "gradebook.toml"
AttemptRule = Literal["last", "on_time", "best", "chosen"]
_ATTEMPTS: tuple[str, ...] = get_args(AttemptRule)
_SECTIONS = ("deadlines", "extensions", "late", "timezone", "staff")
_LATE = ("grace_days", "factor", "per_day", "per_hour", "lowest", "last_day", "attempt", "unit")
_HOW_TO_WRITE = "write 2026-01-31T23:59:00+01:00"


@dataclass(frozen=True)
class Amount:
    """The deduction for each day or hour of lateness: a number of points, or a share of the task's maximum."""

    value: float
    is_share: bool = False

    def of(self, maximum: float) -> float:
        """Return the deduction in points, for a task with this maximum."""
        return self.value * maximum if self.is_share else self.value

    def __str__(self) -> str:
        return f"{self.value * 100:g}%" if self.is_share else f"{self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """The lateness of some work, in the units by which the policy deducts points."""

    days: int = 0
    hours: int = 0
    grace_days: int = 0
    """The number of grace days that it uses."""
    counts: bool = True
    """Whether it counts at all: False after the last day."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of a gradebook, from the course's ``gradebook.toml`` and the command line.

    timezone = "Europe/Berlin"       # for deadlines without an offset and for counting days; by default course.toml's
    staff = ["ta@example.org"]       # their commits do not count as handing in

    [deadlines]
    usps = 2026-01-31T23:59:00

    [extensions.ann]                 # a submission, an e-mail address, a number or a name in the roster
    usps = 2026-02-07T23:59:00

    [late]
    grace_days = 3        # days for each person, for all tasks together
    factor = 0.9          # multiplies the points for each day begun after the grace days
    per_day = "10%"       # deducted for each day: a share of the maximum, or a number of points
    per_hour = 0.5        # the same for each hour
    lowest = "50%"        # a share of the maximum below which lateness deducts nothing
    last_day = 7          # work that is later than this many days earns nothing
    attempt = "last"      # or "on_time", "best", "chosen"
    """

    deadlines: Mapping[str, datetime] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    """Extensions by the names in the file, in lower case; `extensions_by_person` replaces the names with people."""
    every_deadline: datetime | None = None
    zone: ZoneInfo | None = None
    staff: tuple[str, ...] = ()
    grace_days: int = 0
    factor: float = 1.0
    unit: Literal["day", "hour"] = "day"
    """The unit of time to which `factor` applies."""
    per_day: Amount | None = None
    per_hour: Amount | None = None
    lowest: float = 0.0
    last_day: int | None = None
    attempt: AttemptRule = "last"

    @classmethod
    def read(cls, path: Path, tasks: Sequence[str]) -> Policy:
        """Read `path`. Without the file nothing is late. The course's time zone is in course.toml next to it.

        Raises:
            UsageError: the file has a mistake; the message gives the key, what was found and what is allowed.
        """
        zone = read_course_zone(path.with_name(COURSE_FILE))
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return cls(zone=zone)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path}: {error}{_hint(path)}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: {error}") from error
        try:
            return _PolicyReader(tuple(tasks), zone).policy(content)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from error

    def with_deadline(self, moment: datetime | None) -> Policy:
        """Return this policy with the given deadline for every task, or unchanged if it is None."""
        return self if moment is None else replace(self, every_deadline=moment)

    def deadline(self, task: str, person: str = "", own: datetime | None = None) -> datetime | None:
        """Return the deadline of `task` for `person`, or None: the latest of the task's, `own` and any extension."""
        common = self.every_deadline or self.deadlines.get(task)
        moments = [moment for moment in (common, own, self.extensions.get(person, {}).get(task)) if moment is not None]
        return max(moments, default=None)

    def lateness(self, deadline: datetime | None, submitted: datetime | None, grace_left: int) -> Lateness:
        """Return the lateness of work that was handed in at `submitted`; it is not late if the time is unknown."""
        if deadline is None or submitted is None or submitted <= deadline:
            return Lateness()
        days = days_between(deadline, submitted, self.zone)
        return self._late(days, hours_between(deadline, submitted), grace_left)

    def lateness_of_mark(self, grace_left: int) -> Lateness:
        """Return the lateness of work that is late by an unknown time: the smallest possible."""
        return self._late(1, 1, grace_left)

    def points_left(self, points: float, maximum: float, lateness: Lateness, fewest: float = 0.0) -> float:
        """Return the points that remain after lateness. `fewest` and the policy's floor limit the deduction."""
        if not lateness.counts:
            return min(points, fewest)
        beyond = lateness.days - lateness.grace_days
        hours = lateness.hours - 24 * lateness.grace_days if lateness.days else 0
        if beyond <= 0:
            return points
        count = beyond if self.unit == "day" else max(0, hours)
        left = points * self.factor**count
        if self.per_day is not None:
            left -= self.per_day.of(maximum) * beyond
        if self.per_hour is not None:
            left -= self.per_hour.of(maximum) * max(0, hours)
        return max(left, min(points, max(fewest, self.lowest * maximum)))

    @property
    def late_rules(self) -> str:
        """The rules for lateness, in the words of the file."""
        rules = (
            ("factor", f"{self.factor:g} per {self.unit}", self.factor != 1.0),
            ("per_day", str(self.per_day), self.per_day is not None),
            ("per_hour", str(self.per_hour), self.per_hour is not None),
            ("lowest", f"{self.lowest * 100:g}%", self.lowest > 0),
            ("last_day", str(self.last_day), self.last_day is not None),
        )
        return ", ".join(f"{name} {value}" for name, value, holds in rules if holds)

    def _late(self, days: int, hours: int, grace_left: int) -> Lateness:
        return Lateness(
            days=days,
            hours=hours,
            grace_days=min(days, grace_left),
            counts=self.last_day is None or days <= self.last_day,
        )


class _PolicyReader:
    """Reads and checks each key of a policy's file."""

    def __init__(self, tasks: tuple[str, ...], zone: ZoneInfo | None) -> None:
        self._tasks, self._zone = tasks, zone

    def policy(self, content: Mapping[str, Any]) -> Policy:
        """Return the policy in `content`.

        Raises:
            ValueError: the content has a mistake.
        """
        _known(content, _SECTIONS, "")
        if "timezone" in content:
            self._zone = parse_zone(_text(content["timezone"], "timezone"))
        late = _table(content, "late")
        _known(late, _LATE, "late.")
        staff = content.get("staff", [])
        if not isinstance(staff, list) or not all(isinstance(one, str) for one in staff):
            raise ValueError(f"staff: expected a list of e-mail addresses, found {staff!r}")
        deadlines = self._moments(_table(content, "deadlines"), "deadlines")
        extensions = _table(content, "extensions")
        by_person = {
            name.lower(): self._moments(_table(extensions, name, "extensions."), f"extensions.{name}")
            for name in extensions
        }
        return Policy(
            deadlines=deadlines,
            extensions=by_person,
            zone=self._zone,
            staff=tuple(one.lower() for one in staff),
            grace_days=_whole(late, "grace_days", 0),
            factor=_factor(late),
            unit=_choice(late, "unit", ("day", "hour"), "day"),
            per_day=_amount(late, "per_day"),
            per_hour=_amount(late, "per_hour"),
            lowest=_share(late, "lowest"),
            last_day=_whole(late, "last_day", 0) if "last_day" in late else None,
            attempt=_choice(late, "attempt", _ATTEMPTS, "last"),
        )

    def _moments(self, table: Mapping[str, Any], where: str) -> dict[str, datetime]:
        for task in table:
            if task not in self._tasks:
                raise ValueError(f"{where}: a deadline for {task!r}, which is not a task{suggest(task, self._tasks)}")
        return {task: self._moment(value, f"{where}.{task}") for task, value in table.items()}

    def _moment(self, value: object, where: str) -> datetime:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value) if "T" in value or ":" in value else value
            except ValueError:
                value = str(value)
        if isinstance(value, datetime):
            try:
                value = in_zone(value, self._zone)
            except ValueError as error:
                raise ValueError(f"{where} = {error}") from error
            return value if self._zone is None else value.astimezone(self._zone)
        if isinstance(value, date):
            raise ValueError(f"{where} = {value.isoformat()} has no time of day: {_HOW_TO_WRITE}")
        kind = "time of day" if isinstance(value, time) else "moment"
        raise ValueError(f"{where}: expected a date and a time, found the {kind} {value!r}: {_HOW_TO_WRITE}")


def _hint(path: Path) -> str:
    """Return a hint about the most frequent mistake in a file that is not TOML: a time without seconds."""
    without_seconds = re.search(r"=\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d\s*$", path.read_text("utf-8-sig"), re.MULTILINE)
    return f"; a time needs its seconds: {_HOW_TO_WRITE}" if without_seconds else ""


def _known(table: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for key in table:
        if key not in allowed:
            raise ValueError(f"unknown key {where}{key}{suggest(key, allowed)}")


def _table(content: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{where}{key}: expected a table, found {value!r}")
    return value


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key}: expected a text, found {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(table: Mapping[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"late.{key}: expected a whole number of days, 0 or more, found {value!r}")
    return value


def _factor(table: Mapping[str, Any]) -> float:
    value = table.get("factor", 1.0)
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"late.factor: expected a factor in [0, 1], found {value!r}")
    return float(value)


def _choice(table: Mapping[str, Any], key: str, allowed: Sequence[str], default: str) -> Any:
    value = table.get(key, default)
    if value not in allowed:
        raise ValueError(f"late.{key}: expected one of {', '.join(map(repr, allowed))}, found {value!r}")
    return value


def _amount(table: Mapping[str, Any], key: str) -> Amount | None:
    if key not in table:
        return None
    value = table[key]
    if isinstance(value, str) and value.strip().endswith("%"):
        return Amount(_percent(value, f"late.{key}"), is_share=True)
    if not _is_number(value) or value < 0:
        raise ValueError(f'late.{key}: expected points (1.5) or percent of the maximum ("10%"), found {value!r}')
    return Amount(float(value))


def _share(table: Mapping[str, Any], key: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, str) and value.strip().endswith("%"):
        return _percent(value, f"late.{key}")
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f'late.{key}: expected a share of the maximum (0.5 or "50%"), found {value!r}')
    return float(value)


def _percent(value: str, key: str) -> float:
    try:
        share = float(value.strip().removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{key}: expected a percentage from 0% to 100%, found {value!r}")
    return share


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def deadline_of_command(text: str, zone: ZoneInfo | None) -> datetime:
    """Return the deadline given on the command line, in the time zone `zone`; a date means its beginning.

    Raises:
        UsageError: the text is not a time, or has no time zone.
    """
    try:
        return parse_time(f"{text}T00:00" if _is_date(text) else text, zone)
    except ValueError as error:
        raise UsageError(f"--deadline: {error}") from error
