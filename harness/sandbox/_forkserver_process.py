"""The host's side of a fork server: the process, the connections to it, and the workers that it has spawned."""

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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.forkserver import (
    Connect,
    Exited,
    ForkServerReply,
    ForkServerRequest,
    Preload,
    Preloaded,
    Retire,
    Spawned,
    SpawnFailed,
    SpawnRequest,
)
from harness.sandbox._box import Folder, RootProgram, WorkerPipes
from harness.sandbox._cgroup import WorkerGroup
from harness.sandbox._tree import descendants, survivors

_SECONDS_TO_IMPORT = 120.0
"""The time for importing everything that is preloaded, from a slow and busy disk."""
_SECONDS_TO_EXIT = 10.0
_SECONDS_FOR_LAST_OUTPUT = 1.0
_MESSAGE_BYTES = 1 << 17
_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid
_SHOWN = 500
_CHUNK = 1 << 16
_DECODER: msgspec.json.Decoder[ForkServerReply] = msgspec.json.Decoder(ForkServerReply)


class SpawnError(Exception):
    """The fork server cannot spawn a worker."""


@dataclass(frozen=True, kw_only=True)
class ForkServerCommand:
    """How to start a fork server, and the resources that were created for it."""

    argv: tuple[str, ...]
    """The command; its last arguments will be the modules to preload and the descriptor of the control socket."""
    environment: Mapping[str, str]
    staging: Path
    """The folder with a folder of files for each worker."""
    release: tuple[Callable[[], None], ...]
    """Called once the process is dead."""


