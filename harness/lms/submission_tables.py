"""Read learning systems' tables of submissions, which hold hand-in times and people's numbers.

They are Canvas's tables of an assignment, Moodle's grading worksheet, Gradescope's grades, and any table with a column
of people and one of times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from harness.errors import UsageError
from harness.gradebook import Person, Roster, in_zone, plain, spellings
from harness.lms._moments import parse_moment
from harness.tables import Sheet

_MOMENT_HEADINGS = (
    "submitted_at", "submitted at", "submission time", "submission date", "submitted", "last modified (submission)",
    "date submitted", "submitted on", "handed in", "zuletzt geändert (abgabe)", "abgabezeitpunkt", "abgegeben am",
    "dernière modification (travail remis)", "dernière modification (remise)", "última modificación (entrega)",
    "ultima modifica (consegna)", "laatst gewijzigd (inzending)", "timestamp",
)  # fmt: skip
_SUBMISSION_WORDS = re.compile(
    r"submi|abgabe|abgegeben|remis|entrega|consegna|inzending|inlever|envio|envío|handed in|przesłan|odevzd|palautu|"
    r"inlämn|innlever|aflever|lliurament|tramesa|gönder|ответ|отправ|відповід|提出|提交|제출",
    re.IGNORECASE,
)
_PEOPLE_HEADINGS: Mapping[str, str] = {
    "id": "canvas_id",
    "user id": "canvas_id",
    "user_id": "canvas_id",
    "student id": "canvas_id",
    "canvas_id": "canvas_id",
    "sis user id": "sis_user_id",
    "sis login id": "sis_login_id",
    "login": "sis_login_id",
    "username": "sis_login_id",
    "email": "email",
    "e-mail": "email",
    "email address": "email",
    "e-mail-adresse": "email",
    "adresse de courriel": "email",
    "sid": "id_number",
    "id number": "id_number",
    "submission": "submission",
}
_NAME_HEADINGS = (
    "student", "student name", "name", "full name", "vollständiger name", "nom complet", "nombre completo",
    "nome completo", "user",
)  # fmt: skip
_SPLIT_NAMES = (("first name", "last name"), ("firstname", "lastname"), ("vorname", "nachname"))
_PARTICIPANT = re.compile(r"\D*?(\d+)")
_COLUMNS_OF_MOMENTS = 2
"""The number of time columns in Moodle's worksheet: one for handing in, and one for grading."""
_NOTHING = frozenset({"", "-", "n/a", "none"})


@dataclass(frozen=True)
class TableLine:
    """One line of a table: the person, the time, and the participant number if there is one."""

    person: Person
    moment: datetime | None
    number: str = ""


