"""The folders of a course: find its root, load its tasks, locate submissions."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType

import harness.contract
from harness.contract import Metric, Task, check_name, shown
from harness.errors import TaskError, UsageError
from harness.kinds import Kind
from harness.plugins import COURSE_FILE, KIND_GROUP, METRIC_GROUP, PLUGIN_MODULE, Plugins
from harness.sourcetext import unreadable_source
from harness.taskcode import deciding_code, lines_of_fields

TASKS, SUBMISSIONS, REFERENCE, LEADERBOARD, PRIVATE = "tasks", "submissions", "reference", "leaderboard", ".harness"
"""The names of a course's folders, of which all except the first two may be missing."""
DATA = "data"
_MOST_FOLDERS, _MOST_DEPTH = 2_000, 16
_OF_OTHERS = (SUBMISSIONS, REFERENCE, LEADERBOARD, PRIVATE)
"""Folders in which a course keeps files of other people, and which therefore contain no course."""
_OF_REFERENCES = f"{REFERENCE}/"
_LISTED = 20
"""The largest number of names that a message lists."""
_NOT_READ = frozenset({".pyc", ".md"})
"""Files in a task's folder that are not read when it is loaded."""
SHARED = "_shared"
"""The name of the folders ``tasks/_shared/`` and ``reference/_shared/`` with code that tasks or references share."""


@dataclass(frozen=True)
class Submission:
    """One person's work on one task: the folder `folder`, published under `name`."""

    name: str
    task: str
    folder: Path
    shared: Path | None = None
    """The folder of code that references share; None for a student's submission."""

    def __str__(self) -> str:
        return f"{self.name} · {self.task}"


@dataclass
class _TaskRead:
    """A task, and the state of its files when it was read."""

    state: tuple[object, ...]
    digest: str | None = None
    task: Task | None = None


