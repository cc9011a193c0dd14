"""Test parts that are kept from students."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from harness.contract import InfrastructureError, Split, Task
from harness.data._places import Places

TEST_FILE = "test.npz"


def private_folder(task: Task, places: Places) -> Path | None:
    """Return the folder of `task`'s private test part if it is here."""
    folder = None if places.private is None else places.private / task.name
    return folder if folder is not None and (folder / TEST_FILE).is_file() else None


def private_test(task: Task, public: Split | None, places: Places) -> Split | None:
    """Return the private test part: targets, with inputs of their own or those of the `public` part.

    None where this machine does not have it.

    Raises:
        InfrastructureError: the file is broken or does not fit the public inputs.
    """
    folder = private_folder(task, places)
    if folder is None:
        return None
    path = folder / TEST_FILE
    try:
        with np.load(path, allow_pickle=False) as archive:
            targets = archive["targets"]
            inputs = archive.get("inputs")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InfrastructureError(f"task {task.name}: {path} cannot be read ({error})") from error
    if inputs is None:
        inputs = None if public is None else public.inputs
    if inputs is None or len(inputs) != len(targets):
        raise InfrastructureError(
            f"task {task.name}: {path} has {len(targets)} targets for {0 if inputs is None else len(inputs)} inputs"
        )
    return Split(inputs, targets)
