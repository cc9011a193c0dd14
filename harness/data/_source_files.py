"""Find a source's files in the data root or the cache, or download them."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from harness.contract import Canonical, File, Local, Task
from harness.data._digest import file_digest, matches
from harness.data._index import IndexFailedError, download_wheel, is_on_index
from harness.errors import InfrastructureError
from harness.places import Places

_log = logging.getLogger(__name__)
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0


class NotHere(Exception):  # noqa: N818 - a result of the search, not an error
    """The source is not available on this machine; the message says why, and what to do."""


def in_data_root(task: Task, source: Canonical | Local, places: Places) -> Path:
    """Return the folder in the data root with all files of `source`, the official ones if it is canonical.

    Raises:
        NotHere: there is no data root, a file is missing, or it is not the official one.
    """
    if places.root is None:
        raise NotHere("no data root: set HARNESS_DATA or --data-root")
    folder = places.root / task.name
    names = [file if isinstance(file, str) else file.name for file in source.files]
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        raise NotHere(f"{folder} has no {', '.join(missing)}")
    if isinstance(source, Canonical):
        other = [file.name for file in source.files if not matches(file, folder / file.name)]
        if other:
            raise NotHere(f"{', '.join(other)} in {folder} is not the official file")
    return folder


class DownloadBar(Protocol):
    """A progress bar for one download, with the interface that pooch expects."""

    total: float
    """The total number of bytes."""

    def update(self, count: int) -> None:
        """Add `count` bytes."""

    def reset(self) -> None:
        """Start again at 0."""

    def close(self) -> None:
        """Stop drawing."""


Bars = Callable[[str], DownloadBar]
"""A function that returns a progress bar for the file with the given name."""


class _NoBar:
    total = 0.0

    def update(self, count: int) -> None:
        pass

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def no_bars(_: str) -> DownloadBar:
    """Return an invisible progress bar."""
    return _NoBar()


def cache_folder(task: Task, places: Places) -> Path:
    """Return the folder in the cache for downloads of `task`."""
    return places.cache / "files" / task.name


def in_cache(task: Task, source: Canonical, places: Places, bars: Bars = no_bars) -> Path:
    """Return the cache folder with all files of `source`, downloading those that are missing.

    Raises:
        NotHere: a file is missing and cannot be downloaded.
        InfrastructureError: a download has the wrong digest.
    """
    for file in source.files:
        cached(task, file, places, bars)
    return cache_folder(task, places)


def cached(task: Task, file: File, places: Places, bars: Bars = no_bars) -> Path:
    """Return the path of one official file of `task` in the cache, downloading it if it is missing.

    Raises:
        NotHere: it is missing and cannot be downloaded.
        InfrastructureError: the download has the wrong digest.
    """
    path = cache_folder(task, places) / file.name
    if not (path.exists() and matches(file, path)):
        if places.offline:
            raise NotHere(f"{file.name} is not in the cache, and {places.why_offline}")
        _download(file, path, bars)
    return path


def _download(file: File, path: Path, bars: Bars) -> None:
    """Download `file` to `path`; it is stored only if it is complete and has the correct digest."""
    import requests

    path.parent.mkdir(parents=True, exist_ok=True)
    if bars is no_bars:  # otherwise the progress bar shows the download
        _log.warning(
            "downloading %s from %s (HARNESS_OFFLINE=1 prevents this, HARNESS_DATA names a folder with the files)",
            path.name,
            file.url,
        )
    try:
        # a separate folder, because other processes may download the same file at the same time
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            part = Path(folder, path.name)
            if is_on_index(file.url):
                download_wheel(file.url, file.name, part)
            else:
                _download_from_site(file, part, bars)
            algorithm, _, expected = file.digest.partition(":")
            found = file_digest(part, algorithm)
            if found != expected:
                raise InfrastructureError(
                    f"{file.url} has the digest {algorithm}:{found}, expected {file.digest}: nothing was stored; "
                    "try again, or ask the maintainer of the task"
                )
            part.replace(path)
    except IndexFailedError as error:
        raise NotHere(f"{path.name} cannot be downloaded ({error})") from error
    except requests.Timeout as error:
        why = f"no answer in {_CONNECT_SECONDS:g} s, or nothing more in {_READ_SECONDS:g} s"
        raise NotHere(f"{path.name} cannot be downloaded ({why})") from error
    except (requests.RequestException, OSError) as error:
        raise NotHere(f"{path.name} cannot be downloaded ({type(error).__name__})") from error


def _download_from_site(file: File, to: Path, bars: Bars) -> None:
    import pooch

    pooch.HTTPDownloader(progressbar=bars(file.name), timeout=(_CONNECT_SECONDS, _READ_SECONDS))(
        file.url, str(to), None
    )
