"""A channel's two pipes, as systems have them that can wait for several descriptors and as others do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from harness.wire._ends import ChannelClosed, Pipes
from harness.wire._polled import PolledPipes
from harness.wire._threaded import BlockingPipes, ThreadedPipes

pytestmark = pytest.mark.unit

Open = Callable[[int, int], Pipes]
STOPPABLE: list[Open] = [lambda *ends: PolledPipes(*ends, stoppable=True), ThreadedPipes]
ALL: list[Open] = [*STOPPABLE, lambda *ends: PolledPipes(*ends, stoppable=False), BlockingPipes]


@pytest.fixture
def looped(request: pytest.FixtureRequest) -> Iterator[Pipes]:
    """Pipes that read what was written to them."""
    with closing(request.param(*os.pipe())) as pipes:
        yield pipes


@pytest.mark.parametrize("looped", ALL, indirect=True, ids=["polled", "pumped", "polled plainly", "blocking"])
def test_what_is_written_in_pieces_of_any_size_is_read_in_order(looped: Pipes) -> None:
    pieces = [b"a" * 3, b"", memoryview(b"b" * 1_000_000), b"c"]
    thread = threading.Thread(target=looped.write, args=(pieces,))
    thread.start()
    read, view = b"", memoryview(bytearray(70_000))
    while len(read) < 1_000_004:
        read += view[: looped.read_into(view)]
    thread.join()
    assert read == b"".join(pieces)


@pytest.mark.parametrize("open_", ALL, ids=["polled", "pumped", "polled plainly", "blocking"])
def test_after_the_writer_has_closed_the_rest_is_read_first(open_: Open) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"last words")
    os.close(writer)
    with closing(open_(reader, os.dup(reader))) as pipes:
        view = memoryview(bytearray(4))
        read = [bytes(view[: pipes.read_into(view)]) for _ in range(3)]
        assert b"".join(read) == b"last words"
        for _ in range(2):
            with pytest.raises(ChannelClosed):
                pipes.read_into(view)


@pytest.mark.parametrize("open_", ALL, ids=["polled", "pumped", "polled plainly", "blocking"])
def test_writing_without_a_reader_is_a_closed_channel(open_: Open) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with closing(open_(os.dup(writer), writer)) as pipes, pytest.raises(ChannelClosed):
        pipes.write([b"x"])


@pytest.mark.parametrize("looped", STOPPABLE, indirect=True, ids=["polled", "pumped"])
def test_a_wait_to_read_is_ended_by_another_thread(looped: Pipes) -> None:
    threading.Timer(0.05, looped.stop).start()
    for _ in range(2):
        with pytest.raises(ChannelClosed):
            looped.read_into(memoryview(bytearray(1)))


@pytest.mark.parametrize("open_", STOPPABLE, ids=["polled", "pumped"])
def test_endless_sending_does_not_fill_the_memory(open_: Open) -> None:
    reader, writer = os.pipe()
    sent = 0
    with closing(open_(reader, os.dup(writer))):
        os.set_blocking(writer, False)
        for _ in range(100):  # the reading thread takes some of it at its leisure
            with suppress(BlockingIOError):
                while sent < 1 << 28:
                    sent += os.write(writer, bytes(1 << 16))
        assert sent < 1 << 26
        os.close(writer)
