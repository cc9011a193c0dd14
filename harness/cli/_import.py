"""``harness import``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from harness.cli import FAILED, PASSED
from harness.cli._options import console, course_at
from harness.contract import UsageError
from harness.course import suggest
from harness.grade import Roster
from harness.intake import canvas, import_archive, moodle
from harness.text import neutral_line

_SYSTEMS = {"canvas": canvas, "moodle": moodle}


@click.command("import")
@click.argument("system", type=click.Choice(sorted(_SYSTEMS)))
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False), metavar="ZIP")
@click.option("--task", help="Which task it is; needed where there are several.")
@click.option("--roster", type=click.Path(path_type=Path, dir_okay=False), help="CSV: whose submission is whose.")
def import_(system: str, archive: Path, task: str | None, roster: Path | None) -> int:
    """Lay out a bulk download as submissions/<name>/<task>/."""
    out, course = console(), course_at()
    names = course.task_names()
    if task not in names and (task is not None or len(names) > 1):
        raise UsageError(f"--task {task or ''}{suggest(task or '', names)}")
    people = None if roster is None else Roster.read(roster)
    outcomes: Counter[str] = Counter()
    for one in import_archive(course, archive, _SYSTEMS[system], task or names[0], people):
        outcomes[one.outcome] += 1
        if one.note:
            where = f" → submissions/{one.submission}" if one.submission else ""
            out.print(f"{one.outcome}: {neutral_line(one.who)}{where}: {neutral_line(one.note)}")
    counted = ", ".join(f"{outcomes[name]} {name}" for name in ("new", "replaced", "unchanged", "refused"))
    out.print(f"imported: {counted}")
    return FAILED if outcomes["refused"] else PASSED
