"""Canvas's gradebook CSV: the instructor's own export with one column changed, or a file of one column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.contract import UsageError
from harness.course import suggest
from harness.export._tables import Table, check_maximum, place
from harness.grade import Entry

_KEYS = {"ID": "canvas_id", "SIS User ID": "sis_user_id", "SIS Login ID": "sis_login_id", "Student": "name"}
"""How the importer finds a student, in its order."""
_HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
_WITH_ID = re.compile(r".+ \(\d+\)")
_POINTS_POSSIBLE = "Points Possible"


def canvas_csv(entries: Sequence[Entry], assignment: str, template: Table | None) -> str:
    """Return the file that sets `assignment` ("Title (id)", or with a template its title) to `entries` of one task.

    Raises:
        UsageError: Canvas would misread it: propose a new user or assignment, or scale the points.
    """
    return _new(entries, assignment) if template is None else _edited(entries, assignment, template)


def _edited(entries: Sequence[Entry], assignment: str, table: Table) -> str:
    column = _assignment(table, assignment)
    first = [row[0].strip() for row in table.rows]
    if _POINTS_POSSIBLE not in first:
        raise UsageError(f"the file has no row {_POINTS_POSSIBLE!r}: export the gradebook from Canvas again")
    head = first.index(_POINTS_POSSIBLE)
    for task, maximum in {(entry.task, entry.maximum) for entry in entries}:
        check_maximum(task, maximum, table.rows[head][column].strip())
    for row, entry in place(entries, table, range(head + 1, len(table.rows)), _KEYS):
        table.rows[row][column] = _cell(entry)
    return table.text()


def _assignment(table: Table, assignment: str) -> int:
    """Return the column of the assignment by its whole header, or by a title that only one has."""
    titles = [cell for cell in table.header if _WITH_ID.fullmatch(cell.strip())]
    fitting = [cell for cell in titles if assignment in (cell.strip(), cell.strip().rpartition(" (")[0])]
    if len(fitting) != 1:
        problem = "is not in the file, Canvas would propose a new one" if not fitting else "is there more than once"
        raise UsageError(f"the assignment {assignment!r} {problem}{suggest(assignment, titles)}")
    return table.header.index(fitting[0])


def _new(entries: Sequence[Entry], assignment: str) -> str:
    if not _WITH_ID.fullmatch(assignment):
        raise UsageError(
            f"Canvas would propose a new assignment for {assignment!r}: write its title and id, as in 'USPS (12345)', "
            "or give Canvas's own export with --into"
        )
    for task, maximum in {(entry.task, entry.maximum) for entry in entries}:
        check_maximum(task, maximum, "" if maximum is None else f"{maximum:g}")
    table = Table([*_HEADER, assignment], [])
    possible = next((entry.maximum for entry in entries), None)
    table.rows.append([_POINTS_POSSIBLE, "", "", "", "", "" if possible is None else f"{possible:g}"])
    for entry in entries:
        person = entry.person
        if not (person.canvas_id or person.sis_user_id or person.sis_login_id):
            raise UsageError(
                f"{person.name or person.submission} has no Canvas or SIS id in the roster: Canvas would propose a new "
                "user; add one, or give Canvas's own export with --into"
            )
        ids = [person.canvas_id, person.sis_user_id, person.sis_login_id]
        table.rows.append([person.name, *ids, "", _cell(entry)])
    return table.text()


def _cell(entry: Entry) -> str:
    if entry.excused:
        return "EX"
    return "" if entry.final is None else f"{entry.final:.2f}"
