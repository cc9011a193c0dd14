"""The way from a child of the fork server to a worker.

Three processes are forked: the supervisor outside the inner sandbox, the init process of the worker's pid namespace,
and the worker itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec
import threadpoolctl

from harness import kernel
from harness.forkserver._inner import enter_namespaces, give_up_privileges, mount_view
from harness.forkserver._protocol import Exited, ForkServerReply, Spawned, SpawnFailed, SpawnRequest
from harness.worker import _loop as worker

_PROGRAM = Path(worker.__file__).with_name("__main__.py")
_READER, _WRITER, _FIRST_UNUSED = 3, 4, 5
_OUT_OF_THE_WAY = 64
"""Descriptors from this number on do not collide with those that get a fixed number."""


class Descriptors(NamedTuple):
    """The descriptors that come with a `SpawnRequest`."""

    notifications: int
    requests: int
    replies: int
    output: int

    def notify(self, reply: ForkServerReply) -> None:
        """Send a message to the host, which may have ended."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.notifications)) as host:
            host.send(msgspec.json.encode(reply))

    def wait_for_permission(self) -> bool:
        """Wait until the host permits the worker to run; return False if the host has ended."""
        return bool(os.read(self.notifications, 1))


def supervise(request: SpawnRequest, descriptors: Descriptors) -> NoReturn:
    """Fork the worker's init process into new namespaces, wait for its exit and notify the host.

    If the host closes its end of the notification socket, the worker is killed.
    """
    try:
        _close_all_but(descriptors)
        os.sched_setaffinity(0, request.cores)
        enter_namespaces()
        init = os.fork()
        if init == 0:
            _run_init(request, descriptors)
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        descriptors.notify(Exited(code=_wait_while_host_listens(init, descriptors.notifications)))
    except OSError as error:
        descriptors.notify(SpawnFailed(reason=str(error)))
    finally:
        os._exit(0)


def _close_all_but(kept: Descriptors) -> None:
    """Close the sockets of the fork server, which every child inherits."""
    first = _READER
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _wait_while_host_listens(init: int, notifications: int) -> int:
    """Return the exit code of the init process; kill it if the host closes its end."""
    handle = os.pidfd_open(init)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(notifications, 0)  # a hang-up is always reported
    if handle not in dict(poll.poll()):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    return _exit_code(os.waitpid(init, 0)[1])


def _run_init(request: SpawnRequest, descriptors: Descriptors) -> NoReturn:
    """Run as the init process: set up the inner sandbox, fork the worker, reap orphans, and exit when the worker exits.

    Its exit makes the kernel kill everything left in its pid namespace. No process there can send it a signal, because
    it has no handlers.
    """
    code = 1
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        mount_view(request)
        descriptors.notify(Spawned())
        if descriptors.wait_for_permission():
            _renumber(descriptors)
            give_up_privileges(request)
            child = os.fork()
            if child == 0:
                _run_worker(request)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.closerange(_READER, _FIRST_UNUSED)
            code = _reap_until_exit_of(child)
    except OSError as error:
        descriptors.notify(SpawnFailed(reason=str(error)))
        traceback.print_exc()
    finally:
        os._exit(code)


def _renumber(descriptors: Descriptors) -> None:
    """Give the worker's descriptors the numbers that they have in a worker, and close all others."""
    numbers = {descriptors.output: (1, 2), descriptors.requests: (_READER,), descriptors.replies: (_WRITER,)}
    copies = [
        (fcntl.fcntl(descriptor, fcntl.F_DUPFD, _OUT_OF_THE_WAY), wanted) for descriptor, wanted in numbers.items()
    ]
    for descriptor, wanted in copies:
        for number in wanted:
            os.dup2(descriptor, number)
    os.closerange(_FIRST_UNUSED, os.sysconf("SC_OPEN_MAX"))


def _reap_until_exit_of(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            return _exit_code(status)


def _exit_code(status: int) -> int:
    """Return the exit code of a process as a shell reports it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _run_worker(request: SpawnRequest) -> NoReturn:
    """Run as a worker that cannot be distinguished from one that was started as a program."""
    code: object = 1
    try:
        os.setsid()
        os.chdir(request.home)
        os.environ.clear()
        os.environ.update(request.environment)
        sys.argv = [str(_PROGRAM), str(_READER), str(_WRITER)]
        tempfile.tempdir = None  # the fork server's temporary folder is hidden from the worker
        importlib.invalidate_caches()  # folders of the import path may have other contents here
        _set_threads(request.threads)
        _renew_secrets()
        worker.main(_READER, _WRITER)
        code = 0
    except SystemExit as leaving:
        code = leaving.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # the student may have closed or replaced it
                stream.flush()
        os._exit(code if isinstance(code, int) else 1)


def _set_threads(threads: int) -> None:
    """Set the number of threads of each loaded library; in the fork server's environment it was one."""
    threadpoolctl.threadpool_limits(threads)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_num_threads"):
        torch.set_num_threads(threads)


def _renew_secrets() -> None:
    """Replace random values that Python drew when the fork server started, because other workers have the same."""
    processes: Any = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)
