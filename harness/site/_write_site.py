"""Write pages into a folder: only those that changed, and remove those of an earlier site that no longer exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from harness.files import write_atomically

_LIST = "pages.json"
"""The list of a site's files, kept in its folder, so that only files that the harness wrote are removed later."""


@dataclass(frozen=True)
class SiteFiles:
    """The result of writing a site."""

    folder: Path
    pages: int
    written: int
    """How many files were new or had changed."""
    removed: int

    @property
    def index(self) -> Path:
        """The first page."""
        return self.folder / "index.html"


@dataclass(frozen=True)
class SitePage:
    """A page that is rendered on demand: `digest` identifies its inputs; a page with None is always rendered."""

    path: str
    digest: str | None
    make: Callable[[], bytes]


def write_site(folder: Path, pages: Iterable[SitePage], known: Path) -> SiteFiles:
    """Write `pages` into `folder`; `known` is a private file with the digests of the pages written before."""
    former, before = _listed(folder / _LIST), _digests(known)
    kept: dict[str, str] = {}
    paths: list[str] = []
    written = 0
    for page in pages:
        place = folder / page.path
        paths.append(page.path)
        if page.digest is not None:
            kept[page.path] = page.digest
            if before.get(page.path) == page.digest and place.is_file():
                continue
        content = page.make()
        if not (place.is_file() and place.read_bytes() == content):
            write_atomically(place, content)
            written += 1
    removed = sum(_remove(folder, path) for path in former - {*paths})
    write_atomically(folder / _LIST, msgspec.json.encode(sorted(paths)))
    write_atomically(known, msgspec.json.encode(dict(sorted(kept.items()))), 0o600)
    return SiteFiles(folder, len(paths), written, removed)


def _remove(folder: Path, path: str) -> bool:
    """Remove a file that an earlier site wrote, unless the list names a file outside the site."""
    parts = PurePosixPath(path).parts
    place = folder.joinpath(*parts)
    if ".." in parts or PurePosixPath(path).is_absolute() or place.suffix != ".html" or not place.is_file():
        return False
    place.unlink()
    return True


def _listed(path: Path) -> set[str]:
    try:
        return set(msgspec.json.decode(path.read_bytes(), type=list[str]))
    except (OSError, msgspec.DecodeError):
        return set()


def _digests(path: Path) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}
