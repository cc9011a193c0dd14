"""Upload grades to Canvas, but only those that a dry run has listed for the instructor before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.api._options import FillingOptions
from harness.course import Course
from harness.errors import UsageError
from harness.files import write_atomically
from harness.gradebook import Entry
from harness.lms import ExportMemory, Filled, Manner
from harness.lms.canvas_upload import CanvasAnswer, CanvasAssignment, CanvasPlace, CanvasUpdate

TOKEN_VARIABLE = "HARNESS_CANVAS_TOKEN"  # noqa: S105 - the name of a variable


class _ListedUpdates(msgspec.Struct, frozen=True):
    """The updates that a dry run listed."""

    place: CanvasPlace
    updates: tuple[CanvasUpdate, ...]


@dataclass(frozen=True)
class CanvasUpload:
    """Grades that can be uploaded to an assignment of Canvas.

    Attributes
    ----------
    filled : harness.lms.Filled
        The changes in Canvas, and the cells that are kept.
    updates : tuple of CanvasUpdate
        One for each grade that changes.
    """

    filled: Filled
    updates: tuple[CanvasUpdate, ...]
    _there: CanvasAssignment
    _memory: ExportMemory
    _listed: Path

    @classmethod
    def prepare(
        cls, course: Course, task: str, entries: Sequence[Entry], place: CanvasPlace, filling: FillingOptions
    ) -> CanvasUpload:
        """Read the current grades in Canvas, and decide which of them change.

        Raises:
            UsageError: there is no token, Canvas does not accept it, or the points or the people do not match.
            InfrastructureError: Canvas cannot be reached.
        """
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            raise UsageError(f"set {TOKEN_VARIABLE} to a token: in Canvas, Account, Settings, New access token")
        memory = ExportMemory(course, f"canvas-{task}")
        manner = Manner(overwrite=filling.overwrite, skip_missing=filling.skip_missing, former=memory.former)
        there = CanvasAssignment(place, token)
        filled, updates = there.fill(entries, manner, scale=filling.scale)
        listed = course.private / "export" / f"canvas-{task}.plan.json"
        return cls(filled, tuple(updates), there, memory, listed)

    @property
    def place(self) -> CanvasPlace:
        """The assignment."""
        return self._there.place

    def keep_as_listed(self) -> None:
        """Remember that these updates were shown to the instructor; `send` sends no others."""
        write_atomically(self._listed, msgspec.json.encode(_ListedUpdates(self.place, self.updates)), 0o600)

    def send(self) -> Iterator[CanvasAnswer]:
        """Send the updates one after another, and yield the answer to each.

        Raises
        ------
        UsageError
            No updates were listed before, or others were.
        InfrastructureError
            Canvas can no longer be reached.
        """
        self._refuse_unlisted()
        for answer in self._there.send(self.updates):
            if not answer.problem:
                self._memory.keep({answer.update.key: answer.update.after})
            yield answer

    def _refuse_unlisted(self) -> None:
        try:
            listed = msgspec.json.decode(self._listed.read_bytes(), type=_ListedUpdates)
        except (OSError, msgspec.DecodeError):
            raise UsageError("nothing was uploaded: list the changes with --dry-run first") from None
        if listed != _ListedUpdates(self.place, self.updates):
            raise UsageError(
                "nothing was uploaded: grades here or in Canvas have changed since the last --dry-run; list the "
                "changes with --dry-run again"
            )
