"""Digests of files and of data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import File, Split

DIGEST_FORM = 2
"""The version of the computation of digests; when it is increased, digests in the cache are not used any more."""


def matches(file: File, path: Path) -> bool:
    """Return whether the file at `path` is the official one."""
    algorithm, _, value = file.digest.partition(":")
    return file_digest(path, algorithm) == value


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def data_digest(splits: list[Split | None]) -> str:
    """Return the digest of the contents of train, validation and test, regardless of their files.

    The division of items into groups is included, but not the names of the groups.
    """
    digest = hashlib.sha256()
    for split in splits:
        for items in (split.inputs, split.targets) if split is not None else ():
            for item in items if isinstance(items, list) else [items]:
                _add(digest, item)
        if split is not None and split.groups is not None:
            _, first, group_of = np.unique(split.groups, return_index=True, return_inverse=True)
            _add(digest, first[group_of].astype(np.int64))
    return f"sha256:{digest.hexdigest()}"


def _add(digest: Any, item: Any) -> None:
    if isinstance(item, str):
        content = item.encode("utf-8", "surrogatepass")
        digest.update(f"str {len(content)}\0".encode() + content)
    else:
        array = np.ascontiguousarray(item)
        digest.update(f"{array.dtype.str} {array.shape}\0".encode() + array.tobytes())
