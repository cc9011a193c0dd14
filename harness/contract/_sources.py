"""Where a task's data may come from, in the words canonical, local and embedded."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar, Literal, NamedTuple

from harness.contract._errors import TaskError
from harness.contract._split import Parts

_DIGEST = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
_RELEASE = re.compile(r"pip:[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+")

SourceKind = Literal["canonical", "local", "embedded"]


@dataclass(frozen=True)
class Baseline:
    """The primary metric's value to reach; with `strict` to be better than."""

    value: float
    strict: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise TaskError(f"a baseline of {self.value!r} cannot be compared with: expected a finite number")


class Counts(NamedTuple):
    """How many items each part must have."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, kw_only=True)
class File:
    """One official file: its canonical name, where it is published, and the digest of its bytes."""

    name: str
    url: str
    """Of a site, or ``pip:<name>==<version>``: the wheel of that release on the package index."""
    digest: str
    """``md5:...`` or ``sha256:...``, as the publisher gives it."""
    licence: str = ""
    """Of an asset; a source states that of its files together."""

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise TaskError(
                f"file {self.name!r} has the digest {self.digest!r}: expected md5:… (32) or sha256:… (64 digits)"
            )
        if self.url.startswith("pip:") and not _RELEASE.fullmatch(self.url):
            raise TaskError(f"file {self.name!r} has the url {self.url!r}: expected pip:<name>==<version>")
        if PurePath(self.name).name != self.name:
            raise TaskError(f"a file cannot be called {self.name!r}: expected a plain name")


@dataclass(frozen=True, kw_only=True)
class _Described:
    title: str
    licence: str
    baseline: Baseline
    counts: Counts | None = None
    """None where the instructor's own files decide."""

    kind: ClassVar[SourceKind]

    def __post_init__(self) -> None:
        if not isinstance(self.baseline, Baseline):
            raise TaskError(f"source {self.title!r} has no baseline: give it baseline=harness.Baseline(value)")


@dataclass(frozen=True, kw_only=True)
class Canonical(_Described):
    """The official bytes, found in a data root, the cache, or downloaded."""

    files: tuple[File, ...]
    load: Callable[[Path], Parts]
    """Reads the folder that holds the files."""

    kind: ClassVar[SourceKind] = "canonical"


@dataclass(frozen=True, kw_only=True)
class Local(_Described):
    """Files (or folders) that an instructor placed in a data root, whatever their digest."""

    files: tuple[str, ...]
    load: Callable[[Path], Parts]

    kind: ClassVar[SourceKind] = "local"


@dataclass(frozen=True, kw_only=True)
class Embedded(_Described):
    """Data inside a package or generated: no network, for practice."""

    load: Callable[[], Parts]

    kind: ClassVar[SourceKind] = "embedded"


Source = Canonical | Local | Embedded
