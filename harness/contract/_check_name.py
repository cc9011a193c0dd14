"""Check the names of tasks, submissions and references."""

from __future__ import annotations

import re

from harness.errors import UsageError

RESERVED = frozenset({"reference"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def check_name(name: str, what: str) -> str:
    """Return `name` if it may name a task, submission or reference.

    Raises:
        UsageError: the name is reserved or does not match ``[a-z0-9][a-z0-9_-]{0,63}``.
    """
    if not _NAME.fullmatch(name):
        allowed = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")
        usable = _NAME.fullmatch(allowed) and allowed not in RESERVED
        instead = f", such as {allowed!r}" if usable else ""
        raise UsageError(
            f"{what} name {name!r} is not allowed: use 1 to 64 lower-case letters, digits, '-' and '_', "
            f"starting with a letter or digit{instead}"
        )
    if name in RESERVED:
        raise UsageError(f"{what} name {name!r} is reserved for staff solutions: choose another")
    return name
