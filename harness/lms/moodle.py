"""Moodle: read its download of submissions; write its grading worksheet, gradebook CSV and feedback files.

The rules are those of moodle: mod/assign/classes/downloader.php names the files of a download,
mod/assign/gradingtable.php orders the worksheet's columns, mod/assign/feedback/offline/importgradeslib.php reads the
worksheet, grade/import/csv/classes/load_data.php the gradebook's file, and
mod/assign/feedback/file/importziplib.php feedback files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.errors import UsageError
from harness.gradebook import Entry, Person, Roster, describe
from harness.lms._edit import (
    CellChange,
    Filled,
    KeyColumns,
    Manner,
    by_field,
    by_name,
    check_maximum,
    decide,
    find_rows,
    refuse_missing,
    uses_comma,
)
from harness.lms._members import Member, why_skipped
from harness.lms._moments import parse_moment
from harness.lms._uploads import Parsed, Skipped, System, Upload, unread
from harness.tables import Sheet, format_number, parse_number
from harness.text import neutral_cell

_PART = re.compile(
    r"(?P<prefix>.+)_assignsubmission_(?P<plugin>file|onlinetext|[a-z0-9]+)(?:_(?P<flat>[^/]*))?", re.DOTALL
)
_NUMBERED = re.compile(r"(?P<who>.+)_(?P<number>\d+)")


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read ``Ann Ark_77_assignsubmission_file/model.py``, and the older, flat, anonymous, team and text forms of it."""
    del roster  # it cannot hold participant numbers, which are valid for one assignment
    return [_read(member, member.path) for member in members]


SYSTEM = System("moodle", "Moodle", parse)


def _read(member: Member, path: PurePosixPath) -> Parsed:
    if reason := why_skipped(path):
        return Skipped(member, reason)
    for at, part in enumerate(path.parts):
        match = _PART.fullmatch(part)
        if match is None:
            continue
        flat = [match["flat"]] if match["flat"] else []
        inner = PurePosixPath(*flat, *path.parts[at + 1 :])
        if not inner.parts:
            break
        numbered = _NUMBERED.fullmatch(match["prefix"])
        return Upload(
            member=member,
            who=numbered["who"] if numbered else match["prefix"],
            number=numbered["number"] if numbered else "",
            path=inner,
            is_text=match["plugin"] == "onlinetext",
        )
    return unread(member, "Moodle")


# the gradebook's file


def moodle_csv(entries: Sequence[Entry], item: str, maximum: str, *, scale: bool = False) -> Filled:
    """Return a file for the gradebook's import, with the grades of one task as grade item `item`.

    People without a grade are left out, because feedback without a grade would erase an existing grade. The import
    finds people by one column, and a blank in it means the person of the previous row (load_data.php), so one column
    has to identify everybody.

    Raises:
        UsageError: no column identifies everybody, or `maximum` differs from the task's and the points are not to be
            scaled.
    """
    theirs = parse_number(maximum)
    factors = {entry.person.key: check_maximum(entry.task, entry.maximum, theirs, scale=scale) for entry in entries}
    graded = [entry for entry in entries if entry.is_graded]
    heading, name = _one_key([entry.person for entry in graded])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([heading, neutral_cell(item), neutral_cell(f"{item} (feedback)")])
    written: dict[str, str] = {}
    for entry in graded:
        assert entry.final is not None
        grade = written[entry.person.key] = format_number(entry.final * factors[entry.person.key])
        writer.writerow([neutral_cell(getattr(entry.person, name)), grade, neutral_cell(describe(entry))])
    return Filled(text.getvalue().encode(), written=written)


def _one_key(people: Sequence[Person]) -> tuple[str, str]:
    """Return the heading and the field of the column that identifies all of `people`.

    Raises:
        UsageError: no column identifies all of them.
    """
    ways = (("Email address", "email"), ("ID number", "id_number"))
    for heading, name in ways:
        if all(getattr(person, name) for person in people):
            return heading, name
    lacking = "; ".join(
        f"without {name}: {', '.join(str(person) for person in people if not getattr(person, name))}"
        for _, name in ways
    )
    raise UsageError(
        "Moodle identifies people by one column, but neither email nor id_number is known for everybody "
        f"({lacking}): complete the roster, or fill in the grading worksheet with --into"
    )


# the grading worksheet

