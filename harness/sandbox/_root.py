"""A host that is root never runs a worker as root: each worker gets a different unprivileged user id."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InfrastructureError
from harness.locks import try_lock_file
from harness.paths import outermost, view
from harness.sandbox import _launcher
from harness.sandbox._interpreter import closed_paths, is_closed, private_ancestor

# systemd's table of uids (systemd.io/UIDS-GIDS) leaves 60578 to 61183 unused
_FIRST_UID, _LAST_UID = 60_600, 61_100
_LEASES = Path(
    "/run" if Path("/run").is_dir() else "/var/run", "harness"
)  # one folder for the machine, regardless of XDG_RUNTIME_DIR: two hosts that are root must not share a uid


@dataclass(frozen=True)
class UidLease:
    """A uid that no other worker on this machine has while the lease is held."""

    uid: int
    _lock: int

    def release(self) -> None:
        """Make the uid available again."""
        os.close(self._lock)


def lease_uid() -> UidLease | None:
    """Lease a uid if this host is root, otherwise return None: workers of an ordinary user run as that user.

    Raises:
        InfrastructureError: all uids are in use.
    """
    if os.geteuid() != 0:
        return None
    _LEASES.mkdir(exist_ok=True)
    for uid in range(_FIRST_UID, _LAST_UID):
        lock = try_lock_file(_LEASES / f"uid-{uid}.lock")
        if lock is not None:
            return UidLease(uid, lock)
    raise InfrastructureError(f"all {_LAST_UID - _FIRST_UID} worker uids are in use: run fewer jobs at once")


@dataclass(frozen=True, kw_only=True)
class Restrictions:
    """Restrictions that the launcher applies to a worker, in addition to those that bubblewrap applies."""

    cgroup: tuple[Path, ...] = ()
    """The ``cgroup.procs`` files of the worker's groups."""
    landlock: tuple[tuple[Path, int], ...] | None = None
    """Paths, each with the access to everything below it; None if Landlock is not used."""
    excluded: tuple[Path, ...] = ()
    """Real paths below them to which there is no access."""
    seccomp: bytes | None = None
    """The filter of system calls; None if there is none."""


def launcher_command(
    shown: Iterable[Path], uid: int | None, restrictions: Restrictions, *, reap_in: Path | None = None
) -> tuple[str, ...]:
    """Return the start of a command that runs the rest as `uid` and under `restrictions`, with `shown` readable.

    With `reap_in` the worker starts in that folder, and the launcher keeps running to reap the worker's processes.
    """
    rules = restrictions.landlock
    spec = {
        "uid": uid,
        "hidden": _hidden(shown) if uid is not None else _hidden(()),
        "parent": os.getpid(),
        "reap": reap_in is not None,
        "folder": str(reap_in),
        "cgroup": [str(path) for path in restrictions.cgroup],
        "landlock": None if rules is None else [(str(path), access) for path, access in rules],
        "excluded": [str(path) for path in restrictions.excluded],
        "seccomp": None if restrictions.seccomp is None else base64.b64encode(restrictions.seccomp).decode(),
    }
    return (sys.executable, "-I", "-S", str(Path(_launcher.__file__).resolve()), json.dumps(spec))


def _hidden(shown: Iterable[Path]) -> dict[str, list[Any]]:
    """Return the private folders to cover so that another user can reach `shown`, and what to show in them.

    Other users cannot read the paths in `closed`, for example because they were installed with a umask of 077.
    """
    whole = view(path for path in shown if path.exists())
    reached = (*whole.shown, *(link.path for link in whole.links))
    covers = outermost(filter(None, map(private_ancestor, reached)))
    closed = [path for path in whole.shown if is_closed(path) or any(c.is_relative_to(path) for c in closed_paths())]
    covered = [path for path in whole.shown if any(path.is_relative_to(cover) for cover in covers)]
    links = [link for link in whole.links if any(link.path.is_relative_to(cover) for cover in covers)]
    return {
        "covers": [str(path) for path in covers],
        "shown": [str(path) for path in whole.shown if path in covered or path in closed],
        "closed": [str(path) for path in closed],
        "links": [(str(link.path), str(link.target)) for link in links],
    }
