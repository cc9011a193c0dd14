"""Find the time zone of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

_DATABASE = "zoneinfo/"


def machine_zone() -> str:
    """Return the name of the machine's time zone, such as ``Europe/Berlin``; ``UTC`` if it is unknown."""
    for name in _configured_zones():
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def _configured_zones() -> Iterator[str]:
    """Yield possible names of the zone, in the order of the C library (tzset(3)), and then Debian's copy."""
    yield os.environ.get("TZ", "").removeprefix(":")
    with contextlib.suppress(OSError):
        yield str(Path("/etc/localtime").readlink()).partition(_DATABASE)[2]
    with contextlib.suppress(OSError):
        yield Path("/etc/timezone").read_text(encoding="utf-8").strip()
