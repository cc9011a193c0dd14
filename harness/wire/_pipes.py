"""What a channel needs of its two pipes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Piece = bytes | memoryview


class ChannelClosed(Exception):  # noqa: N818 - an event that the reader expects, not always an error
    """The other side is gone, or the process was stopped."""


class Pipes(Protocol):
    """A pipe to read from and a pipe to write to."""

    def read_into(self, view: memoryview) -> int:
        """Wait for bytes and put some into `view`; return how many.

        Raises:
            ChannelClosed: nobody writes any more, or `stop` was called.
        """

    def write(self, pieces: Sequence[Piece]) -> None:
        """Write all of `pieces`.

        Raises:
            ChannelClosed: nobody reads any more, or `stop` was called.
        """

    def busy_wait(self, seconds: float) -> None:
        """Busy-wait up to `seconds` for bytes before sleeping until they come, where the system allows it."""

    def stop(self) -> None:
        """End every wait of another thread, this one and all later ones."""

    def close(self) -> None:
        """Close both pipes."""
