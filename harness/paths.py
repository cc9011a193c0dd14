"""Resolve the symbolic links in sets of paths: which paths contain others, and which links lead to them.

Everything that is hidden, mounted or allowed is specified once by its real path: a folder includes its contents, and
mounting or creating a part of it again would fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST_LINKS = 40
"""The largest number of links that the kernel follows (path_resolution(7))."""


@dataclass(frozen=True, order=True)
class Layer:
    """A real path below which visibility changes."""

    path: Path
    shown: bool


@dataclass(frozen=True, order=True)
class Link:
    """The real path of a symbolic link, and the real path of its target."""

    path: Path
    target: Path


@dataclass(frozen=True)
class View:
    """The visible part of a file system."""

    layers: tuple[Layer, ...]
    """The layers in the order in which they are mounted, outer before inner."""
    links: tuple[Link, ...]
    """Links to visible paths that are not inside a visible layer."""

    @property
    def shown(self) -> tuple[Path, ...]:
        """The layers that are visible."""
        return tuple(layer.path for layer in self.layers if layer.shown)

    @property
    def hidden(self) -> tuple[Path, ...]:
        """The layers that are hidden."""
        return tuple(layer.path for layer in self.layers if not layer.shown)


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the real paths of `paths`, sorted, without those inside another one."""
    return view(paths).shown


def view(shown: Iterable[Path], hidden: Iterable[Path] = ()) -> View:
    """Return how to make the paths of `shown` visible under all their names, except everything in `hidden`.

    The innermost folder that contains a path decides; a folder in both sets is hidden.
    """
    names = {path.absolute() for path in shown}
    layers = _layers({_real(path): True for path in names} | {_real(path): False for path in hidden})
    links = {link for name in names for link in _links_to(name)}
    return View(layers, tuple(Link(link, _real(link)) for link in sorted(links) if not _decided(layers, link)))


def _layers(wanted: dict[Path, bool]) -> tuple[Layer, ...]:
    """Return those of `wanted` that change the visibility; a folder is sorted before its contents."""
    kept: dict[Path, bool] = {}
    for path in sorted(wanted):
        if wanted[path] is not next((kept[folder] for folder in path.parents if folder in kept), False):
            kept[path] = wanted[path]
    return tuple(Layer(path, shown) for path, shown in kept.items())


def _decided(layers: tuple[Layer, ...], path: Path) -> bool:
    """Return whether `path` is visible."""
    states = {layer.path: layer.shown for layer in layers}
    return next((states[folder] for folder in (path, *path.parents) if folder in states), False)


def _links_to(path: Path) -> Iterator[Path]:
    """Yield the symbolic links that the kernel follows on the way to `path`, each by its real path."""
    here, left, followed = Path(path.anchor), [*reversed(path.parts[1:])], 0
    while left and followed < _MOST_LINKS:
        name = left.pop()
        step = here.parent if name == os.pardir else here / name
        if not step.is_symlink():
            here = step
            continue
        yield step
        text = step.readlink()
        here = Path(text.anchor) if text.is_absolute() else here
        left += reversed(text.parts[1:] if text.is_absolute() else text.parts)
        followed += 1


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
