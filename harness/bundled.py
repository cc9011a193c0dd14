"""The tasks and references that come with the harness, and how a course got those that it has.

A wheel holds them in ``harness_course/`` beside the package, where workers see none of it; in a checkout they lie
beside the package as well. A course gets copies, which are its own: they may be changed, and a newer harness replaces
none of them. ``tasks/bundled.json`` keeps the digests of what was copied, so that a change made in the course can be
told from one that a newer harness brings.
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
from harness.errors import UsageError
from harness.files import write_atomically

MANIFEST = "bundled.json"
"""The file below ``tasks/`` that says what was copied into a course."""
ALL = "all"
_NO_FILES = frozenset({"__pycache__", MANIFEST})


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied into a course."""

    versions: dict[str, str] = msgspec.field(default_factory=dict)
    """The version of the harness that each task came with."""
    files: dict[str, str] = msgspec.field(default_factory=dict)
    """The digest of each file as it was copied, by its path in the course."""

    @classmethod
    def read(cls, course: Course) -> Manifest:
        """Read that of `course`; an empty one where it has none.

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
                f"{path} cannot be read ({error}): restore it, or remove it, and it is no longer known what was "
                "changed here"
            ) from error


@dataclass(frozen=True)
class BundledTask:
    """A task that comes with the harness, and how a course's copy of it stands to it."""

    name: str
    copied_from: str | None
    """The version of the harness that the course's copy came with; None where there is no copy."""
    changed_here: tuple[str, ...] = ()
    """Files of the course that are not as they were copied."""
    newer: tuple[str, ...] = ()
    """Files that this harness brings in another form than the one that was copied."""
    there: bool = field(default=False)
    """Whether the course has a task of this name."""

    def __str__(self) -> str:
        """Say in a few words where the course stands."""
        if not self.there:
            return "not in this course"
        if self.copied_from is None:
            return "this course has a task of its own of this name"
        said = f"in this course, as of harness {self.copied_from}"
        if self.changed_here:
            said += f"; changed here: {_some(self.changed_here)}"
        if self.newer:
            said += f"; this harness brings other {_some(self.newer)}"
        return said


def bundled_course() -> Course:
    """Return the course of tasks and references that comes with the harness.

    Raises:
        UsageError: this installation has none.
    """
    beside = Path(str(files("harness"))).parent
    if (beside / "harness_course" / TASKS).is_dir():
        return Course(beside / "harness_course")
    if (beside / "pyproject.toml").is_file() and (beside / TASKS / "usps").is_dir():
        return Course(beside)
    raise UsageError(f"no tasks came with the harness in {beside}: install it from its wheel, or from a checkout")


def chosen_tasks(text: str) -> list[str]:
    """Return the names in `text`, divided by commas; ``all`` is every task that comes with the harness.

    Raises:
        UsageError: one of them does not come with the harness.
    """
    known = bundled_course().task_names()
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if names == [ALL]:
        return known
    for name in names:
        if name not in known:
            raise UsageError(f"no task {name!r} comes with the harness{suggest(name, [*known, ALL])}")
    if not names:
        raise UsageError(f"no task is named; expected some of {', '.join(known)}, or {ALL}")
    return names


def copy_tasks(course: Course, names: Sequence[str]) -> list[Path]:
    """Copy tasks with their references into `course` and return the files written.

    Raises:
        UsageError: the course has one of them, or shared code of another form; nothing is written then.
    """
    copied = {path: source for name in names for path, source in _files_of(name)}
    for name in names:
        for folder in _folders_of(name):
            if (course.root / folder).exists():
                raise UsageError(
                    f"{course.root / folder} is there already: nothing was written. To take the one that comes with "
                    "the harness, move it away first"
                )
    other = [path for path, source in copied.items() if _differs(course.root / path, source)]
    if other:
        raise UsageError(
            f"{course.root / other[0]} is not the one that this harness brings, and tasks that are here may need it "
            "as it is: nothing was written. To take the harness's own, move it away first"
        )
    before = Manifest.read(course)
    written = []
    for path, source in copied.items():
        if not (course.root / path).exists():
            write_atomically(course.root / path, source.read_bytes())
            written.append(course.root / path)
    manifest = Manifest(
        versions=before.versions | dict.fromkeys(names, __version__),
        files=before.files | {path: _digest(source) for path, source in copied.items()},
    )
    made = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1)
    write_atomically(course.tasks_folder / MANIFEST, made + b"\n")
    return written


def compare(course: Course | None) -> list[BundledTask]:
    """Tell, for each task that comes with the harness, how the copy in `course` stands to it."""
    names = bundled_course().task_names()
    if course is None:
        return [BundledTask(name, None) for name in names]
    manifest = Manifest.read(course)
    return [_compare_one(course, name, manifest) for name in names]


def _compare_one(course: Course, name: str, manifest: Manifest) -> BundledTask:
    version, there = manifest.versions.get(name), name in course.task_names()
    if not there or version is None:
        return BundledTask(name, None, there=there)
    ours = {path: _digest(source) for path, source in _files_of(name)}
    here = {path: _digest(course.root / path) for path in ours}
    copied = {path: manifest.files.get(path, "") for path in ours}
    return BundledTask(
        name,
        version,
        changed_here=tuple(path for path in ours if copied[path] and here[path] != copied[path]),
        newer=tuple(path for path in ours if ours[path] not in (copied[path], here[path])),
        there=True,
    )


def _folders_of(name: str) -> Iterator[str]:
    """Yield the folders of a task that comes with the harness and of its references, relative to a course."""
    root = bundled_course().root
    yield f"{TASKS}/{name}"
    for reference in folders_in(root / REFERENCE):
        if (root / REFERENCE / reference / name).is_dir():
            yield f"{REFERENCE}/{reference}/{name}"


def _files_of(name: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a task, of its references and of what these share, by their path in a course.

    What is shared is taken whole: a module that came later would change the digest of every task that uses another.
    """
    root = bundled_course().root
    for folder in _folders_of(name):
        yield from _all_files(root, root / folder)
    for base in (TASKS, REFERENCE):
        used = (root / folder for folder in _folders_of(name) if folder.startswith(f"{base}/"))
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
    """Return the digest of a file; '' where there is none."""
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return ""


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
