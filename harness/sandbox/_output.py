"""The output of a worker, which is read while it runs and of which the end is kept."""

from __future__ import annotations

import os
import re
import select
import sys
import threading
import time
from collections import deque

_CHUNK = 1 << 16
_SECONDS_TO_END = 1.0
_SECONDS_TO_SETTLE = 0.05
TAIL_BYTES = 1 << 16
_NOTICE_BYTES = 64
_OURS = re.compile(r"\[[\d,]+ bytes before this were not kept\]|\[output limit \d+ bytes: \d+ more were dropped\]")
"""The lines that replace dropped output."""


def open_output(descriptor: int, cap: int) -> Output:
    """Read the pipe `descriptor` in the background, and keep the end of its first `cap` bytes."""
    if sys.platform != "win32" and hasattr(select, "poll"):
        return PolledOutput(descriptor, cap)
    return Output(descriptor, cap)


class Output:
    """A thread that reads the output until the pipe is closed."""

    def __init__(self, descriptor: int, cap: int) -> None:
        self._descriptor, self._tail = descriptor, Tail(cap)
        self._thread = threading.Thread(target=self._read_all, name=f"output-{descriptor}", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return the end of the output up to this call."""
        self._catch_up()
        return self._tail.text()

    def finish(self) -> None:
        """Wait until all output has been read, but only briefly if a process keeps the pipe open."""
        self._thread.join(_SECONDS_TO_END)

    def _read_all(self) -> None:
        while self._read():
            pass
        os.close(self._descriptor)

    def _read(self) -> bool:
        """Read a chunk; return False at the end of the output."""
        chunk = os.read(self._descriptor, _CHUNK)
        self._tail.add(chunk)
        return bool(chunk)

    def _catch_up(self) -> None:
        """Give the thread time to read, because it is unknown how much output is left."""
        self._thread.join(_SECONDS_TO_SETTLE)


if sys.platform != "win32":

    class PolledOutput(Output):
        """The same for systems on which a pipe can be polled."""

        def __init__(self, descriptor: int, cap: int) -> None:
            self._lock = threading.Lock()
            super().__init__(descriptor, cap)

        def _read(self) -> bool:
            self._is_readable(None)
            with self._lock:
                return super()._read()

        def _catch_up(self) -> None:
            deadline = time.monotonic() + _SECONDS_TO_END
            while self._thread.is_alive() and time.monotonic() < deadline:
                with self._lock:  # then everything read so far is in the tail
                    if not self._is_readable(0):
                        return
                time.sleep(0)

        def _is_readable(self, milliseconds: int | None) -> bool:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            return bool(poll.poll(milliseconds))


def lines_of(output: str) -> tuple[list[str], bool]:
    """Return the lines that a `Tail` kept, without its own notices, and whether it dropped others."""
    lines = output.splitlines()
    kept = [line for line in lines if not _OURS.fullmatch(line)]
    return kept, len(kept) < len(lines)


class Tail:
    """The end of the output up to a cap; everything before and after it is counted and dropped."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._total = 0
        self._chunks: deque[bytes] = deque()
        self._kept = 0

    def add(self, chunk: bytes) -> None:
        before, self._total = self._total, self._total + len(chunk)
        chunk = chunk[: max(0, self._cap - before)]
        if chunk:
            self._chunks.append(chunk)
            self._kept += len(chunk)
            while self._kept - len(self._chunks[0]) >= TAIL_BYTES:
                self._kept -= len(self._chunks.popleft())

    def text(self) -> str:
        kept = b"".join(list(self._chunks))
        before = min(self._total, self._cap) - TAIL_BYTES
        notice = ""
        if before > 0:  # the bytes that make room for the notice are counted in it
            notice = f"[{before + _NOTICE_BYTES:,} bytes before this were not kept]\n"
            kept = kept[-(TAIL_BYTES - _NOTICE_BYTES) :]
        tail = f"{notice}{kept.decode('utf-8', 'replace')}"
        dropped = self._total - self._cap
        return tail if dropped <= 0 else f"{tail}\n[output limit {self._cap} bytes: {dropped} more were dropped]"