@dataclass(frozen=True)
class Course:
    """A course: the folder with ``tasks/``, ``submissions/``, ``reference/`` and ``leaderboard/``."""

    root: Path
    _read: dict[str, _TaskRead] = field(default_factory=dict, repr=False, compare=False)
    """The tasks that were read; a task is read again when its files have changed."""

    @classmethod
    def find(cls, start: Path) -> Course:
        """Return the course that contains `start`; for a link, both its path and its target are tried.

        A folder ``tasks/`` in a submission, or in another folder for other people's files, does not count.

        Raises:
            UsageError: neither `start` nor a folder above it contains ``tasks/``.
        """
        for way in (Path(os.path.abspath(start)), start.resolve()):  # noqa: PTH100 - `absolute` keeps ".."
            for folder in (way, *way.parents):
                if _has_tasks(folder) and not _is_inside_a_course(folder):
                    return cls(folder.resolve())
        raise UsageError(f"{start} is not inside a course: expected a folder tasks/ with <task>/task.py here or above")

    @property
    def tasks_folder(self) -> Path:
        """The folder of tasks, with a folder for each task and the code that they share."""
        return self.root / TASKS

    @property
    def submissions_folder(self) -> Path:
        """The folder of submissions, with a folder for each person."""
        return self.root / SUBMISSIONS

    @property
    def reference_folder(self) -> Path:
        """The folder of staff solutions, with a folder for each solution and the code that they share."""
        return self.root / REFERENCE

    @property
    def leaderboard(self) -> Path:
        """The folder of records and boards, which is generated and published."""
        return self.root / LEADERBOARD

    @property
    def data(self) -> Path:
        """The data root if no other one is named; git ignores it."""
        return self.root / DATA

    @property
    def private(self) -> Path:
        """The folder of private files, which are never published."""
        return self.root / PRIVATE

    @property
    def plugins(self) -> Plugins:
        """The installed packages that ``course.toml`` names.

        Raises:
            UsageError: that file is damaged.
        """
        return Plugins.of(self.root)

    def task_names(self) -> list[str]:
        """Return the names of all tasks."""
        return sorted(path.parent.name for path in self.tasks_folder.glob("*/task.py"))

    def folders_without_task(self) -> list[Path]:
        """Return the folders of ``tasks/`` that declare no task and are not shared code."""
        return [path for path in map(self.tasks_folder.joinpath, folders_in(self.tasks_folder))
                if not (path / "task.py").exists()]  # fmt: skip

    def require_task(self, name: str) -> None:
        """Raise an error if the course has no task `name`, without loading any task.

        Raises:
            UsageError: there is no such task; the message suggests one.
        """
        if name not in self.task_names():
            raise UsageError(f"there is no task {name!r}{suggest(name, self.task_names())}")

    def task(self, name: str) -> Task:
        """Load one task, again only if its files have changed; no other task is imported.

        Raises:
            UsageError: there is no such task.
            TaskError: its ``task.py`` has a mistake.
        """
        folder = self.tasks_folder / name
        self.require_task(name)
        check_name(name, "task")
        read = self._read_task(name)
        if read.task is None:
            read.task = self.task_from(name, folder)
        return read.task

    def task_from(self, name: str, folder: Path) -> Task:
        """Load the task in `folder`, which may belong to a plug-in, as a task of this course.

        Raises:
            TaskError: its ``task.py`` has a mistake.
        """
        try:
            module = _import_task(self.root, folder)
        except TaskError as error:
            raise TaskError(f"task {name}: {error} ({_where(error, folder)})") from error
        except (Exception, SystemExit) as error:
            text = f"{type(error).__name__}: {error}{_meant(error, folder)}"
            raise TaskError(f"task {name} does not load: {text} ({_where(error, folder)})") from error
        declared = getattr(module, "TASK", None)
        if not isinstance(declared, Task):
            names = [one for one, value in vars(module).items() if isinstance(value, Task)]
            found = f"{', '.join(names)} = harness.Task(…)" if names else "no TASK"
            found = f"TASK = {shown(module.TASK)}" if hasattr(module, "TASK") else found
            raise TaskError(f"task {name}: found {found}; expected TASK = harness.Task(…) ({folder / 'task.py'})")
        return declared.named(name)

    def task_digest(self, name: str) -> str:
        """Return the digest of a task's code: the code in its folder, and the shared code if the task uses it.

        Titles, notes, licences, cut-offs and everything that is not code, such as hand-outs, are left out, because
        changes of them apply to existing records, without training anything again.
        """
        read = self._read_task(name)
        if read.digest is None:
            read.digest = self._digest(name)
        return read.digest

    def _digest(self, name: str) -> str:
        tasks = self.tasks_folder
        files = _code_below(tasks / name)
        shares = any(SHARED.encode() in content for content in files.values())
        files |= _code_below(tasks / SHARED) if shares else {}
        digest = digest_files(tasks if shares else tasks / name, files)
        if not _import_plugins(files.values()):
            return digest
        return f"sha256:{hashlib.sha256(f'{digest} {self.plugins.digest()}'.encode()).hexdigest()}"

    def uses_plugins(self, name: str) -> bool:
        """Return whether a task imports something from a plug-in, directly or through the code that tasks share."""
        return any(_import_plugins(_code_below(self.tasks_folder / folder).values()) for folder in (name, SHARED))

    def _read_task(self, name: str) -> _TaskRead:
        """Return a task that was loaded before, if its files have not changed since."""
        folders = (self.tasks_folder / name, self.tasks_folder / SHARED)
        found = sorted(
            path for folder in folders for path in folder.rglob("*") if path.suffix not in _NOT_READ and path.is_file()
        )
        state = tuple((path, *_state(path)) for path in (*found, self.root / COURSE_FILE))
        if name not in self._read or self._read[name].state != state:
            self._read[name] = _TaskRead(state)
        return self._read[name]

    def submission_names(self) -> list[str]:
        """Return the names under ``submissions/``."""
        return folders_in(self.submissions_folder)

    def folder_of(self, name: str, task: str) -> Path:
        """Return the folder of the submission published as `name`, whether or not it exists.

        Raises:
            UsageError: the name is not allowed, or the person's folder is a link.
        """
        base, person = _owner(name)
        return self._person(base, person) / task

    def _person(self, base: str, name: str) -> Path:
        """Return the folder of one person's work."""
        check_name(name, "submission")
        folder = self.root / base / name
        if folder.is_symlink():  # otherwise one person's work would be graded as another's
            raise UsageError(f"{base}/{name} is a link: put the files there instead of a link, or remove it")
        return folder

    def submissions(self, path: str, task: str | None = None) -> list[Submission]:
        """Return the submissions at `path`: a person's folder with all its tasks, or ``PATH/<task>``.

        With `task`, only the submission to that task is returned.

        Raises:
            UsageError: there is no such submission; the message lists those that exist.
        """
        base, name, rest = self._locate(path)
        return self.submissions_of(base, name, rest, self.task_names(), task)

    def submissions_of(
        self, base: str, name: str, rest: Sequence[str], known: Sequence[str], task: str | None = None
    ) -> list[Submission]:
        """Return what `submissions` does at the path of `base`, `name` and `rest`, in a course with the `known` tasks.

        Raises:
            UsageError: there is no such submission; the message lists those that exist.
        """
        folder = self._person(base, name)
        published = name if base == SUBMISSIONS else f"{_OF_REFERENCES}{name}"
        if not folder.is_dir():
            names = folders_in(self.root / base)
            raise UsageError(f"there is no {base}/{name}{suggest(name, names)}")
        tasks = list(rest) or [
            one for one in folders_in(folder) if one in known or (folder / one / "model.py").exists()
        ]
        if task is not None:
            tasks = [task] if task in tasks or not rest else []
        for wanted in tasks:
            if wanted not in known:
                raise UsageError(f"{base}/{name}: there is no task {wanted!r}{suggest(wanted, known)}")
            if not (folder / wanted).is_dir() and not (folder / wanted).is_symlink():
                raise UsageError(f"{base}/{name} has no folder {wanted!r}{suggest(wanted, folders_in(folder))}")
        if not tasks:
            raise UsageError(f"{base}/{name} contains no task: put model.py, or a notebook, into {base}/{name}/<task>/")
        shared = self._shared_of_references() if base == REFERENCE else None
        return [Submission(published, wanted, folder / wanted, shared) for wanted in tasks]

    def _shared_of_references(self) -> Path | None:
        shared = self.reference_folder / SHARED
        return shared if shared.is_dir() else None

    def _locate(self, path: str) -> tuple[str, str, list[str]]:
        """Divide `path` into (submissions or reference, name, [task])."""
        for start in (current_folder(), Path.cwd(), self.root):
            absolute = Path(start, path)
            if absolute.is_file() and not absolute.is_symlink():  # a model.py or a notebook
                absolute = absolute.parent
            normal = Path(*absolute.parts[:1], *_normal(absolute.parts[1:]))
            for base in (SUBMISSIONS, REFERENCE):
                for top in reversed(list(normal.parents)[:2]):
                    if top == self.root / base or _is_same(top, self.root / base):
                        name, *rest = normal.relative_to(top).parts
                        return base, name, rest
        names = [f"{base}/{name}" for base in (SUBMISSIONS, REFERENCE) for name in folders_in(self.root / base)]
        raise UsageError(
            f"{path!r} is not a submission: expected submissions/<name>, submissions/<name>/<task> "
            f"or the same under reference/{suggest(self._meant(path), names)}"
        )

    def _meant(self, path: str) -> str:
        """Return `path` with ``submissions/`` before it if it begins with a person's name, as in ``bob/usps``."""
        first = next(iter(_normal(Path(path).parts)), "")
        return f"{SUBMISSIONS}/{first}" if first in self.submission_names() else path


