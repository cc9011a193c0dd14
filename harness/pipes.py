"""Send messages to and from a child process through its standard input and output, which every system has."""

from __future__ import annotations

import os
import struct
from typing import IO

_LENGTH = struct.Struct("<Q")


def take_standard_streams() -> tuple[int, int]:
    """Return the pipes that this process has as standard input and output.

    From now on standard input is empty, and everything that is printed goes to standard error.
    """
    pipes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pipes


def write_message(stream: IO[bytes], content: bytes) -> None:
    """Write `content` so that `read_message` returns it completely.

    Raises:
        OSError: the reader has closed the pipe.
    """
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes:
    """Return the next message.

    Raises:
        EOFError: the writer has closed the pipe.
    """
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    return _read(stream, length)


def _read(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
