"""Open archives that need a library in C (``.7z``, ``.rar``), in a sandboxed process with limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from harness._version import extra
from harness.contract import Limits
from harness.errors import HarnessError
from harness.lms._members import MOST_BYTES, MOST_FILES, Refused
from harness.sandbox import Allowance, Box, Process, Requirement, Sandbox, find_required_sandbox
from harness.wire import ArrayHeader, ChannelClosed, Done, FileSent, OpenArchive, Raised, WireError, admit_all

_SECONDS = 60.0
_START_SECONDS = 30.0
_MEMORY_BYTES = 1 << 30
_REMEDY = f"{extra('archives')}, and the system's library (Debian's package libarchive13), or ask for a zip file"


class WalledArchives:
    """Opens each archive in a sandboxed process; the sandbox is set up when it is first needed."""

    def __init__(self, hidden: Sequence[Path], isolation: Requirement) -> None:
        self._hidden, self._isolation = hidden, isolation
        self._sandbox: Sandbox | None = None

    def __call__(self, name: str, content: bytes, most: int) -> Iterator[tuple[str, bytes]]:
        """Yield the names and contents of an archive's files, which are at most `most` bytes together.

        Raises:
            Refused: the archive cannot be opened on this machine, or holds too much.
        """
        if find_spec("libarchive") is None:
            raise Refused(f"{name!r} is of a kind that cannot be opened here: {_REMEDY}")
        limits = Limits(memory_bytes=_MEMORY_BYTES)
        with Process(self._found(), Box(folders=(), limits=limits, threads=1)) as process:
            try:
                yield from _files(process, name, content, most)
            except (ChannelClosed, WireError) as error:
                exceeded = process.exceeded
                why = f"the limit {exceeded.kind}" if exceeded is not None else process.exit_description()
                raise Refused(f"{name!r} cannot be unpacked: the process that unpacked it {why}") from error

    def close(self) -> None:
        """End the sandbox if one was set up."""
        if self._sandbox is not None:
            self._sandbox.close()

    def _found(self) -> Sandbox:
        if self._sandbox is None:
            try:
                self._sandbox = find_required_sandbox(self._hidden, self._isolation)
            except HarnessError as error:
                raise Refused(f"such archives are opened only in a sandbox, and there is none: {error}") from error
        return self._sandbox


def _files(process: Process, name: str, content: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    with process.allow(Allowance(limit="start", seconds=_START_SECONDS)):
        process.channel.receive(admit_all)
    left = min(most, MOST_BYTES)

    def admit(_: object, headers: Sequence[ArrayHeader]) -> None:
        if len(headers) > 1 or sum(header.nbytes for header in headers) > left:
            raise WireError("received more than the limit")

    with process.allow(Allowance(limit="unpacking", seconds=_SECONDS)):
        process.channel.send(OpenArchive(MOST_FILES, left), np.frombuffer(content, np.uint8))
        while True:
            reply, arrays = process.channel.receive(admit)
            match reply:
                case FileSent(path) if len(arrays) == 1:
                    left -= arrays[0].nbytes
                    yield path, arrays[0].tobytes()
                case Done():
                    return
                case Raised(exception, message):
                    raise Refused(_refusal(name, exception, message))
                case _:
                    raise WireError(f"received an unexpected {type(reply).__name__}")


def _refusal(name: str, exception: str, message: str) -> str:
    if exception in ("ImportError", "ModuleNotFoundError", "OSError", "AttributeError", "TypeError"):
        return f"{name!r} is of a kind that cannot be opened here ({message}): {_REMEDY}"
    return f"{name!r} cannot be unpacked: {message}"
