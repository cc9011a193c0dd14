"""The runner: a process that runs jobs one after another, started as module ``harness.grading`` by the grader.

Its arguments are ORDERS [FORK_SERVERS]. It reads requests from standard input, and writes replies to standard output.
When the input ends, as it does when the grader ends, the runner ends its workers and exits.
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
    EvaluationRequest,
    Finished,
    JobFailed,
    Notice,
    Orders,
    PhaseBegun,
    RunnerReply,
)
from harness.pipes import read_message, take_standard_streams, write_message
from harness.sandbox import ForkServers, find_required_sandbox, fork_servers_through

Say = Callable[[RunnerReply], None]

_LOOK_SECONDS = 0.5
"""Seconds to wait for a queue at a time, because on Windows no signal interrupts the wait."""


def main(orders: bytes, descriptor: int | None = None) -> None:
    """Serve requests until the input ends.

    `descriptor` is a socket that is connected to the owner of the fork servers, if there are any.
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
    """Evaluates submissions on request, with at least the isolation that the orders require."""

    def __init__(self, orders: Orders, fork_servers: ForkServers) -> None:
        self._orders, self._fork_servers = orders, fork_servers
        self._evaluator: Evaluator | None = None
        self._held = contextlib.ExitStack()

    def close(self) -> None:
        """End the processes that all evaluations share."""
        self._held.close()

    def do(self, request: EvaluationRequest, say: Say) -> RunnerReply:
        """Return the result of one evaluation, or why there is none."""
        shared = None if request.shared is None else Path(request.shared)
        submission = Submission(request.name, request.task, Path(request.folder), shared)
        try:
            outcome = self._ready(say).run(submission, _PhaseReporter(say))
        except TaskError as error:
            return JobFailed(str(error), "task")
        except HarnessError as error:
            if error.__cause__ is not None:
                traceback.print_exc()
            return JobFailed(str(error))
        except Exception as error:  # a failure of the harness must not count against the submission
            traceback.print_exc()
            return JobFailed(f"internal error: {type(error).__name__}: {error} (the traceback is in the log)")
        return Finished(outcome.record, outcome.evidence.pack())

    def _ready(self, say: Say) -> Evaluator:
        if self._evaluator is None:
            orders, places = self._orders, places_of(self._orders)
            course = Course(Path(orders.root))
            hidden = [course.root, *places.all()]
            fork_servers = self._fork_servers if orders.start == "warm" else None

            def notify(text: str) -> None:
                say(Notice(text))

            sandbox = find_required_sandbox(hidden, orders.isolation, fork_servers, notify)
            self._held.callback(sandbox.close)
            self._evaluator = self._held.enter_context(
                Evaluator(course, sandbox, places, orders.settings, notify=notify)
            )
        return self._evaluator


def places_of(orders: Orders) -> Places:
    """Return the folders in which this machine looks for data."""
    return Places.of(os.environ, None if orders.data_root is None else Path(orders.data_root))


class _PhaseReporter:
    """Reports phases to the grader."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def phase(self, name: str) -> None:
        self._say(PhaseBegun(name))

    def advance(self, done: float, total: float) -> None:
        """Ignore the progress, because each job has only one line on the terminal."""

    def logged(self, values: dict[str, float]) -> None:
        """Ignore the values, for the same reason."""


def _listen(stream: IO[bytes], requests: queue.SimpleQueue[EvaluationRequest]) -> None:
    """Put the requests into a queue; when the input ends, make the main thread exit normally."""
    try:
        while True:
            requests.put(msgspec.msgpack.decode(read_message(stream), type=EvaluationRequest))
    except (EOFError, OSError):
        main_thread = threading.main_thread().ident
        if sys.platform != "win32" and hasattr(signal, "pthread_kill") and main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGTERM)  # interrupts any waiting
        else:
            _thread.interrupt_main(signal.SIGTERM)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
