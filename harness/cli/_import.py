"""``harness import``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import tzinfo
from pathlib import Path

import click
from rich.console import Console

from harness.cli import FAILED, PASSED
from harness.cli._grades_options import roster_option
from harness.cli._options import console, grading_isolation_option, opened
from harness.course import Course, suggest
from harness.errors import UsageError
from harness.gradebook import POLICY_FILE, Policy, Roster
from harness.lms import SYSTEMS, Import, Imported, System, WalledArchives, learn_pushes, learn_table, system_of
from harness.lms.submission_tables import Table, read_table
from harness.plugins import PLATFORM_GROUP
from harness.sandbox import Requirement
from harness.text import count_of, neutral_line

_TIMES = "times"
_OUTCOMES = ("new", "replaced", "unchanged", "refused")


@click.command("import")
@click.argument("system", metavar=f"{{{'|'.join((*sorted(SYSTEMS), _TIMES))}}}")
@click.argument("source", type=click.Path(path_type=Path), metavar="ZIP|FOLDER")
@click.option("--task", metavar="TASK", help="The task of the submissions; required if there are several tasks.")
@roster_option
@click.option(
    "--table",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The system's own table of submissions, with the times of handing in and everybody's number.",
)
@grading_isolation_option
def import_(
    system: str, source: Path, task: str | None, roster: Path | None, table: Path | None, isolation: str
) -> int:
    """Turn a bulk download into submissions/<name>/<task>/.

    The first argument names the system that it comes from, also one of a plug-in that course.toml names; `times` reads
    a system's table of submissions, or a git host's record of pushes in JSON.
    """
    out, course = console(), opened().folders
    read_by = None if system == _TIMES else _system(course, system)
    names = course.task_names()
    if task not in names and (task is not None or len(names) > 1):
        raise UsageError(f"--task {task or ''}{suggest(task or '', names)}")
    wanted = task or names[0]
    if not source.exists():
        raise UsageError(f"there is no file or folder {source}")
    zone = Policy.read(course.root / POLICY_FILE, names).zone
    people = None if roster is None else Roster.read(roster, names, zone)
    if read_by is None:
        return _import_times(out, course, source, wanted, people)
    told = {} if table is None else _names(table, people, zone)
    with closing(WalledArchives([course.root, source.absolute().parent], Requirement.parse(isolation))) as walled:
        wishes = Import(
            course=course,
            system=read_by,
            task=wanted,
            roster=people,
            walled=walled,
            zone=zone,
            names=told,
        )
        code = _import(out, wishes, source)
    if table is not None:
        _import_times(out, course, table, wanted, people)
    return code


def _system(course: Course, name: str) -> System:
    """Return the system that is meant; one that comes with the harness needs no plug-in to be looked at.

    Raises:
        UsageError: there is none of this name.
    """
    offered = [offer.name for offer in course.plugins.offers(PLATFORM_GROUP)]
    if name not in SYSTEMS and name not in offered:
        problems = "".join(f"; {problem}" for problem in course.plugins.problems())
        raise UsageError(f"there is no system {name!r}{suggest(name, [*SYSTEMS, *offered, _TIMES])}{problems}")
    return system_of(name, course.plugins)


def _import(out: Console, wishes: Import, source: Path) -> int:
    outcomes: Counter[str] = Counter()
    skipped: list[str] = []
    for one in wishes.run(source):
        if one.outcome == "skipped":
            skipped.append(f"{one.count} {one.note}")
            outcomes["skipped"] += one.count
            continue
        outcomes[one.outcome] += 1
        if one.note:
            out.print(_line(one))
    if skipped:
        out.print(f"skipped: {'; '.join(skipped)}")
    counted = [f"{outcomes[name]} {name}" for name in _OUTCOMES]
    counted += [f"{count_of(outcomes['skipped'], 'member', 'members')} skipped"] if outcomes["skipped"] else []
    out.print(f"imported: {', '.join(counted)}")
    return FAILED if outcomes["refused"] else PASSED


def _line(one: Imported) -> str:
    where = f" → submissions/{one.submission}" if one.submission else ""
    return f"{one.outcome}: {neutral_line(one.who)}{where}: {neutral_line(one.note)}"


def _names(table: Path, people: Roster | None, zone: tzinfo | None) -> Mapping[str, str]:
    """Return the submission for each number in a table; Moodle's worksheet, for instance, has numbers and names."""
    if people is None:
        return {}
    return {one.number: one.person.submission for one in read_table(table, people, {}, zone).lines if one.number}


def _import_times(out: Console, course: Course, path: Path, task: str, people: Roster | None) -> int:
    if path.suffix.lower() == ".json":
        found = learn_pushes(course, path)
        out.print(
            f"{path}: {count_of(found.pushes, 'push', 'pushes')}, {found.new} of them new; "
            f"{count_of(found.merges, 'merge', 'merges')}"
        )
        return PASSED
    learned = learn_table(course, path, task, people)
    _tell(out, learned.table, learned.times)
    return FAILED if learned.table.problems else PASSED


def _tell(out: Console, table: Table, count: int) -> None:
    for note in table.notes:
        out.print(neutral_line(note))
    for problem in table.problems:
        out.print(f"refused: {neutral_line(problem)}")
    out.print(
        f"hand-in times: {count} from {table.source}, column {neutral_line(table.column)!r}, "
        f"{count_of(len(table.problems), 'line', 'lines')} refused"
    )
