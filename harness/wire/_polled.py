"""The two pipes of a channel on systems where a process can wait for several descriptors at once."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Sequence
from time import perf_counter  # early, because student code may replace time.perf_counter

from harness.wire._ends import ChannelClosed, Piece

assert sys.platform != "win32"


class PolledPipes:
    """Pipes whose waits also end once a third descriptor is readable."""

    def __init__(self, reader: int, writer: int, *, stoppable: bool) -> None:
        self._reader, self._writer = reader, writer
        self._stop, self._stopper = os.pipe() if stoppable else (-1, -1)
        self._readable = _poll(reader, select.POLLIN, self._stop) if stoppable else None
        self._writable = _poll(writer, select.POLLOUT, self._stop) if stoppable else None
        self._busy_wait: tuple[select.poll, float] | None = None
        if stoppable:
            os.set_blocking(writer, False)

    def read_into(self, view: memoryview) -> int:
        """Wait for bytes and put some into `view`."""
        if self._busy_wait is not None:
            _poll_until(*self._busy_wait)
        self._wait(self._readable)
        count = os.readv(self._reader, [view])
        if count == 0:
            raise ChannelClosed
        return count

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write all of `pieces`."""
        while pieces:
            try:
                written = os.writev(self._writer, pieces)
            except BlockingIOError:
                self._wait(self._writable)
            except BrokenPipeError:
                raise ChannelClosed from None
            else:
                pieces = _after(pieces, written)

    def busy_wait(self, seconds: float) -> None:
        """Busy-wait up to `seconds` for bytes before sleeping until they arrive."""
        self._busy_wait = (_poll(self._reader, select.POLLIN), seconds) if seconds else None

    def stop(self) -> None:
        """Make all current and later reads and writes raise `ChannelClosed`."""
        with contextlib.suppress(OSError):
            os.write(self._stopper, b"\0")

    def close(self) -> None:
        """Close both pipes and the one that stops them."""
        for descriptor in (self._reader, self._writer, self._stop, self._stopper):
            if descriptor >= 0:
                os.close(descriptor)

    def _wait(self, poll: select.poll | None) -> None:
        if poll is not None:
            for fd, _ in poll.poll():
                if fd == self._stop:
                    raise ChannelClosed


def _poll(fd: int, event: int, *others: int) -> select.poll:
    poll = select.poll()
    poll.register(fd, event)
    for other in others:
        poll.register(other, select.POLLIN)
    return poll


def _poll_until(poll: select.poll, seconds: float) -> None:
    ready, end = poll.poll, perf_counter() + seconds
    while not ready(0) and perf_counter() < end:
        pass


def _after(pieces: Sequence[Piece], written: int) -> Sequence[Piece]:
    """Return the rest of `pieces` after the first `written` bytes."""
    for number, piece in enumerate(pieces):
        if written < len(piece):
            return [piece[written:], *pieces[number + 1 :]]
        written -= len(piece)
    return []
