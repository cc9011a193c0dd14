"""The rings of the suite: what a test starts says which one it is in, and what it starts is watched.

A ring is a mark. A test, or a file by its ``pytestmark``, names it where it is not told by the fixtures that are used:

- ``unit``: starts no process;
- ``compute``: starts none either, but computes: simulates, fits networks, compares with another library;
- ``data``: starts none either, but reads or generates the data sets of the course, which takes seconds;
- ``worker``: starts processes of its own, such as a sandboxed worker or git;
- ``line``: runs a command of the harness as a user would, from the command line to the record;
- ``siege``: hands in the attacks of ``tests/hostile/``;
- ``network``: needs other machines;
- ``slow``: takes minutes.

Whoever asks for a ring gets what is in it and nothing else: a test that is slow is in no other one.

Apart from that, the mark ``user`` says that what comes of a test depends on who runs it: CI runs these a second time,
as an ordinary user.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

RINGS = ("unit", "compute", "data", "worker", "line", "siege", "network", "slow")
WITHOUT_PROCESSES = ("unit", "compute", "data")
OF_FOLDERS = {Path("tests", "hostile"): "siege", Path("tests", "tasks"): "data"}
OF_FIXTURES = {
    "any_level": "worker",
    "walled": "worker",
    "counted": "worker",
    "landlocked": "worker",
    "wall": "worker",
    "warm": "worker",
    "own_warm": "worker",
    "accident": "worker",
    "worker": "worker",
    "bench": "worker",
    "course": "line",
    "classroom": "line",
    "repository": "line",
}
"""What a fixture starts. Whoever asks for several is in the last ring that one of them names."""
FOLDERS_OF_WHO_RUNS_IT = frozenset(Path("tests", room) for room in ("sandbox", "hostile", "places"))
FIXTURES_OF_WHO_RUNS_IT = frozenset({"classroom"})
"""Where what comes of a test depends on who runs it: root and an ordinary user have different walls."""

_STARTS = frozenset(
    {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "os.startfile", "pty.spawn"}
)
_ASKS = frozenset({"fc-list", "lscpu", "uname", "/sbin/ldconfig"})
"""What libraries ask about the machine: scikit-learn how many cores, Python what processor, torch what libraries, and
matplotlib, which torchmetrics imports, what fonts, if it has no cache of them yet."""
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_OWN = frozenset(address.address for card in psutil.net_if_addrs().values() for address in card)
_HERE = frozenset({None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", socket.gethostname()}) | _OWN


def ring_of(item: pytest.Item) -> str:
    """Return the ring of a test.

    Raises:
        pytest.UsageError: it names several.
    """
    named = {mark.name for mark in item.iter_markers() if mark.name in RINGS}
    if len(named) > 1:
        raise pytest.UsageError(f"{item.nodeid} is in several rings: {', '.join(sorted(named))}; name one")
    if named:
        return named.pop()
    above = _folders_of(item.path, item.config.rootpath)
    folders = [ring for folder, ring in OF_FOLDERS.items() if folder in above]
    fixtures = [OF_FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in OF_FIXTURES]
    return max(["unit", *folders, *fixtures], key=RINGS.index)


def depends_on_who_runs_it(item: pytest.Item) -> bool:
    """Return whether root and an ordinary user may see a test end differently, unless its file says so by itself."""
    of_folder = not FOLDERS_OF_WHO_RUNS_IT.isdisjoint(_folders_of(item.path, item.config.rootpath))
    return of_folder or not FIXTURES_OF_WHO_RUNS_IT.isdisjoint(getattr(item, "fixturenames", ()))


@cache
def _folders_of(path: Path, root: Path) -> frozenset[Path]:
    """Return the folders that a file lies in, from `root` on: asked for each of some thousand tests."""
    return frozenset(path.relative_to(root).parents)


class Strayed(BaseException):
    """A test did what its ring does not allow; no code that catches its own errors hides it."""


@contextmanager
def kept_to(ring: str, *, network: bool) -> Iterator[None]:
    """Have whatever starts a process in `unit` or `data` fail, and without `network` whatever leaves this machine."""
    strayed: list[str] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if (ring in WITHOUT_PROCESSES and _starts(event, arguments)) or (not network and _leaves(event, arguments)):
            strayed.append(f"{event}{arguments}"[:300])
            raise Strayed(_said(ring, strayed))

    _WATCHES.append(watch)
    try:
        yield
    finally:
        _WATCHES.remove(watch)
    if strayed:
        raise Strayed(_said(ring, strayed))


def _starts(event: str, arguments: tuple[Any, ...]) -> bool:
    asks = event in ("subprocess.Popen", "os.posix_spawn") and arguments[0] in _ASKS  # from Python 3.13 on, by both
    return event in _STARTS and not asks


def _leaves(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "socket.getaddrinfo":
        return arguments[0] not in _HERE
    if event not in _CONNECTS or (
        event == "socket.connect" and getattr(arguments[0], "type", None) == socket.SOCK_DGRAM
    ):
        return False  # to connect a datagram socket sends nothing: libraries learn from it which address is theirs
    address = arguments[1]
    return isinstance(address, tuple) and address[0] not in _HERE


def _said(ring: str, strayed: list[str]) -> str:
    return f"a test in ring {ring} did {'; '.join(strayed)}: mark it by what it starts (tests/rings.py), or have it not"


_WATCHES: list[Callable[[str, tuple[Any, ...]], None]] = []
"""What is told of audit events now. Python cannot take a hook off again: one stays, and asks these."""


_WATCHED = _STARTS | _CONNECTS | {"socket.getaddrinfo"}


def _audit(
    event: str,
    arguments: tuple[Any, ...],
    watched: frozenset[str] = _WATCHED,
    watches: list[Callable[[str, tuple[Any, ...]], None]] = _WATCHES,
) -> None:
    """Ask those who watch; all it needs is its own, because events come after a module's names are gone, too."""
    if event in watched:
        for watch in watches:
            watch(event, arguments)


sys.addaudithook(_audit)
