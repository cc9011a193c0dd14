"""List the files of a task on this machine, and whether they are official, without downloading any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.contract import Canonical, Local, Task
from harness.data._digest import matches
from harness.data._source_files import cache_folder
from harness.places import Places

State = Literal["official", "local", "damaged", "missing"]


@dataclass(frozen=True)
class Found:
    """One file that a task names, the path that was searched, and the state of the file."""

    name: str
    path: Path
    state: State


def survey(task: Task, places: Places) -> Iterator[Found]:
    """Yield the files that `task` names, in the data root and in the cache.

    A file that is not the official one is `local` in the data root, because the instructor placed it there, and
    `damaged` in the cache.
    """
    official = {file.name: file for source in task.sources if isinstance(source, Canonical) for file in source.files}
    official |= {file.name: file for file in task.assets}
    own = {name for source in task.sources if isinstance(source, Local) for name in source.files}
    if places.root is not None:
        for name in sorted(own | set(official)):
            path = places.root / task.name / name
            if not path.exists():
                yield Found(name, path, "missing")
            elif name in official and path.is_file() and matches(official[name], path):
                yield Found(name, path, "official")
            else:
                yield Found(name, path, "local")
    for name, file in sorted(official.items()):
        path = cache_folder(task, places) / name
        if not path.exists():
            yield Found(name, path, "missing")
        else:
            yield Found(name, path, "official" if matches(file, path) else "damaged")
