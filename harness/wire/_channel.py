"""Frames over two pipes: a fixed header, a JSON message, then arrays, each behind a fixed header of its own.

Every length is checked against a cap before what it announces is taken, and the reader of a reply says which
arrays it is willing to accept before room is made for them.
"""

from __future__ import annotations

import math
import os
import select
import struct
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]

MAX_MESSAGE_BYTES = 1 << 18
MAX_ARRAYS = 8
MAX_DIMENSIONS = 6

_FRAME = struct.Struct("<4sIHxx")  # magic, bytes of JSON, number of arrays
_ARRAY = struct.Struct(f"<cBBx{MAX_DIMENSIONS}Q")  # kind, bytes an item, dimensions, shape
_MAGIC = b"HRN1"
_BUFFER_BYTES = MAX_MESSAGE_BYTES  # a message is decoded where it was read
_DTYPES = {("b", 1), *((kind, size) for kind in "iu" for size in (1, 2, 4, 8)), ("f", 2), ("f", 4), ("f", 8)}

In = TypeVar("In")


class WireError(Exception):
    """The other side sent something that is not the protocol."""


class ChannelClosed(Exception):  # noqa: N818 - an event that the reader expects, not always an error
    """The other side is gone, or the process was stopped."""


class ArrayHeader(NamedTuple):
    """The announced form of an array that has not been read yet."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the payload, without overflow."""
        return self.dtype.itemsize * math.prod(self.shape)


class Frame(NamedTuple):
    """A message and its arrays, ready to be sent."""

    pieces: tuple[memoryview, ...]


Admit = Callable[[Any, Sequence[ArrayHeader]], None]


def anything(message: object, headers: Sequence[ArrayHeader]) -> None:
    """Admit every array: a worker believes its host."""


class Channel(Generic[In]):
    """One end of a conversation; `In` is the type of message this end receives.

    With a `stop` descriptor every wait also ends, with `ChannelClosed`, once that one is readable.
    """

    def __init__(self, reader: int, writer: int, incoming: Any, stop: int | None = None) -> None:
        self._reader, self._writer = reader, writer
        self._decoder: msgspec.json.Decoder[In] = msgspec.json.Decoder(incoming)
        self._encoder = msgspec.json.Encoder()
        self._readable = self._poll(reader, select.POLLIN, stop)
        self._writable = self._poll(writer, select.POLLOUT, stop)
        self._stop = stop
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._start = self._end = 0  # what of the buffer has come but was not taken yet
        if stop is not None:
            os.set_blocking(writer, False)

    @staticmethod
    def _poll(fd: int, event: int, stop: int | None) -> select.poll | None:
        if stop is None:
            return None
        poll = select.poll()
        poll.register(fd, event)
        poll.register(stop, select.POLLIN)
        return poll

    def send(self, message: msgspec.Struct, *arrays: Array) -> None:
        """Send one message and its arrays.

        Raises:
            ChannelClosed: nobody reads any more.
        """
        self.transmit(self.frame(message, *arrays))

    def frame(self, message: msgspec.Struct, *arrays: Array) -> Frame:
        """Make a message and its arrays ready to be sent: small ones in one piece, for one system call."""
        body = self._encoder.encode(message)
        contiguous = [np.asarray(array, array.dtype.newbyteorder("<"), order="C") for array in arrays]
        head = b"".join([_FRAME.pack(_MAGIC, len(body), len(arrays)), body, *map(_pack_header, contiguous)])
        payloads = [_bytes_of(array) for array in contiguous if array.nbytes]
        if len(head) + sum(map(len, payloads)) <= _BUFFER_BYTES:
            return Frame((memoryview(b"".join([head, *payloads])),))
        return Frame((memoryview(head), *payloads))

    def transmit(self, frame: Frame) -> None:
        """Send what `frame` made ready."""
        for piece in frame.pieces:
            self._write(piece)

    def receive(self, admit: Admit) -> tuple[In, list[Array]]:
        """Receive one message and its arrays; `admit` refuses unwanted arrays before they are read.

        Raises:
            WireError: the bytes are not the protocol, or `admit` refused them.
            ChannelClosed: nobody writes any more.
        """
        magic, length, count = _FRAME.unpack(self._read(_FRAME.size))
        if magic != _MAGIC or length > MAX_MESSAGE_BYTES or count > MAX_ARRAYS:
            raise WireError("the frame's header is malformed")
        try:
            message = self._decoder.decode(self._read(length))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise WireError(f"the message is malformed: {error}") from error
        headers = [_unpack_header(self._read(_ARRAY.size)) for _ in range(count)]
        admit(message, headers)
        return message, [self._read_array(header) for header in headers]

    def close(self) -> None:
        """Close both pipes."""
        os.close(self._reader)
        os.close(self._writer)

    def _read_array(self, header: ArrayHeader) -> Array:
        array = np.empty(header.shape, header.dtype)
        if array.nbytes:
            view = _bytes_of(array)
            ready = min(len(view), self._end - self._start)
            view[:ready] = self._take(ready)
            while ready < len(view):
                ready += self._read_into(view[ready:])
        return array

    def _read(self, size: int) -> memoryview:
        """Return the next `size` bytes, at most a buffer's length, valid until the next read."""
        if self._end - self._start < size:
            rest = bytes(self._take(self._end - self._start))
            self._buffer[: len(rest)] = rest
            self._start, self._end = 0, len(rest)
            while self._end < size:
                self._end += self._read_into(self._buffer[self._end :])
        return self._take(size)

    def _take(self, size: int) -> memoryview:
        self._start += size
        return self._buffer[self._start - size : self._start]

    def _read_into(self, view: memoryview) -> int:
        self._wait(self._readable)
        count = os.readv(self._reader, [view])
        if count == 0:
            raise ChannelClosed
        return count

    def _write(self, view: memoryview) -> None:
        while view:
            try:
                view = view[os.write(self._writer, view) :]
            except BlockingIOError:
                self._wait(self._writable)
            except BrokenPipeError:
                raise ChannelClosed from None

    def _wait(self, poll: select.poll | None) -> None:
        if poll is not None and any(fd == self._stop for fd, _ in poll.poll()):
            raise ChannelClosed


def _bytes_of(array: Array) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8).data)


def _pack_header(array: Array) -> bytes:
    if (array.dtype.kind, array.dtype.itemsize) not in _DTYPES or array.ndim > MAX_DIMENSIONS:
        raise WireError(f"an array of dtype {array.dtype} and {array.ndim} dimensions cannot be sent")
    shape = array.shape + (0,) * (MAX_DIMENSIONS - array.ndim)
    return _ARRAY.pack(array.dtype.kind.encode(), array.dtype.itemsize, array.ndim, *shape)


def _unpack_header(raw: memoryview) -> ArrayHeader:
    kind, size, ndim, *shape = _ARRAY.unpack(raw)
    if (kind.decode("latin-1"), size) not in _DTYPES or ndim > MAX_DIMENSIONS:
        raise WireError("an array's header is malformed")
    if size * math.prod(axis for axis in shape[:ndim] if axis) >= 1 << 63:  # of an empty array, too
        raise WireError("an array's header announces more than can be")
    return ArrayHeader(np.dtype(f"<{kind.decode()}{size}"), tuple(shape[:ndim]))
