"""A machine-wide agreement: any number of us may work at once, who measures is alone.

Readers and writer (Courtois, Heymans & Parnas 1971, CACM 14:667) on two locked files: `room` is shared by those who
work and held alone by who measures; `gate` is closed by who waits to measure, so that no new work keeps the room from
emptying. The kernel lets go of a lock when its holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.contract import InfrastructureError

_LOOK_SECONDS = 0.02
_EVERYBODYS = "/tmp"  # noqa: S108 - one place for every user, whatever their TMPDIR


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """The agreement of all who name the same `folder`."""

    folder: Path
    patience: float = 3600.0
    """Seconds to wait for others, who are bound by limits of their own."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work beside others, while nobody measures."""
        with contextlib.ExitStack() as held:
            with self._held(["gate"], fcntl.LOCK_SH):
                held.enter_context(self._held(["room"], fcntl.LOCK_SH))
            yield

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure alone: wait until nobody works, let nobody begin."""
        with self._held(["gate"], fcntl.LOCK_EX), self._held(["room"], fcntl.LOCK_EX):
            yield

    @contextmanager
    def one_of(self, names: Sequence[str]) -> Iterator[str]:
        """Have one of the things named, the first that is free; nobody else of us has it meanwhile."""
        with self._held(names, fcntl.LOCK_EX) as name:
            yield name

    @contextmanager
    def _held(self, names: Sequence[str], how: int) -> Iterator[str]:
        """Hold the first of the locks `names` that can be had."""
        paths = [self.folder / f"harness-{name}.lock" for name in names]
        descriptors: list[int] = []
        try:
            descriptors += map(self._open, paths)
            deadline = time.monotonic() + self.patience
            while (got := _first_free(descriptors, how)) is None:
                if time.monotonic() > deadline:
                    raise InfrastructureError(
                        f"another harness on this machine has been at work for {self.patience:g} s, and this one has "
                        f"to wait for it (`fuser {' '.join(map(str, paths))}` names it): end it, or wait"
                    )
                time.sleep(_LOOK_SECONDS)
            yield names[got]
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    @staticmethod
    def _open(path: Path) -> int:
        """Open the file whoever made it: to lock it, reading is enough."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            try:
                return os.open(path, flags)
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o644))
                    path.chmod(0o644)  # whatever the umask
                return os.open(path, flags)
        except OSError as error:
            raise InfrastructureError(f"{path} cannot be opened to lock it ({error}): remove it") from error


def _first_free(descriptors: Sequence[int], how: int) -> int | None:
    for number, descriptor in enumerate(descriptors):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return number
    return None


def machine_wide() -> Quiet:
    """Return the agreement of every harness on this machine, whoever runs it; ``HARNESS_LOCKS`` names another place."""
    return Quiet(folder=Path(os.environ.get("HARNESS_LOCKS") or _EVERYBODYS))
