"""Write grades into files that other systems read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.api._options import FillingOptions
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import Entry
from harness.lms import ExportMemory, Filled, Manner, moodle_numbers
from harness.lms.canvas import canvas_csv
from harness.lms.moodle import moodle_csv, moodle_worksheet
from harness.tables import Sheet


@dataclass(frozen=True, kw_only=True)
class ExportedGrades:
    """A file with the grades of one task, for another system.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    filled : harness.lms.Filled
        The cells of the other system's own file that were changed or kept, and the people who are not in it.
    graded : int
        The number of people who have a grade or are excused.
    """

    path: Path
    filled: Filled
    graded: int


@dataclass(frozen=True, kw_only=True)
class GradesExport:
    """Everybody's grades for one task, to be written into a file for another system."""

    course: Course
    task: str
    entries: Sequence[Entry]
    filling: FillingOptions
    into: Path | None
    path: Path | None

    def canvas(self, assignment: str) -> ExportedGrades:
        """Write the file that Canvas imports."""
        memory = ExportMemory(self.course, f"canvas-{self.task}")
        filled = canvas_csv(self.entries, assignment, self._sheet(), self._manner(memory), scale=self.filling.scale)
        return self._write(memory, filled)

    def moodle(self, item: str | None, maximum: str) -> ExportedGrades:
        """Write the file that Moodle imports, which is a worksheet if one is given."""
        memory, sheet = ExportMemory(self.course, f"moodle-{self.task}"), self._sheet()
        if sheet is None:
            return self._write(memory, moodle_csv(self.entries, item or self.task, maximum, scale=self.filling.scale))
        numbers, scale = moodle_numbers(self.course, self.task), self.filling.scale
        return self._write(memory, moodle_worksheet(self.entries, sheet, self._manner(memory), numbers, scale=scale))

    def _sheet(self) -> Sheet | None:
        return None if self.into is None else Sheet.read(self.into)

    def _manner(self, memory: ExportMemory) -> Manner:
        filling = self.filling
        return Manner(overwrite=filling.overwrite, skip_missing=filling.skip_missing, former=memory.former)

    def _write(self, memory: ExportMemory, filled: Filled) -> ExportedGrades:
        path = self.path or self.course.private / "export" / f"{memory.name}.csv"
        write_atomically(path, filled.content, 0o600)
        memory.keep(filled.written)
        graded = sum(entry.is_graded or entry.excused for entry in self.entries)
        return ExportedGrades(path=path, filled=filled, graded=graded)
