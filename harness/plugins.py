"""Plug-ins: installed packages that provide tasks, kinds of task, metrics and learning platforms by entry points.

A package is imported only if the file ``course.toml`` of the course names it: ``plugins = ["PACKAGE"]``. It is searched
for among the installed packages, never in a folder of the course. Workers import nothing of it and cannot read its
tasks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import TaskError, UsageError

COURSE_FILE = "course.toml"
"""The file that names the course's time zone and its plug-ins; `harness new course` writes it."""
TASK_GROUP, KIND_GROUP = "harness.tasks", "harness.kinds"
METRIC_GROUP, PLATFORM_GROUP = "harness.metrics", "harness.platforms"
"""The groups of entry points that the harness reads."""
HIDDEN_FOLDER = "harness_course"
"""The folder with the tasks of a package; every sandbox that can hide files hides it."""
PLUGIN_MODULE = "_plugins"
"""The module of a course from which its tasks import metrics and kinds of plug-ins: ``from .._plugins import NAME``."""
_GROUPS = {TASK_GROUP: "task", KIND_GROUP: "kind", METRIC_GROUP: "metric", PLATFORM_GROUP: "platform"}
_PREFIX = "harness."
_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EXPECTED = 'timezone = "Europe/Berlin", plugins = ["PACKAGE"] and nothing else'
_Provided = TypeVar("_Provided")


