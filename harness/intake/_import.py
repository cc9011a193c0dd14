"""From an archive to ``submissions/``: one person's upload is laid out whole, or refused and nothing is changed."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.contract import UsageError
from harness.course import Course
from harness.evaluate import read_contents
from harness.grade import Roster, Times
from harness.intake._people import find_submission, make_name
from harness.intake._unpack import Refused, Unpacked, check_member, moment_of, open_archive
from harness.intake._uploads import Parse, Upload

_MODEL = "model.py"


@dataclass(frozen=True)
class Imported:
    """What became of one person's upload."""

    who: str
    outcome: Literal["new", "replaced", "unchanged", "refused"]
    submission: str = ""
    note: str = ""


@dataclass
class _Owner:
    """Everything one person or group uploaded."""

    who: str
    user: str
    members: list[tuple[Upload, zipfile.ZipInfo]] = field(default_factory=list)
    problem: str = ""

    @property
    def moment(self) -> datetime | None:
        """When the last of it was handed in, if the archive says so."""
        return max((moment for _, info in self.members if (moment := moment_of(info))), default=None)


def import_archive(course: Course, archive: Path, parse: Parse, task: str, roster: Roster | None) -> Iterator[Imported]:
    """Lay out every upload in `archive` as ``submissions/<name>/<task>/``; yield what became of each.

    What was there before is moved to ``.harness/replaced/``.

    Raises:
        UsageError: it is no archive, or nothing in it is named as it should be.
    """
    with open_archive(str(archive)) as content:
        owners = _owners(content, parse)
        if not owners:
            raise UsageError(f"{archive}: no file in it is named as in a bulk download of this system")
        intake = _Intake(course, content, task, roster)
        try:
            for owner in owners:
                try:
                    yield intake.take(owner)
                except Refused as reason:
                    yield Imported(owner.who, "refused", note=str(reason))
        finally:
            intake.times.save()


def _owners(archive: zipfile.ZipFile, parse: Parse) -> list[_Owner]:
    found: dict[tuple[str, str], _Owner] = {}
    for info in archive.infolist():
        upload = None if info.is_dir() else parse(info.filename)
        if upload is None:
            continue
        owner = found.setdefault((upload.who, upload.user), _Owner(upload.who, upload.user))
        try:
            check_member(info)
        except Refused as reason:
            owner.problem = str(reason)
        owner.members.append((upload, info))
    return list(found.values())


@dataclass
class _Intake:
    """Takes in one archive's uploads, one person after the other."""

    course: Course
    archive: zipfile.ZipFile
    task: str
    roster: Roster | None
    _taken: dict[str, str] = field(default_factory=dict)
    _newest: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.times = Times(self.course)
        self._limits = self.course.task(self.task).limits

    def take(self, owner: _Owner) -> Imported:
        """Lay out what `owner` uploaded.

        Raises:
            Refused: it cannot be; nothing was changed.
        """
        if owner.problem:
            raise Refused(owner.problem)
        name, moment = self._name(owner), owner.moment
        if name in self._newest and (moment is None or moment <= self._newest[name]):
            return Imported(owner.who, "unchanged", name, "a group's earlier copy")
        unpacked = Unpacked()
        for upload, info in sorted(owner.members, key=lambda member: member[0].order):
            unpacked.add(upload.path, self.archive, info)
        files = rooted(unpacked.files, self.task)
        outcome = lay_out(self.course, name, self.task, files)
        if moment is not None:
            self._newest[name] = moment
            folder = self.course.root / "submissions" / name / self.task
            self.times.learn(name, self.task, read_contents(folder, self._limits).digest, moment)
        notes = ["late, says the download"] if any(upload.late for upload, _ in owner.members) else []
        notes += [] if PurePosixPath(_MODEL) in files else [f"no {_MODEL} in it"]
        return Imported(owner.who, outcome, name, "; ".join(notes))

    def _name(self, owner: _Owner) -> str:
        if self.roster is None:
            return make_name(owner.who, owner.user, self._taken)
        return find_submission(owner.who, owner.user, self.roster)


def rooted(files: dict[PurePosixPath, bytes], task: str) -> dict[PurePosixPath, bytes]:
    """Return the files of the folder that holds the model, however deep people packed it.

    Raises:
        Refused: several folders hold one.
    """
    if not files:
        raise Refused("no file in it")
    homes = sorted({path.parent for path in files if path.name == _MODEL}, key=lambda home: len(home.parts))
    named = [home for home in homes if home.name == task]
    outermost = [home for home in homes if all(home.is_relative_to(homes[0]) for home in homes)][:1]
    candidates = named or outermost or homes
    if not homes:
        candidates = [_wrapper(files)]
    if len(candidates) != 1:
        where = ", ".join(map(str, candidates))
        raise Refused(f"{len(candidates)} folders hold a {_MODEL} ({where}): hand in one, or call it {task}")
    home = candidates[0]
    return {path.relative_to(home): content for path, content in files.items() if path.is_relative_to(home)}


def _wrapper(files: dict[PurePosixPath, bytes]) -> PurePosixPath:
    """Return the folder that everything lies in."""
    home = PurePosixPath()
    while len({path.relative_to(home).parts[0] for path in files}) == 1:
        inner = home / next(iter(files)).relative_to(home).parts[0]
        if inner in files:
            break
        home = inner
    return home


def lay_out(
    course: Course, name: str, task: str, files: dict[PurePosixPath, bytes]
) -> Literal["new", "replaced", "unchanged"]:
    """Put `files` in the place of the submission, all or none."""
    target = course.root / "submissions" / name / task
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and _content(target) == files:
        return "unchanged"
    with tempfile.TemporaryDirectory(prefix=".import-", dir=course.root / "submissions") as holding:
        fresh = Path(holding, task)
        fresh.mkdir()
        for path, content in files.items():
            file = fresh / path
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            except (FileExistsError, NotADirectoryError, IsADirectoryError, ValueError) as error:
                raise Refused(f"{str(path)!r} cannot be a file here ({error})") from error
        replaced = target.exists()
        if replaced:
            _set_aside(course, target, name, task)
        fresh.rename(target)
    return "replaced" if replaced else "new"


def _content(folder: Path) -> dict[PurePosixPath, bytes]:
    """Return the files of a submission, hidden ones left out."""
    paths = ((path, PurePosixPath(path.relative_to(folder))) for path in folder.rglob("*"))
    return {
        inside: path.read_bytes()
        for path, inside in paths
        if path.is_file() and not any(part.startswith(".") for part in inside.parts)
    }


def _set_aside(course: Course, target: Path, name: str, task: str) -> None:
    stamp = f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S.%f}"
    place = course.private / "replaced" / name / f"{task}-{stamp}"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(target, place)
