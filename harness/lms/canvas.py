"""Canvas: read its bulk download of submissions, and write its gradebook CSV and its comment upload.

The rules are those of canvas-lms: lib/content_zipper.rb names the files of a download, lib/gradebook_exporter.rb writes
the gradebook, lib/gradebook_importer.rb reads it back, and app/models/abstract_assignment.rb
(``infer_comment_context_from_filename``) accepts feedback files.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from harness.course import suggest
from harness.errors import UsageError
from harness.gradebook import Entry, Roster
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
    refuse_shortened,
    uses_comma,
)
from harness.lms._members import ARCHIVE_ENDINGS, Member, why_skipped
from harness.lms._uploads import Parsed, Skipped, System, Upload, strip_wrapper, unread
from harness.tables import Sheet, format_number, parse_number
from harness.text import neutral_cell

_ANONYMOUS = re.compile(r"(?P<late>LATE_)?anon_(?P<number>[0-9A-Za-z]{5})_(?P<rest>.+)")
_FILE = re.compile(r"(?P<file>\d+)_(?P<name>.+)")
_TEXT = re.compile(r"(?P<kind>text|link)\.html")
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<count>\d+)(?P<suffix>(?:\.tar)?\.[^.]+)")
_MODEL = "model.py"


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read ``arkann_LATE_<user>_<attachment>_model.py``, and the forms for anonymous grading, groups and texts."""
    readings = [_readings(path.name) for _, path in strip_wrapper(members)]
    lengths = Counter(len(found[0].user) for found in readings if len(found) == 1)
    usual = lengths.most_common(1)[0][0] if lengths else 0
    known = {person.canvas_id for person in roster.people if person.canvas_id} if roster is not None else set()
    parsed: list[Parsed] = []
    for member, found in zip(members, readings, strict=True):
        if reason := why_skipped(member.path):
            parsed.append(Skipped(member, reason))
        elif not found:
            parsed.append(unread(member, "Canvas"))
        else:
            parsed.append(_upload(member, _likeliest(found, known, usual)))
    return _renamed_back(parsed)


SYSTEM = System("canvas", "Canvas", parse)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One way to read a member's name."""

    who: str
    late: bool
    user: str
    file: str
    name: str


def _readings(name: str) -> list[_Reading]:
    """Return every way to divide `name` into who, LATE, user, attachment and file; names may have ``_`` and digits."""
    if match := _ANONYMOUS.fullmatch(name):
        rest = _FILE.fullmatch(match["rest"])
        if rest is None and not _TEXT.fullmatch(match["rest"]):
            return []
        file, inner = (rest["file"], rest["name"]) if rest else ("", match["rest"])
        who = f"anon_{match['number']}"
        return [_Reading(who=who, late=match["late"] is not None, user=who, file=file, name=inner)]
    found = []
    for at in re.finditer(r"_(\d+)_", name):
        who, inner = name[: at.start()], name[at.end() :]
        late = who.endswith("_LATE")
        who = who.removesuffix("_LATE")
        file_match = _FILE.fullmatch(inner)
        if not who:
            continue
        if _TEXT.fullmatch(inner):
            found.append(_Reading(who=who, late=late, user=at[1], file="", name=inner))
        elif file_match is not None:
            found.append(_Reading(who=who, late=late, user=at[1], file=file_match["file"], name=file_match["name"]))
    return [one for one in found if one.late] or _overlapping(name, found)


def _overlapping(name: str, found: list[_Reading]) -> list[_Reading]:
    """Add the readings that begin at the second number of a pair, as in ``_3_103_5003_``."""
    seen = {(one.user, one.file) for one in found}
    found += [
        _Reading(who=name[: at.start()], late=False, user=at[1], file=at[2], name=at[3])
        for at in re.finditer(r"(?=_(\d+)_(\d+)_(.+))", name)
        if (at[1], at[2]) not in seen and at.start()
    ]
    return sorted(found, key=lambda one: len(one.who))


