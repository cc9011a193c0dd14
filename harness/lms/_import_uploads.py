"""Import a download into ``submissions/``: each person's work is written completely, or refused without a change."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.course import Course
from harness.errors import UsageError
from harness.evaluation import read_contents
from harness.gradebook import UNKNOWN, HandIn, Roster, Times, folder_name, in_zone
from harness.lms._members import Member, Refused, open_source
from harness.lms._origins import Origin, Origins
from harness.lms._people import find_submission, whose_group_it_may_be
from harness.lms._unpack import Files, Unpacked, Walled, rooted
from harness.lms._uploads import Skipped, System, Upload, unread
from harness.text import count_of

_MODEL = "model.py"
Outcome = Literal["new", "replaced", "unchanged", "refused", "skipped"]
Laid = Literal["new", "replaced", "unchanged"]
_NO_FILE_NAME = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
"""What is wrong with the name of a file, and not with the disk."""


@dataclass(frozen=True)
class Imported:
    """The result for the work of one person, or for members that belong to nobody."""

    who: str
    outcome: Outcome
    submission: str = ""
    note: str = ""
    count: int = 1
    """The number of members, if they belong to nobody."""


@dataclass(frozen=True)
class _Owner:
    """Everything one person or group uploaded."""

    first: Upload
    uploads: tuple[Upload, ...]

    @property
    def who(self) -> str:
        """The owner's name in the download."""
        return self.first.who

    @property
    def order(self) -> int:
        """The number of the newest upload; 0 if the download has none."""
        return max(one.order for one in self.uploads)

    def hand_in(self, system: System) -> HandIn:
        """Return the hand-in time according to the other system."""
        moments = [one.moment for one in self.uploads if one.moment is not None]
        if moments:
            return HandIn(moment=max(moments), source=f"{system.title}'s download")
        marks = [one.late for one in self.uploads if one.late is not None]
        if marks:
            mark = "marked LATE" if any(marks) else "not marked LATE"
            return HandIn(late=any(marks), source=f"{system.title}: {mark}")
        return UNKNOWN


@dataclass(frozen=True)
class _OwnersFiles:
    """One owner's files, unpacked."""

    owner: _Owner
    files: Files
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Import:
    """The rules of an import."""

    course: Course
    system: System
    task: str
    roster: Roster | None
    walled: Walled
    zone: tzinfo | None = None
    """The time zone of times that the other system writes without an offset."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The submission of each number in a table of the other system."""

    def run(self, source: Path) -> Iterator[Imported]:
        """Lay out every upload in `source` as ``submissions/<name>/<task>/``; yield the result for each member.

        Files that are replaced are moved to ``.harness/replaced/``.

        Raises:
            UsageError: the source is not an archive, none of its names is as expected, or its times lack a time zone.
        """
        with open_source(source) as members:
            parsed = self.system.parse(members, self.roster)
            uploads = [self._on_the_clock(one) for one in parsed if isinstance(one, Upload)]
            skipped = [one for one in parsed if isinstance(one, Skipped)]
            if not uploads:
                raise UsageError(f"{source}: {self._nothing(members, skipped)}")
            yield from self._tell_skipped(skipped)
            intake = _Intake(self, source)
            try:
                yield from intake.take_all(_owners(uploads))
            finally:
                intake.save()
            if intake.skipped:
                yield from (Imported("", "skipped", note=why, count=count) for why, count in intake.skipped.items())

    def _on_the_clock(self, upload: Upload) -> Upload:
        if upload.moment is None:
            return upload
        try:
            return replace(upload, moment=in_zone(upload.moment, self.zone))
        except ValueError as error:
            raise UsageError(f"{upload.member.path}: {error}") from error

    def _nothing(self, members: Sequence[Member], skipped: Sequence[Skipped]) -> str:
        if not members:
            return "it is empty: download it again"
        shown = ", ".join(repr(str(member.path)) for member in members[:3])
        unlike = unread(members[0], self.system.title).reason
        why = next((one.reason for one in skipped if not one.is_harmless and one.reason != unlike), "")
        return f"{why or unlike.replace('not', 'no file in it is', 1)} (it holds {shown})"

    @staticmethod
    def _tell_skipped(skipped: Sequence[Skipped]) -> Iterator[Imported]:
        for one in skipped:
            if not one.is_harmless:
                yield Imported(str(one.member.path), "refused", note=one.reason)
        for reason, count in Counter(one.reason for one in skipped if one.is_harmless).items():
            yield Imported("", "skipped", note=reason, count=count)


