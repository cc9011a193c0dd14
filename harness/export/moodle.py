"""Moodle's gradebook CSV, or the grading worksheet of one assignment with its grades filled in."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contract import UsageError
from harness.export._tables import Table, check_maximum, place
from harness.grade import Entry

_WORKSHEET = ("Identifier", "Grade", "Last modified (grade)")
_KEYS = {"Email address": "email", "ID number": "id_number", "Full name": "name"}


def moodle_csv(entries: Sequence[Entry], item: str, maximum: str) -> str:
    """Return a file for the gradebook's import: the grades of one task as grade item `item`.

    Who has no grade is left out: feedback without a grade would erase what is there.

    Raises:
        UsageError: one row would make Moodle refuse the file, or the item's `maximum` is not the task's.
    """
    for task, ours in {(entry.task, entry.maximum) for entry in entries}:
        check_maximum(task, ours, maximum)
    table = Table(["Email address", "ID number", item, f"{item} (feedback)"], [])
    for entry in entries:
        if entry.final is None:
            continue
        person = entry.person
        if not (person.email or person.id_number):
            raise UsageError(
                f"{person.name or person.submission} has neither email nor id_number in the roster: one user that "
                "Moodle does not know makes it refuse the whole file"
            )
        table.rows.append([person.email, person.id_number, f"{entry.final:.2f}", _feedback(entry)])
    return table.text()


def moodle_worksheet(entries: Sequence[Entry], table: Table) -> str:
    """Return the instructor's own worksheet with the grades of one task filled in.

    Raises:
        UsageError: the file is no worksheet, somebody is not in it, or its maximum is another.
    """
    missing = [name for name in _WORKSHEET if table.column(name) is None]
    if missing:
        raise UsageError(f"the file has no column {', '.join(missing)}: download the grading worksheet again")
    grade, feedback, most = (table.column(name) for name in ("Grade", "Feedback comments", "Maximum Grade"))
    changeable = table.column("Grade can be changed")
    assert grade is not None
    for row, entry in place(entries, table, range(len(table.rows)), _KEYS):
        cells = table.rows[row]
        check_maximum(entry.task, entry.maximum, "" if most is None else cells[most].strip())
        if entry.final is None:
            continue
        if changeable is not None and cells[changeable].strip().lower() == "no":
            raise UsageError(f"{entry.person.name}: Moodle has the grade locked; unlock it, or excuse the person")
        cells[grade] = f"{entry.final:.2f}"
        if feedback is not None:
            cells[feedback] = _feedback(entry)
    return table.text()


def _feedback(entry: Entry) -> str:
    """Say where the grade comes from."""
    score = entry.status.replace("_", " ") if entry.score is None else f"score {entry.score:.4f}"
    late = f", {entry.days_late} days late, {entry.grace_days} of grace, × {entry.factor:g}" if entry.days_late else ""
    return f"{score}{late}"
