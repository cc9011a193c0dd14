"""Publish the withheld results on private test parts, which ends the Ladder."""

from __future__ import annotations

from harness.api._board import stores_of
from harness.api._results import FinalBoard
from harness.course import Course
from harness.data import Places
from harness.errors import UsageError
from harness.record import Record
from harness.release import KeptScores, is_ladder


def publish_withheld(course: Course, places: Places, task: str | None) -> FinalBoard:
    """Replace public records with the full records that this machine has.

    Raises:
        UsageError: there is something to publish, but no folder of private parts.
    """
    records = stores_of(course).records
    public = [
        found
        for found in records.all()
        if isinstance(found, Record) and is_ladder(found) and not found.scores and task in (None, found.task.name)
    ]
    if public and places.private is None:
        raise UsageError(
            "HARNESS_PRIVATE is not set: the full scores are kept in that folder, on the machine that evaluated"
        )
    published, missing = list[Record](), list[Record]()
    for one in public:
        assert places.private is not None
        full = KeptScores(places.private).full_record(one)
        if full is None:
            missing += [one] if one.status == "withheld" else []
        elif full.scores or full != one:
            records.write(full)
            published.append(full)
    return FinalBoard(tuple(published), tuple(missing))
