"""The time zone that this machine is set to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

_DATABASE = "zoneinfo/"


def machine_zone() -> str:
    """Return the name of the machine's time zone, such as ``Europe/Berlin``; ``UTC`` where it does not tell."""
    for name in _told():
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def _told() -> Iterator[str]:
    """Yield what names the zone, in the order in which the C library asks (tzset(3)), and Debian's copy of it."""
    yield os.environ.get("TZ", "").removeprefix(":")
    with contextlib.suppress(OSError):
        yield str(Path("/etc/localtime").readlink()).partition(_DATABASE)[2]
    with contextlib.suppress(OSError):
        yield Path("/etc/timezone").read_text(encoding="utf-8").strip()
