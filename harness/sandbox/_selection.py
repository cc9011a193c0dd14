"""Find the best isolation level of this machine by trying each level."""

from __future__ import annotations

import logging
import os
import platform
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from harness.contract import Limits
from harness.errors import HarnessError, InfrastructureError
from harness.sandbox._box import Box, Sandbox
from harness.sandbox._interpreter import interpreter_paths
from harness.sandbox._levels import Level, Notify, Requirement, cold_start_notice
from harness.sandbox._portable import PortableSandbox
from harness.sandbox._process import Process
from harness.sandbox._watchdog import Allowance

if sys.platform == "linux":
    from harness.sandbox._bubblewrap import Bubblewrap, bubblewrap_version, find_bubblewraps
    from harness.sandbox._cgroup import find_delegations
    from harness.sandbox._forkservers import ForkServerClient, ForkServerOwner, ForkServers
    from harness.sandbox._landlock import Landlock
    from harness.sandbox._rlimits import Rlimits
    from harness.sandbox._warm import Warm
else:
    from harness.sandbox._portable import NoForkServers as ForkServerOwner
    from harness.sandbox._portable import NoForkServers as ForkServers

_log = logging.getLogger(__name__)
_SECONDS_TO_START = 30.0


@dataclass(frozen=True)
class LevelAttempt:
    """One way to isolate workers, and whether it works."""

    name: str
    level: Level
    sandbox: Sandbox
    problem: str | None
    """Why it does not work; None if it works."""


def attempts(hidden: Sequence[Path]) -> Iterator[LevelAttempt]:
    """Try each way to isolate, the best first, by starting a real worker."""
    for candidate in _candidates(hidden):
        yield replace(candidate, problem=_try(candidate.sandbox))


def find_sandbox(
    hidden: Sequence[Path],
    wanted: Level | None = None,
    fork_servers: ForkServers | None = None,
    notify: Notify = _log.warning,
) -> Sandbox:
    """Return the best sandbox that works on this machine, or one of exactly the level `wanted`; the caller closes it.

    The folders `hidden`, such as the course and its data, are invisible to workers even inside a visible folder.
    Workers are forked from `fork_servers` if possible; if not, `notify` is called with the reason. Without
    `fork_servers` each worker is started as a program.

    Raises:
        InfrastructureError: no level works; the message says what was tried.
    """
    problems: dict[str, list[str]] = {}
    for candidate in _candidates(hidden):
        if wanted is not None and candidate.level is not wanted:
            continue
        notices: list[str] = []
        sandbox = _with_fork_servers(candidate.sandbox, fork_servers, notices.append)
        problem = _try(sandbox)
        _log.info("Isolation by %s (%s): %s.", candidate.name, candidate.level.value, problem or "works and is used")
        if problem is None:
            _log.info("Workers can read Python's files in %s.", ", ".join(_outside_usr(interpreter_paths())))
            if fork_servers is not None and sandbox is candidate.sandbox:
                notify(cold_start_notice(_without_namespaces(sandbox)))
            return _with_notices(sandbox, notices, notify)
        sandbox.close()
        problems.setdefault(problem, []).append(candidate.name)
    failure = "no isolation level works" if wanted is None else f"isolation level {wanted.value!r} does not work"
    tried = "; ".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()) or "nothing provides it"
    raise InfrastructureError(f"{failure} on this machine ({tried}): run `harness doctor`")


def find_sandbox_of_at_least(
    hidden: Sequence[Path], lowest: Level, fork_servers: ForkServers | None = None, notify: Notify = _log.warning
) -> Sandbox:
    """Return the best available sandbox, as `find_sandbox` does, if it is at least as strong as `lowest`.

    Raises:
        InfrastructureError: the best available level is weaker than `lowest`.
    """
    sandbox = find_sandbox(hidden, fork_servers=fork_servers, notify=notify)
    if sandbox.isolation.level < lowest:
        sandbox.close()
        raise InfrastructureError(
            f"isolation on {platform.node()} is {sandbox.isolation}; expected at least {lowest.value}: run "
            f"`harness doctor` there, or use --isolation {sandbox.isolation.level.value} where you trust "
            "every submission"
        )
    return sandbox


