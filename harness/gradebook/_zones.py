"""Read times as people write them, and count days on a wall clock."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from harness.errors import UsageError
from harness.plugins import COURSE_FILE, CourseFile

HOW_TO_SAY_THE_ZONE = (
    f'write an offset, as in 2026-01-31T23:59:00+01:00, or timezone = "Europe/Berlin" in {COURSE_FILE}'
)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SECOND_ZONE = re.compile(r"(.*\d)\s*(?:UTC|GMT|Z)$")


def parse_time(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the time in the ISO 8601 `text`; without an offset it is in the time zone `zone`.

    Raises:
        ValueError: the text is not a time, or has no offset and there is no zone.
    """
    text = text.strip()
    if named := _SECOND_ZONE.fullmatch(text):
        text = f"{named[1]}+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or _is_date(text):
        raise ValueError(f"{text!r} is not a time: write 2026-01-31T23:59 or 2026-01-31T23:59+01:00")
    return in_zone(moment, zone)


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return `moment`; without an offset it is in the time zone `zone`.

    Raises:
        ValueError: `moment` has no offset, and there is no zone.
    """
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: {HOW_TO_SAY_THE_ZONE}")
    return moment.replace(tzinfo=zone)


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone `name`.

    Raises:
        ValueError: there is no such time zone.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name!r} is not a time zone: write one like 'Europe/Berlin' or 'UTC'") from None


def read_course_zone(path: Path) -> ZoneInfo | None:
    """Return the time zone in the course's file `path`; None if the file does not set one.

    Raises:
        UsageError: the file is damaged, or there is no such time zone.
    """
    name = CourseFile.read(path).timezone
    try:
        return None if name is None else parse_zone(name)
    except ValueError as error:
        raise UsageError(f"{path}: timezone {error}") from error


def days_between(deadline: datetime, moment: datetime, zone: tzinfo | None) -> int:
    """Return the number of days begun between `deadline` and `moment`, on the wall clock of `zone` or of the deadline.

    A day ends at the same time of day on the next date, even if it has 25 hours.
    """
    if moment <= deadline:
        return 0
    clock = zone if zone is not None else deadline.tzinfo
    wall = [one.astimezone(clock).replace(tzinfo=None) for one in (deadline, moment)]
    return max(1, math.ceil((wall[1] - wall[0]) / _DAY))


def hours_between(deadline: datetime, moment: datetime) -> int:
    """Return the number of hours begun between `deadline` and `moment`."""
    return max(0, math.ceil((moment - deadline) / _HOUR))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
