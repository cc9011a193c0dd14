"""Write and read the train and validation parts of a task as one file of plain arrays, for use in notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from harness.contract import Split
from harness.wire import Form, pack, unpack

_FIELDS = ("train.inputs", "train.targets", "validation.inputs", "validation.targets")


def write_parts(path: Path, train: Split, validation: Split) -> None:
    """Write both parts to `path`, in a form that can be read without unpickling."""
    arrays: dict[str, Any] = {}
    fields = (train.inputs, train.targets, validation.inputs, validation.targets)
    for name, data in zip(_FIELDS, fields, strict=True):
        form, packed = pack(data)
        arrays |= {f"{name}/{form}/{place}": array for place, array in enumerate(packed)}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_parts(path: Path) -> tuple[Split, Split]:
    """Return the train and validation parts that `write_parts` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        found = [_field(stored, name) for name in _FIELDS]
    return Split(found[0], found[1]), Split(found[2], found[3])


def _field(stored: Any, name: str) -> Any:
    keys = sorted(key for key in stored.files if key.startswith(f"{name}/"))
    return unpack(cast(Form, keys[0].split("/")[1]), [stored[key] for key in keys])
