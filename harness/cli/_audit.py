"""``harness audit``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click
from rich.progress import track

from harness.cli import PASSED
from harness.cli._audit_items import items
from harness.cli._audit_learning import learning
from harness.cli._common import Group
from harness.cli._options import console, opened, output_option
from harness.course import REFERENCE, SUBMISSIONS, folders_in, suggest
from harness.errors import UsageError
from harness.files import write_atomically
from harness.similarity import Pair, compare, gather, report_html

_SHOWN, _REPORTED = 20, 200


@click.group(cls=Group)
def audit() -> None:
    """Compare the submissions of a class, learn from its results, or test whether its models learned."""


audit.add_command(items)
audit.add_command(learning)


@audit.command()
@click.option("--task", required=True, metavar="TASK", help="The task whose submissions are compared.")
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="An earlier year's submissions, compared with this year's. Repeatable.",
)
@click.option(
    "--boilerplate",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file that was handed out: its code does not count as shared. Repeatable.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Smallest share of common code that is listed.",
)
@output_option("Where to write the page. By default below .harness/similarity.")
def similarity(
    task: str, against: tuple[Path, ...], boilerplate: tuple[Path, ...], least: float, output: Path | None
) -> int:
    """List submissions that share code with each other, the references or earlier years. The list is not a verdict."""
    out, course = console(), opened().folders
    if task not in course.task_names():
        raise UsageError(f"there is no task {task!r}{suggest(task, course.task_names())}")
    for name in folders_in(course.submissions_folder):
        if (course.submissions_folder / name).is_symlink():
            out.print(f"left out: {SUBMISSIONS}/{name} is a link")
    texts = list(gather(course.submissions_folder, task))
    others = [one for folder in against for one in gather(folder, task, f"{folder.name}/")]
    if course.reference_folder.is_dir():
        others += gather(course.reference_folder, task, f"{REFERENCE}/")
    total = len(texts) * (len(texts) - 1) // 2 + len(texts) * len(others)
    handed_out = [path.read_text("utf-8", "replace") for path in boilerplate]
    compared = compare(texts, others, handed_out, least)
    found: list[Pair] = [
        pair
        for pair in track(compared, "comparing", total, console=out, transient=True, disable=not out.is_terminal)
        if pair is not None
    ]
    found.sort(key=lambda pair: (-max(pair.shares), pair.first.name, pair.second.name))
    path = output or course.private / "similarity" / f"{task}.html"
    write_atomically(path, report_html(task, found[:_REPORTED], total).encode(), 0o600)
    for pair in islice(found, _SHOWN):
        out.print(f"{pair.first.name} ({pair.shares[0]:.0%}) · {pair.second.name} ({pair.shares[1]:.0%})")
    out.conclude(f"{len(found)} of {total} pairs share at least {least:.0%}; look at {path} before you judge")
    return PASSED
