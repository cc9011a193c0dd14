"""Moments as people write them, and days as the clock on the wall counts them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SECOND_ZONE = re.compile(r"(.*\d)\s*(?:UTC|GMT|Z)$")


def parse_time(text: str, zone: tzinfo | None = None) -> datetime:
    """Return the moment that ISO 8601 `text` names; without an offset it is of `zone`, else local time.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    if named := _SECOND_ZONE.fullmatch(text):
        text = f"{named[1]}+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or _is_date(text):
        raise ValueError(f"{text!r} is no time: write 2026-01-31T23:59 or 2026-01-31T23:59+01:00")
    if moment.tzinfo is None:
        return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
    return moment


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone called `name`.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name!r} is no time zone: write one like 'Europe/Berlin' or 'UTC'") from None


def days_between(deadline: datetime, moment: datetime, zone: tzinfo | None) -> int:
    """Return the days begun from `deadline` to `moment` on the wall clock of `zone`, else of the deadline's own.

    A day is from one time of day to the same on the next date: one of 25 hours is a day.
    """
    if moment <= deadline:
        return 0
    clock = zone if zone is not None else deadline.tzinfo
    wall = [one.astimezone(clock).replace(tzinfo=None) for one in (deadline, moment)]
    return max(1, math.ceil((wall[1] - wall[0]) / _DAY))


def hours_between(deadline: datetime, moment: datetime) -> int:
    """Return the hours begun from `deadline` to `moment`."""
    return max(0, math.ceil((moment - deadline) / _HOUR))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
