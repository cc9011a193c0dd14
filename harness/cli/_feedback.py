"""``harness feedback``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rich.console import Console

from harness.api import OpenCourse
from harness.claims import describe_agreement, describe_figures
from harness.cli import PASSED
from harness.cli._grades_options import entries_of, grades_options
from harness.cli._options import console, opened, output_option
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import Entry
from harness.gradebook.marking import marking_pages
from harness.lms import Origin, Origins
from harness.lms.feedback import Feedback, make_feedback, zip_for_canvas, zip_for_moodle
from harness.lms.moodle import participants
from harness.tables import Sheet
from harness.text import count_of, neutral_line


@click.command()
@click.option("--task", required=True, metavar="TASK", help="The task that the feedback is about.")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Moodle's grading worksheet with everybody's number. By default the numbers of the download are used.",
)
@grades_options
@output_option("Folder to write to. By default .harness/feedback.", folder=True)
def feedback(
    task: str,
    worksheet: Path | None,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    output: Path | None,
) -> int:
    """Write a page and a short text for everybody in the class, and zips of them for Moodle and Canvas.

    For the people who mark, .harness/marking/TASK/index.html shows all of them, with the README, pictures, PDF, pages
    and notebooks that were handed in.
    """
    out, opened_course = console(), opened()
    course = opened_course.folders
    entries = entries_of(opened_course, roster, deadline, count_validation=count_validation, task=task)
    made = _make(opened_course, task, entries)
    folder = output or course.private / "feedback" / task
    for one in made:
        write_atomically(folder / f"{one.stem}.html", one.page.encode(), 0o600)
        write_atomically(folder / f"{one.stem}.txt", one.text.encode(), 0o600)
    origins = _origins(course, task, entries)
    if worksheet is not None or any(origin.system == "moodle" for origin in origins.values()):
        numbers = _numbers(origins, entries) if worksheet is None else participants(Sheet.read(worksheet), entries)
        _write(out, folder / "moodle.zip", *zip_for_moodle(made, numbers))
    if any(origin.system == "canvas" for origin in origins.values()):
        _write(out, folder / "canvas.zip", *zip_for_canvas(made, origins))
    out.print(f"{folder}: feedback for {count_of(len(made), 'person', 'people')}")
    _write_marking(out, course, task, made, folder, _claims(opened_course, task, entries))
    return PASSED


def _claims(course: OpenCourse, task: str, entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Return what to say of the scores that submissions claim, by name."""
    records = {
        entry.person.submission: course.records.of_run(task, entry.person.submission, entry.run) for entry in entries
    }
    return {
        name: [
            *(f"{what} {value}" for what, value in describe_figures(record.claims)),
            *describe_agreement(record.claims),
        ]
        for name, record in records.items()
        if record is not None and record.claims is not None
    }


def _write_marking(
    out: Console, course: Course, task: str, made: Sequence[Feedback], pages: Path, claims: Mapping[str, Sequence[str]]
) -> None:
    """Write the pages for markers into a folder of their own, because they are not for students."""
    folder = course.private / "marking" / task
    if folder.is_dir():
        shutil.rmtree(folder)  # files that somebody has withdrawn must not be shown any more
    places = {one.entry.person.submission: course.submissions_folder / one.entry.person.submission for one in made}
    folders = {name: place / task for name, place in places.items() if not place.is_symlink()}
    links = {one.entry.person.key: pages / f"{one.stem}.html" for one in made}
    entries, title = [one.entry for one in made], course.task(task).title
    for file in marking_pages(title, entries, folders, links, folder, claims):
        write_atomically(folder / file.path, file.content, 0o600)
    out.print(f"{folder / 'index.html'}: for the people who mark")


def _make(course: OpenCourse, task: str, entries: Sequence[Entry]) -> list[Feedback]:
    declared, records, reports = course.task(task), course.records, course.report_materials()
    made = []
    for entry in entries:
        record = records.of_run(task, entry.person.submission, entry.run)
        made.append(make_feedback(entry, declared, None if record is None else reports.material(record)))
    return made


def _origins(course: Course, task: str, entries: Sequence[Entry]) -> dict[str, Origin]:
    origins = Origins(course)
    names = {entry.person.submission for entry in entries}
    return {name: origin for name in names if (origin := origins.of(name, task)) is not None}


def _numbers(origins: Mapping[str, Origin], entries: Sequence[Entry]) -> dict[str, tuple[str, str]]:
    """Return the name and number of each person in the download, except for groups, whose numbers are not personal."""
    found = {}
    for entry in entries:
        origin = origins.get(entry.person.submission)
        members = [one for one in entries if one.person.submission == entry.person.submission]
        if origin is not None and origin.system == "moodle" and origin.number and len(members) == 1:
            found[entry.person.key] = (origin.who, origin.number)
    return found


def _write(out: Console, path: Path, content: bytes, left_out: Sequence[str]) -> None:
    write_atomically(path, content, 0o600)
    for who in left_out:
        out.print(f"  not in {path.name}: {neutral_line(who)}")
    out.print(f"{path}: {len(content):,} bytes")
