"""The host's end of a fork server: a preloaded process behind bubblewrap that forks workers."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.forkserver import Birth, Ended, Here, Known, Learn, News, Order, Refused
from harness.sandbox._box import Ends, Folder, Program
from harness.sandbox._cgroup import Group
from harness.sandbox._tree import below, outliving

_SECONDS_TO_IMPORT = 120.0
"""For all that is preloaded, on a cold and busy disk."""
_SECONDS_TO_LEAVE = 10.0
_SECONDS_TO_SAY_WHY = 1.0
_NEWS_BYTES = 1 << 17
_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid
_SHOWN = 500
_CHUNK = 1 << 16


class NotBornError(Exception):
    """No worker can be had from this fork server."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """How a fork server is started, and what was made for it."""

    argv: tuple[str, ...]
    """Takes the descriptor of its orders as last argument."""
    environment: Mapping[str, str]
    spool: Path
    release: tuple[Callable[[], None], ...]
    """Called once it is dead."""


class ForkServer:
    """One preloaded process. It starts in the background: what is asked of it waits until it can answer."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._orders, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._said = b""
        self._learnt: frozenset[str] = frozenset()
        self._known: frozenset[str] = frozenset()
        self._started: Future[Program] = Future()
        self._lock = threading.Lock()
        # bubblewrap dies with the thread that started it, so that one stays
        self._thread = threading.Thread(target=self._keep, name="forkserver", daemon=True)
        self._thread.start()

    def learn(self, modules: frozenset[str]) -> frozenset[str]:
        """Have `modules` imported; return the names of all packages that have been.

        Raises:
            NotBornError: the fork server does not answer.
        """
        with self._lock, self._said_so():
            if not (self._known and modules <= self._learnt):
                self._send(Learn(modules=tuple(sorted(modules))))
                match _next(self._orders)[0]:
                    case Known(names):
                        self._learnt, self._known = self._learnt | modules, frozenset(names)
            return self._known

    def bear(self, birth: Birth, ends: Ends, group: Group | None) -> Born:
        """Have a worker forked that has `ends`, in `group` before it does anything.

        Raises:
            NotBornError: it cannot be.
        """
        with contextlib.ExitStack() as undo:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(ours.close)
            with self._said_so():
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                with self._lock, theirs:
                    self._send(birth, theirs.fileno(), ends.requests, ends.replies, ends.output)
                born = Born(ours, _first_process(ours))
                undo.callback(born.close)
                for procs in () if group is None else group.procs:
                    procs.write_text(str(born.pid))
                ours.send(b"!")
            undo.pop_all()
            return born

    def spool(self, folders: Sequence[Folder]) -> Path:
        """Lay out `folders` as a worker will see them, in a new folder of the spool."""
        job = self._home.spool / uuid.uuid4().hex
        (job / "lib" / "harness").mkdir(parents=True)
        for folder in folders:
            shutil.copytree(
                folder.source, job / folder.name, copy_function=_link_or_copy, ignore=_caches_of_somebody_else
            )
        for path, _, _ in os.walk(job):
            Path(path).chmod(0o755)  # whatever the umask: the worker of a root host is somebody else
        return job

    def close(self) -> None:
        """End the process and whoever still hangs from it, and remove what it had."""
        started = self._started.exception() is None
        tree = below(self._started.result().pid) if started else []
        self._orders.close()
        self._thread.join(_SECONDS_TO_LEAVE)  # its orders have ended, and it ends with them
        if self._thread.is_alive():
            self._started.result().kill()
            self._thread.join()
        outliving(tree, _SECONDS_TO_LEAVE)  # who is still there hangs from bubblewrap, which is dead
        for release in self._home.release:
            release()

    def _keep(self) -> None:
        """Start the process, read what it says until nobody is left who could, and bury it."""
        said, output = os.pipe()
        try:
            with self._theirs:
                process = Program.begin(self._home.argv, self._home.environment, output, self._theirs.fileno())
        except OSError as error:
            self._started.set_exception(error)
            return
        finally:
            os.close(output)
        self._started.set_result(process)
        with os.fdopen(said, "rb", buffering=0) as log:
            while chunk := log.read(_CHUNK):
                self._said = (self._said + chunk)[-_SHOWN:]
        process.wait()

    def _send(self, order: Order, *descriptors: int) -> None:
        self._started.result()
        socket.send_fds(self._orders, [msgspec.json.encode(order)], descriptors)

    @contextmanager
    def _said_so(self) -> Iterator[None]:
        """Turn an error of the system's into ours, with the last words of the process."""
        try:
            yield
        except OSError as error:
            self._thread.join(_SECONDS_TO_SAY_WHY)  # it is over when the process is
            said = self._said.decode("utf-8", "replace").strip()
            raise NotBornError(f"the process that they are forked from does not answer ({said or error})") from error


