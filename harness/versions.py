"""Version numbers of programs and kernels as tuples, which can be compared."""

from __future__ import annotations

import re

Version = tuple[int, ...]

_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def parse_version(text: str) -> Version | None:
    """Return the first dotted number in a text such as ``bubblewrap 0.11.0`` or ``6.18.44-generic``, or None."""
    found = _NUMBER.search(text)
    return None if found is None else tuple(map(int, found.group().split(".")))


def show_version(version: Version) -> str:
    """Return a version as text with dots."""
    return ".".join(map(str, version))
