"""The tasks and references that are part of the harness or a plug-in, and a course's copies of them.

A wheel contains them in ``harness_course/`` next to the package, hidden from workers; in a checkout they are also next
to the package. A course gets copies, which may be changed, and which a newer harness does not replace. A plug-in that
the course names contains tasks in the same form. ``tasks/bundled.json`` stores the digests of the copied files, so that
changes made in the course can be distinguished from changes in a newer version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import msgspec

from harness._version import __version__
from harness.course import REFERENCE, SHARED, TASKS, Course, folders_in, suggest
from harness.errors import TaskError, UsageError
from harness.files import write_atomically
from harness.plugins import TASK_GROUP

MANIFEST = "bundled.json"
"""The file below ``tasks/`` that lists what was copied into a course."""
ALL = "all"
HARNESS = "harness"
"""The name to show instead of a package's if a task is part of the harness."""
_NO_FILES = frozenset({"__pycache__", MANIFEST})


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks and files that were copied into a course."""

    versions: dict[str, str] = msgspec.field(default_factory=dict)
    """The version of the harness, or of the package in `packages`, from which each task was copied."""
    packages: dict[str, str] = msgspec.field(default_factory=dict)
    """The package of each task that came with a plug-in; all others came with the harness."""
    files: dict[str, str] = msgspec.field(default_factory=dict)
    """The digest of each file as it was copied, by its path in the course."""

    @classmethod
    def read(cls, course: Course) -> Manifest:
        """Read the manifest of `course`, or return an empty one.

        Raises:
            UsageError: the file is damaged.
        """
        path = course.tasks_folder / MANIFEST
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return cls()
        except (OSError, msgspec.MsgspecError) as error:
            raise UsageError(
                f"{path} cannot be read ({error}): restore it, or remove it; then it is no longer known what was "
                "changed here"
            ) from error


@dataclass(frozen=True)
class TaskOrigin:
    """The origin of a task: the folder of a course, and the package to which it belongs."""

    name: str
    root: Path
    package: str = HARNESS
    version: str = __version__

    @property
    def folder(self) -> Path:
        """The folder of the task."""
        return self.root / TASKS / self.name


@dataclass(frozen=True)
class BundledTask:
    """A task that comes with the harness or a plug-in, compared with a course's copy of it."""

    origin: TaskOrigin
    copied_from: str | None
    """The version from which the course's copy was made; None if there is no copy."""
    changed_here: tuple[str, ...] = ()
    """Files that were changed in the course since they were copied."""
    newer: tuple[str, ...] = ()
    """Files that have changed in the origin since they were copied."""
    exists: bool = field(default=False)
    """Whether the course has a task with this name."""

    def __str__(self) -> str:
        """Describe the course's copy in a few words."""
        if not self.exists:
            return "not in this course"
        if self.copied_from is None:
            return "this course has a different task with this name"
        description = f"in this course, as of {self.origin.package} {self.copied_from}"
        if self.changed_here:
            description += f"; changed here: {_some(self.changed_here)}"
        if self.newer:
            description += f"; this {self.origin.package} has other versions of {_some(self.newer)}"
        return description

    @property
    def name(self) -> str:
        """The task's name."""
        return self.origin.name


def bundled_course() -> Course:
    """Return the course of tasks and references that are part of the harness.

    Raises:
        UsageError: this installation has no tasks.
    """
    parent = Path(str(files("harness"))).parent
    if (parent / "harness_course" / TASKS).is_dir():
        return Course(parent / "harness_course")
    if (parent / "pyproject.toml").is_file() and (parent / TASKS / "usps").is_dir():
        return Course(parent)
    raise UsageError(f"the harness in {parent} contains no tasks: install it from its wheel, or from a checkout")


def origin_of(name: str, course: Course | None = None) -> TaskOrigin:
    """Return the origin of the task `name`: the harness, or a plug-in that `course` names.

    Raises:
        UsageError: there is no such task.
        TaskError: several packages have such a task, or its plug-in cannot be used.
    """
    harness = bundled_course()
    ours, theirs = harness.task_names(), [] if course is None else plugin_tasks(course)
    if name in theirs:
        assert course is not None
        offer, root = course.plugins.course_of_task(name)
        if name in ours:
            raise TaskError(
                f"the {offer} has the name of a task that comes with the harness: remove {offer.package} from "
                f"{course.plugins.file.path}, or copy its folder manually with another name"
            )
        return TaskOrigin(name, root, offer.package, offer.version)
    if name in ours:
        return TaskOrigin(name, harness.root)
    by = "the harness" if course is None else "the harness or a plug-in that this course names"
    missing = "" if course is None else "".join(f"; {problem}" for problem in course.plugins.problems())
    raise UsageError(f"no task {name!r} comes with {by}{suggest(name, [*ours, *theirs, ALL])}{missing}")


def plugin_tasks(course: Course) -> list[str]:
    """Return the names of the tasks in the plug-ins of `course`, without importing them."""
    return sorted({offer.name for offer in course.plugins.offers(TASK_GROUP)})


