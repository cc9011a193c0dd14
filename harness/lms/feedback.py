"""Feedback for a class: a page and a short text for each person, in zip files that Canvas and Moodle accept."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from harness.contract import Task
from harness.export import ReportedCheck, checks_of
from harness.gradebook import Entry, Person, describe, slug
from harness.lms import canvas, moodle
from harness.lms._origins import Origin
from harness.record import Record
from harness.report import Audience, ReportMaterial, footer_of, report_body, show, whole_page
from harness.text import count_of, neutral_html, neutral_line

_EPOCH = (2000, 1, 1, 0, 0, 0)
_SYMBOLS = {"passed": "✓", "failed": "✗", "error": "✗", "skipped": "–"}


@dataclass(frozen=True)
class Feedback:
    """The feedback for one person."""

    entry: Entry
    page: str
    text: str


def file_stems(people: Iterable[Person]) -> dict[str, str]:
    """Return the name of each person's file without its ending, by their key; every member of a group has a file.

    Where the names of several people would give the same one, it also says by what the roster knows them.
    """
    stems = {person.key: _stem(person) for person in people}
    shared = Counter(stems.values())
    return {key: stem if shared[stem] == 1 else f"{stem}-{slug(key)}" for key, stem in stems.items()}


def _stem(person: Person) -> str:
    own = "".join(character if character.isalnum() else "-" for character in person.name.lower()).strip("-")
    return person.submission if own in ("", person.submission) else f"{person.submission}-{own}"


def make_feedback(entry: Entry, task: Task, material: ReportMaterial | None) -> Feedback:
    """Return the feedback on `entry`: the grade, and the report about `material` if the grade is based on that.

    It contains no items of the scored part, only figures, and other people's scores without names.
    """
    own = material if material is not None and material.record.run.id == entry.run else None
    return Feedback(entry, _page(entry, task, own), _text(entry, task, None if own is None else own.record))


def zip_for_moodle(feedback: Iterable[Feedback], people: Mapping[str, tuple[str, str]]) -> tuple[bytes, list[str]]:
    """Return a zip file for *Upload multiple feedback files in a zip*, and the people who are not in it.

    `people` holds the name and the participant number of each person, by key.
    """
    files, left_out = {}, []
    for one in feedback:
        known = people.get(one.entry.person.key)
        if known is None:
            left_out.append(str(one.entry.person))
        else:
            files[moodle.feedback_name(*known, "feedback.html")] = one.page
    return _zipped(files), left_out


def zip_for_canvas(feedback: Iterable[Feedback], origins: Mapping[str, Origin]) -> tuple[bytes, list[str]]:
    """Return a zip file for SpeedGrader's upload of commented files, and the people who are not in it.

    Canvas may show a file to all members of a group. They get a file only if all of them have the same feedback.
    """
    submissions: dict[str, list[Feedback]] = {}
    for one in feedback:
        submissions.setdefault(one.entry.person.submission, []).append(one)
    files, left_out = {}, []
    for submission, members in submissions.items():
        origin, pages = origins.get(submission), {one.page for one in members}
        name = None if origin is None else canvas.feedback_name(origin.files, "feedback.html")
        if name is None or name in files or len(pages) > 1:
            left_out += [str(one.entry.person) for one in members]
        else:
            files[name] = pages.pop()
    return _zipped(files), left_out


def _text(entry: Entry, task: Task, record: Record | None) -> str:
    lines = [f"{task.title} ({entry.task})", _grade(entry), describe(entry)]
    if record is not None:
        lines += [f"{score.name}: {score.value:.4f}" for score in record.scores]
        lines += [f"{_SYMBOLS[one.outcome]} {_check(one)}" for one in checks_of(record) if one.outcome != "passed"]
    return "\n".join(neutral_line(line) for line in lines if line) + "\n"


def _page(entry: Entry, task: Task, material: ReportMaterial | None) -> str:
    parts = [f"<p><strong>{neutral_html(_grade(entry))}</strong></p>", f"<p>{neutral_html(describe(entry))}</p>"]
    facts = [("handed in", entry.submitted), ("according to", entry.source), ("due", entry.deadline)]
    parts.append(_table([(name, value) for name, value in facts if value]))
    footer = ""
    if material is not None:
        parts.append("<h2>Checks</h2>")
        parts.append(_table([(_SYMBOLS[one.outcome], _check(one)) for one in checks_of(material.record)]))
        shown = show(material, Audience.STUDENT)
        parts += ["<h2>Report</h2>", report_body(shown)]
        footer = footer_of(shown)
    body = Markup("\n".join(filter(None, parts)))  # noqa: S704 - each part is escaped
    return whole_page(task.title, body, footer=footer)


def _grade(entry: Entry) -> str:
    if entry.excused:
        return "Excused"
    if entry.dropped:
        return "This task does not count"
    if entry.final is None:
        return "No grade yet"
    return (
        count_of(entry.final, "point", "points")
        if entry.maximum is None
        else f"{entry.final:g} of {count_of(entry.maximum, 'point', 'points')}"
    )


def _check(check: ReportedCheck) -> str:
    return check.name + (f": {check.message}" if check.message else "")


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = [
        f'<tr><th scope="row">{neutral_html(name)}</th><td class="long">{neutral_html(value)}</td></tr>'
        for name, value in rows
    ]
    return "\n".join(["<table>", *lines, "</table>"]) if lines else ""


def _zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip of `files`; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text.encode(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
