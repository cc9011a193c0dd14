"""Write the pages of a course: gather their data, and decide which pages have to be made again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path

import msgspec

from harness import svg
from harness._version import __version__
from harness.api._board import build_board, published_names, stores_of
from harness.api._report_page import MaterialFinder
from harness.claims import describe_agreement, describe_figures
from harness.course import Course
from harness.data import Places
from harness.errors import UsageError
from harness.leaderboard import Board, KeptStandings, analyse_items, build, course_board, cut_offs
from harness.locks import exclusive_lock
from harness.record import EvidenceStore, Record
from harness.report import Audience, show
from harness.site import (
    ClassTask,
    SiteContent,
    SiteCourse,
    SiteFiles,
    SitePage,
    assets,
    by_machine,
    class_page,
    course_page,
    report_path,
    sections_of,
    site_report,
    task_page,
    write_site,
)

_SIMILARITY = "Which submissions share code is on the page that harness audit similarity writes."


def write_site_of(course: Course, places: Places, audience: Audience, folder: Path | None) -> SiteFiles:
    """Write the site for `audience` into `folder`, or into the default folder for that audience.

    Raises:
        UsageError: there is no site for the audience, or pages for instructors would be written into a public folder.
    """
    if audience is Audience.STUDENT:
        raise UsageError("there is no site for students: use public, or `harness report` for one submission")
    public = audience is Audience.PUBLIC
    folder = folder or (course.leaderboard / "site" if public else course.private / "site")
    if not public and folder.resolve().is_relative_to(course.leaderboard.resolve()):
        raise UsageError(
            f"{folder} is published with the leaderboard: choose another folder for the instructors' pages"
        )
    course.private.mkdir(exist_ok=True)
    with exclusive_lock(course.private / "site.lock"):
        pages = _Pages(course, places, audience)
        place = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        return write_site(folder, pages.all(), course.private / f"site-{audience}-{place}.json")


class _Pages:
    """All pages of one site. A report is made again if its record, its evidence or other data on the page changed."""

    def __init__(self, course: Course, places: Places, audience: Audience) -> None:
        self._course, self._audience = course, audience
        board = self._board = build_board(course)
        self._finder = MaterialFinder(course, places, board)
        self._records = [row.record for group in board.groups for row in group.rows]
        self._evidence = stores_of(course).evidence
        self._aliases = published_names(course) if audience is Audience.PUBLIC else {}
        tasks = {name: self._finder.task(name) for name in sorted({one.task.name for one in self._records})}
        restricted = {name: task is None or task.restricted for name, task in tasks.items()}
        boards = self._boards(board)
        links = [("What the class teaches", "class.html")] if audience is Audience.INSTRUCTOR else []
        self._content = SiteContent(
            title="Leaderboard",
            tasks=tasks,
            sections=sections_of(boards, self._evidence, self._aliases, audience, restricted),
            course=_largest(boards, self._aliases),
            links=links,
        )
        self._made_by = _digest_of_program()

    def _boards(self, board: Board) -> dict[str, Board]:
        """Return the board of each machine: `board` itself if there is only one."""
        records = by_machine(self._records)
        if len(records) == 1:
            return dict.fromkeys(records, board)
        kept = KeptStandings(self._course.private / "site-ranks")
        boards = {machine: build(own, self._evidence, kept) for machine, own in records.items()}
        kept.remove_unused()
        return boards

    def all(self) -> Iterator[SitePage]:
        """Yield every page."""
        for path, given in assets().items():
            yield SitePage(path, None, partial(bytes, given))
        yield SitePage("index.html", None, self._course_page)
        for name in self._content.tasks:
            yield SitePage(f"tasks/{name}.html", None, partial(self._task_page, name))
        for record in self._records:
            shown_as = self._aliases.get(record.submission.name, record.submission.name)
            path = report_path(record.task.name, shown_as)
            yield SitePage(path, self._digest(record, shown_as), partial(self._report, record))
        if self._audience is Audience.INSTRUCTOR:
            yield SitePage("class.html", None, self._class_page)

    def _course_page(self) -> bytes:
        return course_page(self._content).encode()

    def _task_page(self, name: str) -> bytes:
        return task_page(self._content, name).encode()

    def _class_page(self) -> bytes:
        return class_page(self._content.title, list(self._classes()), _SIMILARITY).encode()

    def _report(self, record: Record) -> bytes:
        alias = self._aliases.get(record.submission.name)
        shown = show(self._finder.material(record), self._audience, alias)
        return site_report(self._content, shown).encode()

    def _digest(self, record: Record, name: str) -> str:
        """Return a digest of all data on the page about `record`."""
        known = [
            self._made_by,
            self._content.title,
            name,
            self._known_of_tasks[record.task.name],
            *_state(self._evidence, record),
        ]
        digest = hashlib.sha256("\0".join(known).encode())
        digest.update(msgspec.json.encode(record))
        return digest.hexdigest()

    @cached_property
    def _known_of_tasks(self) -> dict[str, str]:
        """A digest of the data that all pages about a task's records share, by task."""
        runs: dict[str, list[str]] = {name: [] for name in self._content.tasks}
        for one in self._records:
            # pages for instructors show the class and the history, others the references
            if self._audience is Audience.INSTRUCTOR or one.submission.name.startswith("reference/"):
                runs[one.task.name].append(one.run.id)
        declared = {
            name: "" if task is None else self._course.task_digest(name) + task.title + repr(task.limits)
            for name, task in self._content.tasks.items()
        }
        return {name: "\0".join([declared[name], *runs[name]]) for name in runs}

    def _classes(self) -> Iterator[ClassTask]:
        for name, task in self._content.tasks.items():
            if task is None:
                continue
            own = [one for one in self._records if one.task.name == name]
            groups = [one for one in self._board.groups if one.key.task == name]
            analyses = [analyse_items(one, self._evidence) for one in groups]
            most = max(range(len(groups)), key=lambda one: len(analyses[one].models))
            claims = tuple(
                (
                    one.submission.name,
                    (
                        *(f"{what} {value}" for what, value in describe_figures(one.claims)),
                        *describe_agreement(one.claims),
                    ),
                )
                for one in own
                if one.claims is not None
            )
            yield ClassTask(
                task=task,
                name=name,
                analysis=analyses[most],
                scored=self._finder.material(groups[most].rows[0].record).scored,
                claims=claims,
                cut_offs=tuple(map(str, cut_offs(groups[most], task.points))),
            )


def _largest(boards: Mapping[str, Board], aliases: Mapping[str, str]) -> SiteCourse | None:
    """Return the table over all tasks, for the machine with records of most of them; None if that is only one task."""
    found = [(machine, course_board(board.under(aliases))) for machine, board in boards.items()]
    several = [one for one in found if len(one[1].tasks) > 1]
    if not several:
        return None
    machine, board = max(several, key=lambda one: (len(one[1].tasks), len(one[1].rows)))
    return SiteCourse(machine, board)


def _state(store: EvidenceStore, record: Record) -> list[str]:
    """Return the names, sizes and times of the files of evidence."""
    folder = store.folder(record.task.name, record.submission.name)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in found if path.is_file()]


def _digest_of_program() -> str:
    """Return a digest of the code that makes reports, so that another version makes them again."""
    digest = hashlib.sha256(__version__.encode())
    digest.update(Path(svg.__file__).read_bytes())
    for room in ("harness.report", "harness.site", "harness.kinds"):
        for path in sorted(Path(str(files(room))).rglob("*")):
            if path.suffix in (".py", ".jinja", ".css", ".js"):
                digest.update(path.read_bytes())
    return digest.hexdigest()
