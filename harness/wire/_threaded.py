"""The two pipes of a channel on Windows, where a process cannot wait for several descriptors at once."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import sys
import threading
from collections.abc import Sequence
from io import FileIO

from harness.wire._ends import ChannelClosed, Piece

if sys.platform == "win32":
    import msvcrt

_CHUNK_BYTES = 1 << 18
_CHUNKS = 64
"""The largest number of chunks in the queue, because a worker that sends endlessly must not fill the host's memory."""
_LOOK_SECONDS = 0.1
"""How long a thread waits before it checks for a stop; on Windows no signal interrupts waiting for a lock."""
_SECONDS_TO_END = 1.0
_CLOSED = frozenset({errno.EPIPE, errno.EINVAL})
"""The errors of writing to a pipe without a reader; the second occurs on Windows (bugs.python.org/issue19612)."""


class BlockingPipes:
    """Pipes with blocking reads and writes."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._stream = FileIO(reader, "rb", closefd=False) if reader >= 0 else None
        if sys.platform == "win32":
            for descriptor in (reader, writer):
                if descriptor >= 0:
                    msvcrt.setmode(descriptor, os.O_BINARY)

    def read_into(self, view: memoryview) -> int:
        """Wait for bytes and put some into `view`."""
        assert self._stream is not None
        count = self._stream.readinto(view)
        if not count:
            raise ChannelClosed
        return count

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write all of `pieces`, small ones together."""
        try:
            for piece in [b"".join(pieces)] if sum(map(len, pieces)) <= _CHUNK_BYTES else pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(self._writer, rest) :]
        except OSError as error:
            if error.errno in _CLOSED:
                raise ChannelClosed from None
            raise

    def busy_wait(self, seconds: float) -> None:
        """Do nothing, because a pipe cannot be polled here."""

    def stop(self) -> None:
        """Do nothing, because there is no other thread."""

    def close(self) -> None:
        """Close both pipes."""
        for descriptor in (self._reader, self._writer):
            if descriptor >= 0:
                os.close(descriptor)


class ThreadedPipes(BlockingPipes):
    """Pipes that a thread reads, so that waiting for its data can be stopped.

    Waiting to write ends when the reading process has ended; a caller of `stop` kills it as well.
    """

    def __init__(self, reader: int, writer: int) -> None:
        super().__init__(reader, writer)
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS)
        self._rest = memoryview(b"")
        self._ended = False
        self._stopped = threading.Event()
        self._pump = threading.Thread(target=self._read_all, name=f"pipe-{reader}", daemon=True)
        self._pump.start()

    def read_into(self, view: memoryview) -> int:
        """Wait for bytes and put some into `view`."""
        while not self._rest:
            if self._ended or self._stopped.is_set():
                raise ChannelClosed
            with contextlib.suppress(queue.Empty):
                self._rest = memoryview(self._chunks.get(timeout=_LOOK_SECONDS))
                self._ended = not self._rest
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def stop(self) -> None:
        """Make all current and later reads raise `ChannelClosed`."""
        self._stopped.set()

    def close(self) -> None:
        """Close both pipes; one that the thread is still reading stays open, because closing it would block.

        The pipe for writing is closed first: the process at its other end then closes the other pipe, which ends the
        thread.
        """
        self._stopped.set()
        os.close(self._writer)
        self._pump.join(_SECONDS_TO_END)
        if not self._pump.is_alive():
            os.close(self._reader)

    def _read_all(self) -> None:
        """Read until the end of the pipe, which is passed on as an empty chunk."""
        with contextlib.suppress(OSError):
            while chunk := os.read(self._reader, _CHUNK_BYTES):
                self._put(chunk)
        self._put(b"")

    def _put(self, chunk: bytes) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(chunk, timeout=_LOOK_SECONDS)
                return
