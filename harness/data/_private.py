"""Write and read test parts that are hidden from students."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np

from harness.contract import Split, Task
from harness.data._npz import BadArchiveError, read_arrays
from harness.errors import InfrastructureError, TaskError, UsageError
from harness.files import write_atomically
from harness.places import Places

TEST_FILE = "test.npz"

Withheld = Literal["targets", "inputs-and-targets"]
"""What is hidden from students of the test part."""


def private_folder(task: Task, places: Places) -> Path | None:
    """Return the folder of the private test part of `task`, or None if it is not on this machine."""
    folder = None if places.private is None else places.private / task.name
    return folder if folder is not None and (folder / TEST_FILE).is_file() else None


def keep_private(task: Task, test: Split, places: Places, keep: Withheld) -> Path:
    """Write the private test part of `task` to a file that only its owner can read, and return the file.

    Raises:
        UsageError: the task has no private test part, or HARNESS_PRIVATE is not set.
    """
    if not task.private_test:
        raise UsageError(f"task {task.name} does not declare private_test=True: its test part is public")
    if places.private is None:
        raise UsageError("HARNESS_PRIVATE is not set: name a folder outside the repository")
    arrays = {"targets": test.targets}
    if keep == "inputs-and-targets":
        arrays |= {"inputs": test.inputs} | ({} if test.groups is None else {"groups": test.groups})
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    path = places.private / task.name / TEST_FILE
    write_atomically(path, content.getvalue(), 0o600)
    path.parent.chmod(0o700)
    return path


def private_test(task: Task, public: Split | None, places: Places) -> Split | None:
    """Return the private test part, with the inputs of the `public` part if it has only targets.

    It is None if it is not on this machine.

    Raises:
        InfrastructureError: the file is damaged or does not match the public inputs.
    """
    folder = private_folder(task, places)
    if folder is None:
        return None
    path = folder / TEST_FILE
    try:
        arrays = read_arrays(path)
        targets, inputs, groups = arrays["targets"], arrays.get("inputs"), arrays.get("groups")
    except (OSError, BadArchiveError, KeyError) as error:
        raise InfrastructureError(f"task {task.name}: {path} cannot be read ({error})") from error
    if inputs is None:
        inputs, groups = (None, None) if public is None else (public.inputs, public.groups)
    if inputs is None or len(inputs) != len(targets):
        raise InfrastructureError(
            f"task {task.name}: {path} has {len(targets)} targets for {0 if inputs is None else len(inputs)} inputs"
        )
    try:
        return Split(inputs, targets, groups)
    except TaskError as error:
        raise InfrastructureError(f"task {task.name}: {path}: {error}") from error
