"""One request to a worker and its answer, prepared before the clock starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from harness.errors import FailureKind, HarnessError, Phase
from harness.wire import Admit, Channel, ChannelClosed, Done, Frame, Reply

Array = np.ndarray[Any, Any]

_DONE = Done()


@dataclass(frozen=True)
class Stage:
    """The phase that a request belongs to, and the kind of failure if it fails."""

    phase: Phase
    kind: FailureKind


@dataclass(frozen=True)
class Answer:
    """The reply to one request, whose arrays have not been checked item by item."""

    reply: Reply
    arrays: list[Array]


class WorkerSession(Protocol):
    """The session of a worker, as far as a prepared request needs it."""

    @property
    def channel(self) -> Channel[Reply]:
        """The channel that requests and replies go through."""

    def follow(self, stage: Stage, admit: Admit) -> tuple[Reply, list[Array]]:
        """Receive messages up to the reply and return the reply."""

    def ended(self, stage: Stage) -> HarnessError:
        """Return the error that says why the worker has ended."""


class Exchange:
    """A request that is ready to be sent: `send` returns when the answer has arrived, `take` returns the answer."""

    def __init__(self, worker: WorkerSession, stage: Stage, frame: Frame, admit: Admit) -> None:
        self._worker, self._stage, self._frame, self._admit = worker, stage, frame, admit
        self._channel = worker.channel
        self._reply: tuple[Reply, list[Array]] | None = None

    def send(self) -> None:
        """Send the request and wait for the whole answer, compactly encoded if both have the form of the last ones.

        Raises:
            SubmissionError: the worker raised, ended, or did not keep to the protocol.
        """
        self._reply = None
        try:
            if self._channel.exchange_compact(self._frame):
                return
        except ChannelClosed:
            raise self._worker.ended(self._stage) from None
        self._reply = self._worker.follow(self._stage, self._admit)

    def take(self) -> Answer:
        """Return the answer. Call it once, before the next request is sent."""
        # a compact answer has the form of an earlier, admitted answer to a request of the same form
        return Answer(*(self._reply or (_DONE, [self._channel.take_compact()])))

    def __call__(self) -> Answer:
        """Send the request and return the answer."""
        self.send()
        return self.take()
