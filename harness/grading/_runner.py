"""The process that does jobs, one after the other: the module ``harness.grading`` run with ORDERS [FORK_SERVERS].

It hears requests on its standard input and answers on its standard output. It ends when its input does, as it does when
whoever started it ends, and takes its workers along.
"""

from __future__ import annotations

import _thread
import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

import msgspec

from harness.course import Course, Submission
from harness.data import Places
from harness.errors import HarnessError, TaskError
from harness.evaluation import Evaluator
from harness.grading._runner_messages import (
    Broken,
    EvaluationRequest,
    Finished,
    Notice,
    Orders,
    PhaseBegun,
    RunnerReply,
)
from harness.pipes import read_message, take_standard_streams, write_message
from harness.sandbox import ForkServers, find_required_sandbox, fork_servers_through

Say = Callable[[RunnerReply], None]

_LOOK_SECONDS = 0.5
"""How long to wait before looking at other news: on Windows no signal interrupts a wait for a queue."""


def main(orders: bytes, descriptor: int | None = None) -> None:
    """Serve requests until nobody is left to make them.

    `descriptor` is a socket to the owner of the fork servers, where the grader has some.
    """
    signal.signal(signal.SIGTERM, _leave)
    logging.basicConfig(format="%(message)s")  # standard error is the grader's log
    logging.getLogger("harness").setLevel(logging.INFO)
    reader, writer = take_standard_streams()
    requests: queue.SimpleQueue[EvaluationRequest] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(os.fdopen(reader, "rb"), requests), daemon=True).start()
    with (
        os.fdopen(writer, "wb") as replies,
        contextlib.closing(fork_servers_through(descriptor)) as fork_servers,
        contextlib.closing(Runner(msgspec.json.decode(orders, type=Orders), fork_servers)) as runner,
    ):

        def say(reply: RunnerReply) -> None:
            write_message(replies, msgspec.msgpack.encode(reply))

        while True:
            with contextlib.suppress(queue.Empty):
                say(runner.do(requests.get(timeout=_LOOK_SECONDS), say))


class Runner:
    """Evaluates what it is asked, at the isolation it was ordered to or above."""

    def __init__(self, orders: Orders, fork_servers: ForkServers) -> None:
        self._orders, self._fork_servers = orders, fork_servers
        self._evaluator: Evaluator | None = None
        self._held = contextlib.ExitStack()

    def close(self) -> None:
        """End what was started for all evaluations together."""
        self._held.close()

    def do(self, request: EvaluationRequest, say: Say) -> RunnerReply:
        """Return the result of one evaluation, or what kept it from having one."""
        shared = None if request.shared is None else Path(request.shared)
        submission = Submission(request.name, request.task, Path(request.folder), shared)
        try:
            outcome = self._ready(say).run(submission, _Reporter(say))
        except TaskError as error:
            return Broken(str(error), "task")
        except HarnessError as error:
            if error.__cause__ is not None:
                traceback.print_exc()
            return Broken(str(error))
        except Exception as error:  # ours: it costs nobody anything but a retry
            traceback.print_exc()
            return Broken(f"internal error: {type(error).__name__}: {error} (the traceback is in the log)")
        return Finished(outcome.record, outcome.evidence.pack())

    def _ready(self, say: Say) -> Evaluator:
        if self._evaluator is None:
            orders, places = self._orders, places_of(self._orders)
            course = Course(Path(orders.root))
            hidden = [course.root, *places.all()]
            fork_servers = self._fork_servers if orders.start == "warm" else None
            sandbox = find_required_sandbox(hidden, orders.isolation, fork_servers, lambda notice: say(Notice(notice)))
            self._held.callback(sandbox.close)
            self._evaluator = Evaluator(course, sandbox, places, orders.settings)
        return self._evaluator


def places_of(orders: Orders) -> Places:
    """Return where this machine may have data."""
    return Places.of(os.environ, None if orders.data_root is None else Path(orders.data_root))


class _Reporter:
    """Tells the grader of phases."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def phase(self, name: str) -> None:
        self._say(PhaseBegun(name))

    def advance(self, done: float, total: float) -> None:
        """Keep it: a line a job is all there is room for."""

    def logged(self, values: dict[str, float]) -> None:
        """Likewise."""


def _listen(stream: IO[bytes], requests: queue.SimpleQueue[EvaluationRequest]) -> None:
    """Queue what comes; when nobody is there any more, have the main thread leave by the front door."""
    try:
        while True:
            requests.put(msgspec.msgpack.decode(read_message(stream), type=EvaluationRequest))
    except (EOFError, OSError):
        main_thread = threading.main_thread().ident
        if sys.platform != "win32" and hasattr(signal, "pthread_kill") and main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGTERM)  # interrupts whatever it waits for
        else:
            _thread.interrupt_main(signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
