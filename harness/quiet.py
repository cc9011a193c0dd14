"""An agreement between all that evaluate on one machine: any number work at once, whoever measures is alone.

Readers and a writer (Courtois, Heymans & Parnas 1971, CACM 14:667) on two locked files: `room` is shared by those who
work and held alone by the one who measures; `gate` is closed by the one who waits to measure, so that no new work keeps
the room from emptying.

Every pair of files is there twice: one in a folder of this user's own, where nobody else can hold a lock, and one for
all users of the machine, where anybody can. So one's own jobs are waited for as long as they may take. Of others, who
may hold the lock for ever, only a short while is borne; then the work goes on beside them, and what is measured is
called noisy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import InfrastructureError
from harness.locks import try_lock
from harness.scratch import own_folder

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.02
_OWN_SECONDS = 1800.0
"""Twice the longest that a job under the default limits trains."""
_OTHERS_SECONDS = 300.0
"""Long enough for others to measure; too short for anybody to stop a class from being graded by holding a lock."""
_FLAGS = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY")  # follow no link, wait for no pipe


class _UnfitLockError(Exception):
    """A file is none to lock; says why."""


@dataclass(eq=False, kw_only=True)
class _Room:
    """The two locks in one folder; their names begin with `name`."""

    folder: Path
    name: str
    patience: float
    """Seconds to wait for those who hold a lock; none once that was in vain."""

    @contextmanager
    def working(self) -> Iterator[None]:
        with ExitStack() as held:
            with self._held("gate", shared=True):
                held.enter_context(self._held("room", shared=True))
            yield

    @contextmanager
    def measuring(self) -> Iterator[bool]:
        """Yield whether nobody else is at work."""
        with self._held("gate", shared=False) as closed, self._held("room", shared=False) as empty:
            yield closed and empty

    @contextmanager
    def _held(self, name: str, *, shared: bool) -> Iterator[bool]:
        """Hold a lock, or go on without; yield which."""
        path = self.folder / f"{self.name}-{name}.lock"
        try:
            descriptor = _open(path)
        except _UnfitLockError as error:
            self._go_on(f"{path} {error}: remove it, or let HARNESS_LOCKS name another folder")
            yield False
            return
        try:
            got = _wait([descriptor], self.patience, shared=shared) is not None
            if not got:
                self._go_on(
                    f"another harness on this machine has held {path} for {self.patience:g} s (`fuser {path}` names "
                    "it): end it, or wait for it"
                )
            yield got
        finally:
            os.close(descriptor)

    def _go_on(self, why: str) -> None:
        """Say why nobody is waited for, once."""
        if self.patience > 0:
            _log.warning("%s. Until then latency is measured beside others and called noisy.", why)
        self.patience = 0


@dataclass(eq=False, kw_only=True)
class Quiet:
    """The agreement of all whose locks lie in the folder `shared`, and of this user's, whose locks lie in `own`."""

    own: Path
    shared: Path
    own_patience: float = _OWN_SECONDS
    patience: float = _OTHERS_SECONDS
    _rooms: tuple[_Room, _Room] = field(init=False)

    def __post_init__(self) -> None:
        self._rooms = (
            _Room(folder=self.own, name="own", patience=self.own_patience),
            _Room(folder=self.shared, name="harness", patience=self.patience),
        )

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work beside others, while nobody measures."""
        ours, everybodys = self._rooms
        with ours.working(), everybodys.working():
            yield

    @contextmanager
    def measuring(self) -> Iterator[bool]:
        """Wait until nobody works and let nobody begin; yield whether that is so, or others were waited for in vain."""
        ours, everybodys = self._rooms
        with ours.measuring() as first, everybodys.measuring() as second:
            yield first and second

    @contextmanager
    def one_of(self, names: Sequence[str]) -> Iterator[str]:
        """Have one of the things named, the first that is free; no other job of this user has it meanwhile.

        Raises:
            InfrastructureError: others keep them all.
        """
        paths = [self.own / f"own-{name}.lock" for name in names]
        with ExitStack() as opened:
            descriptors: list[int] = []
            for path in paths:
                try:
                    descriptors.append(_open(path))
                except _UnfitLockError as error:
                    raise InfrastructureError(f"{path} {error}: remove it") from error
                opened.callback(os.close, descriptors[-1])
            got = _wait(descriptors, self.own_patience, shared=False)
            if got is None:
                raise InfrastructureError(
                    f"other jobs of yours have had {', '.join(names)} for {self.own_patience:g} s "
                    f"(`fuser {' '.join(map(str, paths))}` names them): end them, or wait"
                )
            yield names[got]


def _wait(descriptors: Sequence[int], patience: float, *, shared: bool) -> int | None:
    """Lock the first of `descriptors` that can be had; return its place, None if none can within `patience` seconds."""
    begin = time.monotonic()
    deadline = begin + patience
    waits = False
    while True:
        for place, descriptor in enumerate(descriptors):
            if try_lock(descriptor, shared=shared):
                if waits:
                    _log.info("The lock was had after %.1f s.", time.monotonic() - begin)
                return place
        if not waits:
            waits = True
            _log.info("Another evaluation on this machine holds a lock; waiting up to %g s for it.", patience)
        if time.monotonic() >= deadline:
            return None
        time.sleep(_LOOK_SECONDS)


def _open(path: Path) -> int:
    """Open the file to lock, whoever made it: to lock it, reading is enough.

    Raises:
        _UnfitLockError: it cannot be opened, or can be another one for the next who opens it.
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
        raise _UnfitLockError(f"cannot be opened to lock it ({error.strerror})") from error
    if why := _unfit(os.fstat(descriptor), path.parent.stat()):
        os.close(descriptor)
        raise _UnfitLockError(why)
    return descriptor


def _unfit(found: os.stat_result, folder: os.stat_result) -> str | None:
    """Return why a file is no lock for several users; None if it is one.

    Whoever came first made it, so it may be anybody's where the folder is sticky, as ``/tmp`` is: there only its owner
    can put another in its place. Elsewhere it has to be root's, this user's, or whose the folder is.
    """
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        return "is no plain file of one name"
    if hasattr(os, "geteuid") and not folder.st_mode & stat.S_ISVTX:
        trusted = {0, os.geteuid(), folder.st_uid}
        if found.st_uid not in trusted:
            return f"belongs to user {found.st_uid}; expected one of {', '.join(map(str, sorted(trusted)))}"
    return None


def machine_wide() -> Quiet:
    """Return the agreement of every harness on this machine, whoever runs it; ``HARNESS_LOCKS`` names another place.

    Raises:
        InfrastructureError: no folder is there to write to.
    """
    everybodys = "/tmp" if os.name == "posix" else tempfile.gettempdir()  # noqa: S108 - whatever the users' TMPDIR
    shared = Path(os.environ.get("HARNESS_LOCKS") or everybodys)
    return Quiet(own=_own(shared), shared=shared)


def _own(shared: Path) -> Path:
    """Return a folder of this user's, the same for all jobs: in `shared` if that can be written to."""
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
