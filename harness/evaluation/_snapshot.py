"""Copy a submission: regular files only, with bounds on their number and size, and without following links."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from harness.contract import Limits, Task
from harness.errors import SubmissionError
from harness.evaluation._folder import Opened, open_folder
from harness.evaluation._model_source import ModelSource, describe_cells
from harness.evaluation._roles import WEIGHTS, Role, missing_model, role_of
from harness.notebooks import MAX_NOTEBOOK_BYTES, Notebook, NotebookError, notebook_among, read_notebook
from harness.record import Mode

_TRAINED, _NAMED = "trained", 5
_TRAINED_HERE = "the model is trained here"
_PUT_INTO_WEIGHTS = (
    f"; this task also accepts trained weights: put what `save` wrote into the folder {WEIGHTS}/ next to model.py"
)
_NO_FILE = re.compile(r"FileNotFoundError: (\[Errno 2\] )?No such file or directory: ('[^']*'|[^:]*)")
_NOT_SUBMITTED = frozenset({"__pycache__"})
_ITSELF = "."
_TOO_MANY = PurePosixPath("…")
"""A name in place of all files after the last one that is read."""
_MAX_FILES, _MAX_FOLDERS = 2_000, 500
"""The largest numbers of files in a submission and of folders that contain them: a copy creates all of them."""
_MAX_LOOKED_AT = 50_000
"""The largest number of files and folders that are listed, including documents and empty folders."""
_MAX_DEPTH = 16
_SOURCE_BYTES = 16 << 20
"""A bound on the size of source files, more than anybody writes; data files have separate limits."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The facts about a submission's files that decide results: their digest, and whether they include weights."""

    digest: str
    ships_weights: bool
    ships_trained: bool = False
    """Whether there are trained model files next to the source."""

    @property
    def brings_weights(self) -> bool:
        """Whether there are trained model files anywhere."""
        return self.ships_weights or self.ships_trained


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A copy of a submission, which its owner can no longer change."""

    files: Path
    """The folder with ``model.py`` and the other files, without ``weights/``."""
    weights: Path | None
    """The shipped artifact; None if there is none."""
    digest: str
    source_bytes: int
    shipped_bytes: int
    """The size of the data files next to the source."""
    problem: SubmissionError | None
    """Why the submission cannot be used; None if it can."""
    notebook: Notebook | None = None
    """The notebook from which ``model.py`` is assembled, if there is no ``model.py``."""
    source: ModelSource | None = None
    """The ``model.py`` assembled from the notebook; None before that."""
    trained: tuple[str, ...] = ()
    """Trained model files next to ``model.py``, copied to a separate folder until the mode is known."""
    notes: tuple[str, ...] = ()
    """Notes for the author, such as what was set aside and why."""
    set_aside_because: str = ""
    """Why trained files were set aside, and where to put them if the task accepts them; empty if they were not."""

    @property
    def contents(self) -> Contents:
        """The contents of the submission, as `read_contents` returns them for the original folder."""
        return Contents(digest=self.digest, ships_weights=self.weights is not None, ships_trained=bool(self.trained))

    def in_mode(self, mode: Mode, task: Task) -> Snapshot:
        """Return the snapshot as workers see it: trained files are included only if `mode` is ``loaded``."""
        trained, size = self.files.with_name(_TRAINED), 0
        if mode == "trained":
            advice = _PUT_INTO_WEIGHTS if task.weights == "allowed" and self.weights is None else ""
            notes = _set_aside(self.trained, self.weights is not None, advice)
            because = f"{_TRAINED_HERE}: learn it in fit{advice}"
            return replace(self, notes=(*self.notes, *notes), set_aside_because=because)
        for name in self.trained:
            size += (trained / name).stat().st_size
            _copy(trained / name, self.files / name)
        if self.weights is not None:
            for path in sorted(path for path in self.weights.rglob("*") if path.is_file()):
                _copy(path, self.files / WEIGHTS / path.relative_to(self.weights))
        _open_to_all(self.files)
        return replace(self, shipped_bytes=self.shipped_bytes + size)

    def with_any_weights(self) -> Snapshot:
        """Return the snapshot with trained files next to the source as its artifact, where there is no other."""
        if self.weights is not None or not self.trained:
            return self
        return replace(self, weights=self.files.with_name(_TRAINED))

    def explained(self, error: SubmissionError) -> SubmissionError:
        """Return `error` with the cell of a notebook, and with the reason if the missing file was set aside."""
        if self.source is not None:
            error = self.source.translated(error)
        missing = next((name for name in self.trained if PurePosixPath(name).name in error.message), None)
        if not self.set_aside_because or missing is None:
            return error
        found = _NO_FILE.match(error.message)  # without the advice after it, which is for a file that was not handed in
        message = f"{found[0] if found else error.message}: {missing} was set aside, because {self.set_aside_because}"
        return SubmissionError(
            error.kind, error.phase, message, file=error.file, line=error.line, log_tail=error.log_tail
        )

    def with_source(self, source: ModelSource) -> Snapshot:
        """Return the snapshot with the ``model.py`` that was assembled from its notebook."""
        content = source.text.encode("utf-8", "surrogatepass")
        (self.files / "model.py").write_bytes(content)
        (self.files / "model.py").chmod(0o644)
        notes = [f"model.py is {describe_cells(source.cells)} of {source.notebook.name}"]
        if source.missing:
            names = ", ".join(source.missing[:_NAMED])
            notes.append(
                f"the model uses {names}, which no cell defines by an import, a function, a class or an assignment: "
                "define each name in one of these ways, in a cell of its own or in fit"
            )
        if source.set_again:
            names = ", ".join(source.set_again[:_NAMED])
            notes.append(
                f"the model uses the first value of {names}, because statements that change it later, such as a loop, "
                "a with block or a call, are not extracted: compute it in a function or in fit"
            )
        return replace(self, source=source, source_bytes=self.source_bytes + len(content), notes=(*self.notes, *notes))


@dataclass(frozen=True)
class _FoundFile:
    path: PurePosixPath
    content: bytes | None
    """None for a document, which is not read, and for anything that is not a regular file."""
    role: Role


def read_contents(folder: Path, limits: Limits, shared: Path | None = None) -> Contents:
    """Digest the submission at `folder` without copying it."""
    digest = hashlib.sha256()
    ships_weights = ships_trained = False
    for entry, over in _digested(folder, shared, _cap(limits), digest):
        plain = entry.content is not None and not over
        ships_weights |= plain and entry.role == "weights" and len(entry.path.parts) > 1
        ships_trained |= plain and entry.role == "trained"
    return Contents(digest=f"sha256:{digest.hexdigest()}", ships_weights=ships_weights, ships_trained=ships_trained)


def read_files(
    folder: Path, limits: Limits, shared: Path | None = None
) -> Iterator[tuple[PurePosixPath, bytes | None]]:
    """Yield the files that a snapshot of `folder` would read, with None for anything that is not a regular file."""
    for entry, _ in _digested(folder, shared, _cap(limits), hashlib.sha256()):
        if entry.role != "document":
            yield entry.path, entry.content


def take_snapshot(folder: Path, to: Path, limits: Limits, shared: Path | None = None) -> Snapshot:
    """Copy the submission at `folder` into `to`.

    `shared` is a folder that references have in common. If a file of the submission contains its name, it is copied
    next to ``model.py``, and its files are counted and digested like the submission's own.
    """
    cap = _cap(limits)
    digest = hashlib.sha256()
    copy = _SnapshotCopy(to)
    for entry, over in _digested(folder, shared, cap, digest):
        if over:
            copy.problem = SubmissionError(
                "resource_limit",
                "import",
                f"the submission holds more than {cap} bytes, {_MAX_FILES} files or {_MAX_FOLDERS} folders: hand in "
                "less",
            )
            break
        copy.add(entry)
    to.mkdir(parents=True, exist_ok=True)
    weights = to.with_name(WEIGHTS)
    return Snapshot(
        files=to,
        weights=weights if weights.is_dir() else None,
        digest=f"sha256:{digest.hexdigest()}",
        source_bytes=copy.bytes["source"],
        shipped_bytes=copy.bytes["shipped"],
        problem=copy.find_problem(),
        notebook=copy.notebook,
        trained=tuple(copy.trained),
    )


class _SnapshotCopy:
    """Copies a submission's files one by one."""

    def __init__(self, to: Path) -> None:
        self._to = to
        self._refused: list[str] = []
        self._seen: list[PurePosixPath] = []
        self.bytes: Counter[Role] = Counter()
        self.trained: list[str] = []
        self.notebook: Notebook | None = None
        self.problem: SubmissionError | None = None

    def add(self, entry: _FoundFile) -> None:
        self._seen.append(entry.path)
        if entry.role == "document":
            return
        if entry.content is None:
            self._refused.append(str(entry.path))
            return
        if entry.role == "notebook":
            self._read(entry.path.name, entry.content)
            return
        if entry.role == "trained":
            self.trained.append(str(entry.path))
        self.bytes[entry.role] += len(entry.content)
        _write(self._to, entry)

    def find_problem(self) -> SubmissionError | None:
        """Return why the submission cannot be used, or None."""
        if self._refused:
            return _refusal(self._refused)
        if self.problem is not None or self.notebook is not None:
            return self.problem
        if not (self._to / "model.py").is_file():
            return SubmissionError("invalid_submission", "import", missing_model(self._seen))
        if PurePosixPath("model", "__init__.py") in self._seen:
            return SubmissionError(
                "invalid_submission",
                "import",
                "the package model/ hides model.py: give the folder another name, such as nets/",
            )
        return None

    def _read(self, name: str, content: bytes) -> None:
        try:
            self.notebook = read_notebook(name, content)
        except NotebookError as error:
            self.problem = SubmissionError("invalid_submission", "import", str(error))


