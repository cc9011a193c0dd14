"""The machine-wide lock, which evaluations share while they work, and which one that measures holds exclusively.

It is a shared and exclusive lock that prefers waiting requests for exclusive access (Courtois, Heymans & Parnas 1971,
CACM 14:667). It consists of two locked files: `work` is shared by the evaluations that work and held exclusively by the
one that measures; `entry` is held by the one that waits to measure, so that no new work begins meanwhile.

There are two such pairs of files: one in a folder of this user, where nobody else can hold a lock, and one for all
users of the machine, where anybody can. So the harness waits for other jobs of this user as long as they may take. It
waits only a short time for other users, who might never release the lock; then work continues at the same time as
theirs, and measurements are marked as noisy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.errors import InfrastructureError
from harness.locks import try_lock
from harness.scratch import own_folder
from harness.timing._lock_holders import describe_holders

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.005
_SECONDS_WITHOUT_A_WORD = 2.0
"""Jobs of the same command wait for each other for less; a longer wait is reported, with the process that holds the
lock."""
_OWN_TIMEOUT = 1800.0
"""Twice the time that a job may train under the default limits."""
_SHARED_TIMEOUT = 300.0
"""Long enough for others to measure, but too short for anybody to prevent grading by holding a lock."""
_FLAGS = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY")  # follow no link, wait for no pipe


Notify = Callable[[str], None]
"""A function that receives messages for the person who runs the command, possibly the same one several times."""


class _UnusableLockError(Exception):
    """A file cannot be used as a lock; the message says why."""


@dataclass(eq=False, kw_only=True)
class _LockPair:
    """The two locks in one folder; their names begin with `name`."""

    folder: Path
    name: str
    timeout: float
    """Seconds to wait for a lock; 0 once a wait has timed out."""
    notify: Notify

    @contextmanager
    def shared(self) -> Iterator[None]:
        with ExitStack() as held:
            with self._held("entry", shared=True):
                held.enter_context(self._held("work", shared=True))
            yield

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Yield whether the lock is really held exclusively."""
        with self._held("entry", shared=False) as entry, self._held("work", shared=False) as work:
            yield entry and work

    def is_wanted(self) -> bool:
        """Return whether another process waits for exclusive access; False after a wait for the lock has timed out."""
        if self.timeout <= 0:
            return False
        try:
            descriptor = _open(self._path("entry"))
        except _UnusableLockError:
            return False
        try:
            return not try_lock(descriptor, shared=True)
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self.folder / f"{self.name}-{name}.lock"

    @contextmanager
    def _held(self, name: str, *, shared: bool) -> Iterator[bool]:
        """Hold a lock, or continue without it; yield whether it is held."""
        path = self._path(name)
        try:
            descriptor = _open(path)
        except _UnusableLockError as error:
            self._go_on(f"{path} {error}: remove it, or let HARNESS_LOCKS name another folder")
            yield False
            return
        try:
            got = _wait([descriptor], self.timeout, self._notify, shared=shared) is not None
            if not got:
                self._go_on(
                    f"another harness on this machine has held {path} for {self.timeout:g} s (`fuser {path}` names "
                    "it): end it, or wait for it"
                )
            yield got
        finally:
            os.close(descriptor)

    def _notify(self, who: str) -> None:
        """Report which process holds the lock."""
        self.notify(
            f"waiting for {who}: only one evaluation on this machine works while it measures, so others wait; after "
            f"{self.timeout:g} s this one continues in any case"
        )

    def _go_on(self, why: str) -> None:
        """Warn once why the lock is not used."""
        if self.timeout > 0:
            self.notify(f"{why}. Until then latency is measured during other work and marked as noisy.")
        self.timeout = 0


class Pausable(Protocol):
    """Work that can be paused."""

    def paused(self) -> AbstractContextManager[None]:
        """Pause it while the body runs."""


