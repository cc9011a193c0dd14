"""The gradebook as a plain table, with a row for each person and task."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import msgspec

from harness.gradebook._gradebook import Entry
from harness.text import neutral_cell

_PERSON = ("submission", "name", "email", "id_number", "canvas_id")


def gradebook_csv(entries: Iterable[Entry]) -> str:
    """Return `entries` as CSV, with the person and the fields of `Entry`. No cell can act as a formula."""
    fields = [field.name for field in msgspec.structs.fields(Entry) if field.name != "person"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_PERSON, *fields])
    for entry in entries:
        values = [*(getattr(entry.person, name) for name in _PERSON), *(getattr(entry, name) for name in fields)]
        writer.writerow([neutral_cell(value) if value and isinstance(value, str) else value for value in values])
    return text.getvalue()