def _likeliest(found: Sequence[_Reading], known: set[str], usual: int) -> _Reading:
    """Return the reading whose user is in the roster, or else whose number is as long as most in the download.

    Among equal readings, the one whose file's name does not begin with a number is preferred.
    """
    for one in found:
        if one.user in known:
            return one
    if not usual:
        usual = max(3, min(len(one.user) for one in found))
    return min(found, key=lambda one: (abs(len(one.user) - usual), _FILE.fullmatch(one.name) is not None))


def _upload(member: Member, one: _Reading) -> Upload:
    return Upload(
        member=member,
        who=one.who,
        number=one.user,
        path=PurePosixPath(one.name),
        order=int(one.file) if one.file else 0,
        late=one.late,
        is_text=not one.file,
    )


def _renamed_back(parsed: list[Parsed]) -> list[Parsed]:
    """Restore the names of files that were handed in again: Canvas adds ``-1``, ``-2`` before the ending.

    A number is kept if another file has the name without it.
    """
    groups: dict[str, list[int]] = {}
    for at, one in enumerate(parsed):
        if isinstance(one, Upload) and not one.is_text:
            groups.setdefault(one.owner, []).append(at)
    for places in groups.values():
        uploads = [one for at in places if isinstance(one := parsed[at], Upload)]
        again = [_AGAIN.fullmatch(one.path.name) for one in uploads]
        rounds = [int(match["count"]) for match in again if match and match["stem"] + match["suffix"] == _MODEL]
        newest = max(rounds, default=0)
        for at, one, match in zip(places, uploads, again, strict=True):
            if match is None:
                continue
            name = match["stem"] + match["suffix"]
            is_archive = name.lower().endswith(ARCHIVE_ENDINGS) and len(uploads) == 1
            others = [other for other, found in zip(uploads, again, strict=True) if _name_without(other, found) == name]
            if name == _MODEL or is_archive or (int(match["count"]) <= newest and len(others) == 1):
                parsed[at] = replace(one, path=PurePosixPath(name))
    return parsed


def _name_without(one: Upload, match: re.Match[str] | None) -> str:
    return one.path.name if match is None else match["stem"] + match["suffix"]


# the gradebook

_HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
_FIELDS = (("ID", "canvas_id"), ("SIS User ID", "sis_user_id"), ("SIS Login ID", "sis_login_id"))
"""The columns by which the importer finds a student, in its order, before it tries the name (``process_student``)."""
_WITH_ID = re.compile(r".+ \(\d+\)")
_POINTS_POSSIBLE = "points possible"


def canvas_csv(
    entries: Sequence[Entry], assignment: str, template: Sheet | None, manner: Manner, *, scale: bool = False
) -> Filled:
    """Return the file that sets the grades of `assignment` ("Title (id)", or only the title with a template).

    Raises:
        UsageError: Canvas would misread the file: propose a new user or assignment, or scale the points.
    """
    if template is None:
        return _new(entries, assignment)
    return _edited(entries, assignment, template, manner, scale=scale)


def _edited(entries: Sequence[Entry], assignment: str, sheet: Sheet, manner: Manner, *, scale: bool) -> Filled:
    column = _assignment(sheet, assignment)
    head = _row_of_points(sheet, column)
    rows = range(head + 1, len(sheet.rows))
    text = sheet.cell(head, column)
    possible = parse_number(text)
    if text and possible is None:
        raise UsageError(f"{sheet.path}: Canvas computes the column {assignment!r} ({text}): name another column")
    graded = [entry for entry in entries if entry.is_graded or entry.excused]
    # a part that was graded manually adds to the maximum of that person only
    factors = {entry.person.key: check_maximum(entry.task, entry.maximum, possible, scale=scale) for entry in entries}
    keys = _keys(sheet)
    refuse_shortened(sheet, rows, keys[0].columns if keys and keys[0].label == "ID" else ())
    placed, missing = find_rows(graded, sheet, rows, keys)
    refuse_missing(missing, skip=manner.skip_missing)
    comma = uses_comma(sheet, range(head, len(sheet.rows)))
    cells: dict[tuple[int, int], str] = {}
    changes: list[CellChange] = []
    kept: list[CellChange] = []
    written = {}
    for row, entry in placed.items():
        before, after = sheet.cell(row, column), _cell(entry, factors[entry.person.key], comma=comma)
        change = decide(entry, before, after, manner, None)
        if change is not None and not change.why_kept:
            cells[row, column] = after
        if change is None or not change.why_kept:
            written[entry.person.key] = after
        if change is not None:
            (kept if change.why_kept else changes).append(change)
    rows_of = {row: entry.person for row, entry in placed.items()}
    return Filled(sheet.edited(cells), tuple(changes), tuple(kept), tuple(missing), written, rows_of)


