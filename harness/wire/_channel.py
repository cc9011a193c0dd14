"""Frames over two pipes: a fixed header, a JSON message, then arrays, each after a fixed header.

Every length is checked against a bound before anything of that length is read, and the reader of a reply accepts its
arrays before memory is allocated for them. A frame with the same head as the one before is sent in the compact
encoding.
"""

from __future__ import annotations

import math
import select
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from harness.wire._compact import COMPACT, FULL, MARK_BYTES, ArrayHeader, CompactEncoding, Frame, compact_form
from harness.wire._ends import Pipes
from harness.wire._threaded import BlockingPipes, ThreadedPipes

if sys.platform != "win32":
    from harness.wire._polled import PolledPipes

Array = np.ndarray[Any, Any]

MAX_MESSAGE_BYTES = 1 << 18
MAX_ARRAYS = 8
MAX_DIMENSIONS = 6

_FRAME = struct.Struct("<IHxx")  # after the mark: bytes of JSON, number of arrays
_ARRAY = struct.Struct(f"<cBBx{MAX_DIMENSIONS}Q")  # kind, bytes per item, dimensions, shape
_BUFFER_BYTES = MAX_MESSAGE_BYTES  # a whole message fits, because it is decoded in the buffer
_EXCERPT_BYTES = 200
_DTYPES = {("b", 1), *((kind, size) for kind in "iu" for size in (1, 2, 4, 8)), ("f", 2), ("f", 4), ("f", 8)}

In = TypeVar("In")


class WireError(Exception):
    """The other side sent something that violates the protocol."""


Admit = Callable[[Any, Sequence[ArrayHeader]], None]


def admit_all(message: object, headers: Sequence[ArrayHeader]) -> None:
    """Accept all arrays, because a worker trusts its host."""