def check_snapshot(snapshot: Snapshot, mode: Mode, limits: Limits) -> None:
    """Raise if no worker should be started for a snapshot.

    Raises:
        SubmissionError: files of the wrong kind, no ``model.py``, or too much data shipped with a trained model.
    """
    if snapshot.problem is not None:
        raise snapshot.problem
    if mode == "trained" and snapshot.shipped_bytes > limits.shipped_bytes:
        raise SubmissionError(
            "resource_limit",
            "import",
            f"data files next to model.py hold {snapshot.shipped_bytes} bytes, limit shipped_bytes "
            f"{limits.shipped_bytes}: a model that is trained here learns from the data it is given",
        )


def _cap(limits: Limits) -> int:
    return limits.artifact_bytes + limits.shipped_bytes + _SOURCE_BYTES


def _digested(folder: Path, shared: Path | None, cap: int, digest: hashlib._Hash) -> Iterator[tuple[_FoundFile, bool]]:
    """Yield the files of a submission and add them to `digest`; the flag marks a last file that exceeds the bounds.

    The digest does not include documents, which decide nothing, and includes only the code of a notebook.
    """
    total = number = 0
    folders = {PurePosixPath()}
    for entry in _with_shared(_walk(folder, cap), shared, cap):
        if entry.role == "document":
            yield entry, False
            continue
        number += 1
        if len(entry.path.parts) > 1:
            folders.update(entry.path.parents)
        if entry.path == _TOO_MANY or number > _MAX_FILES or len(folders) > _MAX_FOLDERS:
            yield entry, True
            return
        content = _code_of(entry) if entry.role == "notebook" else entry.content
        size = -1 if content is None else len(content)
        digest.update(os.fsencode(entry.path) + f"\0{size}\0".encode())
        if content is None:
            yield entry, False
            continue
        digest.update(content)
        total += len(content)
        over = total > cap
        yield entry, over
        if over:
            return


