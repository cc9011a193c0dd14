"""Who is in the class, and whose submission is whose."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.contract import UsageError, check_name
from harness.course import suggest

COLUMNS = (
    "submission", "name", "email", "id_number", "canvas_id", "sis_user_id", "sis_login_id", "alias", "excused",
    "grace_days", "submitted",
)  # fmt: skip
_UNIQUE = ("email", "id_number", "canvas_id", "sis_user_id", "sis_login_id")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One line of the roster; a group's members share a submission."""

    submission: str
    name: str = ""
    email: str = ""
    id_number: str = ""
    """Moodle's ID number."""
    canvas_id: str = ""
    sis_user_id: str = ""
    sis_login_id: str = ""
    alias: str = ""
    """What the public leaderboard shows instead of the submission's name."""
    excused: tuple[str, ...] = ()
    """Tasks that do not count, or ``all``."""
    grace_days: int | None = None
    """Of this person's own; None for what the policy says."""
    submitted: datetime | None = None
    """When, if the roster says so; it wins over every other witness."""

    def is_excused(self, task: str) -> bool:
        """Tell whether `task` does not count for this person."""
        return task in self.excused or "all" in self.excused


@dataclass(frozen=True)
class Roster:
    """The class, in the order of its file."""

    people: tuple[Person, ...]

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Read a CSV file with a header; `submission` is required, the other columns of `COLUMNS` are optional.

        Raises:
            UsageError: a column, a name or a value is not what it should be; says in which line.
        """
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the roster {path} cannot be read as UTF-8 ({error})") from error
        reader = csv.DictReader(io.StringIO(text, newline=""))
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        if "submission" not in columns:
            raise UsageError(f"the roster {path} has no column `submission`: its header must name some of {COLUMNS}")
        for column in columns:
            if column not in COLUMNS:
                raise UsageError(f"the roster {path} has the unknown column {column!r}{suggest(column, COLUMNS)}")
        people = []
        for row in reader:
            try:
                people.append(_person({key: (value or "").strip() for key, value in row.items() if key}))
            except (ValueError, UsageError) as error:
                raise UsageError(f"the roster {path}, line {reader.line_num}: {error}") from error
        _refuse_twice(path, people)
        return cls(tuple(people))

    @classmethod
    def of(cls, submissions: list[str]) -> Roster:
        """Return the roster of a class that has none: a person a submission."""
        return cls(tuple(Person(submission=name, name=name) for name in submissions))

    def aliases(self) -> dict[str, str]:
        """Return the public name of each submission that has one."""
        return {person.submission: person.alias for person in self.people if person.alias}


def parse_time(text: str) -> datetime:
    """Return the moment that ISO 8601 `text` names; without an offset it is local time.

    Raises:
        ValueError: it is none.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise ValueError(f"{text!r} is no time: write 2026-01-31T23:59 or 2026-01-31T23:59+01:00") from None


def _person(row: Mapping[str, str]) -> Person:
    texts = {name: row.get(name, "") for name in ("name", *_UNIQUE, "alias")}
    if texts["alias"]:
        check_name(texts["alias"], "alias")
    days, submitted = row.get("grace_days", ""), row.get("submitted", "")
    if days and not days.isdecimal():
        raise ValueError(f"grace_days {days!r} is no whole number of days")
    return Person(
        submission=check_name(row["submission"], "submission"),
        excused=tuple(row.get("excused", "").replace(",", " ").split()),
        grace_days=int(days) if days else None,
        submitted=parse_time(submitted) if submitted else None,
        **texts,
    )


def _refuse_twice(path: Path, people: list[Person]) -> None:
    """Refuse two people with one number, and one name for two submissions' worth of people."""
    for column in _UNIQUE:
        seen: set[str] = set()
        for person in people:
            value = getattr(person, column).lower()
            if value and value in seen:
                raise UsageError(f"the roster {path} has {column} {value!r} twice: grades would be mixed up")
            seen.add(value)
    public = {person.submission: person.submission for person in people}
    for person in people:
        if person.alias and public.setdefault(person.alias, person.submission) != person.submission:
            raise UsageError(f"the roster {path} gives {person.alias!r} to two submissions, as alias or name")
