"""Tell dates from other words and numbers in the columns of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

_TIME = r"\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?(\s*[ap]\.?m\.?)?(\s*(Z|UTC|[+-]\d{2}:?\d{2}))?"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_NUMBERS = re.compile(
    rf"(?:\d{{4}}([-/.年년])\s?(?P<m>\d{{1,2}})(?:\1|[月월])\s?(?P<d>\d{{1,2}})[.日일]?"
    rf"|(?P<a>\d{{1,2}})([-/.])\s?(?P<b>\d{{1,2}})\5\s?(?:\d{{4}}|\d{{2}}))([ T,]+{_TIME})?",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"([^\W\d_]{{2,}}\.?,? )?(\d{{1,2}}(\.|st|nd|rd|th)?[- /](de )?[^\W\d_]{{3,10}}\.?,?[- /](de )?"
    rf"|({_MONTHS})[a-z]*\.? \d{{1,2}}(st|nd|rd|th)?,? )(19|20)\d{{2}}([ ,]+{_TIME})?",
    re.IGNORECASE,
)
_ONLY_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[ap]\.?m\.?)?", re.IGNORECASE)
_MOST_MONTHS, _FIRST_YEAR, _LAST_YEAR = 12, 1900, 2100


def are_dates(values: Sequence[str]) -> bool:
    """Return whether all of `values`, of which there is at least one, are dates, or dates with times, or times.

    Read are ISO 8601 and what spreadsheets write: 2026-01-31, 31.1.2026, 1/31/26, 31 Jan 2026, 2026年1月31日.
    """
    return bool(values) and all(map(_is_date, values))


def _is_date(value: str) -> bool:
    text = value.strip()
    if found := _NUMBERS.fullmatch(text):
        parts = [int(part) for part in (found["m"], found["d"], found["a"], found["b"]) if part]
        return min(parts) >= 1 and min(parts) <= _MOST_MONTHS and max(parts) <= 31
    return bool(_WORDS.fullmatch(text) or _ONLY_TIME.fullmatch(text)) or _is_iso(text)


def _is_iso(text: str) -> bool:
    """Return whether Python reads `text` as ISO 8601, with or without separators, and as a year of our time."""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return _FIRST_YEAR <= read(text).year < _LAST_YEAR
        except ValueError:
            continue
    return False