def _owners(uploads: Sequence[Upload]) -> list[_Owner]:
    found: dict[str, list[Upload]] = {}
    for one in uploads:
        found.setdefault(one.owner, []).append(one)
    return [_Owner(of_one[0], tuple(of_one)) for of_one in found.values()]


class _Intake:
    """Imports the uploads of one download."""

    def __init__(self, rules: Import, source: Path) -> None:
        self._rules, self._course, self._task, self._source = rules, rules.course, rules.task, source
        self._times, self._origins = Times(rules.course), Origins(rules.course)
        self._limits = rules.course.task(rules.task).limits
        self.skipped: Counter[str] = Counter()
        """The number of files that were left out, by reason."""

    def save(self) -> None:
        """Store the origins and the hand-in times."""
        self._times.save()
        self._origins.save()

    def take_all(self, owners: Sequence[_Owner]) -> Iterator[Imported]:
        """Write the uploads of `owners`; people who share a submission are handled together."""
        sharing: dict[str, list[_Owner]] = {}
        for owner in owners:
            try:
                sharing.setdefault(self._name(owner), []).append(owner)
            except Refused as reason:
                yield Imported(owner.who, "refused", note=str(reason))
        for name, together in sharing.items():
            yield from self._take(name, together)

    def _name(self, owner: _Owner) -> str:
        one, rules = owner.first, self._rules
        if one.number in rules.names:
            return rules.names[one.number]
        if rules.roster is not None:
            return find_submission(one, rules.roster, canvas=rules.system.name == "canvas")
        if one.number and (known := self._origins.submission_of(rules.system.name, self._task, one.number)):
            return known  # even if they have changed their name since
        return folder_name(one.who, one.number if rules.system.has_numbers else "")

    def _take(self, name: str, owners: Sequence[_Owner]) -> Iterator[Imported]:
        """Write the work of the people who share the submission `name`, or refuse all of it."""
        others = " and ".join(owner.who for owner in owners)
        if self._rules.roster is None and len(owners) > 1:
            yield from _refuse(owners, f"{others} would both be submissions/{name}: give a roster")
            return
        unpacked: list[_OwnersFiles] = []
        refused = []
        for owner in owners:
            try:
                unpacked.append(self._unpack(owner, name))
            except Refused as reason:
                refused.append(owner)
                yield Imported(owner.who, "refused", note=str(reason))
        if refused:
            who = " and ".join(owner.who for owner in refused)
            yield from _refuse([one.owner for one in unpacked], f"one submission with {who}, who was refused")
            return
        taken = _newest(unpacked)
        if taken is None:
            yield from _refuse(owners, f"{others} are one submission ({name}) and handed in different files")
            return
        try:
            yield self._lay_out(name, taken)
        except Refused as reason:
            yield Imported(taken.owner.who, "refused", note=str(reason))
        for other in unpacked:
            if other is not taken:
                why = "the same files" if other.files == taken.files else f"{taken.owner.who} handed in later"
                yield Imported(other.owner.who, "unchanged", name, f"one submission with {taken.owner.who}: {why}")

    def _unpack(self, owner: _Owner, name: str) -> _OwnersFiles:
        unpacked, notes = Unpacked(self._rules.walled), []
        uploads = [one for one in owner.uploads if not one.is_text]
        texts = len(owner.uploads) - len(uploads)
        if texts and uploads:
            self.skipped["a text typed in beside files"] += texts
        if not uploads:
            notes.append("a text instead of a file")
        chosen: dict[PurePosixPath, Upload] = {}
        for one in sorted(uploads or owner.uploads, key=lambda upload: upload.order):
            if one.path in chosen:
                notes.append(f"the later copy of {str(one.path)!r}")
            chosen[one.path] = one
        for path, one in chosen.items():
            unpacked.add(path, one.member)
        self.skipped += unpacked.skipped
        found = rooted(unpacked.files, self._task, {name, owner.first.login.lower()} - {""})
        if left := len(unpacked.files) - len(found):
            notes.append(f"{count_of(left, 'file', 'files')} outside the model's folder left out")
        return _OwnersFiles(owner, found, tuple(notes))

    def _lay_out(self, name: str, work: _OwnersFiles) -> Imported:
        owner, files, notes = work.owner, work.files, list(work.notes)
        one, system = owner.first, self._rules.system
        before = self._origins.of(name, self._task)
        if before is not None and before.system == system.name and one.number and before.number != one.number:
            if self._rules.roster is None:
                raise Refused(
                    f"submissions/{name}/{self._task} holds the work of {before.who} ({before.number}): give a roster"
                )
            notes.append(f"replaces the work of {before.who}")
        elif before is not None and not one.number and before.who != one.who and self._rules.roster is None:
            raise Refused(f"submissions/{name}/{self._task} holds the work of {before.who!r}: give a roster")
        outcome = lay_out(self._course, name, self._task, files)
        self._origins.learn(
            name,
            self._task,
            Origin(
                system=system.name,
                who=one.who,
                number=one.number,
                files=tuple(upload.member.path.name for upload in owner.uploads),
            ),
        )
        hand_in = owner.hand_in(system)
        if not hand_in.is_known:
            hand_in = system.hand_in_of(self._source, one)
        folder = self._course.folder_of(name, self._task)
        self._times.learn_import(name, self._task, read_contents(folder, self._limits).digest, hand_in)
        if hand_in.late or any(upload.late for upload in owner.uploads):
            notes.insert(0, "marked as late in the download, which knows no extensions of gradebook.toml")
        if system.name == "canvas" and self._rules.roster is not None:
            person = whose_group_it_may_be(one, self._rules.roster)
            if person is not None:
                notes.append(
                    f"the name is not that of {person}: if it is a group's, give all members one submission in the "
                    "roster"
                )
        if PurePosixPath(_MODEL) not in files and not any(path.suffix == ".ipynb" for path in files):
            notes.append(f"no {_MODEL} in it")
        return Imported(owner.who, outcome, name, "; ".join(notes))


