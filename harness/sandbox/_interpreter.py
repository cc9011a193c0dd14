"""What of the host's file system the running interpreter needs."""

from __future__ import annotations

import site
import stat
import sys
import sysconfig
from pathlib import Path

import harness

_OF_A_PREFIX = ("bin", "lib", "lib64", "libexec", "share", "include", "pyvenv.cfg")


def package_folder() -> Path:
    """Return the folder of the package `harness`."""
    return Path(harness.__file__).resolve().parent


def user_base() -> str | None:
    """Return the base of the user's site-packages if this interpreter uses them."""
    return site.getuserbase() if site.ENABLE_USER_SITE and Path(site.getusersitepackages()).is_dir() else None


def interpreter_paths() -> tuple[Path, ...]:
    """Return the folders and files outside ``/usr`` that running Python takes, parents before children.

    Of a prefix only the parts an installation has are named: a virtual environment made in the course's
    own root must not show the course.
    """
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    wanted = {prefix / part for prefix in prefixes for part in _OF_A_PREFIX}
    wanted |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    wanted |= {Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    wanted |= {path.resolve() for path in wanted}
    existing = {path for path in wanted if path.exists() and not path.is_relative_to("/usr")}
    return tuple(
        path
        for path in sorted(existing)
        if not any(other in existing for other in path.parents)  # a parent shows its children
    )


def private_ancestor(path: Path) -> Path | None:
    """Return the topmost ancestor of `path` that other users may not pass through, such as ``/root``."""
    for ancestor in reversed(path.parents):
        if not ancestor.stat().st_mode & stat.S_IXOTH:
            return ancestor
    return None
