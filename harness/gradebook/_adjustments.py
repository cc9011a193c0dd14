"""Instructors' decisions about grades, which are stored in their own tables, apart from measured results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

from harness.course import suggest
from harness.errors import UsageError
from harness.gradebook._roster import Person, Roster
from harness.gradebook._zones import parse_time
from harness.tables import Sheet, parse_number

ADJUSTMENTS_FILE = "adjustments.csv"
SUBMITTED_FILE = "submitted.csv"
Action = Literal["excuse", "drop", "points", "part", "set", "attempt"]
_ACTIONS: tuple[str, ...] = get_args(Action)
_WHO = ("who", "submission", "person", "name", "email", "canvas_id", "id_number", "sis_login_id", "github")
_EVERYBODY = ("*", "all", "everybody")
_Made = TypeVar("_Made")
_PART = re.compile(r"(?P<points>[^/]+)/(?P<maximum>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One decision about one task and some people."""

    people: frozenset[str]
    """The keys of the people; empty for everybody."""
    task: str
    action: Action
    reason: str
    value: float = 0.0
    maximum: float = 0.0
    """The maximum of a part that is graded manually."""
    attempt: str = ""
    """The attempt that counts: its number, from 1, or the beginning of the digest of its run or its files."""

    def concerns(self, person: Person, task: str) -> bool:
        """Return whether the decision is about `person` and `task`."""
        return self.task == task and (not self.people or person.key in self.people)


@dataclass(frozen=True)
class HandedIn:
    """The hand-in times that an instructor stated, by person and task."""

    moments: Mapping[tuple[str, str], datetime]
    """The times, by the person's key and the task."""

    def of(self, person: Person, task: str) -> datetime | None:
        """Return the stated time for `person` and `task`, if there is one."""
        return self.moments.get((person.key, task))


def read_adjustments(path: Path, roster: Roster, tasks: Sequence[str]) -> tuple[Adjustment, ...]:
    """Read the table `path` with the columns who, task, action, value, reason; a missing file holds no decisions.

    Raises:
        UsageError: a row has a mistake; the message names the line.
    """
    return tuple(_rows(path, roster, tasks, ("task", "action", "value", "reason"), _adjustment))


def read_handed_in(path: Path, roster: Roster, tasks: Sequence[str], zone: ZoneInfo | None) -> HandedIn:
    """Read the table `path` with the columns who, task, submitted; a missing file holds no times.

    Raises:
        UsageError: a row has a mistake, or two rows state the same time; the message names the line.
    """

    def make(who: frozenset[str], row: Mapping[str, str]) -> tuple[frozenset[str], str, datetime | None]:
        text = row["submitted"]
        return who, row["task"], parse_time(text, zone) if text else None

    moments: dict[tuple[str, str], datetime] = {}
    for people, task, moment in _rows(path, roster, tasks, ("task", "submitted"), make):
        for key in people or {person.key for person in roster.people}:
            if moment is not None and moments.setdefault((key, task), moment) != moment:
                raise UsageError(f"{path}: two times for {_named(roster, key)} and task {task}: keep one")
    return HandedIn(moments)


def _rows(
    path: Path,
    roster: Roster,
    tasks: Sequence[str],
    needed: Sequence[str],
    make: Callable[[frozenset[str], Mapping[str, str]], _Made],
) -> list[_Made]:
    if not path.exists():
        return []
    sheet = Sheet.read(path)
    header = [name.lower().replace(" ", "_") for name in sheet.header]
    who = next((name for name in _WHO if name in header), None)
    if who is None or not set(needed) <= set(header):
        raise UsageError(f"{path}: expected the columns who, {', '.join(needed)}, found {', '.join(sheet.header)}")
    found = []
    for row in sheet.rows[1:]:
        texts = row.texts
        cells = dict(zip(header, texts + [""] * (len(header) - len(texts)), strict=False))
        try:
            if any(texts[len(header) :]):
                raise ValueError(f"{len(texts)} cells, expected at most {len(header)}")
            if cells["task"] not in tasks:
                raise ValueError(f"there is no task {cells['task']!r}{suggest(cells['task'], tasks)}")
            found.append(make(_people(roster, cells[who]), cells))
        except ValueError as error:
            raise UsageError(f"{path}, line {row.line}: {error}") from error
    return found


def _people(roster: Roster, who: str) -> frozenset[str]:
    if who.lower() in _EVERYBODY:
        return frozenset()
    people = roster.find(who)
    if not people:
        names = [person.submission for person in roster.people]
        raise ValueError(f"nobody in the class is {who!r}{suggest(who, names)}")
    if len({person.submission for person in people}) > 1:
        raise ValueError(f"{who!r} is {', '.join(map(str, people))}: name the submission or a number")
    return frozenset(person.key for person in people)


def _adjustment(people: frozenset[str], row: Mapping[str, str]) -> Adjustment:
    action, value = row["action"].lower(), row["value"]
    if action not in _ACTIONS:
        raise ValueError(f"action {action!r}: expected one of {', '.join(_ACTIONS)}")
    if not row["reason"]:
        raise ValueError(f"{action} needs a reason, which the gradebook shows with the grade")
    points, maximum = 0.0, 0.0
    if action == "part":
        match = _PART.fullmatch(value)
        if match is None:
            raise ValueError(f"part needs points and their maximum, as in 3.5/4, found {value!r}")
        points, maximum = _number(match["points"]), _number(match["maximum"])
    elif action in ("points", "set"):
        points = _number(value)
    elif action == "attempt" and not value:
        raise ValueError("attempt needs its number, from 1, or the beginning of its digest")
    return Adjustment(
        people=people,
        task=row["task"],
        action=action,  # type: ignore[arg-type] # one of _ACTIONS
        reason=row["reason"],
        value=points,
        maximum=maximum,
        attempt=value.lower() if action == "attempt" else "",
    )


def _number(text: str) -> float:
    number = parse_number(text)
    if number is None:
        raise ValueError(f"{text!r} is not a number")
    return number


def _named(roster: Roster, key: str) -> str:
    return next(str(person) for person in roster.people if person.key == key)