_NAMES: Mapping[str, frozenset[str]] = {
    "id": frozenset({"identifier", "id", "identifiant", "identificador", "identificatore", "identificatie"}),
    "name": frozenset({"full name", "vollständiger name", "nom complet", "nombre completo", "nome completo"}),
    "email": frozenset({"email address", "e-mail-adresse", "adresse de courriel", "dirección de correo"}),
    "grade": frozenset({"grade", "bewertung", "note", "calificación", "nota", "valutazione", "cijfer", "avaliação"}),
    "maximum": frozenset(
        {"maximum grade", "bestwertung", "note maximale", "calificación máxima", "nota máxima", "valutazione massima"}
    ),
    "scale": frozenset({"scale", "skala", "barème", "échelle", "escala", "scala"}),
    "id_number": frozenset({"id number", "id-nummer", "numéro d'identification", "número de id"}),
    "feedback": frozenset(
        {"feedback comments", "feedback als kommentar", "feedback par commentaires", "comentarios de retroalimentación"}
    ),
}
_LOCKED = frozenset({"no", "nein", "non", "não", "nao", "nee", "nej", "nei", "nie", "ei", "нет", "ні", "いいえ", "否"})
_PARTICIPANT = re.compile(r"\D*?(\d+)")


@dataclass(frozen=True)
class Worksheet:
    """The columns of a grading worksheet, whose headings may be in any language."""

    sheet: Sheet
    id: int
    grade: int
    maximum: int
    changeable: int | None
    feedback: int | None
    name: int | None
    email: int | None
    id_number: int | None

    @classmethod
    def of(cls, sheet: Sheet) -> Worksheet:
        """Find the columns by their headings if those are known, or else by position and content.

        Raises:
            UsageError: the sheet is not a grading worksheet with points.
        """
        header = [cell.lower() for cell in sheet.header]
        rows = range(1, len(sheet.rows))

        def named(kind: str) -> int | None:
            return next((at for at, cell in enumerate(header) if cell in _NAMES[kind]), None)

        if named("scale") is not None and named("maximum") is None:
            raise UsageError(f"{sheet.path}: the assignment is graded by a scale, not by points: set points in Moodle")
        ids = [at for at in range(len(header)) if rows and _all(sheet, at, rows, _PARTICIPANT.fullmatch)]
        first = next((at for at in (named("id"), *ids) if at is not None and at in ids), None)
        maximum = named("maximum")
        if maximum is None:
            maximum = next((at for at in range(2, len(header)) if _is_maximum(sheet, at, rows)), None)
        if first != 0 or maximum is None or maximum < 1:
            raise UsageError(
                f"{sheet.path} is not a grading worksheet of Moodle: expected a first column with participant "
                "numbers, and a column with grades next to one with the maximum; download the grading worksheet again "
                "(the assignment needs the feedback type 'offline grading worksheet')"
            )
        grade = maximum - 1
        emails = (at for at in range(1, grade) if _all(sheet, at, rows, lambda text: not text or "@" in text))
        email = next((at for at in emails if any("@" in sheet.cell(row, at) for row in rows)), named("email"))
        name = named("name") if named("name") is not None else _name_column(sheet, header, rows, email)
        feedback = named("feedback")
        if feedback is None and len(header) > maximum + 3 and not _has_times(sheet, len(header) - 1, rows):
            feedback = len(header) - 1
        changeable = next((at for at in range(maximum + 1, len(header)) if _is_yes_or_no(sheet, at, rows)), None)
        return cls(sheet, first, grade, maximum, changeable, feedback, name, email, named("id_number"))

    @property
    def rows(self) -> range:
        """The rows that hold people."""
        return range(1, len(self.sheet.rows))

    @property
    def is_anonymous(self) -> bool:
        """Whether people are identified only by numbers."""
        return self.name is None and self.email is None and self.id_number is None

    def is_locked(self, row: int) -> bool:
        """Return whether Moodle would ignore a new grade in the row."""
        return self.changeable is not None and self.sheet.cell(row, self.changeable).lower() in _LOCKED

    def keys(self, number_of: Callable[[Person], str]) -> list[KeyColumns]:
        """Return the keys of people; `number_of` returns a person's number in this assignment if it is known."""
        numbers = KeyColumns((self.id,), lambda person: {number_of(person)} - {""}, "participant", _digits)
        keys = [numbers]
        if self.email is not None:
            keys.append(by_field(self.email, "email", "email"))
        if self.id_number is not None:
            keys.append(by_field(self.id_number, "id_number", "id_number"))
        if self.name is not None:
            keys.append(by_name((self.name,), "name"))
        return keys