@dataclass(frozen=True)
class CourseFile:
    """The contents of ``course.toml``."""

    path: Path
    timezone: str | None = None
    plugins: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> CourseFile:
        """Read the file at `path`; a missing file is the same as an empty one.

        Raises:
            UsageError: it has an unknown or wrong entry.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return cls(path)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path}: {error}") from error
        zone, plugins = content.get("timezone"), content.get("plugins", [])
        known = set(content) <= {"timezone", "plugins"} and isinstance(zone, str | None)
        if not known or not isinstance(plugins, list) or not all(map(_is_package, plugins)):
            raise UsageError(f"{path}: expected {_EXPECTED}, found {content!r}")
        return cls(path, zone, tuple({_normal(name): name for name in plugins}.values()))


@dataclass(frozen=True)
class Offer:
    """One entry point of an installed package."""

    package: str
    version: str
    entry: metadata.EntryPoint = field(repr=False)

    @property
    def name(self) -> str:
        """The name under which a course uses it."""
        return self.entry.name

    def __str__(self) -> str:
        return f"{_what(self.entry.group)} {self.name!r} of {self.package} {self.version}"


@dataclass(frozen=True)
class Plugins:
    """The packages that a course names, with the entry points of those that are installed."""

    file: CourseFile

    @classmethod
    def of(cls, root: Path) -> Plugins:
        """Return the plug-ins of the course whose folder is `root`.

        Raises:
            UsageError: its ``course.toml`` is damaged.
        """
        return cls(CourseFile.read(root / COURSE_FILE))

    @cached_property
    def distributions(self) -> dict[str, metadata.Distribution]:
        """The named packages that are installed, by the names that the course uses."""
        return {name: found for name in self.file.plugins if (found := _installed(name)) is not None}

    @property
    def missing(self) -> list[str]:
        """The named packages that are not installed."""
        return [name for name in self.file.plugins if name not in self.distributions]

    def offers(self, group: str) -> list[Offer]:
        """Return the entry points of the named packages in `group`, without importing them."""
        entries = ((found, entry) for found in self.distributions.values() for entry in _entries(found) or ())
        return sorted(
            (Offer(found.name, found.version, entry) for found, entry in entries if entry.group == group),
            key=lambda offer: offer.name,
        )

    def find(self, group: str, name: str) -> Offer:
        """Return the only entry point `name` of `group`.

        Raises:
            TaskError: there is no such entry point, or there are several.
        """
        offers = self.offers(group)
        found = [offer for offer in offers if offer.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise TaskError(
                f"the {_what(group)} {name!r} is provided by {' and '.join(f'{one.package}' for one in found)}: "
                f"name only one of them in {self.file.path}"
            )
        raise self.nothing_offers(name, group)

    def nothing_offers(self, name: str, *groups: str) -> TaskError:
        """Return the error which says that no named package has an entry point `name` in one of `groups`."""
        missing = f"; not installed: {', '.join(self.missing)}: {_install(self.missing)}" if self.missing else ""
        offered = [offer.name for group in groups for offer in self.offers(group)]
        return TaskError(
            f"no plug-in offers a {' or '.join(map(_what, groups))} {name!r} (entry points of {' or '.join(groups)}): "
            f"{self.file.path} names {', '.join(self.file.plugins) or 'no plugins'}, which offer "
            f"{', '.join(offered) or 'none'}{missing}"
        )

    def load(self, group: str, name: str, expected: type[_Provided]) -> _Provided:
        """Import the entry point `name` of `group`, which must be of the type `expected`.

        Raises:
            TaskError: there is not exactly one, it cannot be imported, or it has another type.
        """
        offer = self.find(group, name)
        try:
            found: Any = offer.entry.load()
        except (Exception, SystemExit) as error:
            raise self._unusable(offer, f"cannot be imported ({type(error).__name__}: {error})") from error
        if not isinstance(found, expected):
            wanted = f"{expected.__module__.rpartition('._')[0]}.{expected.__name__}"
            raise self._unusable(offer, f"is of type {type(found).__name__}; expected {wanted}")
        return found

    def course_of_task(self, name: str) -> tuple[Offer, Path]:
        """Return the task `name` of a plug-in, and the folder whose ``tasks/`` contains it, without importing the task.

        Raises:
            TaskError: there is not exactly one, or it is not in the required folder.
        """
        offer = self.find(TASK_GROUP, name)
        try:
            spec = importlib.util.find_spec(offer.entry.module)
        except (Exception, SystemExit) as error:  # its parent packages are imported
            raise self._unusable(offer, f"cannot be found ({type(error).__name__}: {error})") from error
        is_hidden = re.fullmatch(rf"{HIDDEN_FOLDER}\.\w+\.tasks\.{re.escape(name)}", offer.entry.module)
        for place in [] if spec is None or not is_hidden else spec.submodule_search_locations or []:
            folder = Path(place)
            if (folder / "task.py").is_file():
                return offer, folder.parents[1]
            raise self._unusable(offer, f"is a folder without task.py, {folder}")
        wanted = f"{HIDDEN_FOLDER}.NAME_OF_THE_PACKAGE.tasks.{name}"
        where = "is missing" if spec is None else f"is in {spec.origin or spec.submodule_search_locations}"
        raise self._unusable(offer, f"{where}; expected the package {wanted}, which no worker can read")

    def problems(self) -> Iterator[str]:
        """Yield problems of the named packages that can be found without importing them."""
        for name in self.missing:
            yield f"{self.file.path} names {name}, which is not installed: {_install([name])}, or remove it there"
        for name, found in self.distributions.items():
            entries = _entries(found)
            if entries is None:
                yield f"the entry points of {name} {found.version} cannot be read: reinstall it"
                continue
            groups = {entry.group for entry in entries if entry.group.startswith(_PREFIX)}
            for group in sorted(groups - set(_GROUPS)):
                yield f"{name} {found.version} has entry points of group {group}, which this harness does not use"
            if not groups & set(_GROUPS):
                yield f"{name} {found.version} offers nothing: it has no entry points of {', '.join(_GROUPS)}"
        for group in _GROUPS:
            names = [offer.name for offer in self.offers(group)]
            for twice in sorted({name for name in names if names.count(name) > 1}):
                try:
                    self.find(group, twice)
                except TaskError as error:
                    yield str(error)

    def installed(self) -> Iterator[tuple[str, bool]]:
        """Yield a description of each installed package with entry points, and whether the course names the package."""
        named = {_normal(name) for name in self.file.plugins}
        seen = set[str]()
        for found in metadata.distributions():  # if two have the same name, the first one is imported
            name = str(found.name)
            entries = [f"{_what(one.group)} {one.name}" for one in _entries(found) or () if one.group in _GROUPS]
            if entries and _normal(name) not in seen:
                yield f"{name} {found.version} ({', '.join(sorted(entries))})", _normal(name) in named
            seen.add(_normal(name))

    def digest(self) -> str:
        """Return one digest of the code of the metrics and kinds of the named packages."""
        digest = hashlib.sha256()
        for offer in (*self.offers(METRIC_GROUP), *self.offers(KIND_GROUP)):
            digest.update(f"{offer.name}\0{offer.entry.value}\0".encode())
            for path in _sources(re.split(r"[.:\s]", offer.entry.value)[0]):
                digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
        return digest.hexdigest()

    def _unusable(self, offer: Offer, why: str) -> TaskError:
        return TaskError(
            f"the {offer} (entry point {offer.entry.value!r} of group {offer.entry.group}) {why}; correct or reinstall "
            f"{offer.package}, or remove it from {self.file.path}"
        )


def _sources(top: str) -> list[Path]:
    """Return the Python files of the package or module `top`, without importing it."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):  # it is not a name, or a module without a file
        spec = None
    if spec is None:
        return []
    folders = [Path(place) for place in spec.submodule_search_locations or []]
    alone = [Path(spec.origin)] if not folders and spec.origin is not None and spec.has_location else []
    return alone + sorted(path for folder in folders for path in folder.rglob("*.py"))


def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _entries(found: metadata.Distribution) -> list[metadata.EntryPoint] | None:
    """Return the entry points of a package; None if they cannot be read."""
    try:
        return list(found.entry_points)
    except Exception:  # a damaged file raises many kinds of error
        return None


def _is_package(name: object) -> bool:
    return isinstance(name, str) and _PACKAGE.fullmatch(name) is not None


def _normal(name: str) -> str:
    """Return the normalised name of a package, by which package indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _what(group: str) -> str:
    return _GROUPS.get(group, group)


def _install(names: list[str]) -> str:
    return f"pip install {' '.join(names)}"
