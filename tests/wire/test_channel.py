"""Frames over real pipes are received as they were sent, and invalid frames are refused unread."""

import os
import struct
import threading
import time
from contextlib import contextmanager, suppress

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.wire import (
    Channel,
    ChannelClosed,
    Done,
    FileSent,
    Fit,
    Load,
    Logged,
    Operators,
    Predict,
    Raised,
    Reply,
    Request,
    Setup,
    WireError,
    admit_all,
)
from tests.declared import info

TASK = info(name="usps", input_shape=(256,), classes=("0", "1"), n_train=7, n_validation=3)


@contextmanager
def conversation(incoming_host=Reply, incoming_worker=Request, **options):
    """Both ends of two pipes: (host, worker)."""
    down, up = os.pipe(), os.pipe()
    ends = Channel(up[0], down[1], incoming_host, **options), Channel(down[0], up[1], incoming_worker)
    try:
        yield ends
    finally:
        for end in ends:
            with suppress(OSError):  # a test may have hung up
                end.close()


@contextmanager
def hearing(raw, incoming=Reply, hang_up=True):
    """A channel that hears `raw` (no more than a pipe holds) and then, unless told otherwise, that nobody writes."""
    reader, writer = os.pipe()
    os.write(writer, raw)
    if hang_up:
        os.close(writer)
    try:
        yield Channel(reader, -1, incoming)
    finally:
        os.close(reader)
        if not hang_up:
            os.close(writer)


def frame(body=b'{"type":"done"}', arrays=0, *, magic=b"HRN1", length=None):
    return struct.pack("<4sIHxx", magic, len(body) if length is None else length, arrays) + body


def header(kind=b"f", size=8, shape=(2,), ndim=None):
    return struct.pack("<cBBx6Q", kind, size, len(shape) if ndim is None else ndim, *shape, *[0] * (6 - len(shape)))


def refuse_more_than(nbytes):
    def admit(_, headers):
        if sum(header.nbytes for header in headers) > nbytes:
            raise WireError("too much")

    return admit


dtypes = st.sampled_from(["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3))
)


@given(st.lists(arrays, max_size=8))
def test_arrays_are_received_as_they_were_sent(sent):
    with conversation() as (host, worker):
        host.send(Predict(), *sent)
        _, received = worker.receive(admit_all)
    assert len(received) == len(sent)
    for before, after in zip(sent, received, strict=True):
        assert (after.dtype, after.shape) == (before.dtype, before.shape)
        np.testing.assert_array_equal(after, before)
        assert after.flags.c_contiguous
        assert after.flags.writeable


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3).T, np.arange(10)[::-2], np.arange(3, dtype=">i4"), np.broadcast_to(1.5, (4, 2))],
)
def test_an_array_of_any_layout_is_sent(array):
    with conversation() as (host, worker):
        host.send(Predict(), array)
        np.testing.assert_array_equal(worker.receive(admit_all)[1][0], array)


@pytest.mark.parametrize(
    "message",
    [
        Setup(TASK, "array", 2**32 - 1, "/submission", 64),
        Fit(("array", "array", "texts", "ragged")),
        Load("/artifact/ünï"),
    ],
)
def test_requests_are_received_as_they_were_sent(message):
    with conversation() as (host, worker):
        host.send(message)
        assert worker.receive(admit_all) == (message, [])


@pytest.mark.parametrize(
    "message",
    [
        Done("ragged"),
        Logged({"loss": 0.25, "épöch": 1e-300}),
        FileSent("net/weights.safetensors"),
        Operators(),
        Operators(("aten.mm.default",), 640, ("aten.relu.default",)),
        Raised("ValueError", "\0\x1b[31m ✗ \u2028", None, None, "", "memory"),
    ],
)
def test_replies_are_received_as_they_were_sent(message):
    with conversation() as (host, worker):
        worker.send(message)
        assert host.receive(admit_all) == (message, [])


