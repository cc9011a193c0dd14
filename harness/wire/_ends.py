"""The interface through which a channel uses its two pipes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Piece = bytes | memoryview


class ChannelClosed(Exception):  # noqa: N818 - an expected event, not always an error
    """The other side has closed the channel, or the channel was stopped."""


class Pipes(Protocol):
    """A pipe to read from and a pipe to write to."""

    def read_into(self, view: memoryview) -> int:
        """Wait for bytes and put some into `view`; return how many.

        Raises:
            ChannelClosed: the writer has closed the pipe, or `stop` was called.
        """

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write all of `pieces`.

        Raises:
            ChannelClosed: the reader has closed the pipe, or `stop` was called.
        """

    def busy_wait(self, seconds: float) -> None:
        """Busy-wait up to `seconds` for bytes before sleeping until they arrive, if the system allows it."""

    def stop(self) -> None:
        """Make all current and later reads and writes raise `ChannelClosed`; for another thread to call."""

    def close(self) -> None:
        """Close both pipes."""
