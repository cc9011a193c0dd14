"""The fork server's one loop: import what is to be known, fork who is to be born. It computes nothing.

A process that has used OpenMP cannot be forked from: the child waits for threads that it does not have.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterable
from typing import NoReturn

import msgspec

from harness.forkserver._messages import Birth, Known, Learn, Order, Refused
from harness.forkserver._worker import Descriptors, attend

_MESSAGE_BYTES = 1 << 18


def main(control: int) -> NoReturn:
    """Serve orders until the host hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who is born tells the host of the end by itself
    orders = socket.socket(fileno=control)
    decoder: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
    _learn(())
    while True:
        message, received, _, _ = socket.recv_fds(orders, _MESSAGE_BYTES, len(Descriptors._fields))
        if not message:
            os._exit(0)  # at once: libraries may take their time to tidy up
        match decoder.decode(message):
            case Learn(modules):
                _learn(modules)
                names = {name.partition(".")[0] for name in sys.modules}
                orders.send(msgspec.json.encode(Known(names=tuple(names))))
            case Birth() as birth:
                descriptors = Descriptors(*received)
                _bear(birth, descriptors, orders)
                for descriptor in descriptors:
                    os.close(descriptor)


def _learn(modules: Iterable[str]) -> None:
    """Import what is not known yet; whether that works is for who needs it to find out."""
    for name in modules:
        if name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would write to every page
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else every child would


def _bear(birth: Birth, descriptors: Descriptors, orders: socket.socket) -> None:
    try:
        child = os.fork()
    except OSError as error:
        descriptors.tell(Refused(why=f"fork: {error}"))
        return
    if child == 0:
        orders.close()
        attend(birth, descriptors)
