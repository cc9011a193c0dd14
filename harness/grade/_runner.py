"""The process that does jobs, one after the other: ``python -m harness.grade DESCRIPTOR ORDERS``.

It ends with whoever started it, and takes its workers along.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

import msgspec

from harness.contract import HarnessError
from harness.course import Course, Submission
from harness.data import Places
from harness.evaluate import Evaluator, Settings
from harness.grade._messages import Broken, Finished, Orders, Reached, Reply, Request
from harness.sandbox import find_sandbox_of_at_least

Say = Callable[[Reached], None]


def main(descriptor: int, orders: bytes) -> None:
    """Serve the connection `descriptor` until its other end is closed."""
    signal.signal(signal.SIGTERM, _leave)
    connection: Connection[bytes, bytes] = Connection(descriptor)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    with contextlib.closing(Runner(msgspec.json.decode(orders, type=Orders))) as runner:
        while True:
            reply = runner.do(requests.get(), lambda said: connection.send_bytes(msgspec.msgpack.encode(said)))
            connection.send_bytes(msgspec.msgpack.encode(reply))


class Runner:
    """Evaluates what it is asked, at the isolation it was ordered to or above."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._evaluator: Evaluator | None = None
        self._held = contextlib.ExitStack()

    def close(self) -> None:
        """End what was started for all evaluations together."""
        self._held.close()

    def do(self, request: Request, say: Say) -> Reply:
        """Return the result of one evaluation, or what kept it from having one."""
        shared = None if request.shared is None else Path(request.shared)
        submission = Submission(request.name, request.task, Path(request.folder), shared)
        try:
            outcome = self._ready().run(submission, _Reporter(say))
        except HarnessError as error:
            return Broken(str(error))
        except Exception as error:  # ours: it costs nobody anything but a retry
            traceback.print_exc()
            return Broken(f"internal error: {type(error).__name__}: {error} (the traceback is in the log)")
        return Finished(outcome.record, outcome.evidence.pack())

    def _ready(self) -> Evaluator:
        if self._evaluator is None:
            orders, places = self._orders, places_of(self._orders)
            course = Course(Path(orders.root))
            sandbox = find_sandbox_of_at_least([course.root, *places.all()], orders.least, orders.start)
            self._held.callback(sandbox.close)
            settings = Settings(data=orders.data, seed=orders.seed, weights="declared", device=orders.device)
            self._evaluator = Evaluator(course, sandbox, places, settings)
        return self._evaluator


def places_of(orders: Orders) -> Places:
    """Return where this machine may have data."""
    return Places.of(os.environ, None if orders.data_root is None else Path(orders.data_root))


class _Reporter:
    """Tells the grader of phases."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def phase(self, name: str) -> None:
        self._say(Reached(name))

    def advance(self, done: float, total: float) -> None:
        """Keep it: a line a job is all there is room for."""

    def logged(self, values: dict[str, float]) -> None:
        """Likewise."""


def _listen(connection: Connection[bytes, bytes], requests: queue.SimpleQueue[Request]) -> None:
    """Queue what comes; when nobody is there any more, leave by the front door."""
    try:
        while True:
            requests.put(msgspec.msgpack.decode(connection.recv_bytes(), type=Request))
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
