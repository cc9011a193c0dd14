"""``harness import``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console

from harness.cli import FAILED, PASSED
from harness.cli._grades_options import roster_option
from harness.cli._options import console, grading_isolation_option, opened
from harness.lms import SYSTEMS, TIMES, Imported, LearnedPushes, LearnedTable
from harness.lms.submission_tables import Table
from harness.text import count_of, neutral_line

_OUTCOMES = ("new", "replaced", "unchanged", "refused")


@click.command("import")
@click.argument("system", metavar=f"{{{'|'.join((*sorted(SYSTEMS), TIMES))}}}")
@click.argument("source", type=click.Path(path_type=Path), metavar="ZIP|FOLDER")
@click.option("--task", metavar="TASK", help="The task of the submissions; required if there are several tasks.")
@roster_option
@click.option(
    "--table",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The system's own table of submissions, with hand-in times and everybody's number.",
)
@grading_isolation_option
def import_(
    system: str, source: Path, task: str | None, roster: Path | None, table: Path | None, isolation: str
) -> int:
    """Turn a bulk download into submissions/<name>/<task>/.

    The first argument names the system from which the download comes, which may belong to a plug-in that course.toml
    names. `times` reads a system's table of submissions, or a git host's list of pushes in JSON.
    """
    out, course = console(), opened()
    if system == TIMES:
        return _show_times(out, source, course.platforms.import_times(source, task=task, roster=roster))
    code = _show_imported(
        out,
        course.platforms.import_submissions(system, source, task=task, roster=roster, table=table, isolation=isolation),
    )
    if table is not None:
        _show_times(out, table, course.platforms.import_times(table, task=task, roster=roster))
    return code


def _show_imported(out: Console, imported: Iterable[Imported]) -> int:
    outcomes: Counter[str] = Counter()
    skipped: list[str] = []
    for one in imported:
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


def _show_times(out: Console, path: Path, learned: LearnedPushes | LearnedTable) -> int:
    if isinstance(learned, LearnedPushes):
        out.print(
            f"{path}: {count_of(learned.pushes, 'push', 'pushes')}, {learned.new} of them new; "
            f"{count_of(learned.merges, 'merge', 'merges')}"
        )
        return PASSED
    _print_times(out, learned.table, learned.times)
    return FAILED if learned.table.problems else PASSED


def _print_times(out: Console, table: Table, count: int) -> None:
    for note in table.notes:
        out.print(neutral_line(note))
    for problem in table.problems:
        out.print(f"refused: {neutral_line(problem)}")
    out.print(
        f"hand-in times: {count} from {table.source}, column {neutral_line(table.column)!r}, "
        f"{count_of(len(table.problems), 'line', 'lines')} refused"
    )