def test_more_than_a_pipe_holds_goes_through_both_ways_at_once():
    big = np.arange(300_000)

    with conversation() as (host, worker):

        def echo():
            _, received = worker.receive(admit_all)
            worker.send(Done(), *received)

        thread = threading.Thread(target=echo)
        thread.start()
        host.send(Predict(), big, big[::-1])
        _, (first, second) = host.receive(admit_all)
        thread.join()
    np.testing.assert_array_equal(first, second[::-1])
    np.testing.assert_array_equal(first, big)


def test_messages_follow_each_other():
    with conversation() as (host, worker):
        for number in range(5):
            worker.send(Logged({"epoch": number}))
        worker.send(Done(), np.arange(3))
        heard = [host.receive(admit_all)[0] for _ in range(6)]
    assert heard == [*(Logged({"epoch": number}) for number in range(5)), Done()]


@pytest.mark.parametrize(
    "array",
    [
        np.array([None]),
        np.array(["text"]),
        np.array([1j]),
        np.zeros(1, np.longdouble),
        np.zeros((1,) * 7),
        np.zeros(1, "M8[s]"),
    ],
    ids=lambda a: f"{a.dtype} {a.ndim}d",
)
def test_what_is_not_a_plain_array_is_not_sent_and_the_channel_goes_on(array):
    with conversation() as (host, worker):
        with pytest.raises(WireError, match="cannot be sent"):
            host.send(Predict(), np.zeros(3), array)
        host.send(Load("x"))
        assert worker.receive(admit_all) == (Load("x"), [])


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(frame(magic=b"HRN2"), id="another magic"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="another protocol"),
        pytest.param(frame(length=2**18 + 1), id="a message too long"),
        pytest.param(frame(length=2**32 - 1), id="a message of 4 GiB"),
        pytest.param(frame(arrays=9), id="nine arrays"),
        pytest.param(frame(b""), id="no message"),
        pytest.param(frame(b"{"), id="half a message"),
        pytest.param(frame(b'{"type":"done"} x'), id="a message and more"),
        pytest.param(frame(b"\xff\xfe"), id="no text"),
        pytest.param(frame(b'{"type":"file","path":"\xff"}'), id="a path that is not text"),
        pytest.param(frame(b"null"), id="null"),
        pytest.param(frame(b"[]"), id="a list"),
        pytest.param(frame(b"{}"), id="no type"),
        pytest.param(frame(b'{"type":"exec"}'), id="an unknown type"),
        pytest.param(frame(b'{"type":"fit","forms":["array","array","array","array"]}'), id="a request as reply"),
        pytest.param(frame(b'{"type":"done","more":1}'), id="an unknown field"),
        pytest.param(frame(b'{"type":"done","form":"pickle"}'), id="an unknown form"),
        pytest.param(frame(b'{"type":"file","path":7}'), id="a path that is a number"),
        pytest.param(frame(b'{"type":"file"}'), id="no path"),
        pytest.param(frame(b'{"type":"logged","values":{"loss":NaN}}'), id="NaN"),
        pytest.param(frame(b'{"type":"logged","values":{"loss":1e999}}'), id="more than a float holds"),
        pytest.param(frame(b'{"type":"logged","values":' + b"[" * 50_000), id="deep lists"),
        pytest.param(frame(b'{"type":"done","x":' + b'{"a":' * 10_000), id="deep unknown objects"),
        pytest.param(frame(arrays=1) + header(kind=b"O"), id="objects"),
        pytest.param(frame(arrays=1) + header(kind=b"V"), id="void"),
        pytest.param(frame(arrays=1) + header(kind=b"c", size=16), id="complex"),
        pytest.param(frame(arrays=1) + header(kind=b"f", size=16), id="long double"),
        pytest.param(frame(arrays=1) + header(kind=b"b", size=8), id="wide booleans"),
        pytest.param(frame(arrays=1) + header(kind=b"\xff"), id="no kind"),
        pytest.param(frame(arrays=1) + header(size=0), id="items of no size"),
        pytest.param(frame(arrays=1) + header(ndim=7), id="seven dimensions"),
        pytest.param(frame(arrays=1) + header(shape=(0, 2**63)), id="an empty array that NumPy cannot make"),
        pytest.param(frame(arrays=1) + header(shape=(0, 2**40, 2**40)), id="another"),
    ],
)  # fmt: skip
def test_what_is_not_a_frame_is_refused(raw):
    with hearing(raw, hang_up=False) as channel, pytest.raises(WireError):  # refused at once: more may never come
        channel.receive(refuse_more_than(1000))