def published_folder(name: str, task: str) -> str:
    """Return the folder of the submission published as `name`, relative to the course, as in records."""
    return "/".join((*_owner(name), task))


def current_folder() -> Path:
    """Return the current folder by the path through which the shell entered it, including links.

    Raises:
        UsageError: the folder was removed.
    """
    entered = Path(os.environ.get("PWD", ""))
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            f"the current folder{f' {entered}' if entered.name else ''} was removed: cd to another one"
        ) from error
    return entered if entered.is_absolute() and ".." not in entered.parts and _is_same(entered, here) else here


def folders_in(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, and of links, which are refused when they are opened.

    Names that begin with ``.`` or ``_`` are left out: they are not submissions.
    """
    if not folder.is_dir():
        return []
    shown = (path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    return sorted(path.name for path in shown if path.is_symlink() or path.is_dir())


def suggest(name: str, available: Iterable[str]) -> str:
    """Return ": did you mean …? available: …" for an unknown `name`; if there are many names, only the first ones."""
    available = sorted(available)
    close = [one for one in available if one.lower() == name.lower()] or difflib.get_close_matches(name, available, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(available) - _LISTED} more" if len(available) > _LISTED else ""
    return f": {meant}available: {', '.join(available[:_LISTED]) or 'none'}{more}"


def _code_below(folder: Path) -> dict[Path, bytes]:
    """Return the Python files below `folder` with their contents."""
    return {path: path.read_bytes() for path in folder.rglob("*.py")}


def digest_files(folder: Path, files: Mapping[Path, bytes]) -> str:
    """Return one digest of the names and contents of `files` below `folder`."""
    digest = hashlib.sha256()
    for path, found in sorted(files.items()):
        content = deciding_code(found) if path.name == "task.py" else found
        digest.update(os.fsencode(path.relative_to(folder)) + f"\0{len(content)}\0".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def _state(path: Path) -> tuple[int, ...]:
    """Return the size, times and inode of a file, which change when it is written."""
    try:
        found = path.stat()
    except OSError:  # a broken link
        return ()
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _normal(parts: tuple[str, ...]) -> list[str]:
    """Resolve ``.`` and ``..`` without following links, because a link among submissions is refused later."""
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return kept


def repositories_in(folder: Path) -> list[Path]:
    """Return the ``.git`` of each repository below `folder`; files in a repository are not part of a submission."""
    found = []
    for where, folders, files in islice(os.walk(folder), _MOST_FOLDERS):
        found += [Path(where, name) for name in (*folders, *files) if name.casefold() == ".git"]
        deep = len(Path(where).relative_to(folder).parts) >= _MOST_DEPTH
        folders[:] = [] if deep else [name for name in folders if not name.startswith(".")]
    return sorted(found)


def _owner(name: str) -> tuple[str, str]:
    """Divide the published name of a submission into (submissions or reference, name)."""
    return (REFERENCE, name.removeprefix(_OF_REFERENCES)) if name.startswith(_OF_REFERENCES) else (SUBMISSIONS, name)


def _has_tasks(folder: Path) -> bool:
    return any((folder / TASKS).glob("*/task.py"))


def _is_inside_a_course(folder: Path) -> bool:
    """Return whether `folder`, by its path or its target, is where a course keeps files of other people."""
    return any(
        way.relative_to(above).parts[0].casefold() in _OF_OTHERS and _has_tasks(above)
        for way in (folder, folder.resolve())
        for above in way.parents
    )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _where(error: BaseException, folder: Path) -> str:
    """Return file and line of an error: the last frame in the task's folder, or the lines of the wrong fields."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    if not frames:
        return str(folder / "task.py")
    path, line = frames[-1].filename, frames[-1].lineno or 1
    lines = lines_of_fields(Path(path).read_bytes(), line, error.fields) if isinstance(error, TaskError) else []
    return f"{path}:{', '.join(map(str, lines or [line]))}"


def _meant(error: BaseException, folder: Path) -> str:
    """Return a hint for common mistakes: an unknown field, the import of a file next to ``task.py``, the encoding."""
    if unreadable := unreadable_source(error, str(error), folder):
        return f": {' '.join(unreadable)}"
    if isinstance(error, ModuleNotFoundError) and error.name and (folder / f"{error.name}.py").exists():
        return f": {error.name}.py is next to task.py, so write: from .{error.name} import …"
    found = re.match(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error))
    declared = getattr(harness.contract, found[1], None) if found else None
    if found is None or not is_dataclass(declared):
        return ""
    return suggest(found[2], (field.name for field in fields(declared) if field.init))