def _assignment(sheet: Sheet, assignment: str) -> int:
    """Return the column of the assignment, found by its whole header, or by its title if that is unique."""
    titles = [cell for cell in sheet.header if _WITH_ID.fullmatch(cell)]
    fitting = [cell for cell in titles if assignment.strip() in (cell, cell.rpartition(" (")[0])]
    if len(fitting) > 1:
        raise UsageError(
            f"the file has the assignment {assignment!r} more than once: name {' or '.join(map(repr, fitting))}"
        )
    if not fitting:
        raise UsageError(
            f"the assignment {assignment!r} is not in the file, and Canvas would propose a new one"
            f"{suggest(assignment, titles)}"
        )
    return sheet.header.index(fitting[0])


def _row_of_points(sheet: Sheet, column: int) -> int:
    """Return the row with the possible points, which may come after a row about manual posting."""
    for row in range(1, len(sheet.rows)):
        if _POINTS_POSSIBLE in sheet.cell(row, 0).lower():
            return row
    for row in range(1, min(4, len(sheet.rows))):  # with a translated heading: no person's number, but a maximum
        if not sheet.cell(row, 1) and parse_number(sheet.cell(row, column)) is not None:
            return row
    raise UsageError(f"{sheet.path} has no row 'Points Possible': export the gradebook from Canvas again")


def _keys(sheet: Sheet) -> list[KeyColumns]:
    header = sheet.header
    keys = [by_field(header.index(name), field, name) for name, field in _FIELDS if name in header]
    if header[:2] == ["LastName", "FirstName"]:
        return [*keys, by_name((0, 1), "name")]
    return [*keys, by_name((0,), "name")]


def _new(entries: Sequence[Entry], assignment: str) -> Filled:
    if not _WITH_ID.fullmatch(assignment):
        raise UsageError(
            f"Canvas would propose a new assignment for {assignment!r}: write its title and id, as in 'USPS (12345)', "
            "or give Canvas's own export with --into"
        )
    for task, maximum in {(entry.task, entry.maximum) for entry in entries}:
        check_maximum(task, maximum, maximum, scale=False)
    graded = [entry for entry in entries if entry.is_graded or entry.excused]
    unknown = [str(one.person) for one in graded if not any(getattr(one.person, field) for _, field in _FIELDS)]
    if unknown:
        raise UsageError(
            f"{', '.join(unknown)}: no Canvas or SIS id in the roster, so Canvas would propose a new user; add an id, "
            "or give Canvas's own export with --into"
        )
    possible = next((entry.maximum for entry in entries if entry.maximum is not None), 0.0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_HEADER, assignment])
    writer.writerow(["Points Possible", "", "", "", "", f"{possible:g}"])
    for entry in graded:
        ids = [getattr(entry.person, field) for _, field in _FIELDS]
        writer.writerow([*map(neutral_cell, [entry.person.name, *ids]), "", _cell(entry, 1.0, comma=False)])
    written = {entry.person.key: _cell(entry, 1.0, comma=False) for entry in graded}
    return Filled(text.getvalue().encode(), written=written)


def _cell(entry: Entry, factor: float, *, comma: bool) -> str:
    if entry.excused:
        return "EX"
    assert entry.final is not None
    return format_number(entry.final * factor, comma=comma)


# feedback


def feedback_name(origin_files: Sequence[str], name: str) -> str | None:
    """Return the name under which Canvas accepts a feedback file; None if no file of the download is known.

    Canvas looks for the number of a user and of an attachment that the user handed in, so the name is that of a file
    in the download, with another ending.
    """
    for file in origin_files:
        for one in _readings(file):
            if one.file and one.who != one.user:
                late = "_LATE" if one.late else ""
                return f"{one.who}{late}_{one.user}_{one.file}_{name}"
    return None
