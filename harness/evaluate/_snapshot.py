"""A fresh copy of a submission's files: regular files only, nothing followed, everything counted."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.contract import Limits, SubmissionError
from harness.evaluate._folder import Opened, open_folder
from harness.record import Mode

WEIGHTS = "weights"
_NOT_SUBMITTED = frozenset({"__pycache__"})
_MAX_FILES = 2_000
_MAX_DEPTH = 16
_SOURCE_BYTES = 16 << 20
"""More than anybody writes; keeps the copy bounded where data is counted elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a submission holds, copied where its owner cannot change it any more."""

    files: Path
    """``model.py`` and what lies beside it, without ``weights/``."""
    weights: Path | None
    """The shipped artifact; None if there is none."""
    digest: str
    source_bytes: int
    shipped_bytes: int
    """Of files beside the source."""
    problem: SubmissionError | None
    """Why it cannot be used."""
    notes: tuple[str, ...] = ()
    """What its owner should know: what was set aside, and why."""


@dataclass(frozen=True)
class _Entry:
    path: PurePosixPath
    content: bytes | None
    """None for what is not a regular file."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a plan must know of a submission's files; a snapshot of them would say the same."""

    digest: str
    ships_weights: bool


def read_contents(folder: Path, limits: Limits, shared: Path | None = None) -> Contents:
    """Digest the submission at `folder` where it lies; nothing is copied."""
    digest = hashlib.sha256()
    ships_weights = False
    for entry, over in _digested(folder, shared, _cap(limits), digest):
        plain = entry.content is not None and not over
        ships_weights |= plain and entry.path.parts[0] == WEIGHTS and len(entry.path.parts) > 1
    return Contents(digest=f"sha256:{digest.hexdigest()}", ships_weights=ships_weights)


def read_files(
    folder: Path, limits: Limits, shared: Path | None = None
) -> Iterator[tuple[PurePosixPath, bytes | None]]:
    """Yield what a snapshot of `folder` would read; None for what is no plain file."""
    for entry, _ in _digested(folder, shared, _cap(limits), hashlib.sha256()):
        yield entry.path, entry.content


def take_snapshot(folder: Path, to: Path, limits: Limits, shared: Path | None = None) -> Snapshot:
    """Copy the submission at `folder` into `to`.

    `shared`, which references have in common, is copied beside ``model.py`` under its own name if a file there
    names it: then it is read, counted and digested like the submission's own files.
    """
    cap = _cap(limits)
    digest = hashlib.sha256()
    refused: list[str] = []
    counts = {"source": 0, "shipped": 0, WEIGHTS: 0}
    problem: SubmissionError | None = None
    for entry, over in _digested(folder, shared, cap, digest):
        if entry.content is None:
            refused.append(str(entry.path))
            continue
        if over:
            problem = SubmissionError(
                "resource_limit",
                "import",
                f"the submission holds more than {cap} bytes or {_MAX_FILES} files: hand in less",
            )
            break
        counts[_role(entry.path)] += len(entry.content)
        _write(to, entry)
    if refused:
        problem = _refused(refused)
    elif not (to / "model.py").is_file() and problem is None:
        problem = SubmissionError(
            "invalid_submission",
            "import",
            "model.py is missing: expected a file model.py with a class `Model`",
        )
    weights = to.with_name(WEIGHTS)
    to.mkdir(parents=True, exist_ok=True)
    return Snapshot(
        files=to,
        weights=weights if weights.is_dir() else None,
        digest=f"sha256:{digest.hexdigest()}",
        source_bytes=counts["source"],
        shipped_bytes=counts["shipped"],
        problem=problem,
    )


def check_snapshot(snapshot: Snapshot, mode: Mode, limits: Limits) -> None:
    """Refuse a snapshot that no worker should be started for.

    Raises:
        SubmissionError: files of the wrong kind, no ``model.py``, or too much data shipped with a trained model.
    """
    if snapshot.problem is not None:
        raise snapshot.problem
    if mode == "trained" and snapshot.shipped_bytes > limits.shipped_bytes:
        raise SubmissionError(
            "resource_limit",
            "import",
            f"data files beside model.py hold {snapshot.shipped_bytes} bytes, limit shipped_bytes "
            f"{limits.shipped_bytes}: a model that is trained here learns from the data it is given",
        )


def _cap(limits: Limits) -> int:
    return limits.artifact_bytes + limits.shipped_bytes + _SOURCE_BYTES


def _digested(folder: Path, shared: Path | None, cap: int, digest: hashlib._Hash) -> Iterator[tuple[_Entry, bool]]:
    """Yield the files of a submission, each added to `digest`; the last may be one too many, and is marked so."""
    total = 0
    for number, entry in enumerate(_with_shared(_walk(folder, cap), shared, cap)):
        size = -1 if entry.content is None else len(entry.content)
        digest.update(os.fsencode(entry.path) + f"\0{size}\0".encode())
        if entry.content is None:
            yield entry, False
            continue
        digest.update(entry.content)
        total += len(entry.content)
        over = total > cap or number >= _MAX_FILES
        yield entry, over
        if over:
            return


def _refused(names: list[str]) -> SubmissionError:
    shown = ", ".join(repr(name) for name in names[:5]) + (" …" if len(names) > 5 else "")
    return SubmissionError(
        "invalid_submission",
        "import",
        f"{shown}: no plain file or folder; replace links, pipes and devices by the files themselves, and names that "
        "are not UTF-8 or lie too deep by plainer ones",
    )


def _role(path: PurePosixPath) -> str:
    if path.parts[0] == WEIGHTS:
        return WEIGHTS
    return "source" if path.suffix == ".py" else "shipped"


def _write(to: Path, entry: _Entry) -> None:
    """Write a copy that any uid can read; ``weights/`` goes beside the rest, not into it."""
    base = to.parent if entry.path.parts[0] == WEIGHTS else to
    target = base / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    assert entry.content is not None
    target.write_bytes(entry.content)
    target.chmod(0o644)
    for parent in target.relative_to(base).parents:
        (base / parent).chmod(0o755)


def _with_shared(entries: Iterator[_Entry], shared: Path | None, cap: int) -> Iterator[_Entry]:
    """Yield `entries`, then the files of `shared` if one of them names it."""
    named = False
    for entry in entries:
        named = named or (shared is not None and entry.content is not None and shared.name.encode() in entry.content)
        yield entry
    if shared is not None and named:
        for entry in _walk(shared, cap):
            yield _Entry(shared.name / entry.path, entry.content)


def _is_plain(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _walk(folder: Path, cap: int) -> Iterator[_Entry]:
    """Yield the files below `folder` by path; no link is ever followed."""
    with ExitStack() as held:
        try:
            top = held.enter_context(open_folder(folder))
        except OSError:
            yield _Entry(PurePosixPath("."), None)
            return
        yield from _walk_opened(top, PurePosixPath(), cap)


def _walk_opened(folder: Opened, prefix: PurePosixPath, cap: int) -> Iterator[_Entry]:
    for name in sorted(folder.names()):
        if name.startswith(".") or name in _NOT_SUBMITTED or name.endswith(".ipynb"):
            continue
        path = prefix / name
        if not _is_plain(name) or len(path.parts) > _MAX_DEPTH:
            yield _Entry(path, None)
            continue
        mode = folder.mode(name)
        if stat.S_ISDIR(mode):
            with folder.enter(name) as inner:
                yield from _walk_opened(inner, path, cap)
        elif stat.S_ISREG(mode):
            yield _Entry(path, folder.read(name, cap + 1))
        else:
            yield _Entry(path, None)
