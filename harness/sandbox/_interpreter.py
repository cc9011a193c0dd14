"""The files of the host that the running interpreter needs."""

from __future__ import annotations

import site
import stat
import sys
import sysconfig
from functools import cache, lru_cache
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
    """Return the files and folders that Python needs, with the paths that Python uses; some contain others.

    Of a prefix only the parts are included that every installation has, because a virtual environment in the root of
    the course must not make the course visible.
    """
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    wanted = {prefix / part for prefix in prefixes for part in _OF_A_PREFIX}
    wanted |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return _existing(frozenset({Path(sys.executable), *wanted, *package_folders(), *_libraries()}))


@lru_cache(maxsize=8)
def _existing(paths: frozenset[Path]) -> tuple[Path, ...]:
    return tuple(path for path in sorted(paths) if path.is_absolute() and path.exists())


@cache
def _libraries() -> tuple[Path, ...]:
    """Return the shared libraries that this process has loaded, because they may be outside the prefix."""
    try:
        mapped = Path("/proc/self/maps").read_text()
    except OSError:  # not Linux
        return ()
    names = {line.split(maxsplit=5)[-1] for line in mapped.splitlines() if ".so" in line}
    return tuple(Path(name) for name in names if name.startswith("/"))


def package_folders() -> tuple[Path, ...]:
    """Return the folders with installed packages, including those from ``.pth`` files and the user's site-packages.

    A checkout on the path is not included, because it may be the course or somebody else's work.
    """
    return tuple(Path(entry) for entry in sys.path if holds_packages(Path(entry)))


@lru_cache(maxsize=256)
def holds_packages(folder: Path) -> bool:
    """Return whether packages are installed in `folder`."""
    if folder.name in ("site-packages", "dist-packages"):
        return folder.is_dir()
    return folder.is_absolute() and any(folder.glob("*.dist-info"))


def private_ancestor(path: Path) -> Path | None:
    """Return the topmost ancestor of `path` that other users cannot enter, such as ``/root``."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & stat.S_IXOTH), None)


@cache
def closed_paths() -> tuple[Path, ...]:
    """Return the real paths that Python needs and other users cannot read, including their parent folders."""
    packages = [folder.resolve() for folder in package_folders()]
    needed = {Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib")).resolve(), package_folder()}
    needed |= {*packages, *(entry.resolve() for folder in packages for entry in folder.iterdir())}
    needed |= {folder for path in needed for folder in path.parents}
    return tuple(path for path in sorted(needed) if path.exists() and is_closed(path))


def is_closed(path: Path) -> bool:
    """Return whether other users cannot read the file `path`, or enter it if it is a folder."""
    mode = path.stat().st_mode
    return not mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH)
