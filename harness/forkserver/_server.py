"""The main loop of the fork server, which imports modules and forks workers, and computes nothing.

A process that has used OpenMP cannot be forked, because the child would wait for threads that it does not have.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import socket
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

import msgspec

from harness.forkserver._protocol import (
    Connect,
    ForkServerRequest,
    Preload,
    Preloaded,
    Retire,
    SpawnFailed,
    SpawnRequest,
)
from harness.forkserver._spawn import Descriptors, supervise

_MESSAGE_BYTES = 1 << 18
_DECODER: msgspec.json.Decoder[ForkServerRequest] = msgspec.json.Decoder(ForkServerRequest)


def main(control: int, modules: Iterable[str]) -> NoReturn:
    """Preload `modules`, then serve requests until the host closes the first connection."""
    _preload(modules)
    _Connections(socket.socket(fileno=control)).serve()
    os._exit(0)  # immediately, because libraries may take long to clean up


class _Connections:
    """The connections to processes that may request workers, and the running workers."""

    def __init__(self, control: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._control = control
        self._retired = False
        self._add(control)

    def serve(self) -> None:
        """Serve until the first connection is closed, or all work is done after `Retire`."""
        while self._control.fileno() >= 0 and not (self._retired and len(self._selector.get_map()) == 1):
            for key, _ in self._selector.select():
                handle: Callable[[], None] = key.data
                handle()

    def _add(self, connection: socket.socket) -> None:
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: socket.socket) -> None:
        try:
            message, received, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, len(Descriptors._fields))
        except ConnectionResetError:  # the client closed the connection before it had read the answer
            message, received = b"", []
        if not message:
            self._selector.unregister(connection)
            connection.close()
            return
        match _DECODER.decode(message):
            case Preload(modules):
                _preload(modules)
                names = {name.partition(".")[0] for name in sys.modules}
                with contextlib.suppress(BrokenPipeError):
                    connection.send(msgspec.json.encode(Preloaded(packages=tuple(names))))
            case Connect():
                self._add(socket.socket(fileno=received[0]))
            case Retire():
                self._retired = True
            case SpawnRequest() as request:
                self._spawn(request, Descriptors(*received))

    def _spawn(self, request: SpawnRequest, descriptors: Descriptors) -> None:
        try:
            child = os.fork()
        except OSError as error:
            descriptors.notify(SpawnFailed(reason=f"fork: {error}"))
        else:
            if child == 0:
                supervise(request, descriptors)
            handle = os.pidfd_open(child)
            self._selector.register(handle, selectors.EVENT_READ, lambda: self._reap(child, handle))
        for descriptor in descriptors:
            os.close(descriptor)

    def _reap(self, child: int, handle: int) -> None:
        self._selector.unregister(handle)
        os.close(handle)
        os.waitpid(child, 0)


def _preload(modules: Iterable[str]) -> None:
    """Import modules that are not loaded yet. Errors are ignored here, because they occur again in the worker."""
    gc.disable()  # little can be collected while modules are imported
    for name in modules:
        if name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would write to every page
    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # otherwise every child would write the same text