def chosen_tasks(text: str, course: Course | None = None) -> list[str]:
    """Return the names in `text`, separated by commas; ``all`` means every task that comes with the harness.

    Raises:
        UsageError: one of them is part of neither the harness nor a plug-in that `course` names.
        TaskError: the plug-in of one of them cannot be used.
    """
    known = bundled_course().task_names()
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if names == [ALL]:
        return known
    for name in names:
        origin_of(name, course)
    if not names:
        raise UsageError(f"no task is named; expected some of {', '.join(known)}, or {ALL}")
    return names


def copy_tasks(course: Course, names: Sequence[str]) -> list[Path]:
    """Copy tasks with their references into `course`, and return the written files.

    A task of a plug-in is loaded first, and is not copied if it has a mistake.

    Raises:
        TaskError: the task of a plug-in does not load.
        UsageError: the course has one of the tasks, or different shared code; nothing was written.
    """
    sources = [origin_of(name, course) for name in names]
    copied = {path: source for origin in sources for path, source in _files_of(origin)}
    for origin in sources:
        if origin.package != HARNESS:
            course.task_from(origin.name, origin.folder)
        for folder in _folders_of(origin):
            if (course.root / folder).exists():
                raise UsageError(
                    f"{course.root / folder} already exists: nothing was written. To copy the one of "
                    f"{_the(origin)}, move this one away first"
                )
    other = [path for path, source in copied.items() if _differs(course.root / path, source)]
    if other:
        raise UsageError(
            f"{course.root / other[0]} differs from the one of this harness or the plug-in, and tasks of this course "
            "may need it unchanged: nothing was written. To copy the other one, move this one away first"
        )
    before = Manifest.read(course)
    written = []
    for path, source in copied.items():
        if not (course.root / path).exists():
            write_atomically(course.root / path, source.read_bytes())
            written.append(course.root / path)
    manifest = Manifest(
        versions=before.versions | {origin.name: origin.version for origin in sources},
        packages=before.packages | {origin.name: origin.package for origin in sources if origin.package != HARNESS},
        files=before.files | {path: _digest(source) for path, source in copied.items()},
    )
    made = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1)
    write_atomically(course.tasks_folder / MANIFEST, made + b"\n")
    return written


def compare(course: Course | None) -> list[BundledTask]:
    """Compare each task that comes with the harness with its copy in `course`."""
    bundled = bundled_course()
    return [compare_task(course, TaskOrigin(name, bundled.root)) for name in bundled.task_names()]


def compare_task(course: Course | None, origin: TaskOrigin) -> BundledTask:
    """Compare one task with its copy in `course`."""
    if course is None:
        return BundledTask(origin, None)
    manifest = Manifest.read(course)
    version, exists = manifest.versions.get(origin.name), origin.name in course.task_names()
    if not exists or version is None or manifest.packages.get(origin.name, HARNESS) != origin.package:
        return BundledTask(origin, None, exists=exists)
    ours = {path: _digest(source) for path, source in _files_of(origin)}
    here = {path: _digest(course.root / path) for path in ours}
    copied = {path: manifest.files.get(path, "") for path in ours}
    return BundledTask(
        origin,
        version,
        changed_here=tuple(path for path in ours if copied[path] and here[path] != copied[path]),
        newer=tuple(path for path in ours if ours[path] not in (copied[path], here[path])),
        exists=True,
    )


def _folders_of(origin: TaskOrigin) -> Iterator[str]:
    """Yield the folders of a task and of its references, relative to a course."""
    yield f"{TASKS}/{origin.name}"
    for reference in folders_in(origin.root / REFERENCE):
        if (origin.root / REFERENCE / reference / origin.name).is_dir():
            yield f"{REFERENCE}/{reference}/{origin.name}"


def _files_of(origin: TaskOrigin) -> Iterator[tuple[str, Path]]:
    """Yield the files of a task, of its references and of the code that these share, by their path in a course.

    Shared code is copied completely, because adding a module later would change the digest of other tasks.
    """
    root = origin.root
    for folder in _folders_of(origin):
        yield from _all_files(root, root / folder)
    for base in (TASKS, REFERENCE):
        used = (root / folder for folder in _folders_of(origin) if folder.startswith(f"{base}/"))
        if any(SHARED.encode() in path.read_bytes() for folder in used for path in folder.rglob("*.py")):
            yield from _all_files(root, root / base / SHARED)


def _all_files(root: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and path.suffix != ".pyc" and not _NO_FILES & set(relative.parts):
            yield relative.as_posix(), path


def _differs(path: Path, source: Path) -> bool:
    return path.exists() and _digest(path) != _digest(source)


def _digest(path: Path) -> str:
    """Return the digest of a file; '' if the file does not exist."""
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return ""


def _the(origin: TaskOrigin) -> str:
    return "the harness" if origin.package == HARNESS else origin.package


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