class Born:
    """The first process of a worker's namespaces: with it, all of them end."""

    def __init__(self, news: socket.socket, pid: int) -> None:
        self._news, self.pid = news, pid
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None
        self._lock = threading.Lock()
        self.lost = False

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        with self._lock:
            if self._code is None:
                self._code = self._hear()
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self._code is None:
            _readable(self._news, timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("a worker", timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal; nothing happens once it has ended."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._code is None:
                signal.pidfd_send_signal(self._handle, sig)

    def kill(self) -> None:
        """End it at once; nothing happens once it has ended."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of it; it is dead, or dies of it."""
        with self._lock:
            self._code = -signal.SIGKILL if self._code is None else self._code
            if self._news.fileno() >= 0:
                os.close(self._handle)
                self._news.close()

    def _hear(self) -> int | None:
        """Return the exit code if there is news of it; without a word of it, who would have told is dead as well."""
        try:
            said = self._news.recv(_NEWS_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            said = b""
        news = _DECODER.decode(said) if said else None
        if isinstance(news, Ended):
            return news.code
        self.lost = True
        return -signal.SIGKILL


_DECODER: msgspec.json.Decoder[News] = msgspec.json.Decoder(News)


def _first_process(news: socket.socket) -> int:
    """Wait for a worker's first process to stand; return its number on the host, which the kernel vouches for."""
    match _next(news):
        case Here(), int(pid):
            return pid
        case Refused(why), _:
            raise NotBornError(why)
    raise ConnectionResetError("it does not say who was born")


def _next(news: socket.socket) -> tuple[News, int | None]:
    """Wait for the next word, and from whom it is.

    Raises:
        OSError: none comes.
    """
    _readable(news, _SECONDS_TO_IMPORT)
    said, ancillary, _, _ = news.recvmsg(_NEWS_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size), socket.MSG_DONTWAIT)
    if not said:
        raise ConnectionResetError("it fell silent")
    pids = (_CREDENTIALS.unpack(data)[0] for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS)
    return _DECODER.decode(said), next(filter(None, pids), None)


def _readable(news: socket.socket, seconds: float | None) -> None:
    poll = select.poll()
    poll.register(news, select.POLLIN)
    poll.poll(None if seconds is None else max(0.0, seconds) * 1000)


def _caches_of_somebody_else(folder: str, names: Sequence[str]) -> list[str]:
    """Return which of `names` are bytecode that this user may not read: Python does without."""
    caches = [name for name in names if name == "__pycache__"]
    return [name for name in caches if not os.access(Path(folder, name), os.R_OK | os.X_OK)]


def _link_or_copy(source: str, target: str) -> None:
    """Make `target` what `source` is, for all to read, at no cost where both lie on one file system and are ours."""
    readable = os.stat(source).st_mode & stat.S_IROTH  # noqa: PTH116 - a name is what copytree gives
    with contextlib.suppress(OSError):
        if readable:
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    os.chmod(target, 0o644)  # noqa: PTH101 - likewise