WHOLE = frame(arrays=2) + header(shape=(2,)) + header(b"i", 4, (1,)) + bytes(20)


@pytest.mark.parametrize("size", [1, 2**16 - 100, 2**16, 200_000])
def test_frames_arrive_complete_however_the_bytes_are_divided(size):
    for chunk in (1, 7, 4096, 2**16 - 1, 2**16, 2**16 + 1, 2**20):
        assert received_in_chunks(chunk, size), chunk


def received_in_chunks(chunk, size):
    chunk = max(chunk, size // 100)  # a byte at a time would take long for the large ones
    sent = np.random.default_rng(0).bytes(size)
    raw = (frame(arrays=1) + header(b"u", 1, (size,)) + sent) * 2 + frame()
    reader, writer = os.pipe()

    def dribble():
        for start in range(0, len(raw), chunk):
            os.write(writer, raw[start : start + chunk])
        os.close(writer)

    thread = threading.Thread(target=dribble)
    thread.start()
    channel = Channel(reader, -1, Reply)
    received = [channel.receive(admit_all)[1] for _ in range(3)]
    with pytest.raises(ChannelClosed):
        channel.receive(admit_all)
    thread.join()
    os.close(reader)
    return [array.tobytes() for arrays in received for array in arrays] == [sent, sent]


def test_a_frame_cut_short_anywhere_is_a_closed_channel():
    came = {}
    for length in range(len(WHOLE)):
        with hearing(WHOLE[:length]) as channel:
            try:
                came[length] = channel.receive(admit_all)
            except ChannelClosed:
                continue
    assert came == {}


def test_the_frame_of_these_tests_is_complete():
    with hearing(WHOLE) as channel:
        message, received = channel.receive(admit_all)
    assert message == Done()
    assert [array.tolist() for array in received] == [[0, 0], [0]]


def test_the_reader_is_asked_before_a_payload_is_read():
    asked = []

    def admit(message, headers):
        asked.append((message, [(str(h.dtype), h.shape, h.nbytes) for h in headers]))
        raise WireError("not wanted")

    raw = frame(arrays=2) + header(shape=(2**30, 2**20)) + header(b"u", 1, (3,))  # and no payload, ever
    with hearing(raw, hang_up=False) as channel, pytest.raises(WireError, match="not wanted"):
        channel.receive(admit)
    assert asked == [(Done(), [("float64", (2**30, 2**20), 2**53), ("uint8", (3,), 3)])]


def test_errors_of_the_reader_are_raised_unchanged():
    def admit(*_):
        raise LookupError

    with hearing(WHOLE) as channel, pytest.raises(LookupError):
        channel.receive(admit)


bodies = st.one_of(
    st.sampled_from(
        [b'{"type":"done"}', b'{"type":"file","path":"a"}', b'{"type":"logged","values":{"a":1}}', b"[[[["]
    ),
    st.binary(max_size=40),
)
headers = st.builds(
    header,
    st.sampled_from([b"f", b"i", b"u", b"b", b"O", b"\xff"]),
    st.integers(0, 255),
    st.lists(st.one_of(st.integers(0, 4), st.integers(0, 2**64 - 1)), max_size=6),
    st.one_of(st.none(), st.integers(0, 255)),
)
near_frames = st.builds(
    lambda body, count, length, heads, rest: frame(body, count, length=length) + b"".join(heads) + rest,
    bodies,
    st.integers(0, 10),
    st.one_of(st.none(), st.integers(0, 2**32 - 1)),
    st.lists(headers, max_size=3),
    st.binary(max_size=60),
)


@given(st.one_of(st.binary(max_size=200), near_frames))
@example(b"HRN1")
def test_any_bytes_are_decoded_or_refused(raw):
    with hearing(raw) as channel, suppress(WireError, ChannelClosed):
        message, received = channel.receive(refuse_more_than(10_000))
        assert isinstance(message, msgspec.Struct)
        assert all(array.nbytes <= 10_000 for array in received)


def test_a_frame_like_the_one_before_is_sent_as_a_mark_and_payload():
    reader, writer = os.pipe()
    channel = Channel(-1, writer, Reply)
    channel.send(Done(), np.arange(3))
    os.read(reader, 10_000)
    channel.send(Done(), np.arange(3, 6))
    assert os.read(reader, 10_000) == b"HRN=" + np.arange(3, 6).tobytes()
    channel.send(Done(), np.arange(4))
    assert os.read(reader, 10_000).startswith(b"HRN1")
    os.close(reader)
    os.close(writer)


@given(st.lists(st.sampled_from([(3,), (1, 2), (), (0,), (100_000,)]), max_size=8))
def test_arrays_are_received_unchanged_with_and_without_repetition(shapes):
    with conversation() as (host, worker):
        for number, shape in enumerate(shapes):
            sent = np.full(shape, number)
            frame = host.frame(Predict(), sent)
            sender = threading.Thread(target=host.transmit, args=(frame,))
            sender.start()
            message, (received,) = worker.receive(admit_all)
            sender.join()
            assert message == Predict()
            np.testing.assert_array_equal(received, sent)


def test_a_mark_before_any_frame_is_refused():
    with hearing(b"HRN=" + bytes(8)) as channel, pytest.raises(WireError):
        channel.receive(admit_all)


def test_a_repeated_frame_is_checked_again():
    admitted = []
    with conversation() as (host, worker):
        for _ in range(3):
            worker.send(Done(), np.zeros(5))
            host.receive(lambda message, headers: admitted.append((message, headers[0].shape)))
    assert admitted == [(Done(), (5,))] * 3


def answer(worker, replies):
    """Answer as many requests as there are `replies`, each sent as the last one where that is possible."""
    worker.receive(admit_all)
    worker.send(*replies[0])
    for message, *arrays in replies[1:]:
        if worker.receive_compact() is None:
            worker.receive(admit_all)
        if len(arrays) != 1 or not worker.send_compact(arrays[0]):
            worker.send(message, *arrays)


@pytest.mark.parametrize(
    ("second", "again"),
    [
        ((Done(), np.ones(2)), True),
        ((Done(), np.ones(3)), False),
        ((Done(), np.ones(2, np.float32)), False),
        ((Done(), np.arange(4.0)[::2]), True),
        ((Logged({"loss": 1.0}),), False),
    ],
)
def test_an_exchange_like_the_last_one_is_short_and_any_other_is_received(second, again):
    with conversation() as (host, worker):
        thread = threading.Thread(target=answer, args=(worker, [(Done(), np.zeros(2)), second]))
        thread.start()
        request = host.frame(Predict(), np.zeros((1, 4), np.float32))
        assert not host.exchange_compact(request)
        host.receive(admit_all)
        assert host.exchange_compact(request) == again
        if again:
            np.testing.assert_array_equal(host.take_compact(), second[1])
        else:
            message, arrays = host.receive(admit_all)
            assert message == second[0]
            np.testing.assert_array_equal(arrays, second[1:])
        thread.join()


@given(st.one_of(st.binary(max_size=200), near_frames, st.builds(lambda rest: b"HRN=" + rest, st.binary(max_size=40))))
def test_any_bytes_after_a_valid_frame_are_decoded_or_refused(raw):
    with conversation() as (host, worker):
        worker.send(Done(), np.zeros(2))
        host.receive(admit_all)
        host.transmit(host.frame(Predict(), np.zeros(3)))
        os.write(worker._pipes._writer, raw)
        os.close(worker._pipes._writer)
        worker._pipes._writer = os.dup(worker._pipes._reader)  # somebody's, for closing
        with suppress(WireError, ChannelClosed):
            if host.exchange_compact(host.frame(Predict(), np.zeros(3))):
                assert host.take_compact().shape == (2,)
            else:
                host.receive(refuse_more_than(10_000))


def test_a_reader_that_has_ended_is_a_closed_channel():
    with conversation() as (host, worker):
        worker.close()
        with pytest.raises(ChannelClosed):
            host.send(Predict(), np.zeros(100_000))
        with pytest.raises(ChannelClosed):
            host.receive(admit_all)


@pytest.mark.parametrize("wait", ["receive", "send"])
def test_a_wait_ends_when_the_process_was_stopped(wait):
    with conversation(stoppable=True) as (host, _):
        thread = threading.Timer(0.05, host.stop)
        thread.start()
        with pytest.raises(ChannelClosed):
            host.receive(admit_all) if wait == "receive" else host.send(Predict(), np.zeros(100_000))
        thread.join()


class CountingPoll:
    """A poll that tells when somebody has looked twice without finding anything."""

    def __init__(self, poll):
        self.inner, self.looks, self.twice = poll, 0, threading.Event()

    def poll(self, milliseconds):
        assert milliseconds == 0
        found = self.inner.poll(0)
        self.looks = 0 if found else self.looks + 1
        if self.looks == 2:
            self.twice.set()
        return found


@pytest.mark.parametrize("shape", [(2,), (100_000,)])
def test_every_answer_is_busy_waited_for_short_or_large(shape):
    with conversation() as (host, worker):
        host.busy_wait(60)
        poll, seconds = host._pipes._busy_wait
        host._pipes._busy_wait = (counting := CountingPoll(poll), seconds)

        looked_for = []

        def answer_late():
            for _ in range(3):
                worker.receive(admit_all)
                looked_for.append(counting.twice.wait(60))
                counting.twice.clear()
                worker.send(Done(), np.ones(shape))

        thread = threading.Thread(target=answer_late)
        thread.start()
        for _ in range(3):
            host.send(Predict(), np.zeros(3))
            host.receive(admit_all)
        thread.join()
        assert looked_for == [True] * 3


def test_no_end_busy_waits_unless_told():
    with conversation() as (host, _):
        assert host._pipes._busy_wait is None


@pytest.mark.parametrize("late", [0.0, 0.1])
def test_a_short_answer_reaches_a_busy_waiting_and_a_sleeping_reader(late):
    with conversation() as (host, worker):
        host.busy_wait(0.02)

        def answer_late():
            worker.receive(admit_all)
            worker.send(Done(), np.zeros(2))
            worker.receive_compact()
            time.sleep(late)
            worker.send_compact(np.ones(2))

        thread = threading.Thread(target=answer_late)
        thread.start()
        request = host.frame(Predict(), np.zeros((1, 4), np.float32))
        host.exchange_compact(request)
        host.receive(admit_all)
        assert host.exchange_compact(request)
        np.testing.assert_array_equal(host.take_compact(), np.ones(2))
        thread.join()


@pytest.mark.parametrize("clock", [time.perf_counter, lambda: 0.0], ids=["a clock that runs", "one a student stopped"])
def test_a_reader_sleeps_after_busy_waiting_for_a_while(clock, monkeypatch):
    monkeypatch.setattr(time, "perf_counter", clock)
    with conversation(stoppable=True) as (host, worker):
        host.busy_wait(0.01)
        worker.send(Done(), np.zeros(2))
        host.receive(admit_all)
        host.transmit(host.frame(Predict(), np.zeros(3)))
        thread = threading.Timer(0.25, host.stop)
        thread.start()
        before = time.thread_time()
        with pytest.raises(ChannelClosed):
            host.exchange_compact(host.frame(Predict(), np.zeros(3)))
        assert time.thread_time() - before < 0.125
        thread.join()


def test_a_busy_waiting_reader_notices_a_closed_channel():
    with conversation() as (host, worker):
        host.busy_wait(60)
        worker.send(Done(), np.zeros(2))
        host.receive(admit_all)
        os.close(worker._pipes._writer)
        worker._pipes._writer = os.dup(worker._pipes._reader)  # somebody's, for closing
        host.transmit(host.frame(Predict(), np.zeros(3)))
        with pytest.raises(ChannelClosed):
            host.exchange_compact(host.frame(Predict(), np.zeros(3)))
