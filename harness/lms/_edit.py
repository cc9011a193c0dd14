"""Fill grades into an instructor's own file: one column, and only for the people who were graded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import UsageError
from harness.gradebook import Entry, Person, plain, spellings
from harness.tables import Sheet, is_shortened, parse_number
from harness.text import count_of

_BLANK = frozenset({"", "-"})
"""Cells that the importers treat as no grade (canvas-lms, lib/gradebook_importer.rb, ``no_score?``)."""
_SHOWN = 20


@dataclass(frozen=True)
class CellChange:
    """One cell that was changed, or kept for a reason."""

    who: str
    before: str
    after: str
    why_kept: str = ""

    def __str__(self) -> str:
        if self.why_kept:
            return f"kept: {self.who}: {self.before!r} stays, not {self.after!r}: {self.why_kept}"
        return f"{self.who}: {self.before or 'nothing'} → {self.after}"


@dataclass(frozen=True)
class Filled:
    """A file with grades filled in, and the cells that were changed or kept."""

    content: bytes
    changes: tuple[CellChange, ...] = ()
    kept: tuple[CellChange, ...] = ()
    left_out: tuple[str, ...] = ()
    """The people without a row."""
    written: Mapping[str, str] = field(default_factory=dict)
    """The new content of each graded person's cell, by the person's key, so that a later export recognises it."""
    rows: Mapping[int, Person] = field(default_factory=dict)
    """The person of each row that was filled in."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """The rules for changing cells."""

    overwrite: bool = False
    """Whether to replace cells that somebody filled in manually."""
    skip_missing: bool = False
    """Whether to leave out people without a row, and name them, instead of raising."""
    former: Mapping[str, str] = field(default_factory=dict)
    """The content that an earlier export wrote, by the person's key, which may be replaced."""


@dataclass(frozen=True)
class KeyColumns:
    """Columns that identify people, and the field of a person that they contain."""

    columns: tuple[int, ...]
    spelled: Callable[[Person], set[str]]
    label: str
    of_cell: Callable[[Sequence[str]], str] = " ".join
    """Combines the cells of the columns."""


def by_field(column: int, name: str, label: str) -> KeyColumns:
    """Return the key for a column that holds the field `name` of `Person`."""
    return KeyColumns((column,), lambda person: {getattr(person, name).strip().lower()} - {""}, label, _lower)


def by_name(columns: tuple[int, ...], label: str) -> KeyColumns:
    """Return the key for columns that hold names, in any order."""
    return KeyColumns(columns, lambda person: spellings(person.name), label, lambda cells: plain(" ".join(cells)))


def find_rows(
    entries: Sequence[Entry], sheet: Sheet, rows: Sequence[int], keys: Sequence[KeyColumns]
) -> tuple[dict[int, Entry], list[str]]:
    """Return the row of each entry's person, and the people without a row. The first key that finds a person decides.

    A row whose more reliable key belongs to somebody else is not used, because two people may have the same name.

    Raises:
        UsageError: a person has two rows, or two people have the same row.
    """
    indexes = [(key, _index(sheet, rows, key)) for key in keys]
    placed: dict[int, Entry] = {}
    missing = []
    for entry in entries:
        person = entry.person
        tries = ((key, [row for text in key.spelled(person) for row in index.get(text, [])]) for key, index in indexes)
        key, found = next(((key, set(found)) for key, found in tries if found), (None, set()))
        if not found:
            ways = [key.label for key in keys if key.spelled(person)]
            missing.append(
                f"{person} (searched by {', '.join(ways) or 'nothing: the roster has no number of this person'})"
            )
            continue
        if len(found) > 1:
            assert key is not None
            raise UsageError(
                f"{len(found)} rows of the file have the {key.label} of {person}: mend the roster, or download the "
                "file again"
            )
        (row,) = found
        if contradiction := _contradiction(person, sheet, row, keys):
            missing.append(f"{person} (line {sheet.rows[row].line} has this name, but its {contradiction})")
            continue
        if row in placed:
            raise UsageError(f"{person} and {placed[row].person} are the same row of the file: mend the roster")
        placed[row] = entry
    return placed, missing


