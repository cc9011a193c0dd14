"""Cache decoded parts between runs, because decoding files such as those of USPS takes seconds."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from harness._version import __version__
from harness.contract import Parts, Source, Split, Task
from harness.data._digest import file_digest
from harness.data._npz import BadArchiveError, read_arrays
from harness.errors import TaskError
from harness.places import Places

_NAMES = ("train", "validation", "test")


def prepared_path(task: Task, task_digest: str, source: Source, files: Iterable[Path], places: Places) -> Path:
    """Return the file in the cache for the parts of `source`; its name is a digest of everything that decides them."""
    key = hashlib.sha256()
    for piece in (__version__, task.name, task_digest, source.kind, source.title, *map(file_digest, files)):
        key.update(f"{piece}\0".encode())
    return places.cache / "prepared" / f"{task.name}-{key.hexdigest()[:32]}.npz"


def read_prepared(path: Path) -> Parts | None:
    """Return the parts stored at `path`, or None if there are none or the file is damaged."""
    try:
        arrays = read_arrays(path)
        splits = [
            Split(arrays[f"{name}_inputs"], arrays[f"{name}_targets"], arrays.get(f"{name}_groups"))
            if f"{name}_inputs" in arrays
            else None
            for name in _NAMES
        ]
    except (OSError, BadArchiveError, KeyError, TaskError):
        return None
    train, validation, test = splits
    return None if train is None or validation is None else Parts(train, validation, test)


def write_prepared(path: Path, parts: Parts) -> None:
    """Store `parts` if they consist of arrays only; on a full disk, nothing is stored."""
    arrays: dict[str, Any] = {}
    for name, split in zip(_NAMES, (parts.train, parts.validation, parts.test), strict=True):
        if split is not None:
            arrays |= {f"{name}_inputs": split.inputs, f"{name}_targets": split.targets}
            arrays |= {} if split.groups is None else {f"{name}_groups": split.groups}
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        return
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd, temporary = tempfile.mkstemp(suffix=".npz", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            np.savez(file, **arrays)
        Path(temporary).replace(path)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
