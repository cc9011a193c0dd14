"""The folder of a worker that sees the host's own file system.

Python's `multiprocessing` and PyTorch create Unix sockets in the folder for temporary files, and the kernel limits the
length of their names. If a name is too long, a queue between processes fails only in a thread, so that a loader of data
with worker processes waits forever.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from harness.sandbox._box import WORKER_DIRECTORY
from harness.scratch import Scratch, own_folder_name

SOCKET_NAME_BYTES = 107 if sys.platform == "linux" else 103
"""The longest name of a Unix socket: the size of ``sun_path`` without the null byte at its end."""
_LONGEST_IN_A_HOME = "torch-shm-dir-XXXXXX/manager.sock"
"""The longest name of those sockets below the folder for temporary files; that of `multiprocessing` is
``pymp-XXXXXXXX/listener-XXXXXXXX``."""
_HOME = Path("tmp-worker-XXXXXXXX", WORKER_DIRECTORY)
_SHORT = Path("/tmp")  # noqa: S108 - it is used like the folder for temporary files, by `own_folder`


def make_home() -> Scratch:
    """Create the folder of a worker, in the folder for temporary files or, if that has too long a name, in ``/tmp``.

    Raises:
        OSError: the folder cannot be created.
    """
    return Scratch.make("worker", _base() or Path(tempfile.gettempdir()))


def without_sockets() -> str:
    """Return what to append to a description of the isolation: empty, or that sockets have too long names."""
    if _base() is not None:
        return ""
    return (
        f", names in the temporary folder {tempfile.gettempdir()} are too long for sockets: loaders with worker "
        "processes hang; set TMPDIR to a folder with a short name"
    )


def _base() -> Path | None:
    """Return the folder below which the folders of workers are created; None if sockets have too long names in all."""
    usual = Path(tempfile.gettempdir())
    if os.name != "posix" or _has_room(usual):  # Windows has pipes instead
        return usual
    return _SHORT if _is_usable(_SHORT) and _has_room(_SHORT) else None


def _has_room(base: Path) -> bool:
    """Return whether sockets below `base` have names that are short enough."""
    return len(os.fsencode(base / own_folder_name(base) / _HOME / _LONGEST_IN_A_HOME)) <= SOCKET_NAME_BYTES


def _is_usable(base: Path) -> bool:
    """Return whether `base` can be written to, and no other user except root can replace a folder in it."""
    try:
        status = base.stat()
    except OSError:
        return False
    me = os.geteuid() if hasattr(os, "geteuid") else 0
    replaceable = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
    safe = stat.S_ISDIR(status.st_mode) and status.st_uid in (0, me) and not replaceable
    return safe and os.access(base, os.W_OK | os.X_OK)
