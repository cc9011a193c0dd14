"""Import submissions and hand-in times from learning platforms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from harness.course import Course, suggest
from harness.errors import UsageError
from harness.gradebook import POLICY_FILE, Policy, Roster
from harness.lms import (
    SYSTEMS,
    TIMES,
    Import,
    Imported,
    LearnedPushes,
    LearnedTable,
    System,
    WalledArchives,
    learn_pushes,
    learn_table,
    system_of,
)
from harness.lms.submission_tables import read_table
from harness.plugins import PLATFORM_GROUP
from harness.sandbox import Requirement


def find_system(course: Course, name: str) -> System:
    """Return the system `name`. Plug-ins are imported only if the harness itself has no such system.

    Raises:
        UsageError: there is no system of this name.
    """
    offered = [offer.name for offer in course.plugins.offers(PLATFORM_GROUP)]
    if name not in SYSTEMS and name not in offered:
        problems = "".join(f"; {problem}" for problem in course.plugins.problems())
        raise UsageError(f"there is no system {name!r}{suggest(name, [*SYSTEMS, *offered, TIMES])}{problems}")
    return system_of(name, course.plugins)


@dataclass(frozen=True)
class ImportRun:
    """The context of an import into a course: the task, the people, and the course's time zone."""

    course: Course
    task: str
    roster: Roster | None
    zone: tzinfo | None

    @classmethod
    def of(cls, course: Course, source: Path, task: str | None, roster: Path | None) -> ImportRun:
        """Read the context for an import of `source`; `task` is required only if there are several tasks.

        Raises:
            UsageError: there is no such task or file, or the roster or the policy has a mistake.
        """
        names = course.task_names()
        if task not in names and (task is not None or len(names) > 1):
            raise UsageError(f"--task {task or ''}{suggest(task or '', names)}")
        wanted = task or names[0]
        if not source.exists():
            raise UsageError(f"there is no file or folder {source}")
        zone = Policy.read(course.root / POLICY_FILE, names).zone
        return cls(course, wanted, None if roster is None else Roster.read(roster, names, zone), zone)

    def submissions(
        self, system: System, source: Path, table: Path | None, isolation: Requirement
    ) -> Iterator[Imported]:
        """Import a bulk download, and yield the result for each hand-in."""
        names = {} if table is None else self._names(table)
        walled = WalledArchives([self.course.root, source.absolute().parent], isolation)
        return self._run(system, source, names, walled)

    def times(self, path: Path) -> LearnedPushes | LearnedTable:
        """Store the hand-in times from a table, or from a git host's list of pushes in JSON."""
        if path.suffix.lower() == ".json":
            return learn_pushes(self.course, path)
        return learn_table(self.course, path, self.task, self.roster)

    def _run(
        self, system: System, source: Path, names: Mapping[str, str], walled: WalledArchives
    ) -> Iterator[Imported]:
        with closing(walled):
            yield from Import(
                course=self.course,
                system=system,
                task=self.task,
                roster=self.roster,
                walled=walled,
                zone=self.zone,
                names=names,
            ).run(source)

    def _names(self, table: Path) -> Mapping[str, str]:
        """Return the submission for each number in a table; Moodle's worksheet, for instance, has numbers and names."""
        if self.roster is None:
            return {}
        lines = read_table(table, self.roster, {}, self.zone).lines
        return {one.number: one.person.submission for one in lines if one.number}
