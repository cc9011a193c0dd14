"""From the fork server's child to a worker: one waits outside the inner wall, one is its first process, one serves."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
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
from harness.forkserver._messages import Birth, Ended, Here, News, Refused
from harness.forkserver._wall import build, close, leave
from harness.worker import _loop as worker

_PROGRAM = Path(worker.__file__).with_name("__main__.py")
_READER, _WRITER, _NO_MORE = 3, 4, 5
_ABOVE = 64
"""Descriptors from here on are out of the way of those that get a number of their own."""


class Descriptors(NamedTuple):
    """What comes with a `Birth`."""

    news: int
    requests: int
    replies: int
    output: int

    def tell(self, news: News) -> None:
        """Tell the host; it may be gone."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.news)) as host:
            host.send(msgspec.json.encode(news))

    def may_go_on(self) -> bool:
        """Wait for the host's word; False if none comes."""
        return bool(os.read(self.news, 1))


def attend(birth: Birth, descriptors: Descriptors) -> NoReturn:
    """Have the worker's first process born into namespaces of its own, wait for its end and tell the host."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.sched_setaffinity(0, birth.cores)
        leave()
        first = os.fork()
        if first == 0:
            _stand(birth, descriptors)
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        _, status = os.waitpid(first, 0)
        descriptors.tell(Ended(code=_exit_code(status)))
    except OSError as error:
        descriptors.tell(Refused(why=str(error)))
    finally:
        os._exit(0)


def _stand(birth: Birth, descriptors: Descriptors) -> NoReturn:
    """Be the first process: build the wall, fork the worker, bury orphans, and end when the worker does.

    With it the kernel ends all that is left in its namespace. Nobody there can signal it: it handles nothing.
    """
    code = 1
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        build(birth)
        descriptors.tell(Here())
        if descriptors.may_go_on():
            _take(descriptors)
            close(birth)
            student = os.fork()
            if student == 0:
                _work(birth)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.closerange(_READER, _NO_MORE)
            code = _wait_for(student)
    except OSError as error:
        descriptors.tell(Refused(why=str(error)))
        traceback.print_exc()
    finally:
        os._exit(code)


def _take(descriptors: Descriptors) -> None:
    """Give the worker's descriptors the numbers they have in a worker, and close all others."""
    places = {descriptors.output: (1, 2), descriptors.requests: (_READER,), descriptors.replies: (_WRITER,)}
    held = [(fcntl.fcntl(descriptor, fcntl.F_DUPFD, _ABOVE), numbers) for descriptor, numbers in places.items()]
    for descriptor, numbers in held:
        for number in numbers:
            os.dup2(descriptor, number)
    os.closerange(_NO_MORE, os.sysconf("SC_OPEN_MAX"))


def _wait_for(student: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == student:
            return _exit_code(status)


def _exit_code(status: int) -> int:
    """Return what a shell would."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _work(birth: Birth) -> NoReturn:
    """Be a worker like one that was started: nothing of what the process was before shows."""
    code: object = 1
    try:
        os.setsid()
        os.chdir(birth.home)
        os.environ.clear()
        os.environ.update(birth.environment)
        sys.argv = [str(_PROGRAM), str(_READER), str(_WRITER)]
        tempfile.tempdir = None  # the fork server's folder lies under the wall
        importlib.invalidate_caches()  # so does what was in these places
        _use(birth.threads)
        _forget_secrets()
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


def _use(threads: int) -> None:
    """Let each library that is loaded calculate with so many threads: at import it was told one."""
    threadpoolctl.threadpool_limits(threads)
    torch: Any = sys.modules.get("torch")
    if hasattr(torch, "set_num_threads"):
        torch.set_num_threads(threads)


def _forget_secrets() -> None:
    """Draw anew what Python drew when the fork server started, and a neighbour would know."""
    processes: Any = sys.modules.get("multiprocessing.process")
    if processes is not None:
        processes.current_process().authkey = os.urandom(32)
