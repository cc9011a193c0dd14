"""Version numbers of programs and kernels, as tuples that compare; those of Python packages are another matter."""

from __future__ import annotations

import re

Version = tuple[int, ...]

_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def parse_version(text: str) -> Version | None:
    """Return the first dotted number in `text`, such as ``bubblewrap 0.11.0`` or ``6.18.44-generic``; None without."""
    found = _NUMBER.search(text)
    return None if found is None else tuple(map(int, found.group().split(".")))


def show_version(version: Version) -> str:
    """Write a version as one does."""
    return ".".join(map(str, version))