def _refuse(owners: Sequence[_Owner], why: str) -> Iterator[Imported]:
    for owner in owners:
        yield Imported(owner.who, "refused", note=why)


def _newest(found: Sequence[_OwnersFiles]) -> _OwnersFiles | None:
    """Return the newest work of people who share a submission; None if the works differ and their order is unknown."""
    if all(one.files == found[0].files for one in found):
        return found[0]
    orders = [one.owner.order for one in found]
    if 0 in orders or len(set(orders)) < len(orders):
        return None
    return max(found, key=lambda one: one.owner.order)


def lay_out(course: Course, name: str, task: str, files: Files) -> Laid:
    """Replace the files of the submission with `files`, completely or not at all.

    Raises:
        Refused: the file system cannot hold one of the names; nothing was changed.
    """
    try:
        target = course.folder_of(name, task)
    except UsageError as error:
        raise Refused(str(error)) from error
    if target.is_symlink():
        raise Refused(f"submissions/{name}/{task} is a link: remove it")
    if target.is_dir() and _content(target) == files:
        return "unchanged"
    course.submissions_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=course.submissions_folder) as holding:
        fresh = Path(holding, task)
        fresh.mkdir()
        for path, content in files.items():
            file = fresh / path
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("xb") as stream:
                    stream.write(content)
            except (OSError, ValueError) as error:
                if isinstance(error, OSError) and error.errno not in _NO_FILE_NAME:
                    raise
                why = error.strerror if isinstance(error, OSError) else error
                raise Refused(f"{str(path)!r} cannot be a file here ({why})") from error
        replaced = target.exists()
        if replaced:
            _set_aside(course, target, name, task)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(target)
    return "replaced" if replaced else "new"


def _content(folder: Path) -> Files:
    """Return the files of a submission, except hidden files and caches."""
    paths = ((path, PurePosixPath(path.relative_to(folder))) for path in folder.rglob("*"))
    return {
        inside: path.read_bytes()
        for path, inside in paths
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
    }


def _set_aside(course: Course, target: Path, name: str, task: str) -> None:
    stamp = f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S.%f}"
    place = course.private / "replaced" / name / f"{task}-{stamp}"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(target, place)