@dataclass(frozen=True)
class Table:
    """The lines of a table that were read, and the problems with others."""

    lines: tuple[TableLine, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks on ambiguous lines, and how they were read."""
    source: str = ""
    column: str = ""
    """The heading of the column of times."""


@dataclass
class _Columns:
    moment: int | None = None
    number: int | None = None
    names: tuple[int, ...] = ()
    fields: dict[int, str] = field(default_factory=dict)


def read_table(path: Path, roster: Roster, numbers: Mapping[str, str], zone: tzinfo | None) -> Table:
    """Read a table of submissions; `numbers` gives the submission of each participant number known from an import.

    Raises:
        UsageError: the table has no column of times or none that identifies people, or its times lack a time zone.
    """
    sheet = Sheet.read(path)
    columns = _columns(sheet)
    if columns.moment is None:
        raise UsageError(
            f"{path} has no column of hand-in times: expected a heading like 'Submitted at' or 'Last modified "
            f"(submission)', found {', '.join(filter(None, sheet.header))}"
        )
    if not (columns.names or columns.fields or columns.number is not None):
        raise UsageError(f"{path} has no column that identifies people: expected an id, an e-mail address or a name")
    lines, problems = [], []
    for row in sheet.rows[1:]:
        texts = [*row.texts, *[""] * (len(sheet.header) - len(row.texts))]
        text = texts[columns.moment]
        moment = None if text.lower() in _NOTHING else parse_moment(text)
        try:
            moment = moment and in_zone(moment, zone)
        except ValueError as error:
            raise UsageError(f"{path}, line {row.line}: {error}") from error
        number = _number(texts, columns)
        people = _people(texts, columns, roster, numbers, number)
        if len({person.submission for person in people}) > 1:
            problems.append(f"line {row.line}: {len(people)} people in the roster match")
        elif people:
            lines += [TableLine(person, moment, number) for person in people]
        elif moment is not None:
            problems.append(f"line {row.line}: {_shown(texts, columns)} is not in the roster")
        if moment is None and text.lower() not in _NOTHING:
            problems.append(f"line {row.line}: {text!r} is not an unambiguous time")
    newest, notes = _newest(lines)
    return Table(newest, tuple(problems), notes, f"the table {path.name}", sheet.header[columns.moment])


def _newest(lines: Sequence[TableLine]) -> tuple[tuple[TableLine, ...], tuple[str, ...]]:
    """Return the last line of each person, because a download holds the last of several attempts."""
    newest: dict[str, TableLine] = {}
    notes = []
    for line in lines:
        before = newest.setdefault(line.person.key, line)
        if before.moment != line.moment:
            notes.append(f"{line.person} has several lines: the latest time counts")
            if before.moment is None or (line.moment is not None and line.moment > before.moment):
                newest[line.person.key] = line
    return tuple(newest.values()), tuple(dict.fromkeys(notes))


def _columns(sheet: Sheet) -> _Columns:
    header = [cell.lower() for cell in sheet.header]
    columns = _Columns()
    columns.moment = next((header.index(name) for name in _MOMENT_HEADINGS if name in header), None)
    if columns.moment is None:
        columns.moment = _by_content(sheet, header)
    columns.fields = {at: _PEOPLE_HEADINGS[name] for at, name in enumerate(header) if name in _PEOPLE_HEADINGS}
    columns.names = next(
        (
            (header.index(first), header.index(last))
            for first, last in _SPLIT_NAMES
            if first in header and last in header
        ),
        (),
    )
    if not columns.names:
        columns.names = tuple(at for at, name in enumerate(header) if name in _NAME_HEADINGS)[:1]
    cells = [sheet.cell(row, 0) for row in range(1, len(sheet.rows))]
    if cells and all(_PARTICIPANT.fullmatch(cell) and not cell.isdecimal() for cell in cells):
        columns.number = 0
        columns.fields.pop(0, None)
    return columns


def _by_content(sheet: Sheet, header: Sequence[str]) -> int | None:
    """Return the column whose cells are times and whose heading is about handing in.

    This is for Moodle's worksheet in an unknown language. It may have two columns of times, of which the second is the
    grade's (mod/assign/gradingtable.php).
    """
    for at, name in enumerate(header):
        texts = [sheet.cell(row, at) for row in range(1, len(sheet.rows))]
        filled = [text for text in texts if text.lower() not in _NOTHING]
        if filled and _SUBMISSION_WORDS.search(name) and all(parse_moment(text) is not None for text in filled):
            return at
    rows = range(1, len(sheet.rows))
    if rows and all(_PARTICIPANT.fullmatch(sheet.cell(row, 0)) for row in rows):
        moments = [at for at in range(1, len(header)) if all(_is_moment_or_none(sheet.cell(row, at)) for row in rows)]
        return moments[0] if len(moments) == _COLUMNS_OF_MOMENTS else None
    return None


def _is_moment_or_none(text: str) -> bool:
    return text == "-" or parse_moment(text) is not None


def _number(texts: Sequence[str], columns: _Columns) -> str:
    if columns.number is None:
        return ""
    match = _PARTICIPANT.fullmatch(texts[columns.number])
    return match[1] if match else ""


def _people(
    texts: Sequence[str], columns: _Columns, roster: Roster, numbers: Mapping[str, str], number: str
) -> list[Person]:
    for at, name in columns.fields.items():
        value = texts[at].lower()
        if value and (found := [one for one in roster.people if getattr(one, name).lower() == value]):
            return found
    written = plain(" ".join(texts[at] for at in columns.names))
    if written and (found := [one for one in roster.people if written in spellings(one.name)]):
        return found
    identifiers = [number, *(texts[at] for at, name in columns.fields.items() if name == "canvas_id")]
    submissions = {numbers[one] for one in identifiers if one in numbers}
    return [one for one in roster.people if one.submission in submissions]


def _shown(texts: Sequence[str], columns: _Columns) -> str:
    chosen = [*columns.names, *columns.fields, *([] if columns.number is None else [columns.number])]
    return repr(" ".join(texts[at] for at in chosen if texts[at]))