def find_required_sandbox(
    hidden: Sequence[Path],
    requirement: Requirement,
    fork_servers: ForkServers | None = None,
    notify: Notify = _log.warning,
) -> Sandbox:
    """Return a sandbox that meets `requirement`, as `find_sandbox` does.

    Raises:
        InfrastructureError: no such sandbox is available on this machine.
    """
    if requirement.exactly:
        return find_sandbox(hidden, requirement.level, fork_servers, notify)
    return find_sandbox_of_at_least(hidden, requirement.level, fork_servers, notify)


def fork_servers_through(descriptor: int | None) -> ForkServers:
    """Return the fork servers that another process shares through a socket; without a socket, new ones."""
    if sys.platform == "linux" and descriptor is not None:
        return ForkServerClient(socket.socket(fileno=descriptor))
    return ForkServerOwner()


def installed_bubblewraps() -> dict[Path, str]:
    """Return the installed `bwrap` programs with their versions; the first one is used."""
    found: dict[Path, str] = {}
    if sys.platform == "linux":
        found |= {program: bubblewrap_version(program) for program in find_bubblewraps()}
    return found


def reason_for_cold_start(sandbox: Sandbox) -> str | None:
    """Try to fork a worker; return why that is impossible and what to do, or None if it works."""
    if sys.platform == "linux" and isinstance(sandbox, Bubblewrap):
        with closing(ForkServerOwner()) as fork_servers:
            warm = Warm(sandbox, fork_servers, notify=lambda _: None)
            return _try(warm) or warm.problem
    return _without_namespaces(sandbox)


def _without_namespaces(sandbox: Sandbox) -> str:
    why = "only Linux has the namespaces that forked workers need (there is nothing to do)"
    if sys.platform == "linux":
        level = sandbox.isolation.level.value
        why = f"level {level} has no namespaces, which forked workers need; `harness doctor` says how to get them"
    return why


def _outside_usr(paths: Iterable[Path]) -> list[str]:
    """Return the outermost of the paths that are not in ``/usr``."""
    shown = set(paths)
    return sorted(str(path) for path in shown if not ({Path("/usr"), *shown} & set(path.parents)))


def _candidates(hidden: Sequence[Path]) -> Iterator[LevelAttempt]:
    """Yield each way to isolate, the best first, without trying it."""
    if sys.platform == "linux" and hasattr(os, "fork"):
        programs = find_bubblewraps()
        for delegation in (*find_delegations(), None):
            for program in programs:
                bubblewrap = Bubblewrap(program, tuple(hidden), delegation)
                groups = "" if delegation is None else f" with {delegation.version}"
                yield LevelAttempt(f"bubblewrap at {program}{groups}", bubblewrap.level, bubblewrap, None)
        yield LevelAttempt("landlock", Level.LANDLOCK, Landlock(tuple(hidden)), None)
        yield LevelAttempt("rlimits", Level.RLIMITS, Rlimits(), None)
    else:
        yield LevelAttempt("rlimits", Level.RLIMITS, PortableSandbox(), None)


def _with_fork_servers(sandbox: Sandbox, fork_servers: ForkServers | None, notify: Notify) -> Sandbox:
    """Return a sandbox like `sandbox` that forks its workers, if possible; otherwise `sandbox`."""
    if sys.platform == "linux" and fork_servers is not None and isinstance(sandbox, Bubblewrap):
        return Warm(sandbox, fork_servers, notify)
    return sandbox


def _with_notices(sandbox: Sandbox, notices: Sequence[str], notify: Notify) -> Sandbox:
    """Pass the notices so far to `notify`, and arrange that later ones are passed to it as well."""
    for notice in notices:
        notify(notice)
    if sys.platform == "linux" and isinstance(sandbox, Warm):
        sandbox.notify = notify
    return sandbox


def _try(sandbox: Sandbox) -> str | None:
    """Start a worker and wait for its first reply; return what went wrong, if anything."""
    from harness.wire import ChannelClosed, Done, WireError, admit_all  # NumPy, as in `Process`

    box = Box(folders=(), limits=Limits(), threads=1)
    try:
        with Process(sandbox, box) as process:
            try:
                with process.allow(Allowance(limit="start", seconds=_SECONDS_TO_START)):
                    reply, _ = process.channel.receive(admit_all)
                return None if isinstance(reply, Done) else "its worker sends an unexpected reply"
            except (ChannelClosed, WireError):
                how = process.exit_description()
        return f"its worker {how}: {process.log_tail.strip()[-500:] or 'nothing was printed'}"
    except HarnessError as error:
        return str(error)