class Share:
    """A share of the lock, which is released when another process waits to measure, because a fit may last an hour."""

    def __init__(self, pairs: Sequence[_LockPair]) -> None:
        self._pairs = pairs
        self._held = ExitStack()

    def take(self) -> None:
        """Wait until no evaluation measures, and hold the share."""
        for pair in self._pairs:
            self._held.enter_context(pair.shared())

    def release(self) -> None:
        """Release it."""
        self._held.close()

    def pause_for_measurements(self, work: Pausable) -> None:
        """If another evaluation waits to measure, pause `work` until it has measured."""
        if any(pair.is_wanted() for pair in self._pairs):
            with work.paused():
                self.release()
                self.take()

    @contextmanager
    def pausing_for_measurements(self, work: Pausable) -> Iterator[None]:
        """Let other evaluations measure at any time while the body runs, which only waits for `work`."""
        ended = threading.Event()
        failures: list[Exception] = []

        def watch() -> None:
            try:
                while not ended.wait(_POLL_SECONDS):
                    self.pause_for_measurements(work)
            except Exception as error:  # it is raised again in the other thread
                failures.append(error)

        watcher = threading.Thread(target=watch, name="pause-for-measurements", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
        if failures:
            raise failures[0]


@dataclass(eq=False, kw_only=True)
class MachineLock:
    """The lock of all users, with files in `shared_folder`, and of this user's jobs, with files in `own_folder`."""

    own_folder: Path
    shared_folder: Path
    own_timeout: float = _OWN_TIMEOUT
    shared_timeout: float = _SHARED_TIMEOUT
    notify: Notify = _log.warning
    """Receives a message when a command waits for a lock, and when it continues without it."""
    _pairs: tuple[_LockPair, _LockPair] = field(init=False)

    def __post_init__(self) -> None:
        self._pairs = (
            _LockPair(folder=self.own_folder, name="own", timeout=self.own_timeout, notify=self.notify),
            _LockPair(folder=self.shared_folder, name="harness", timeout=self.shared_timeout, notify=self.notify),
        )

    @contextmanager
    def shared(self) -> Iterator[Share]:
        """Share the lock with other evaluations that work; no evaluation measures meanwhile."""
        share = Share(self._pairs)
        try:
            share.take()
            yield share
        finally:
            share.release()

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Wait until no evaluation works, and let none begin; yield False if the wait has timed out."""
        own, everybodys = self._pairs
        with own.exclusive() as first, everybodys.exclusive() as second:
            yield first and second

    @contextmanager
    def one_of(self, names: Sequence[str]) -> Iterator[str]:
        """Hold the first free one of these names, which no other job of this user can hold meanwhile.

        Raises:
            InfrastructureError: other jobs hold all of them.
        """
        paths = [self.own_folder / f"own-{name}.lock" for name in names]
        with ExitStack() as opened:
            descriptors: list[int] = []
            for path in paths:
                try:
                    descriptors.append(_open(path))
                except _UnusableLockError as error:
                    raise InfrastructureError(f"{path} {error}: remove it") from error
                opened.callback(os.close, descriptors[-1])
            got = _wait(
                descriptors,
                self.own_timeout,
                lambda who: self.notify(f"waiting for one of {', '.join(names)}, held by {who}"),
                shared=False,
            )
            if got is None:
                raise InfrastructureError(
                    f"other jobs of yours have held {', '.join(names)} for {self.own_timeout:g} s "
                    f"(`fuser {' '.join(map(str, paths))}` names them): end them, or wait"
                )
            yield names[got]


def _wait(descriptors: Sequence[int], timeout: float, tell: Notify, *, shared: bool) -> int | None:
    """Lock the first free one of `descriptors`; return its index, or None if none is free within `timeout` seconds.

    After two seconds `tell` is called with the processes that hold them, unless these are jobs of the same command.
    """
    begin = time.monotonic()
    waiting = reported = False
    while True:
        for index, descriptor in enumerate(descriptors):
            if try_lock(descriptor, shared=shared):
                if waiting:
                    _log.info("The lock was free after %.1f s.", time.monotonic() - begin)
                return index
        if not waiting:
            waiting = True
            _log.info("Another evaluation on this machine holds a lock; waiting up to %g s for it.", timeout)
        waited = time.monotonic() - begin
        if not reported and waited >= _SECONDS_WITHOUT_A_WORD:
            reported = True
            if (who := describe_holders(descriptors)) is not None:
                tell(who)
        if waited >= timeout:
            return None
        time.sleep(_POLL_SECONDS)


def _open(path: Path) -> int:
    """Open the file that is locked; read access is enough, so that any user may have created it.

    Raises:
        _UnusableLockError: it cannot be opened, or another user could replace it.
    """
    flags = os.O_RDONLY
    for name in _FLAGS:
        flags |= getattr(os, name, 0)
    try:
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644))
                path.chmod(0o644)  # regardless of the umask
            descriptor = os.open(path, flags)
    except OSError as error:
        raise _UnusableLockError(f"cannot be opened to lock it ({error.strerror})") from error
    if why := _unusable(os.fstat(descriptor), path.parent.stat()):
        os.close(descriptor)
        raise _UnusableLockError(why)
    return descriptor


def _unusable(found: os.stat_result, folder: os.stat_result) -> str | None:
    """Return why a file cannot be a lock for several users; None if it can.

    The first process that needs the file creates it. In a sticky folder such as ``/tmp`` it may belong to any user,
    because only its owner can replace it. Elsewhere it must belong to root, to this user or to the folder's owner.
    """
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        return "is not a regular file with one name"
    if hasattr(os, "geteuid") and not folder.st_mode & stat.S_ISVTX:
        trusted = {0, os.geteuid(), folder.st_uid}
        if found.st_uid not in trusted:
            return f"belongs to user {found.st_uid}; expected one of {', '.join(map(str, sorted(trusted)))}"
    return None


def machine_lock(notify: Notify = _log.warning) -> MachineLock:
    """Return the lock that all users of this machine share; ``HARNESS_LOCKS`` names another folder.

    `notify` receives a message when a command waits for the lock.

    Raises:
        InfrastructureError: there is no writable folder for the locks.
    """
    everybodys = "/tmp" if os.name == "posix" else tempfile.gettempdir()  # noqa: S108 - one for all, not TMPDIR
    shared = Path(os.environ.get("HARNESS_LOCKS") or everybodys)
    return MachineLock(own_folder=_own(shared), shared_folder=shared, notify=notify)


def _own(shared: Path) -> Path:
    """Return a folder of this user that is the same for all jobs, in `shared` if that is writable."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = (shared, *([Path(runtime)] if runtime else []), Path(tempfile.gettempdir()))
    problems = []
    for place in places:
        try:
            return own_folder(place)
        except OSError as error:
            problems.append(str(error))
    raise InfrastructureError(
        f"there is no folder for locks ({'; '.join(problems)}): let HARNESS_LOCKS name one that you can write to"
    )