def _contradiction(person: Person, sheet: Sheet, row: int, keys: Sequence[KeyColumns]) -> str:
    """Return the more reliable key which shows that a row is not that of `person`; '' if there is none."""
    for key in keys:
        theirs, spelled = key.of_cell([sheet.cell(row, column) for column in key.columns]), key.spelled(person)
        if theirs in spelled:
            return ""
        if theirs and spelled:
            return f"{key.label} is {theirs!r}, not {' or '.join(sorted(spelled))!r}"
    return ""


def refuse_missing(missing: Sequence[str], *, skip: bool) -> None:
    """Raise if some people have no row, unless they are to be skipped; the message names them.

    Raises:
        UsageError: somebody has no row, and is not to be skipped.
    """
    if missing and not skip:
        shown = "; ".join(missing[:_SHOWN]) + (f"; and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        raise UsageError(
            f"{count_of(len(missing), 'graded person is', 'graded people are')} not in the file: {shown}. "
            "Mend the roster, download the file again, or leave them out with --skip-missing"
        )


def decide(entry: Entry, before: str, after: str, manner: Manner, maximum: float | None) -> CellChange | None:
    """Return the change of one cell; None if the cell has the content already.

    Content that the harness wrote is replaced. Content that people wrote is kept unless it is to be overwritten.
    """
    who = str(entry.person)
    number = None if "%" in before else parse_number(before)  # a percentage is not a number of points
    ours = parse_number(after)
    if before.strip().upper() == after or (number is not None and number == ours):
        return None
    if maximum is not None and ours is not None and ours > maximum:
        return CellChange(who, before, after, f"more than the maximum of {maximum:g}")
    if before.strip() in _BLANK:
        return CellChange(who, before, after)
    former = manner.former.get(entry.person.key, "")
    is_own = former != "" and (former == before.strip() or (number is not None and number == parse_number(former)))
    if is_own or (manner.overwrite and before.strip().upper() != "N/A"):
        return CellChange(who, before, after)
    return CellChange(who, before, after, _why_kept(before))


def _why_kept(before: str) -> str:
    match before.strip().upper():
        case "EX":
            return "the person is excused; --overwrite replaces it"
        case "N/A":
            return "the assignment is not assigned to this person"
    return "somebody typed it; --overwrite replaces it"


def check_maximum(task: str, maximum: float | None, theirs: float | None, *, scale: bool) -> float:
    """Return the factor that converts points of `task` into those of the other system.

    Raises:
        UsageError: the task has no points, or its maximum differs from the other system's.
    """
    if maximum is None:
        raise UsageError(f"task {task} declares no points: nothing can be exported")
    if theirs == maximum:
        return 1.0
    if scale and theirs:
        return theirs / maximum
    other = "does not say" if theirs is None else f"has {theirs:g}"
    raise UsageError(
        f"task {task} has {maximum:g} points at most, the other side {other}: every grade would be misread; set the "
        "same maximum on both sides" + ("" if theirs is None else ", or scale with --scale")
    )


def uses_comma(sheet: Sheet, rows: Iterable[int]) -> bool:
    """Return whether numbers in the file have decimal commas."""
    points = commas = 0
    for row in rows:
        for text in sheet.rows[row].texts:
            if parse_number(text) is not None:
                last = max(text.rfind("."), text.rfind(","))
                points += text[last : last + 1] == "."
                commas += text[last : last + 1] == ","
    return commas > points


def refuse_shortened(sheet: Sheet, rows: Iterable[int], columns: Iterable[int]) -> None:
    """Raise if a spreadsheet has rounded somebody's number.

    Raises:
        UsageError: a number was rounded.
    """
    columns = tuple(columns)
    for row in rows:
        for column in columns:
            if is_shortened(text := sheet.cell(row, column)):
                raise UsageError(
                    f"{sheet.path}, line {sheet.rows[row].line}: {text!r} is a number that a spreadsheet has rounded: "
                    "the importer would take it for somebody else; download the file again"
                )


def _lower(cells: Sequence[str]) -> str:
    return " ".join(cells).strip().lower()


def _index(sheet: Sheet, rows: Sequence[int], key: KeyColumns) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    for row in rows:
        if text := key.of_cell([sheet.cell(row, column) for column in key.columns]):
            index.setdefault(text, []).append(row)
    return index