def moodle_worksheet(
    entries: Sequence[Entry],
    sheet: Sheet,
    manner: Manner,
    number_of: Callable[[Person], str] = lambda _: "",
    *,
    scale: bool = False,
) -> Filled:
    """Return the instructor's own worksheet with the grades of one task filled in.

    Raises:
        UsageError: the file is not a worksheet, somebody is not in it, or its maximum differs.
    """
    found = Worksheet.of(sheet)
    graded = [entry for entry in entries if entry.is_graded]
    if found.is_anonymous and not any(number_of(entry.person) for entry in graded):
        raise UsageError(
            f"{sheet.path} holds no names (anonymous marking), and no import of this assignment says who is which "
            "participant: import Moodle's download of it, or reveal the students' identities in Moodle"
        )
    placed, missing = find_rows(graded, sheet, found.rows, found.keys(number_of))
    refuse_missing(missing, skip=manner.skip_missing)
    comma = uses_comma(sheet, found.rows)
    cells: dict[tuple[int, int], str] = {}
    changes: list[CellChange] = []
    kept: list[CellChange] = []
    written = {}
    for row, entry in placed.items():
        theirs = parse_number(sheet.cell(row, found.maximum))
        factor = check_maximum(entry.task, entry.maximum, theirs, scale=scale)
        assert entry.final is not None
        before, after = sheet.cell(row, found.grade), format_number(entry.final * factor, comma=comma)
        change = decide(entry, before, after, manner, theirs)
        if change is not None and not change.why_kept and found.is_locked(row):
            change = CellChange(change.who, before, after, "the grade is locked in Moodle")
        if change is not None and not change.why_kept:
            cells[row, found.grade] = after
        if change is None or not change.why_kept:
            written[entry.person.key] = after
            _fill_feedback(found, row, entry, manner, cells, kept)
        if change is not None:
            (kept if change.why_kept else changes).append(change)
    return Filled(sheet.edited(cells), tuple(changes), tuple(kept), tuple(missing), written)


def _fill_feedback(
    found: Worksheet,
    row: int,
    entry: Entry,
    manner: Manner,
    cells: dict[tuple[int, int], str],
    kept: list[CellChange],
) -> None:
    """Fill in where the grade comes from, unless somebody has written feedback, which this would erase."""
    if found.feedback is None:
        return
    before, after = found.sheet.cell(row, found.feedback), neutral_cell(describe(entry))
    former = manner.former.get(f"feedback {entry.person.key}")
    if before in ("", "-", former) or manner.overwrite:
        if before != after:
            cells[row, found.feedback] = after
    elif before != after:
        kept.append(
            CellChange(str(entry.person), before, after, "somebody wrote this feedback; --overwrite replaces it")
        )


def _all(sheet: Sheet, column: int, rows: range, test: Callable[[str], object]) -> bool:
    return all(test(sheet.cell(row, column)) for row in rows)


def _is_maximum(sheet: Sheet, column: int, rows: range) -> bool:
    """Return whether a column holds the same positive number in every row, next to a column of grades."""
    values = {parse_number(sheet.cell(row, column)) for row in rows}
    beside = (sheet.cell(row, column - 1) for row in rows)
    return (
        len(values) == 1
        and (next(iter(values)) or 0) > 0
        and all(text in ("", "-") or parse_number(text) is not None for text in beside)
    )


def _has_times(sheet: Sheet, column: int, rows: range) -> bool:
    """Return whether a column holds times of changes, as the last one does if comments are switched off."""
    texts = [sheet.cell(row, column) for row in rows]
    return any(text == "-" or parse_moment(text) is not None for text in texts)


def _is_yes_or_no(sheet: Sheet, column: int, rows: range) -> bool:
    values = {sheet.cell(row, column).lower() for row in rows}
    return bool(values & _LOCKED) and len(values) <= 2


def _name_column(sheet: Sheet, header: Sequence[str], rows: range, email: int | None) -> int | None:
    """Return the second column if it holds names; in worksheets for anonymous marking it holds the status."""
    texts = {sheet.cell(row, 1) for row in rows}
    is_name = len(header) > 2 and all(" " in text for text in texts)
    is_name = is_name and (email is not None or len(texts) == len(rows) > 1)
    return 1 if is_name else None


def _digits(cells: Sequence[str]) -> str:
    match = _PARTICIPANT.fullmatch(" ".join(cells).strip())
    return match[1] if match else ""


# feedback


def participants(sheet: Sheet, entries: Sequence[Entry]) -> dict[str, tuple[str, str]]:
    """Return the name and the participant number of each person in a grading worksheet, by key.

    Raises:
        UsageError: the sheet is not a worksheet, or somebody is in it twice.
    """
    found = Worksheet.of(sheet)
    placed, _ = find_rows(entries, sheet, found.rows, found.keys(lambda _: ""))
    return {
        entry.person.key: (
            entry.person.name if found.name is None else sheet.cell(row, found.name),
            _digits([sheet.cell(row, found.id)]),
        )
        for row, entry in placed.items()
    }


def feedback_name(who: str, number: str, name: str) -> str:
    """Return the path under which Moodle accepts a feedback file: four parts joined by ``_``, the second the number."""
    return f"{who.replace('_', ' ').replace('/', ' ')}_{number}_assignfeedback_file_/{name}"
