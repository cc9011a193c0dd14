"""CSV files of other systems, changed in one column and otherwise left as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.contract import UsageError
from harness.grade import Entry, Person


@dataclass(frozen=True)
class Table:
    """Cells, and how their file was written."""

    header: list[str]
    rows: list[list[str]]
    mark: str = ""
    """A byte-order mark, which spreadsheets want."""
    line_end: str = "\n"

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read the instructor's own file.

        Raises:
            UsageError: it is no CSV file in UTF-8.
        """
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read as UTF-8 ({error}): download it again") from error
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        try:
            rows = list(csv.reader(io.StringIO(text.removeprefix(mark), newline=""), strict=True))
        except csv.Error as error:
            raise UsageError(f"{path} is no CSV file ({error}): download it again") from error
        if not rows:
            raise UsageError(f"{path} is empty: download it again")
        width = len(rows[0])
        body = [row + [""] * (width - len(row)) for row in rows[1:] if row]
        return cls(rows[0], body, mark, "\r\n" if "\r\n" in text else "\n")

    def column(self, name: str) -> int | None:
        """Return the number of the column called `name`."""
        names = [cell.strip() for cell in self.header]
        return names.index(name) if name in names else None

    def text(self) -> str:
        """Return the file."""
        text = io.StringIO()
        csv.writer(text, lineterminator=self.line_end).writerows([self.header, *self.rows])
        return self.mark + text.getvalue()


def place(
    entries: Iterable[Entry], table: Table, rows: Iterable[int], keys: Mapping[str, str]
) -> list[tuple[int, Entry]]:
    """Return the row of `table` that each entry's person has; `keys` names a field of `Person` for a column.

    The first key that a person has and the table knows decides, as it does for the importer.

    Raises:
        UsageError: somebody has no row, two rows, or a row that is somebody else's.
    """
    known = {column: _index(table, rows, column) for column in keys if table.column(column) is not None}
    taken: dict[int, Person] = {}
    placed = []
    for entry in entries:
        person = entry.person
        matches = (known[column].get(getattr(person, keys[column]).lower(), []) for column in known)
        found = next((match for match in matches if match), [])
        if len(found) != 1:
            ways = ", ".join(f"{column} {getattr(person, keys[column])!r}" for column in known)
            problem = "is not in the file" if not found else f"is {len(found)} rows of the file"
            raise UsageError(
                f"{_who(person)} {problem} (looked for {ways}): mend the roster, or download the file again"
            )
        if found[0] in taken:
            raise UsageError(
                f"{_who(person)} and {_who(taken[found[0]])} are the same row of the file: mend the roster"
            )
        taken[found[0]] = person
        placed.append((found[0], entry))
    return placed


def check_maximum(task: str, maximum: float | None, theirs: str) -> None:
    """Refuse points that the other system would read as another share of the whole.

    Raises:
        UsageError: the task has no points, or its maximum is not `theirs`.
    """
    if maximum is None:
        raise UsageError(f"task {task} declares no points: nothing can be exported")
    try:
        same = float(theirs) == maximum
    except ValueError:
        same = False
    if not same:
        raise UsageError(
            f"task {task} has {maximum:g} points at most, the other side {theirs or 'does not say'}: every grade would "
            "be misread; set the same maximum on both sides"
        )


def _index(table: Table, rows: Iterable[int], column: str) -> dict[str, list[int]]:
    number = table.column(column)
    assert number is not None
    index: dict[str, list[int]] = {}
    for row in rows:
        if value := table.rows[row][number].strip().lower():
            index.setdefault(value, []).append(row)
    return index


def _who(person: Person) -> str:
    return f"{person.name or person.submission} ({person.submission})"
