"""Write everybody's feedback, zips of it for learning platforms, and the pages for the people who mark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.api._records import Records
from harness.api._report_page import MaterialFinder
from harness.api._results import FeedbackFiles, FeedbackZip
from harness.claims import describe_agreement, describe_figures
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import Entry
from harness.gradebook.marking import marking_pages
from harness.lms import Origin, Origins
from harness.lms.feedback import Feedback, file_stems, make_feedback, zip_for_canvas, zip_for_moodle
from harness.lms.moodle import participants
from harness.tables import Sheet


@dataclass(frozen=True, kw_only=True)
class FeedbackRun:
    """The feedback on one task: the grades, and the sources of the data for its pages."""

    course: Course
    records: Records
    reports: MaterialFinder
    task: str
    entries: Sequence[Entry]

    def write(self, worksheet: Path | None, folder: Path | None) -> FeedbackFiles:
        """Write all files, with pages and zips in `folder`, by default ``.harness/feedback/TASK``."""
        made = self._make()
        folder = folder or self.course.private / "feedback" / self.task
        pages = {key: folder / f"{stem}.html" for key, stem in file_stems(one.person for one in self.entries).items()}
        for one in made:
            page = pages[one.entry.person.key]
            write_atomically(page, one.page.encode(), 0o600)
            write_atomically(page.with_name(f"{page.name.removesuffix('.html')}.txt"), one.text.encode(), 0o600)
        zips = tuple(self._write_zips(made, worksheet, folder))
        marking = self._write_marking(pages)
        return FeedbackFiles(folder=folder, people=len(made), zips=zips, marking=marking)

    def _make(self) -> list[Feedback]:
        declared, made = self.course.task(self.task), []
        for entry in self.entries:
            record = self.records.of_run(self.task, entry.person.submission, entry.run)
            made.append(make_feedback(entry, declared, None if record is None else self.reports.material(record)))
        return made

    def _write_zips(self, made: Sequence[Feedback], worksheet: Path | None, folder: Path) -> Iterator[FeedbackZip]:
        """Write a zip for each system from which submissions were downloaded, and for Moodle given a worksheet."""
        origins = self._origins()
        if worksheet is not None or any(origin.system == "moodle" for origin in origins.values()):
            numbers = self._numbers(origins) if worksheet is None else participants(Sheet.read(worksheet), self.entries)
            yield _write_zip(folder / "moodle.zip", *zip_for_moodle(made, numbers))
        if any(origin.system == "canvas" for origin in origins.values()):
            yield _write_zip(folder / "canvas.zip", *zip_for_canvas(made, origins))

    def _origins(self) -> dict[str, Origin]:
        origins = Origins(self.course)
        names = {entry.person.submission for entry in self.entries}
        return {name: origin for name in names if (origin := origins.of(name, self.task)) is not None}

    def _numbers(self, origins: Mapping[str, Origin]) -> dict[str, tuple[str, str]]:
        """Return the name and number of each person in the download, except for groups, whose numbers are shared."""
        found = {}
        for entry in self.entries:
            origin = origins.get(entry.person.submission)
            members = [one for one in self.entries if one.person.submission == entry.person.submission]
            if origin is not None and origin.system == "moodle" and origin.number and len(members) == 1:
                found[entry.person.key] = (origin.who, origin.number)
        return found

    def _write_marking(self, pages: Mapping[str, Path]) -> Path:
        """Write the pages for the people who mark into a separate folder, because they are not for students."""
        course, task = self.course, self.task
        folder = course.private / "marking" / task
        if folder.is_dir():
            shutil.rmtree(folder)  # files that people have withdrawn must no longer be shown
        places = {one.person.submission: course.submissions_folder / one.person.submission for one in self.entries}
        folders = {name: place / task for name, place in places.items() if not place.is_symlink()}
        title = course.task(task).title
        for file in marking_pages(title, self.entries, folders, pages, folder, self._claims()):
            write_atomically(folder / file.path, file.content, 0o600)
        return folder / "index.html"

    def _claims(self) -> dict[str, list[str]]:
        """Return sentences about the scores that submissions claim, by name."""
        records = {
            entry.person.submission: self.records.of_run(self.task, entry.person.submission, entry.run)
            for entry in self.entries
        }
        return {
            name: [
                *(f"{what} {value}" for what, value in describe_figures(record.claims)),
                *describe_agreement(record.claims),
            ]
            for name, record in records.items()
            if record is not None and record.claims is not None
        }


def _write_zip(path: Path, content: bytes, left_out: Sequence[str]) -> FeedbackZip:
    write_atomically(path, content, 0o600)
    return FeedbackZip(path=path, size=len(content), left_out=tuple(left_out))