class Channel(Generic[In]):
    """One end of a connection between host and worker; `In` is the type of message that this end receives.

    A `stoppable` channel can be stopped by another thread: then all reads and writes raise `ChannelClosed`.
    """

    def __init__(self, reader: int, writer: int, incoming: Any, *, stoppable: bool = False) -> None:
        self._pipes = _open(reader, writer, stoppable)
        self._decoder: msgspec.json.Decoder[In] = msgspec.json.Decoder(incoming)
        self._encoder = msgspec.json.Encoder()
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._start = self._end = 0  # the part of the buffer that has been received but not consumed
        self._compact: CompactEncoding[In] = CompactEncoding()

    def send(self, message: msgspec.Struct, *arrays: Array) -> None:
        """Send one message and its arrays.

        Raises:
            ChannelClosed: the other side has closed the channel.
        """
        self.transmit(self.frame(message, *arrays))

    def frame(self, message: msgspec.Struct, *arrays: Array) -> Frame:
        """Encode a message and its arrays."""
        contiguous = [np.asarray(array, array.dtype.newbyteorder("<"), order="C") for array in arrays]
        body = self._encoder.encode(message)
        head = b"".join([FULL, _FRAME.pack(len(body), len(arrays)), body, *map(_pack_header, contiguous)])
        payloads = [_bytes_of(array) for array in contiguous if array.nbytes]
        return Frame(
            head=head,
            forms=[ArrayHeader(array.dtype, array.shape) for array in contiguous],
            payloads=payloads,
            compact=compact_form(payloads),
        )

    def transmit(self, frame: Frame) -> None:
        """Send a frame."""
        self._pipes.write([self._compact.head_of(frame), *frame.payloads])

    def send_compact(self, array: Array) -> bool:
        """Send `array` in the compact encoding and return True, or send nothing if the last frame had another form."""
        if not self._compact.allows(array):
            return False
        self._pipes.write([COMPACT, _bytes_of(array)])
        return True

    def exchange_compact(self, frame: Frame) -> bool:
        """Send `frame` and wait; return whether both it and the answer were in the compact encoding.

        If so, `take_compact` returns the received array; otherwise, call `receive` for the answer. This method has few
        steps because it is timed.

        Raises:
            ChannelClosed: the other side has closed the channel.
        """
        compact = self._compact.of_frame(frame)
        if compact is None:
            self.transmit(frame)
            return False
        self._pipes.write([compact])
        return self._await_compact()

    def receive_compact(self) -> Array | None:
        """Wait for a frame of one array in the compact encoding; return None if a different frame arrives.

        The different frame is returned by the next `receive`.
        """
        return self.take_compact() if self._await_compact() else None

    def take_compact(self) -> Array:
        """Return the array of a compact frame that has arrived."""
        assert self._compact.received is not None
        self._start = MARK_BYTES
        return self._read_array(self._compact.received[1][0])

    def _await_compact(self) -> bool:
        if self._start < self._end:
            return False
        self._start, self._end = 0, self._pipes.read_into(self._buffer)
        return self._compact.recognises(self._buffer[: self._end])

    def busy_wait(self, seconds: float) -> None:
        """From now on, busy-wait up to `seconds` for bytes before sleeping until they arrive.

        On a virtual machine, waking up on another core takes longer than a small network.
        """
        self._pipes.busy_wait(seconds)

    def receive(self, admit: Admit) -> tuple[In, list[Array]]:
        """Receive one message and its arrays; `admit` may refuse the arrays before they are read.

        Raises:
            WireError: the bytes violate the protocol, or `admit` refused the arrays.
            ChannelClosed: the other side has closed the channel.
        """
        mark = self._read(MARK_BYTES)
        if mark == FULL:
            self._compact.remember(*self._read_head())
        elif mark != COMPACT or self._compact.received is None:
            raise WireError("the frame's header is malformed")
        assert self._compact.received is not None
        message, headers = self._compact.received
        admit(message, headers)
        return message, [self._read_array(header) for header in headers]

    def _read_head(self) -> tuple[In, list[ArrayHeader]]:
        length, count = _FRAME.unpack(self._read(_FRAME.size))
        if length > MAX_MESSAGE_BYTES or count > MAX_ARRAYS:
            raise WireError("the frame's header is malformed")
        body = self._read(length)
        try:
            message = self._decoder.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise WireError(f"the message {_excerpt(body)} is malformed: {error}") from error
        return message, [_unpack_header(self._read(_ARRAY.size)) for _ in range(count)]

    def stop(self) -> None:
        """Make all current and later reads and writes raise `ChannelClosed`; for another thread to call."""
        self._pipes.stop()

    def close(self) -> None:
        """Close both pipes."""
        self._pipes.close()

    def _read_array(self, header: ArrayHeader) -> Array:
        size, ready = header.nbytes, self._end - self._start
        if size <= ready:
            return np.ndarray(header.shape, header.dtype, bytearray(self._take(size)))
        array = np.empty(header.shape, header.dtype)
        view = _bytes_of(array)
        view[:ready] = self._take(ready)
        while ready < size:
            ready += self._pipes.read_into(view[ready:])
        return array

    def _read(self, size: int) -> memoryview:
        """Return the next `size` bytes, at most a buffer's length, valid until the next read."""
        if self._end - self._start < size:
            rest = bytes(self._take(self._end - self._start))
            self._buffer[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
            while self._end < size:
                self._end += self._pipes.read_into(self._buffer[self._end :])
        return self._take(size)

    def _take(self, size: int) -> memoryview:
        self._start += size
        return self._buffer[self._start - size : self._start]


def _open(reader: int, writer: int, stoppable: bool) -> Pipes:
    if sys.platform != "win32" and hasattr(select, "poll"):
        return PolledPipes(reader, writer, stoppable=stoppable)
    return ThreadedPipes(reader, writer) if stoppable else BlockingPipes(reader, writer)


def _excerpt(body: memoryview) -> str:
    """Return the beginning of a malformed message, for the error that reports it."""
    start = bytes(body[:_EXCERPT_BYTES]).decode("ascii", "backslashreplace")
    return f"{start} …" if len(body) > _EXCERPT_BYTES else start


def _bytes_of(array: Array) -> memoryview:
    return array.data.cast("B")


def _pack_header(array: Array) -> bytes:
    if (array.dtype.kind, array.dtype.itemsize) not in _DTYPES or array.ndim > MAX_DIMENSIONS:
        raise WireError(f"an array of dtype {array.dtype} and {array.ndim} dimensions cannot be sent")
    shape = array.shape + (0,) * (MAX_DIMENSIONS - array.ndim)
    return _ARRAY.pack(array.dtype.kind.encode(), array.dtype.itemsize, array.ndim, *shape)


def _unpack_header(raw: memoryview) -> ArrayHeader:
    kind, size, ndim, *shape = _ARRAY.unpack(raw)
    if (kind.decode("latin-1"), size) not in _DTYPES or ndim > MAX_DIMENSIONS:
        raise WireError("an array's header is malformed")
    if size * math.prod(axis for axis in shape[:ndim] if axis) >= 1 << 63:  # also for an empty array
        raise WireError("an array's header announces more than can exist")
    return ArrayHeader(np.dtype(f"<{kind.decode()}{size}"), tuple(shape[:ndim]))
