"""Archives that a library in C reads, opened behind a wall."""

from __future__ import annotations

from collections.abc import Iterable

from harness.lms._members import Refused


def refuse_walled(name: str, content: bytes, most: int) -> Iterable[tuple[str, bytes]]:
    """Refuse the archive by name.

    Raises:
        Refused: always.
    """
    del content, most
    raise Refused(f"{name!r} is of a kind that is not opened here: ask for a zip file")
