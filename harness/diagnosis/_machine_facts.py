"""Gather the facts about a machine that isolation depends on."""

from __future__ import annotations

import platform
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from harness.sandbox import can_filter_calls, installed_bubblewraps
from harness.versions import Version, parse_version

if sys.platform == "linux":
    from harness.kernel import landlock_abi

_CONTAINERS = {".dockerenv": "Docker", "run/.containerenv": "Podman"}


@dataclass(frozen=True, kw_only=True)
class BubblewrapFacts:
    """One of the bubblewrap programs, which provide the levels of namespaces."""

    path: Path
    version: Version | None
    """None if it does not report its version."""
    setuid: bool = False
    """Whether it runs as root, whichever user starts it."""


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """The facts about a machine that isolation depends on."""

    system: str
    """`Linux`, `Windows` or `Darwin`, as `platform.system` returns it."""
    kernel: Version | None = None
    bubblewraps: tuple[BubblewrapFacts, ...] = ()
    """The installed programs; the first one is used."""
    landlock_abi: int = 0
    """The version of Landlock's interface; 0 if there is none."""
    filters_calls: bool = True
    """Whether the system calls of this architecture are known, so that a filter can deny some of them to workers."""
    container: str | None = None
    """The kind of container that this machine is, as far as it can be recognised."""
    most_user_namespaces: int | None = None
    """The sysctl ``user.max_user_namespaces``."""
    unprivileged_userns_clone: int | None = None
    """The sysctl of Debian's kernels; None elsewhere."""
    apparmor_restricts_userns: bool = False
    """Ubuntu's sysctl ``kernel.apparmor_restrict_unprivileged_userns``."""


def gather(root: Path = Path("/")) -> MachineFacts:
    """Gather the facts about this machine; files of the kernel are read below `root`."""
    facts = MachineFacts(system=platform.system())
    if sys.platform == "linux":
        programs = tuple(describe(*found) for found in installed_bubblewraps().items())
        facts = replace(_of_linux(root), bubblewraps=programs, landlock_abi=landlock_abi())
    return facts


def _of_linux(root: Path) -> MachineFacts:
    sysctl = root / "proc" / "sys"
    return MachineFacts(
        system="Linux",
        kernel=parse_version(platform.release()),
        filters_calls=can_filter_calls(),
        container=next((kind for name, kind in _CONTAINERS.items() if (root / name).exists()), None),
        most_user_namespaces=_number(sysctl / "user" / "max_user_namespaces"),
        unprivileged_userns_clone=_number(sysctl / "kernel" / "unprivileged_userns_clone"),
        apparmor_restricts_userns=_number(sysctl / "kernel" / "apparmor_restrict_unprivileged_userns") == 1,
    )


def describe(path: Path, says: str) -> BubblewrapFacts:
    """Return the facts about the program at `path`, which reports `says` as its version."""
    found = path.stat()
    setuid = bool(found.st_mode & stat.S_ISUID) and found.st_uid == 0
    return BubblewrapFacts(path=path, version=parse_version(says), setuid=setuid)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
