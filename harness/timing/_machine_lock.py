"""The machine-wide lock: any number of evaluations share it while they work; one that measures holds it exclusively.

A shared and exclusive lock that prefers those who wait for exclusive access (Courtois, Heymans & Parnas 1971, CACM
14:667). It consists of two locked files: `work` is shared by the evaluations that work and held exclusively by the one
that measures; `entry` is held by the one that waits to measure, so that no new work begins meanwhile.

There are two such pairs of files: one in a folder of this user, where nobody else can hold a lock, and one for all
users of the machine, where anybody can. So this user's own jobs are waited for as long as they may take. Other users,
who might never release the lock, are waited for only a short time; then work goes on beside them, and measurements are
marked as noisy.
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
"""Jobs that make way for each other wait for less; a longer wait is reported, with the process that holds the lock."""
_OWN_TIMEOUT = 1800.0
"""Twice the time that a job may train under the default limits."""
_SHARED_TIMEOUT = 300.0
"""Long enough for others to measure; too short for anybody to stop a class from being graded by holding a lock."""
_FLAGS = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY")  # follow no link, wait for no pipe


Notify = Callable[[str], None]
"""Tells the person who runs the command something; the same text may come several times."""


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
        """Return whether somebody waits for exclusive access; those who were waited for in vain before do not count."""
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
        """Hold a lock, or go on without it; yield whether it is held."""
        path = self._path(name)
        try:
            descriptor = _open(path)
        except _UnusableLockError as error:
            self._go_on(f"{path} {error}: remove it, or let HARNESS_LOCKS name another folder")
            yield False
            return
        try:
            got = _wait([descriptor], self.timeout, self._tell, shared=shared) is not None
            if not got:
                self._go_on(
                    f"another harness on this machine has held {path} for {self.timeout:g} s (`fuser {path}` names "
                    "it): end it, or wait for it"
                )
            yield got
        finally:
            os.close(descriptor)

    def _tell(self, who: str) -> None:
        """Report which process holds the lock."""
        self.notify(
            f"waiting for {who}: nobody computes while another evaluation on this machine measures; after "
            f"{self.timeout:g} s it goes on nevertheless"
        )

    def _go_on(self, why: str) -> None:
        """Warn once why the lock is not waited for."""
        if self.timeout > 0:
            self.notify(f"{why}. Until then latency is measured beside other work and marked as noisy.")
        self.timeout = 0


class Pausable(Protocol):
    """Work that can be paused."""

    def paused(self) -> AbstractContextManager[None]:
        """Pause it while the body runs."""


class Share:
    """A share of the lock, which is released for anybody who waits to measure: a fit may last for an hour."""

    def __init__(self, pairs: Sequence[_LockPair]) -> None:
        self._pairs = pairs
        self._held = ExitStack()

    def take(self) -> None:
        """Wait until nobody measures, and hold it."""
        for pair in self._pairs:
            self._held.enter_context(pair.shared())

    def release(self) -> None:
        """Release it."""
        self._held.close()

    def give_way(self, work: Pausable) -> None:
        """If somebody waits to measure, pause `work` until they have measured."""
        if any(pair.is_wanted() for pair in self._pairs):
            with work.paused():
                self.release()
                self.take()

    @contextmanager
    def lent(self, work: Pausable) -> Iterator[None]:
        """Let others measure at any time while the body runs, which does nothing but wait for `work`."""
        ended = threading.Event()
        failures: list[Exception] = []

        def watch() -> None:
            try:
                while not ended.wait(_POLL_SECONDS):
                    self.give_way(work)
            except Exception as error:  # raised where somebody sees it
                failures.append(error)

        watcher = threading.Thread(target=watch, name="give-way", daemon=True)
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
    """The lock shared by everybody whose lock files lie in `shared_folder`, and by this user's jobs in `own_folder`."""

    own_folder: Path
    shared_folder: Path
    own_timeout: float = _OWN_TIMEOUT
    shared_timeout: float = _SHARED_TIMEOUT
    notify: Notify = _log.warning
    """Is told which process holds a lock, and which lock is no longer waited for."""
    _pairs: tuple[_LockPair, _LockPair] = field(init=False)

    def __post_init__(self) -> None:
        self._pairs = (
            _LockPair(folder=self.own_folder, name="own", timeout=self.own_timeout, notify=self.notify),
            _LockPair(folder=self.shared_folder, name="harness", timeout=self.shared_timeout, notify=self.notify),
        )

    @contextmanager
    def shared(self) -> Iterator[Share]:
        """Share the lock with others that work; nobody measures meanwhile."""
        share = Share(self._pairs)
        try:
            share.take()
            yield share
        finally:
            share.release()

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Wait until nobody works, and let nobody begin; yield False if the wait has timed out."""
        own, everybodys = self._pairs
        with own.exclusive() as first, everybodys.exclusive() as second:
            yield first and second

    @contextmanager
    def one_of(self, names: Sequence[str]) -> Iterator[str]:
        """Hold the first of these names that is free, which no other job of this user holds meanwhile.

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
    """Lock the first of `descriptors` that is free; return its index, None if none was within `timeout` seconds.

    After a while `tell` is given who holds them, unless these are jobs of the same command.
    """
    begin = time.monotonic()
    waiting = told = False
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
        if not told and waited >= _SECONDS_WITHOUT_A_WORD:
            told = True
            if (who := describe_holders(descriptors)) is not None:
                tell(who)
        if waited >= timeout:
            return None
        time.sleep(_POLL_SECONDS)


def _open(path: Path) -> int:
    """Open the file that is locked, whoever created it: read access is enough.

    Raises:
        _UnusableLockError: it cannot be opened, or somebody could put another file in its place.
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
                path.chmod(0o644)  # whatever the umask
            descriptor = os.open(path, flags)
    except OSError as error:
        raise _UnusableLockError(f"cannot be opened to lock it ({error.strerror})") from error
    if why := _unusable(os.fstat(descriptor), path.parent.stat()):
        os.close(descriptor)
        raise _UnusableLockError(why)
    return descriptor


def _unusable(found: os.stat_result, folder: os.stat_result) -> str | None:
    """Return why a file cannot be a lock for several users; None if it can.

    It was created by the first process that needed it. In a sticky folder such as ``/tmp`` it may belong to anybody,
    because only its owner can replace it. Elsewhere it has to belong to root, to this user or to the folder's owner.
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

    `notify` is told which process holds the locks.

    Raises:
        InfrastructureError: no folder for the locks can be written to.
    """
    everybodys = "/tmp" if os.name == "posix" else tempfile.gettempdir()  # noqa: S108 - whatever the users' TMPDIR
    shared = Path(os.environ.get("HARNESS_LOCKS") or everybodys)
    return MachineLock(own_folder=_own(shared), shared_folder=shared, notify=notify)


def _own(shared: Path) -> Path:
    """Return a folder of this user, the same for all jobs: in `shared` if that can be written to."""
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