def _import_task(root: Path, folder: Path) -> ModuleType:
    """Import ``task.py`` as a module of a separate package, so that it can use ``from .data import …``.

    That package is part of a package of the course: ``from .._shared import …`` imports code that tasks share, and
    ``from .._plugins import …`` a metric or a kind from an installed package that the course names.
    """
    course = f"_course_{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"
    package = f"{course}.{folder.name.replace('-', '_dash_')}"
    for stale in (package, f"{course}.{SHARED}"):
        for name in [name for name in sys.modules if name == stale or name.startswith(f"{stale}.")]:
            del sys.modules[name]  # the files may have changed
    for name, path in ((course, folder.parent), (package, folder)):
        holder = ModuleType(name)
        holder.__path__ = [str(path)]
        sys.modules[name] = holder
    spec = importlib.util.spec_from_file_location(f"{package}.task", folder / "task.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with _no_bytecode(), _plugins_importable(f"{course}.{PLUGIN_MODULE}", root):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _plugins_importable(name: str, root: Path) -> Iterator[None]:
    """Make `name` importable in the body only, because code that inspects all modules must not load metrics."""
    sys.modules[name] = _plugin_module(name, root)
    try:
        yield
    finally:
        del sys.modules[name]


def _plugin_module(name: str, root: Path) -> ModuleType:
    """Return a module whose attributes are metrics and kinds of the course's plug-ins, which are imported on access."""

    def provided(attribute: str) -> Metric | Kind:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        plugins = Plugins.of(root)
        kinds, metrics = ({offer.name for offer in plugins.offers(group)} for group in (KIND_GROUP, METRIC_GROUP))
        if attribute in kinds & metrics:
            raise TaskError(
                f"plug-ins provide both a kind and a metric {attribute!r}: name only one of the packages in "
                f"{plugins.file.path}"
            )
        if attribute not in kinds | metrics:
            raise plugins.nothing_offers(attribute, KIND_GROUP, METRIC_GROUP)
        if attribute in kinds:
            return _kind(plugins, attribute)
        return plugins.load(METRIC_GROUP, attribute, Metric)

    module = ModuleType(name)
    vars(module)["__getattr__"] = provided
    return module


def _kind(plugins: Plugins, name: str) -> Kind:
    kind = plugins.load(KIND_GROUP, name, Kind)  # type: ignore[type-abstract] # it returns an object of a subclass
    found = getattr(kind, "name", None)
    if found != name:
        raise TaskError(f"the {plugins.find(KIND_GROUP, name)} has the name {found!r}; expected {name!r}")
    return kind


def _import_plugins(contents: Iterable[bytes]) -> bool:
    return any(PLUGIN_MODULE.encode() in content for content in contents)


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Prevent ``__pycache__`` in the body, so that reading a task changes no file of the course."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