class ForkServer:
    """One fork server. It starts in the background: requests wait until it can answer."""

    def __init__(self, command: ForkServerCommand, modules: Iterable[str]) -> None:
        self._command = command
        self._control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._output = b""
        self._requested = frozenset[str]()
        self._packages = frozenset[str]()
        self._started: Future[RootProgram] = Future()
        self._lock = threading.Lock()
        # bubblewrap is killed when the thread that started it ends, so that thread waits for its exit
        self._thread = threading.Thread(target=self._run, args=(sorted(modules),), name="forkserver", daemon=True)
        self._thread.start()

    @property
    def has_answered(self) -> bool:
        """Whether it has answered at least once."""
        return bool(self._packages)

    @property
    def has_exited(self) -> bool:
        """Whether the process is dead."""
        return not self._thread.is_alive()

    def preload(self, modules: frozenset[str]) -> frozenset[str]:
        """Import `modules` in the fork server; return the top-level names of all modules that are loaded there.

        Raises:
            SpawnError: the fork server does not answer.
        """
        with self._lock, self._described():
            if not (self._packages and modules <= self._requested):
                self._send(Preload(modules=tuple(sorted(modules))))
                match _receive(self._control)[0]:
                    case Preloaded(packages):
                        self._requested, self._packages = self._requested | modules, frozenset(packages)
            return self._packages

    def connect(self) -> ForkServerConnection:
        """Return a new connection to the fork server.

        Raises:
            SpawnError: the fork server does not answer.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection = ForkServerConnection(ours, self._command.staging, self._packages)
        try:
            with theirs, self._lock, self._described():
                self._send(Connect(), theirs.fileno())
        except SpawnError:
            connection.close()
            raise
        return connection

    def retire(self) -> None:
        """Make it exit once all connections are closed and all workers have exited."""
        with self._lock, contextlib.suppress(OSError):  # it has exited already
            self._send(Retire())

    def close(self) -> None:
        """Kill the process and everything started by it, and remove its resources."""
        started = self._started.exception() is None
        tree = descendants(self._started.result().pid) if started else []
        self._control.close()
        self._thread.join(_SECONDS_TO_EXIT)  # a closed control socket makes it exit
        if self._thread.is_alive():
            self._started.result().kill()
            self._thread.join()
        survivors(tree, _SECONDS_TO_EXIT)  # bubblewrap is dead, and the kernel is killing the others
        for release in self._command.release:
            release()

    def _run(self, modules: Sequence[str]) -> None:
        """Start the process, keep the end of its output until the pipe is closed, and wait for its exit."""
        reader, writer = os.pipe()
        argv = (*self._command.argv, *modules)
        try:
            with self._theirs:
                process = RootProgram.begin(argv, self._command.environment, writer, self._theirs.fileno())
        except Exception as error:  # of any kind, because other threads wait for the process
            self._started.set_exception(error)
            os.close(reader)
            return
        finally:
            os.close(writer)
        self._started.set_result(process)
        with os.fdopen(reader, "rb", buffering=0) as output:
            while chunk := output.read(_CHUNK):
                self._output = (self._output + chunk)[-_SHOWN:]
        process.wait()

    def _send(self, request: ForkServerRequest, *descriptors: int) -> None:
        self._started.result()
        socket.send_fds(self._control, [msgspec.json.encode(request)], descriptors)

    @contextmanager
    def _described(self) -> Iterator[None]:
        """Turn an error of the system into a `SpawnError` that quotes the end of the output."""
        try:
            yield
        except OSError as error:
            self._thread.join(_SECONDS_FOR_LAST_OUTPUT)  # the output ends when the process does
            output = self._output.decode("utf-8", "replace").strip()
            raise SpawnError(f"the fork server does not answer ({output or error})") from error


@dataclass(frozen=True)
class ForkServerConnection:
    """One connection to a fork server, which another process of the harness may have started."""

    socket: socket.socket
    staging: Path
    packages: frozenset[str]
    """The top-level names of all modules that the fork server had loaded when the connection was made."""

    def stage(self, folders: Sequence[Folder]) -> Path:
        """Copy `folders`, arranged as a worker will see them, to a new folder in the staging folder."""
        job = self.staging / uuid.uuid4().hex
        (job / "lib" / "harness").mkdir(parents=True)
        for folder in folders:
            shutil.copytree(folder.source, job / folder.name, copy_function=_link_or_copy, ignore=_unreadable_caches)
        for path, _, _ in os.walk(job):
            Path(path).chmod(0o755)  # regardless of the umask, because the worker of a root host is another user
        return job

    def spawn(self, request: SpawnRequest, pipes: WorkerPipes, group: WorkerGroup | None) -> SpawnedWorker:
        """Fork a worker that has `pipes`, and put it into `group` before it does anything.

        Raises:
            SpawnError: no worker can be forked.
        """
        with contextlib.ExitStack() as undo:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(ours.close)
            try:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                with theirs:
                    descriptors = (theirs.fileno(), pipes.requests, pipes.replies, pipes.output)
                    socket.send_fds(self.socket, [msgspec.json.encode(request)], descriptors)
                worker = SpawnedWorker(ours, _receive_pid(ours))
                undo.callback(worker.close)
                for procs in () if group is None else group.procs:
                    procs.write_text(str(worker.pid))
                ours.send(b"!")
            except OSError as error:
                raise SpawnError(f"the fork server does not answer ({error})") from error
            undo.pop_all()
            return worker

    def close(self) -> None:
        """Close the connection; the workers that were spawned through it continue."""
        self.socket.close()


class SpawnedWorker:
    """The init process of a worker's namespaces, with which all other processes of the worker die."""

    def __init__(self, notifications: socket.socket, pid: int) -> None:
        self._notifications, self.pid = notifications, pid
        self._handle = os.pidfd_open(pid)
        self._code: int | None = None
        self._lock = threading.Lock()
        self.lost = False

    def poll(self) -> int | None:
        """Return the exit code; None while the process runs."""
        with self._lock:
            if self._code is None:
                self._code = self._receive_exit_code()
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if self._code is None:
            _wait_readable(self._notifications, timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("a worker", timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal; this does nothing once the process has exited."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._code is None:
                signal.pidfd_send_signal(self._handle, sig)

    def kill(self) -> None:
        """Kill the process; this does nothing once it has exited."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Release its resources; if it still runs, its supervisor kills it."""
        with self._lock:
            self._code = -signal.SIGKILL if self._code is None else self._code
            if self._notifications.fileno() >= 0:
                os.close(self._handle)
                self._notifications.close()

    def _receive_exit_code(self) -> int | None:
        """Return the exit code if it has been reported; a supervisor that ended without a report was killed."""
        try:
            message = self._notifications.recv(_MESSAGE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            message = b""
        reply = _DECODER.decode(message) if message else None
        if isinstance(reply, Exited):
            return reply.code
        self.lost = True
        return -signal.SIGKILL


def _receive_pid(notifications: socket.socket) -> int:
    """Wait until a worker's init process is set up; return its pid on the host, which the kernel reports."""
    match _receive(notifications):
        case Spawned(), int(pid):
            return pid
        case SpawnFailed(reason), _:
            raise SpawnError(reason)
    raise ConnectionResetError("the message does not say which process was spawned")


def _receive(connection: socket.socket) -> tuple[ForkServerReply, int | None]:
    """Wait for the next message; return it and the pid of its sender.

    Raises:
        OSError: no message arrives.
    """
    _wait_readable(connection, _SECONDS_TO_IMPORT)
    ancillary_bytes = socket.CMSG_SPACE(_CREDENTIALS.size)
    message, ancillary, _, _ = connection.recvmsg(_MESSAGE_BYTES, ancillary_bytes, socket.MSG_DONTWAIT)
    if not message:
        raise ConnectionResetError("the connection was closed")
    pids = (_CREDENTIALS.unpack(data)[0] for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS)
    return _DECODER.decode(message), next(filter(None, pids), None)


def _wait_readable(connection: socket.socket, seconds: float | None) -> None:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    poll.poll(None if seconds is None else max(0.0, seconds) * 1000)


def _unreadable_caches(folder: str, names: Sequence[str]) -> list[str]:
    """Return which of `names` are bytecode caches that this user may not read; Python works without them."""
    caches = [name for name in names if name == "__pycache__"]
    return [name for name in caches if not os.access(Path(folder, name), os.R_OK | os.X_OK)]


def _link_or_copy(source: str, target: str) -> None:
    """Make `target` a readable copy of `source`, or a hard link if everybody may read it and a link is possible."""
    readable = os.stat(source).st_mode & stat.S_IROTH  # noqa: PTH116 - copytree passes names
    with contextlib.suppress(OSError):
        if readable:
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    os.chmod(target, 0o644)  # noqa: PTH101 - likewise
