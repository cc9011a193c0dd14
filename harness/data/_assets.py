"""Find and download the pretrained weights that a task offers, and check their digests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.contract import File, Task
from harness.data._digest import matches
from harness.data._source_files import Bars, cache_folder, cached, no_bars
from harness.places import Places


@dataclass(frozen=True)
class Asset:
    """One file of pretrained weights, and where it is."""

    file: File
    path: Path


def assets_here(task: Task, places: Places) -> tuple[Asset, ...]:
    """Return the assets of `task` that are in the data root or the cache, without downloading any.

    Results may depend on assets and must not depend on the network, so only `fetch_asset` downloads them.
    """
    folders = [cache_folder(task, places)]
    if places.root is not None:
        folders.insert(0, places.root / task.name)
    found = []
    for file in task.assets:
        paths = [folder / file.name for folder in folders]
        path = next((path for path in paths if path.is_file() and matches(file, path)), None)
        if path is not None:
            found.append(Asset(file, path))
    return tuple(found)


def fetch_asset(task: Task, file: File, places: Places, bars: Bars = no_bars) -> Asset:
    """Return one asset of `task`, downloading it into the cache if it is not on this machine.

    Raises:
        NotHere: it is missing and cannot be downloaded.
        InfrastructureError: the download has the wrong digest.
    """
    here = next((asset for asset in assets_here(task, places) if asset.file == file), None)
    return here or Asset(file, cached(task, file, places, bars))
