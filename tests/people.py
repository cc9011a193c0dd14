"""People and grades made for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from harness import Task
from harness.gradebook import Entry, Person
from harness.tables import Sheet
from tests import declared

ANN = Person(
    submission="ann", name="Ann Ark", email="ann@x.org", id_number="A1", canvas_id="11", sis_user_id="S1",
    sis_login_id="ann1",
)  # fmt: skip
BOB = Person(
    submission="bob", name="Böb Berg", email="bob@x.org", id_number="B2", canvas_id="12", sis_user_id="S2",
    sis_login_id="bob1",
)  # fmt: skip

GRADE = Entry(
    person=ANN, task="usps", status="passed", score=0.95, points=7.5, days_late=0, grace_days=0, factor=1.0, final=7.5,
    maximum=10.0, excused=False, submitted="unknown", submission_digest="", task_digest="", run="r",
)  # fmt: skip


def grade(person: Person = ANN, final: float | None = 7.5, **more: Any) -> Entry:
    """Return a grade of `person`."""
    return msgspec.structs.replace(GRADE, person=person, points=final, final=final, **more)


def sheet(text: str | bytes) -> Sheet:
    """Return `text` as a table."""
    return Sheet.of(text if isinstance(text, bytes) else text.encode(), "theirs.csv")


def task(name: str, points: tuple[tuple[float, float], ...] = ((0.5, 0.0), (1.0, 10.0))) -> Task:
    """Return a task of two classes with these cut-offs; it has no data."""
    return declared.task(name, points=points)