def _refusal(names: list[str]) -> SubmissionError:
    """Return the error for entries that are not regular files or folders, or have names that cannot be used."""
    if names == [_ITSELF]:
        return SubmissionError(
            "invalid_submission",
            "import",
            "the folder of this submission is a link, or cannot be opened: put the files there instead of a link",
        )
    shown = ", ".join(repr(name) for name in names[:5]) + (" …" if len(names) > 5 else "")
    return SubmissionError(
        "invalid_submission",
        "import",
        f"{shown}: not a plain file or folder; replace links, pipes and devices by plain files, use names in UTF-8, "
        f"and nest folders at most {_MAX_DEPTH - 1} deep",
    )


def _code_of(entry: _FoundFile) -> bytes | None:
    """Return the code of a notebook, or all of its content if it cannot be parsed."""
    if entry.content is None:
        return None
    try:
        return read_notebook(entry.path.name, entry.content).code
    except NotebookError:
        return entry.content


def _set_aside(trained: tuple[str, ...], weights: bool, advice: str) -> list[str]:
    names = [*trained[:_NAMED], *([f"{WEIGHTS}/"] if weights else [])]
    if not names:
        return []
    more = f" and {len(trained) - _NAMED} more" if len(trained) > _NAMED else ""
    return [f"set aside: {', '.join(names)}{more}; {_TRAINED_HERE}, so trained files are not used{advice}"]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _open_to_all(folder: Path) -> None:
    """Let every user read the files below `folder`."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _write(to: Path, entry: _FoundFile) -> None:
    """Write a copy that every user can read; ``weights/`` and trained files go to separate folders."""
    base = {"weights": to.parent, "trained": to.with_name(_TRAINED)}.get(entry.role, to)
    target = base / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    assert entry.content is not None
    target.write_bytes(entry.content)
    target.chmod(0o644)
    for parent in target.relative_to(base).parents:
        (base / parent).chmod(0o755)


def _with_shared(entries: Iterator[_FoundFile], shared: Path | None, cap: int) -> Iterator[_FoundFile]:
    """Yield `entries`, then the files of `shared` if one of them contains its name."""
    named = False
    for entry in entries:
        named = named or (shared is not None and entry.content is not None and shared.name.encode() in entry.content)
        yield entry
    if shared is not None and named:
        for entry in _walk(shared, cap):
            yield _FoundFile(shared.name / entry.path, entry.content, entry.role)


def _is_plain(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _walk(folder: Path, cap: int) -> Iterator[_FoundFile]:
    """Yield the files below `folder` in the order of their paths, without following links."""
    with ExitStack() as held:
        try:
            top = held.enter_context(open_folder(folder))
        except OSError:
            yield _FoundFile(PurePosixPath(_ITSELF), None, "shipped")
            return
        left = iter(range(_MAX_LOOKED_AT))
        try:
            names = top.names()
            yield from _walk_opened(top, names, PurePosixPath(), cap, left, notebook_among(names))
        except _TooManyError:
            yield _FoundFile(_TOO_MANY, None, "shipped")


class _TooManyError(Exception):
    """There are more files and folders than are listed."""


def _walk_opened(
    folder: Opened,
    names: Iterable[str],
    prefix: PurePosixPath,
    cap: int,
    left: Iterator[int],
    notebook: str | None = None,
) -> Iterator[_FoundFile]:
    for name in sorted(names):
        if next(left, None) is None:
            raise _TooManyError
        if name.startswith(".") or name in _NOT_SUBMITTED:
            continue
        path = prefix / name
        if not _is_plain(name) or len(path.parts) > _MAX_DEPTH:
            yield _FoundFile(path, None, "shipped")
            continue
        role = "notebook" if name == notebook else role_of(path)
        mode = folder.mode(name)
        if stat.S_ISDIR(mode):
            with folder.enter(name) as inner:
                yield from _walk_opened(inner, inner.names(), path, cap, left)
        elif role == "document":
            yield _FoundFile(path, None, role)
        elif stat.S_ISREG(mode):
            most = MAX_NOTEBOOK_BYTES if role == "notebook" else cap
            yield _FoundFile(path, folder.read(name, most + 1), role)
        else:
            yield _FoundFile(path, None, role)
